"""Every DAG file imports quickly and purely, and keeps the promises that operating it needs."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.definitions.param import process_params
from airflow.sdk.exceptions import ParamValidationError

PROJECT = Path(__file__).parents[2]
DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))
EXPECTED = {"crypto_market", "crypto_history", "crypto_maintenance"}

IMPORT_UNDER_WATCH = """
import runpy, sys, json
import croniter, airflow.sdk, adf_export_airflow.coingecko.operators
import adf_export_airflow.failures, adf_export_airflow.lakehouse
import airflow.providers.databricks.operators.databricks
touched = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "sqlite3.connect"):
        touched.append([event, repr(args)[:200]])
    if event == "open" and isinstance(args[0], str) and not args[0].endswith((".py", ".pyc")):
        mode = args[1] or "r"
        if "site-packages" not in args[0] and not args[0].startswith(("/usr", sys.base_prefix, "<")):
            touched.append([event, args[0] + " " + str(mode)])
sys.addaudithook(watch)
found = {}
for file in sys.argv[1:]:
    touched.clear()
    runpy.run_path(file)
    found[file] = list(touched)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def dag_bag() -> DagBag:
    return DagBag(dag_folder=str(PROJECT / "dags"))


@pytest.fixture(params=sorted(EXPECTED))
def dag(request: pytest.FixtureRequest, dag_bag: DagBag) -> DAG:
    return dag_bag.dags[request.param]


def test_all_files_import(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == EXPECTED
    assert {path.stem for path in DAG_FILES} == EXPECTED


def test_no_cycle(dag: DAG) -> None:
    dag.check_cycle()


def test_documented(dag: DAG) -> None:
    assert dag.doc_md
    assert dag.description
    for heading in ("Purpose", "Schedule", "Inputs", "Outputs", "ADF twin"):
        assert heading in dag.doc_md


def test_operable(dag: DAG) -> None:
    assert dag.tags
    assert dag.max_active_runs == 1  # a checkpoint belongs to one query at a time
    assert dag.dagrun_timeout
    for task in dag.tasks:
        assert task.owner not in ("", "airflow"), task.task_id
        assert isinstance(task.execution_timeout, timedelta), task.task_id


def test_autoloader_tasks_are_retried(dag: DAG) -> None:
    runs = [task for task in dag.tasks if isinstance(task, DatabricksSubmitRunOperator)]
    assert runs
    for task in runs:
        assert task.retries >= 1, task.task_id
        assert task.deferrable


@pytest.mark.parametrize(("dag_id", "task_id"), [("crypto_market", "land.markets"), ("crypto_history", "land.charts")])
def test_landing_is_mapped(dag_bag: DagBag, dag_id: str, task_id: str) -> None:
    assert isinstance(dag_bag.dags[dag_id].get_task(task_id), MappedOperator)


@pytest.mark.parametrize(
    ("dag_id", "conf", "accepted"),
    [
        ("crypto_market", {}, True),
        ("crypto_market", {"coins": ["bitcoin", "btc"], "pages": 3, "per_page": 250}, True),
        ("crypto_market", {"per_page": 251}, False),
        ("crypto_market", {"pages": 0}, False),
        ("crypto_market", {"coins": "bitcoin"}, False),
        ("crypto_market", {"coins": ["bit coin"]}, False),
        ("crypto_market", {"vs_currency": "US Dollar"}, False),
        ("crypto_market", {"quality_mode": "ignore"}, False),
        ("crypto_market", {"run_name": "a/../b"}, False),
        ("crypto_history", {}, True),
        ("crypto_history", {"coins": ["solana"], "date_from": "2026-11-01", "date_to": "2026-11-07"}, True),
        ("crypto_history", {"coins": []}, False),
        ("crypto_history", {"date_from": "01.11.2026"}, False),
    ],
)
def test_params_are_validated_before_any_call(
    dag_bag: DagBag, dag_id: str, conf: dict[str, object], accepted: bool
) -> None:
    dag = dag_bag.dags[dag_id]
    if accepted:
        assert process_params(dag, dag.tasks[0], conf, suppress_exception=False).items() >= conf.items()
    else:
        with pytest.raises(ParamValidationError):
            process_params(dag, dag.tasks[0], conf, suppress_exception=False)


def test_import_does_no_io() -> None:
    files = [str(file) for file in DAG_FILES]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_UNDER_WATCH, *files], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {file: [] for file in files}
