"""What can go wrong with Data Factory, beside what Azure's client raises."""

from adf_export_airflow.errors import AdfExportAirflowError


class DataFactorySetupError(AdfExportAirflowError):
    """The Airflow connection or a task's arguments say something that cannot be used."""


class FactoryFolderError(AdfExportAirflowError):
    """A factory's folder does not hold what its mirror is built from."""
