"""Three sources are loaded at once, then joined."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG
from pendulum import datetime


def notebook(name: str) -> DatabricksSubmitRunOperator:
    return DatabricksSubmitRunOperator(
        task_id=name,
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": f"/Shared/sales/{name}"},
    )


with DAG(dag_id="fan_out_join", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC"), tags=["sales"]) as dag:
    loads = [notebook(name) for name in ("load_orders", "load_customers", "load_products")]
    notebook("prepare") >> loads >> notebook("join")
