"""Starts a DAG that is refused: it cannot be exported either."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(dag_id="starter", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    TriggerDagRunOperator(task_id="start", trigger_dag_id="shell", wait_for_completion=True)
