"""DAGs that mirror exported pipelines: `<dag_id>__adf` starts the pipeline and shows each activity as a task."""

from adf_export_airflow.data_factory.mirror.dags import mirror_dags

__all__ = ["mirror_dags"]
