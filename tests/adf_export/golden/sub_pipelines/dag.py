"""A DAG that runs two others, one after the other, and waits for them."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG
from pendulum import datetime

STEPS = ("ingest", "refine")

for step in STEPS:
    with DAG(
        dag_id=f"sub_{step}", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC"), params={"region": "europe"}
    ):
        DatabricksSubmitRunOperator(
            task_id=step,
            existing_cluster_id="0101-120000-abcdef12",
            notebook_task={
                "notebook_path": f"/Shared/orders/{step}",
                "base_parameters": {"region": "{{ params.region }}"},
            },
        )

with DAG(dag_id="sub_pipelines", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    first, second = (
        TriggerDagRunOperator(
            task_id=f"run_{step}",
            trigger_dag_id=f"sub_{step}",
            conf={"region": "asia"},
            wait_for_completion=True,
            poke_interval=30,
        )
        for step in STEPS
    )
    first >> second
