"""Is refused: Data Factory runs no shell."""

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(dag_id="shell", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    ask = HttpOperator(task_id="ask", http_conn_id="api", method="GET", endpoint="prices")
    count = BashOperator(task_id="count", bash_command="wc -l /tmp/prices.json")
    ask >> count
