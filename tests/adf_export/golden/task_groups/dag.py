"""Two groups and a last step; a group is a folder for people, not a step of its own."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG, TaskGroup
from pendulum import datetime


def notebook(name: str) -> DatabricksSubmitRunOperator:
    return DatabricksSubmitRunOperator(
        task_id=name,
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": f"/Shared/market/{name}"},
    )


with DAG(dag_id="task_groups", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    with TaskGroup("land", tooltip="What the API gives, unchanged") as land:
        for name in ("coins", "prices"):
            HttpOperator(task_id=name, http_conn_id="orders_api", method="GET", endpoint=f"v1/{name}")
    with TaskGroup("refine") as refine:
        notebook("bronze") >> notebook("silver")
    land >> refine >> notebook("publish")
