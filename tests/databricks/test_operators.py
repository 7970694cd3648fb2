"""Airflow's Databricks operators, unmodified, against the local Jobs API: sync and deferrable."""

import asyncio
import json
from typing import Any

import pytest
from airflow.providers.databricks.hooks.databricks import DatabricksHook
from airflow.providers.databricks.operators.databricks import (
    DatabricksNotebookOperator,
    DatabricksSubmitRunOperator,
)
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, TaskDeferred

from tests.databricks.harness import TOKEN, Client

pytestmark = [
    pytest.mark.integration,
    # The provider asks Airflow's own code in its older way.
    pytest.mark.filterwarnings("ignore:ProvidersManager.hooks is deprecated"),
    # And aiohttp.
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated"),
]

PARAMETERS = {"coin": "bitcoin", "pages": 3}
# A run that has ended before the operator looks is not deferred: this one waits until it was.
GATE = """import pathlib, time
while not pathlib.Path("gate").exists():
    time.sleep(0.02)
"""
SOURCE = """import json
dbutils.notebook.exit(json.dumps([dbutils.widgets.get("coin"), dbutils.widgets.get("pages")]))
"""
FAILING = "raise ValueError('no data for bitcoin')\n"


class TaskInstance:
    """As much of a task instance as the operators use outside a worker."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}
        self.stats_tags: dict[str, str] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def context() -> dict[str, Any]:
    return {"ti": TaskInstance()}


@pytest.fixture(autouse=True)
def _connection(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(client.url.rpartition(":")[2])
    connection = {"conn_type": "databricks", "schema": "http", "host": "127.0.0.1", "port": port, "password": TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))


def submit_operator(path: str, **settings: Any) -> DatabricksSubmitRunOperator:
    return DatabricksSubmitRunOperator(
        task_id="bronze",
        notebook_task={"notebook_path": path, "base_parameters": PARAMETERS},
        existing_cluster_id="local",
        timeout_seconds=3600,
        polling_period_seconds=1,
        dag=DAG("crypto_market", schedule=None),
        **settings,
    )


def notebook_operator(path: str, **settings: Any) -> DatabricksNotebookOperator:
    return DatabricksNotebookOperator(
        task_id="silver",
        notebook_path=path,
        source="WORKSPACE",
        notebook_params={key: str(value) for key, value in PARAMETERS.items()},
        existing_cluster_id="local",
        polling_period_seconds=1,
        dag=DAG("crypto_market", schedule=None),
        **settings,
    )


def deferred_event(client: Client, operator: Any, context: dict[str, Any]) -> tuple[TaskDeferred, dict[str, Any]]:
    """What the trigger of a deferred operator reports, run as the triggerer does."""
    gate = client.workspace / "gate"
    gate.unlink(missing_ok=True)
    with pytest.raises(TaskDeferred) as deferral:
        operator.execute(context)
    gate.touch()
    trigger = deferral.value.trigger

    async def first_event() -> Any:
        async for event in trigger.run():
            return event.payload
        return None

    return deferral.value, asyncio.run(first_event())


def resume(operator: Any, deferral: TaskDeferred, context: dict[str, Any], event: dict[str, Any]) -> Any:
    return getattr(operator, deferral.method_name)(context=context, event=event, **(deferral.kwargs or {}))


OPERATORS = pytest.mark.parametrize("make", [submit_operator, notebook_operator])


@OPERATORS
def test_sync(client: Client, context: dict[str, Any], make: Any) -> None:
    make(client.write("operator", SOURCE)).execute(context)
    run_id = context["ti"].pushed["run_id"]
    assert context["ti"].pushed["run_page_url"] == f"{client.url}/runs/{run_id}"
    run = client.run(run_id)
    assert run["state"]["result_state"] == "SUCCESS"
    assert json.loads(client.output(run)["notebook_output"]["result"]) == ["bitcoin", "3"]


@OPERATORS
def test_deferrable(client: Client, context: dict[str, Any], make: Any) -> None:
    operator = make(client.write("operator", GATE + SOURCE), deferrable=True)
    deferral, event = deferred_event(client, operator, context)
    assert json.loads(event["run_state"])["result_state"] == "SUCCESS"
    resume(operator, deferral, context, event)


@OPERATORS
def test_sync_failure_shows_the_notebook_error(client: Client, context: dict[str, Any], make: Any) -> None:
    with pytest.raises(AirflowException, match="no data for bitcoin"):
        make(client.write("operator", FAILING)).execute(context)


@OPERATORS
def test_deferrable_failure_shows_the_notebook_error(client: Client, context: dict[str, Any], make: Any) -> None:
    operator = make(client.write("operator", GATE + FAILING), deferrable=True)
    deferral, event = deferred_event(client, operator, context)
    with pytest.raises(AirflowException, match="no data for bitcoin"):
        resume(operator, deferral, context, event)


def test_retries_of_databricks_itself(client: Client, context: dict[str, Any]) -> None:
    marker = client.workspace / "second_time"
    source = (
        f"from pathlib import Path\nm = Path({str(marker)!r})\nif not m.exists():\n    m.touch()\n    raise OSError\n"
    )
    operator = notebook_operator(client.write("operator", source), max_retries=1, min_retry_interval_millis=10)
    operator.execute(context)
    attempts = client.run(context["ti"].pushed["run_id"])["tasks"]
    assert [(each["attempt_number"], each["state"]["result_state"]) for each in attempts] == [
        (0, "FAILED"),
        (1, "SUCCESS"),
    ]


def test_on_kill_cancels(client: Client, context: dict[str, Any]) -> None:
    operator = submit_operator(client.write("operator", "import time\ntime.sleep(600)\n"), deferrable=True)
    with pytest.raises(TaskDeferred):
        operator.execute(context)
    operator.on_kill()
    assert client.wait(operator.run_id)["state"]["result_state"] == "CANCELED"


def test_test_connection() -> None:
    assert DatabricksHook().test_connection() == (True, "Connection successfully tested")


def test_wrong_token_is_told(client: Client, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "databricks", "host": client.url, "schema": "http", "password": "wrong"}
    connection |= {"host": "127.0.0.1", "port": int(client.url.rpartition(":")[2])}
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    with pytest.raises(Exception, match="Invalid access token"):
        submit_operator("/Shared/tests/operator").execute(context)
