from datetime import UTC, datetime, timedelta

from acme_tools import AcmeOperator, made_here
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Label

with DAG(
    "classic",
    description="Plain operators",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    default_args={"retries": 3, "retry_delay": 60, "owner": "ann", "append_env": True, "bash_command": "never"},
    tags=["b", "a"],
    max_active_runs=2,
    template_searchpath=None,
) as dag:
    start = EmptyOperator(task_id="start", retries=0)
    load = BashOperator(
        task_id="load",
        bash_command="""
            echo {{ ds }}
        """,
        env={
            "DAY": "{{ ds_nodash }}",
            "PLAIN": "x",
        },
        execution_timeout=timedelta(minutes=5),
        trigger_rule="all_done",
        do_xcom_push=False,
        pool="small",
        email="team@example.com",
    )
    rows = SQLExecuteQueryOperator(task_id="rows", sql="sql/rows.sql", conn_id="db", split_statements=True)
    acme = AcmeOperator(task_id="acme")
    made = made_here("made")
    quiet = BashOperator(task_id="quiet", email="nobody@example.com", email_on_failure=False, email_on_retry=False)
    start >> Label("go") >> load >> [rows, acme] >> made
    load.bash_command = "echo later"
