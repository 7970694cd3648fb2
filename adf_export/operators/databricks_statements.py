"""DatabricksSQLStatementsOperator: calls of the statement execution API, as no activity reaches a SQL warehouse."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import Activity, Object, obj
from adf_export.ir.unit import Unit
from adf_export.operators.databricks_api import Api
from adf_export.operators.following import Following, follow
from adf_export.operators.registry import Operator
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import NULL
from adf_lang.nodes import call, literal, select

_PATH: Final = "2.0/sql/statements"
_ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELED", "CLOSED")
_HOUR: Final = 3600


def statement(bench: Workbench) -> Unit:
    """One statement: sent, followed, judged."""
    api = Api(bench)
    start = api.post(_PATH, _body(bench))
    statement_id = select(call("activity", literal(start.name)), "output", "statement_id")
    results = {"statement_id": statement_id} if bench.task.do_xcom_push else {}
    if bench.has("wait_for_termination") and bench.constant("wait_for_termination") is False:
        return bench.unit(*api.steps, start, results=results)
    steps = follow(bench, start, _following(bench, api.get(f"{_PATH}/", statement_id)))
    attempts = replace(bench.attempts(), timeout_seconds=None)
    return bench.unit(*api.steps, start, *steps, results=results, attempts=attempts)


def _body(bench: Workbench) -> Object:
    tags = bench.value("query_tags")
    given = tags.members if isinstance(tags, Object) else ()
    listed = tuple(obj(key=name, value=value) for name, value in given if value != NULL)
    members = {name: bench.value(name) for name in ("statement", "warehouse_id", "catalog", "schema", "parameters")}
    # Nobody reads the rows, and an answer beyond 4 MB would fail the activity.
    return obj(members | {"wait_timeout": "0s", "row_limit": 1, "query_tags": listed or None})


def _following(bench: Workbench, read: Activity) -> Following:
    status = select(call("activity", literal(read.name)), "output", "status")
    state = select(status, "state")
    limit = _seconds(bench, "timeout", _HOUR)
    bench.tell(
        BEHAVIOUR_DIFFERS, f"the statement of '{bench.task.task_id}' goes on when its time is up", field="timeout"
    )
    return Following(
        read=read,
        ended=call("contains", call("createArray", *map(literal, _ENDED)), state),
        succeeded=call("equals", state, literal(_ENDED[0])),
        message=as_text(f"{bench.task.task_id} failed with terminal state: ", call("string", status)),
        interval=_seconds(bench, "polling_period_seconds", 30),
        timeout=min(limit, bench.task.execution_timeout_seconds or limit),
    )


def _seconds(bench: Workbench, name: str, default: float) -> float:
    value = bench.constant(name) if bench.has(name) else default
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise bench.invalid(name, f"is {value!r}, not a number of seconds")
    return value


_RETRYING: Final = "a Web activity repeats its own calls"
DATABRICKS_STATEMENTS: Final[Mapping[str, Operator]] = {
    "airflow.providers.databricks.operators.databricks.DatabricksSQLStatementsOperator": Operator(
        translate=statement,
        ignored={
            "databricks_retry_args": _RETRYING,
            "databricks_retry_delay": _RETRYING,
            "databricks_retry_limit": _RETRYING,
            "deferrable": "no worker waits for the statement",
            "include_airflow_query_tags": "tags are for reports of Databricks",
            "polling_period_seconds": "the task does not wait for the statement",
            "timeout": "the task does not wait for the statement",
        },
        activities=("WebActivity", "Until", "IfCondition"),
    ),
}
