"""Checks of tables: a Script that asks, and a Fail behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from adf_export.ir.factory import Activity, Json, Object
from adf_export.ir.unit import Unit
from adf_export.operators.following import fails_if
from adf_export.operators.registry import Operator
from adf_export.operators.sql import ask, only_query
from adf_export.operators.sql_rows import first_row, rows_of
from adf_export.operators.sql_services import database
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import TRUE, any_of, if_
from adf_export.templating.kinds import FALSY
from adf_lang.nodes import Index, Node, call, literal, select

_COUNT: Final = "failed"
# Every check that does not hold, also where it is unknown.
_BEFORE: Final = f"SELECT count(*) AS {_COUNT} FROM (\n"
_AFTER: Final = "\n) AS results WHERE CASE WHEN {} THEN 0 ELSE 1 END = 1"


def check(bench: Workbench) -> Unit:
    """SQLCheckOperator: no cell of the first row is false, as Python has it."""
    at = database(bench)
    query = ask(bench, at, first_row(bench, at, only_query(bench, at)))
    rows = rows_of(query.name)
    row = Index(target=rows, index=literal(0), safe=True)
    falsy = [call("contains", row, value) for values in FALSY.values() for value in values]
    return _unit(bench, query, if_(call("empty", rows), TRUE, any_of(*falsy)))


def table_check(bench: Workbench) -> Unit:
    """SQLTableCheckOperator: its own query tells of each check whether it holds."""
    for name in ("table", "checks", "partition_clause", "accept_none"):
        bench.field(name)
    return _counted(bench, "check_result = 1")


def column_check(bench: Workbench) -> Unit:
    """SQLColumnCheckOperator: its own query gives a number for each check."""
    for name in ("table", "partition_clause"):
        bench.field(name)
    return _counted(bench, " OR ".join(_conditions(bench)))


def _counted(bench: Workbench, holds: str) -> Unit:
    at = database(bench)
    parts = (_BEFORE, *only_query(bench, at).bare(), _AFTER.format(holds))
    query = ask(bench, at, parts)
    sets = select(call("activity", literal(query.name)), "output", "resultSets")
    row = Index(target=select(Index(target=sets, index=literal(0)), "rows"), index=literal(0))
    return _unit(bench, query, call("greater", select(row, _COUNT), literal(0)))


def _unit(bench: Workbench, query: Activity, bad: Node) -> Unit:
    attempts = bench.attempts()
    if bench.has("retry_on_failure") and bench.constant("retry_on_failure") is False:
        attempts = replace(attempts, retries=0)
    return bench.unit(query, fails_if(bench, bad, check_failed(bench), after=query.name), attempts=attempts)


def check_failed(bench: Workbench) -> str:
    """What a Fail says."""
    return f"The check of '{bench.task.task_id}' failed."


def _conditions(bench: Workbench) -> Iterator[str]:
    """For each column and check, what the number must be."""
    accepts = not bench.has("accept_none") or bench.constant("accept_none") is True
    result = "coalesce(check_result, 0)" if accepts else "check_result"
    for column, checks in _members(bench, bench.value("column_mapping")):
        for name, given in _members(bench, checks):
            place = f"col_name = '{column.replace(chr(39), chr(39) * 2)}' AND check_type = '{name}'"
            bounds = " AND ".join(f"{result} {sign} {bound}" for sign, bound in _bounds(bench, given))
            yield f"({place} AND {bounds})"


def _bounds(bench: Workbench, given: Json) -> Iterator[tuple[str, float]]:
    """Signs and numbers, widened by the tolerance, as the operator compares."""
    values = {name: _number(bench, value) for name, value in _members(bench, given) if name != "partition_clause"}
    tolerance = values.get("tolerance")

    def widened(name: str, side: int) -> float:
        value = values[name]
        return value if tolerance is None else value + side * abs(value) * tolerance

    for pair, side in (((("geq_to", ">="), ("greater_than", ">")), -1), ((("leq_to", "<="), ("less_than", "<")), 1)):
        for name, sign in pair:
            if name in values:
                yield sign, widened(name, side)
                break
    if "equal_to" in values:
        if tolerance is None:
            yield "=", values["equal_to"]
        else:
            yield ">=", widened("equal_to", -1)
            yield "<=", widened("equal_to", 1)


def _members(bench: Workbench, value: Json) -> tuple[tuple[str, Json], ...]:
    if isinstance(value, Object):
        return value.members
    raise bench.invalid("column_mapping", "must be a dict of dicts that are known when the DAG is compiled")


def _number(bench: Workbench, value: Json) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise bench.not_exported("column_mapping", f"it compares with {value!r}, which is no number")


_MODULE: Final = "airflow.providers.common.sql.operators.sql"
_ACTIVITIES: Final = ("Script", "IfCondition", "Fail")

SQL_CHECKS: Final[Mapping[str, Operator]] = {
    f"{_MODULE}.SQLCheckOperator": Operator(translate=check, activities=_ACTIVITIES),
    f"{_MODULE}.SQLColumnCheckOperator": Operator(translate=column_check, activities=_ACTIVITIES),
    f"{_MODULE}.SQLTableCheckOperator": Operator(translate=table_check, activities=_ACTIVITIES),
}
