"""A day's orders: from an API into the lake, refined on Databricks, published in SQL."""

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(
    dag_id="etl_chain", description="Loads a day of orders", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")
) as dag:
    extract = HttpOperator(
        task_id="extract",
        http_conn_id="orders_api",
        method="POST",
        endpoint="v1/exports",
        data='{"day": "{{ ds }}"}',
        headers={"Content-Type": "application/json"},
    )
    transform = DatabricksSubmitRunOperator(
        task_id="transform",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/transform", "base_parameters": {"day": "{{ ds }}"}},
    )
    publish = SQLExecuteQueryOperator(
        task_id="publish", conn_id="warehouse", sql="CALL publish_orders('{{ ds }}')", autocommit=True
    )
    extract >> transform >> publish
