"""Temporary files are deleted whatever happened before."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.microsoft.azure.operators.wasb_delete_blob import WasbDeleteBlobOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(dag_id="cleanup", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    stage = HttpOperator(task_id="stage", http_conn_id="orders_api", method="GET", endpoint="v1/stage")
    load = DatabricksSubmitRunOperator(
        task_id="load",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/load"},
    )
    delete = WasbDeleteBlobOperator(
        task_id="delete_staged",
        wasb_conn_id="lake",
        container_name="staging",
        blob_name="orders/{{ ds }}/",
        is_prefix=True,
        ignore_if_missing=True,
        trigger_rule="all_done",
    )
    stage >> load >> delete
