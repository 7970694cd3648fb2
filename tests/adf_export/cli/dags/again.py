"""Defines a DAG that another file defines too."""

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG
from pendulum import datetime

for dag_id in ("again",):
    with DAG(dag_id=dag_id, schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
        HttpOperator(task_id="ask", http_conn_id="api", method="GET", endpoint=dag_id)
    globals()[dag_id] = dag
