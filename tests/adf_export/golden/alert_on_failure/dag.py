"""A message is sent where any step failed."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(dag_id="alert_on_failure", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    extract = HttpOperator(task_id="extract", http_conn_id="orders_api", method="GET", endpoint="v1/orders")
    load = DatabricksSubmitRunOperator(
        task_id="load",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/load"},
    )
    alert = HttpOperator(
        task_id="alert",
        http_conn_id="alerts",
        method="POST",
        endpoint="messages",
        data='{"text": "alert_on_failure failed in {{ run_id }}"}',
        headers={"Content-Type": "application/json"},
        trigger_rule="one_failed",
    )
    extract >> load
    [extract, load] >> alert
