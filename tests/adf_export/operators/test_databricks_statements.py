"""DatabricksSQLStatementsOperator: the request that Airflow makes, followed until the statement ends."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Connection
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.operators.test_databricks import ENVIRONMENT, MODULE
from tests.adf_export.running import run_in_local_factory

STATEMENTS = f"{MODULE}.DatabricksSQLStatementsOperator"
FIELDS: dict[str, Any] = {"statement": "OPTIMIZE t", "warehouse_id": "w1"}
STARTED = Injection(output={"statement_id": "s-1", "status": {"state": "PENDING"}})
KEY = Injection(output={"value": "dapi"})


def one(**fields: Any) -> Made:
    return made(task(STATEMENTS, **FIELDS | fields), environment=ENVIRONMENT)


def states(*names: str) -> dict[str, Injection]:
    found = [Injection(output={"status": {"state": name}}) for name in names]
    return {f"t_wait[{turn}]/t_status": injection for turn, injection in enumerate(found)}


@pytest.mark.parametrize(
    ("found", "status", "seconds"),
    [
        (("SUCCEEDED",), "Succeeded", 30),
        (("PENDING", "RUNNING", "SUCCEEDED"), "Succeeded", 90),
        (("RUNNING", "FAILED"), "Failed", 60),
        (("CANCELED",), "Failed", 30),
        (("CLOSED",), "Failed", 30),
        (("RUNNING",) * 130, "Failed", 3600),
    ],
)
def test_the_statement_is_followed(found: tuple[str, ...], status: str, seconds: float, tmp_path: Path) -> None:
    done = run_in_local_factory(tmp_path, one().factory, "d", injections={"t_key": KEY, "t": STARTED, **states(*found)})
    assert str(done.run.status) == status
    assert done.seconds == pytest.approx(seconds, abs=5)


def test_who_does_not_wait_only_sends_it(tmp_path: Path) -> None:
    whole = one(wait_for_termination=False)
    done = run_in_local_factory(tmp_path, whole.factory, "d", injections={"t_key": KEY, "t": STARTED})
    assert done.statuses() == {"t_key": "Succeeded", "t": "Succeeded"}


def test_the_token_stands_in_no_record() -> None:
    activities = one().activities()
    assert activities["t_key"]["policy"]["secureOutput"]
    assert activities["t"]["policy"]["secureInput"]
    (_, status) = activities["t_wait"]["typeProperties"]["activities"]
    assert status["policy"]["secureInput"]
    assert activities["t"]["typeProperties"]["headers"]["Authorization"] == {
        "value": "Bearer @{activity('t_key').output.value}",
        "type": "Expression",
    }


def test_the_identity_needs_no_secret() -> None:
    workspace = Connection(
        conn_id="databricks_default", host="https://x", extra={"azure_resource_id": "/subscriptions/s"}
    )
    environment = replace(ENVIRONMENT, connections={"databricks_default": workspace})
    (start, *_) = made(task(STATEMENTS, **FIELDS), environment=environment).activities().values()
    properties = start["typeProperties"]
    assert properties["authentication"] == {"type": "MSI", "resource": "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"}
    assert properties["headers"]["X-Databricks-Azure-Workspace-Resource-Id"] == "/subscriptions/s"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"catalog": "crypto", "schema": "gold"},
        {"parameters": [{"name": "day", "value": "2026-01-31", "type": "DATE"}]},
        {"query_tags": {"team": "x", "none": None}},
    ],
)
def test_the_request_is_that_of_airflow(more: dict[str, Any]) -> None:
    sent: list[dict[str, Any]] = []

    class Hook:
        def post_sql_statement(self, json: dict[str, Any]) -> str:
            sent.append(json)
            return "s-1"

    cls = import_module(MODULE).DatabricksSQLStatementsOperator
    operator = cls(
        task_id="t", **FIELDS, **more, wait_for_termination=False, include_airflow_query_tags=False, do_xcom_push=False
    )
    operator._hook = Hook()
    operator.execute({})
    body = one(**more).activities()["t"]["typeProperties"]["body"]
    # Rows that nobody reads are not asked for.
    assert body == {name: value for name, value in sent[0].items() if value is not None} | {"row_limit": 1}


@pytest.mark.parametrize("field", ["timeout", "polling_period_seconds"])
def test_times_are_numbers(field: str) -> None:
    assert one(**{field: "{{ ds }}"}).codes[0] in ("ADF103", "ADF107")
    assert "ADF104" in one(**{field: 0}).codes
