"""Keeps the Delta tables small and fast after they changed.

Purpose   OPTIMIZE merges the small files that snapshots leave behind; VACUUM drops what no version needs.
Schedule  By assets: once silver and gold have both been updated.
Inputs    Tables silver.* and gold.*.
Outputs   The same rows in fewer files.
ADF twin  Pipeline `crypto_maintenance`: one notebook activity.
"""

from datetime import timedelta

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG
from pendulum import datetime

from adf_export_airflow.lakehouse import GOLD, SILVER, notebook_task

with DAG(
    dag_id="crypto_maintenance",
    description="Compacts the lakehouse's tables after updates",
    doc_md=__doc__,
    schedule=[SILVER, GOLD],
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args={"owner": "crypto-data", "execution_timeout": timedelta(minutes=30)},
    tags=["crypto", "lakehouse"],
) as dag:
    DatabricksSubmitRunOperator(task_id="optimize", **notebook_task("optimize"))
