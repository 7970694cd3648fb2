"""Compiles; prints while it is imported, as DAG files do."""

import os
import sys

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG
from pendulum import datetime

sys.stdout.write("printed by a DAG file\n")
os.write(1, b"written by a DAG file\n")

with DAG(dag_id="prices", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    ask = HttpOperator(task_id="ask", http_conn_id="api", method="GET", endpoint="prices/{{ ds }}")
    tell = HttpOperator(
        task_id="tell",
        http_conn_id="api",
        method="POST",
        endpoint="told",
        trigger_rule="all_done",
        retries=2,
        retry_delay=5.0,
    )
    ask >> tell
