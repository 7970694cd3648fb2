"""SqlSensor: a Script in a loop."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.decisions import lower_function, truth_of
from adf_export.ir.unit import SkipsItself, Unit
from adf_export.ir.values import Function
from adf_export.operators.following import fails_if
from adf_export.operators.polling import IGNORED, poll, polling
from adf_export.operators.registry import Operator
from adf_export.operators.sql import ask, only_query
from adf_export.operators.sql_checks import check_failed
from adf_export.operators.sql_rows import first_row, rows_of
from adf_export.operators.sql_services import database
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import FALSE, TRUE, any_of, if_
from adf_lang.nodes import Index, Node, call, literal

_ITSELF: Final = Function(name="bool", source="lambda cell: cell")


def sensor(bench: Workbench) -> Unit:
    """Until the first cell of the first row is true, or `success` takes it; `failure` ends it at once."""
    how = polling(bench)
    at = database(bench)
    look = ask(bench, at, first_row(bench, at, only_query(bench, at)))
    rows = rows_of(look.name)
    cell = _cell(bench, Index(target=rows, index=literal(0), safe=True))
    met = if_(call("empty", rows), FALSE, _judged(bench, "success", cell) or _truth(bench, _ITSELF, cell))
    failed = _failed(bench, rows, cell)
    if failed is None:
        return poll(bench, how, look, met)
    if bench.task.retries:
        summary = f"'{bench.task.task_id}' is not tried again when it is told to fail"
        bench.tell(BEHAVIOUR_DIFFERS, summary, field="failure")
    unit = poll(bench, how, look, any_of(failed, met))
    # Where the time is up nothing was found that could fail it.
    gave_up = unit.decision.when if isinstance(unit.decision, SkipsItself) else None
    bad = if_(gave_up, FALSE, failed) if gave_up else failed
    return replace(unit, steps=(*unit.steps, fails_if(bench, bad, check_failed(bench), after=unit.steps[-1].name)))


def _failed(bench: Workbench, rows: Node, cell: Node) -> Node | None:
    """Whether the sensor fails; None: it never does."""
    on_empty = bench.has("fail_on_empty") and bench.constant("fail_on_empty") is True
    judged = _judged(bench, "failure", cell)
    if judged is None and not on_empty:
        return None
    return if_(call("empty", rows), TRUE if on_empty else FALSE, judged or FALSE)


def _cell(bench: Workbench, row: Node) -> Node:
    if not bench.has("selector"):
        return Index(target=row, index=literal(0), safe=True)
    return lower_function(_function(bench, "selector"), (row,), {}, bench.scope("selector"))


def _judged(bench: Workbench, field: str, cell: Node) -> Node | None:
    return _truth(bench, _function(bench, field), cell) if bench.has(field) else None


def _truth(bench: Workbench, function: Function, cell: Node) -> Node:
    return truth_of(function, (cell,), {}, bench.scope())


def _function(bench: Workbench, field: str) -> Function:
    found = bench.field(field)
    if isinstance(found, Function):
        return found
    raise bench.not_exported(field, "it is no function with a Python source", hint="use a lambda or a def")


SQL_SENSOR: Final[Mapping[str, Operator]] = {
    "airflow.providers.common.sql.sensors.sql.SqlSensor": Operator(
        translate=sensor, ignored=IGNORED, activities=("Until", "Script", "IfCondition")
    ),
}
