"""Everything is tried again, each step in its own way."""

from datetime import timedelta

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.microsoft.azure.operators.wasb_delete_blob import WasbDeleteBlobOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(
    dag_id="retry_heavy",
    schedule=None,
    start_date=datetime(2026, 1, 1, tz="UTC"),
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2), "execution_timeout": timedelta(minutes=30)},
) as dag:
    extract = HttpOperator(
        task_id="extract",
        http_conn_id="orders_api",
        method="GET",
        endpoint="v1/orders",
        retries=10,
        retry_delay=timedelta(seconds=5),
        retry_exponential_backoff=True,
    )
    load = DatabricksSubmitRunOperator(
        task_id="load",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/load"},
        execution_timeout=timedelta(hours=2),
    )
    delete = WasbDeleteBlobOperator(
        task_id="delete", wasb_conn_id="lake", container_name="staging", blob_name="orders.json", retries=0
    )
    extract >> load >> delete
