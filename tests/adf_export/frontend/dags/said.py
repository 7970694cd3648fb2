"""Everything else that a DAG may say."""

import datetime
import pathlib
from datetime import timedelta

import jinja2
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator
from airflow.sdk import DAG, Asset, Param, literal

RAW = Asset("s3://bucket/raw")
MART = Asset(name="mart", uri="s3://bucket/mart")
WORDS = {"a": 1}


def alarm(context):
    return context


def choose(**context):
    return "yes" if context["params"]["size"] > WORDS["a"] else "no"


def double(value):
    return value * 2


with DAG(
    dag_id="said",
    schedule=[RAW],
    catchup=True,
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    end_date=datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC),
    dagrun_timeout=timedelta(hours=2),
    max_active_tasks=7,
    render_template_as_native_obj=True,
    template_undefined=jinja2.Undefined,
    params={
        "size": Param(5, type="integer", minimum=1, description="How many"),
        "word": "x",
    },
    user_defined_macros={"company": "acme", "double": double},
    user_defined_filters={"twice": double},
    on_failure_callback=alarm,
    owner_links={"ann": "https://example.com"},
    doc_md="Documentation",
    is_paused_upon_creation=True,
    dag_display_name="Said",
) as dag:
    values = PythonOperator(
        task_id="values",
        python_callable=double,
        op_kwargs={
            "moment": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
            "duration": timedelta(minutes=2),
            "day": datetime.date(2026, 1, 2),
            "path": pathlib.PurePosixPath("/tmp/x"),
            "set": {3, 1},
            "pair": (True, None),
            "literal": literal("{{ not_rendered }}"),
            "infinite": float("inf"),
            "big": 2**70,
            "object": object(),
            "class": dict,
            "param": dag.param("word"),
            "numbers": {1: 2},
        },
        inlets=[RAW],
        outlets=MART,
        on_failure_callback=[alarm, SmtpNotifier(to="a@b.c", subject="{{ ds }}")],
        pre_execute=alarm,
        params={"own": 1},
        executor_config={"cpu": 1},
        priority_weight=3,
        weight_rule="absolute",
        depends_on_past=True,
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        map_index_template="{{ x }}",
    )
    branch = BranchPythonOperator(task_id="branch", python_callable=choose)
    inline = BranchPythonOperator(task_id="inline", python_callable=lambda: "yes")
    yes = BashOperator(task_id="yes", bash_command="a")
    no = BashOperator(task_id="no", bash_command="b").as_teardown(setups=values)
    branch >> yes
