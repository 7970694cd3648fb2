"""Branches that the clock decides."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Final

from adf_export.ir.factory import Json
from adf_export.ir.unit import Unit
from adf_export.ir.values import Moment
from adf_export.operators import clock
from adf_export.operators.branches import branch_by
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import FALSE, all_of
from adf_lang.nodes import Node, call, literal

_MODULE: Final = "airflow.providers.standard.operators"
_BOUNDS: Final = ("target_lower", "target_upper")


def by_day_of_week(bench: Workbench) -> Unit:
    """Whether today, or the day of the logical date in UTC, is one of some days."""
    looked_at = clock.now_or_logical_date(bench)
    if looked_at == clock.NOW:
        looked_at = clock.local(looked_at, clock.zone_offset(bench, "week_day"))
    days = [literal(day) for day in clock.week_days(bench)]
    if not days:
        return _follow(bench, FALSE)
    return _follow(bench, call("contains", call("createArray", *days), call("dayOfWeek", looked_at)))


def by_date_time(bench: Workbench) -> Unit:
    """Whether now, or the logical date, is between two moments, or two times of its day in UTC."""
    looked_at = clock.ticks(clock.now_or_logical_date(bench))
    lower, upper = (bench.field(name) for name in _BOUNDS)
    if any(clock.time_of_day(bound) for bound in (lower, upper)):
        return _follow(bench, _in_the_day(bench, looked_at))
    after = call("lessOrEquals", _moment(bench, "target_lower"), looked_at) if bench.has("target_lower") else None
    before = call("lessOrEquals", looked_at, _moment(bench, "target_upper")) if bench.has("target_upper") else None
    return _follow(bench, all_of(*(bound for bound in (after, before) if bound is not None)))


def _follow(bench: Workbench, condition: Node) -> Unit:
    chosen = [_ids(bench, f"follow_task_ids_if_{answer}") for answer in ("true", "false")]
    return branch_by(bench, call("if", condition, *chosen), description="Looks at the clock.")


def _ids(bench: Workbench, name: str) -> Node:
    given: Json = bench.value(name)
    return call("json", literal("[]")) if given == () else as_node(given)


def _moment(bench: Workbench, name: str) -> Node:
    """A moment without a time zone is in the DAG's; the front-end has taken it as UTC."""
    given = bench.field(name)
    if not isinstance(given, Moment):
        raise bench.not_exported(name, "the two must be datetimes, or both times")
    if bench.dag.timezone != "UTC" and not datetime.fromisoformat(given.iso).utcoffset():
        raise bench.not_exported(
            name, f"it is not known whether it is in UTC or in {bench.dag.timezone}", hint="give it the DAG's time zone"
        )
    return clock.ticks(clock.moment(given))


def _in_the_day(bench: Workbench, looked_at: Node) -> Node:
    """One comparison, so that the clock is read once: how long after the lower bound it is, modulo a day."""
    lower, upper = (_time(bench, name) for name in _BOUNDS)
    if lower and upper and (lower.tzinfo is None) != (upper.tzinfo is None):
        raise bench.invalid("target_upper", "cannot be compared to target_lower: only one of them has a time zone")
    start = _ticks(bench, lower, "target_lower") if lower else 0
    end = _ticks(bench, upper, "target_upper") if upper else clock.DAY
    if lower and upper and end < start:
        end += clock.DAY
    start, end = max(start, 0), min(end, clock.DAY - 1)
    if end < start:
        return FALSE
    since = call("sub", looked_at, literal(start)) if start else looked_at
    return call("lessOrEquals", call("mod", since, literal(clock.DAY)), literal(end - start))


def _time(bench: Workbench, name: str) -> time | None:
    found = clock.time_of_day(bench.field(name))
    if found is None and bench.has(name):
        raise bench.not_exported(name, "the two must be datetimes, or both times")
    return found


def _ticks(bench: Workbench, of_day: time, name: str) -> int:
    """After midnight in UTC: the date is that of UTC, the time that of the DAG's zone, as Airflow combines them."""
    offset = of_day.utcoffset()
    if offset is None:
        offset = clock.zone_offset(bench, name)
    return clock.in_ticks(clock.since_midnight(of_day) - offset)


DATE_BRANCHES: Final[Mapping[str, Operator]] = {
    name: Operator(translate=translate, activities=("IfCondition", "Switch", "SetVariable"))
    for name, translate in {
        f"{_MODULE}.weekday.BranchDayOfWeekOperator": by_day_of_week,
        f"{_MODULE}.datetime.BranchDateTimeOperator": by_date_time,
    }.items()
}
