"""Runs by the Jobs API, where the activities of Databricks cannot say what is asked for."""

from dataclasses import replace
from typing import Final

from adf_export.ir.factory import Json, Object
from adf_export.ir.unit import Unit
from adf_export.operators.databricks_api import Api
from adf_export.operators.following import Following, follow
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node, Property, call, literal, select

_ENDED: Final = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
_WEEK: Final = 7 * 24 * 60 * 60


def run_by_request(bench: Workbench, operation: str, request: Object, *, waits: bool) -> Unit:
    """The run that an operation of the API starts, and unless nobody waits its end."""
    api = Api(bench)
    start = api.post(f"2.2/jobs/{operation}", normal(request))
    run_id = select(_output(start.name), "run_id")
    results: dict[str, Node] = {"run_id": run_id} if bench.task.do_xcom_push else {}
    if not waits:
        return bench.unit(*api.steps, start, results=results)
    read = api.get("2.2/jobs/runs/get?run_id=", run_id)
    state = select(_output(read.name), "state")
    limit = bench.task.execution_timeout_seconds or _WEEK
    how = Following(
        read=read,
        ended=call("contains", call("createArray", *map(literal, _ENDED)), select(state, "life_cycle_state")),
        succeeded=call("equals", Property(target=state, name="result_state", safe=True), literal("SUCCESS")),
        message=as_text(f"{bench.task.task_id} failed with terminal state: ", call("string", state)),
        interval=_interval(bench),
        timeout=min(limit, _WEEK),
    )
    if bench.task.do_xcom_push:
        results["run_page_url"] = select(_output(read.name), "run_page_url")
    attempts = replace(bench.attempts(), timeout_seconds=None)
    return bench.unit(*api.steps, start, *follow(bench, start, how), results=results, attempts=attempts)


def normal(value: Json) -> Json:
    """Numbers as texts, as the provider sends them.

    >>> normal((1, True, "a"))
    ('1', True, 'a')
    """
    if isinstance(value, Object):
        return Object(tuple((name, normal(member)) for name, member in value.members))
    if isinstance(value, tuple):
        return tuple(normal(item) for item in value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _output(activity: str) -> Node:
    return select(call("activity", literal(activity)), "output")


def _interval(bench: Workbench) -> float:
    given = bench.constant("polling_period_seconds") if bench.has("polling_period_seconds") else 30
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        raise bench.invalid("polling_period_seconds", f"is {given!r}, not a number of seconds")
    return given
