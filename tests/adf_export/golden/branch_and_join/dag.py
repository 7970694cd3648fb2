"""A full or an incremental load, as the run asks for; then the report."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG, Param, task
from pendulum import datetime


def notebook(name: str, **arguments: str) -> DatabricksSubmitRunOperator:
    return DatabricksSubmitRunOperator(
        task_id=name,
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": f"/Shared/orders/{name}"},
        **arguments,
    )


with DAG(
    dag_id="branch_and_join",
    schedule=None,
    start_date=datetime(2026, 1, 1, tz="UTC"),
    params={"mode": Param("incremental", enum=["full", "incremental"])},
) as dag:

    @task.branch
    def choose(params: dict[str, str]) -> str:
        return "load_all" if params["mode"] == "full" else "load_changes"

    report = notebook("report", trigger_rule="none_failed_min_one_success")
    choose() >> [notebook("load_all"), notebook("load_changes")] >> report
