"""Waits for the day's file, then loads and deletes it."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.microsoft.azure.operators.wasb_delete_blob import WasbDeleteBlobOperator
from airflow.providers.microsoft.azure.sensors.wasb import WasbBlobSensor
from airflow.sdk import DAG
from pendulum import datetime

FILE = "orders/{{ ds }}.csv"

with DAG(dag_id="sensor_first", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    wait = WasbBlobSensor(
        task_id="wait_for_file",
        wasb_conn_id="lake",
        container_name="inbox",
        blob_name=FILE,
        poke_interval=60,
        timeout=6 * 60 * 60,
        mode="reschedule",
    )
    load = DatabricksSubmitRunOperator(
        task_id="load",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/load", "base_parameters": {"file": FILE}},
    )
    delete = WasbDeleteBlobOperator(task_id="delete_file", wasb_conn_id="lake", container_name="inbox", blob_name=FILE)
    wait >> load >> delete
