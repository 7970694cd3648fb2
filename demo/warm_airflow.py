"""Starts an Airflow component with the modules of our DAGs already imported.

The scheduler forks its workers, and a worker forks a process for each task: what the scheduler has imported,
no task imports again. `python -m demo.warm_airflow scheduler` is `airflow scheduler` otherwise.
"""

import importlib
import sys

WARM_MODULES = (
    "airflow.providers.databricks.operators.databricks",
    "airflow.providers.databricks.triggers.databricks",
    "airflow.providers.microsoft.azure.hooks.wasb",
    "airflow.providers.microsoft.azure.secrets.key_vault",
    "airflow.sdk",
    "airflow.sdk.execution_time.task_runner",
    "azure.identity",
    "azure.keyvault.secrets",
    "azure.storage.blob",
)
PLUGIN_MODULES = (
    "adf_export_airflow.coingecko.operators",
    "adf_export_airflow.failures",
    "adf_export_airflow.lakehouse",
)


def main() -> None:
    """Imports, then hands over to Airflow's own command line."""
    airflow = importlib.import_module("airflow.__main__")

    for module in (*WARM_MODULES, *PLUGIN_MODULES):
        try:
            importlib.import_module(module)
        except ImportError as error:
            # the DAG that needs it reports the same as an import error, with its place
            print(f"not imported ahead: {module}: {error}", file=sys.stderr)  # noqa: T201 - a child's log
    airflow.main()


if __name__ == "__main__":
    main()
