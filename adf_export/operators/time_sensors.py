"""Sensors that wait for a moment: a Wait that computes how long.

Where a sensor gives up after a time, the Wait is not longer than that, and the task fails or is skipped if it is too
early then.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import Activity, Json, Role, obj
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import SkipsItself, Unit
from adf_export.ir.values import Duration
from adf_export.operators import clock
from adf_export.operators.following import fails_if
from adf_export.operators.polling import IGNORED, once, polling
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.passes.run_fields import ISO
from adf_export.templating import as_node
from adf_lang.nodes import Index, Literal, Node, call, literal

_PACKAGE: Final = "airflow.providers.standard.sensors"
_EXACT: Final = "the wait ends at the moment itself"
_NO_LIMIT: Final = "this sensor has no time limit in Airflow"
_IGNORED: Final[Mapping[str, str]] = {
    **IGNORED,
    "end_from_trigger": "no trigger of Airflow runs",
    "poke_interval": _EXACT,
    "start_from_trigger": "no trigger of Airflow runs",
    "trigger_kwargs": "no trigger of Airflow runs",
}
_UNLIMITED: Final[Mapping[str, str]] = {
    **_IGNORED,
    "never_fail": _NO_LIMIT,
    "soft_fail": _NO_LIMIT,
    "timeout": _NO_LIMIT,
}


def time_delta(bench: Workbench) -> Unit:
    """So long after the end of the data interval, which is the logical date of a manual run."""
    seconds = _seconds(bench, "delta")
    target = call("addSeconds", run(RunField.DATA_INTERVAL_END), literal(math.ceil(seconds)))
    return _limited(bench, target, may_be_late=seconds > polling(bench).timeout)


def date_time(bench: Workbench) -> Unit:
    """A moment as a text; one without an offset is UTC."""
    before, target = _moment(bench)
    return _limited(bench, target, before=before, may_be_late=True)


def date_time_async(bench: Workbench) -> Unit:
    before, target = _moment(bench)
    return bench.unit(*before, _wait(bench, _until(target), after=before))


def time_of_day(bench: Workbench) -> Unit:
    """A time of today, on the clock of the DAG."""
    if bench.task.deferrable:
        bench.read.update(_UNLIMITED)
        return time_of_day_async(bench)
    return _limited(bench, _today(bench), may_be_late=False)


def time_of_day_async(bench: Workbench) -> Unit:
    return bench.unit(_wait(bench, _until(_today(bench))))


def day_of_week(bench: Workbench) -> Unit:
    """The first moment of one of some days, in UTC; what the clock says is kept, as it is needed twice."""
    if clock.now_or_logical_date(bench) != clock.NOW:
        raise bench.not_exported(
            "use_task_logical_date", "nothing changes while it waits", hint="use BranchDayOfWeekOperator"
        )
    days = clock.week_days(bench)
    if not days:
        raise bench.invalid("week_day", "names no day")
    keep, now = _kept(bench, "now", clock.NOW, ())
    ahead = [literal(min((day - today) % 7 for day in days)) for today in range(7)]
    table = Index(target=call("createArray", *ahead), index=call("dayOfWeek", now))
    return _limited(bench, call("addDays", call("startOfDay", now), table), before=(keep,), may_be_late=False)


def wait(bench: Workbench) -> Unit:
    """So long after the start of the task."""
    return bench.unit(_wait(bench, max(1, int(_seconds(bench, "time_to_wait")))))


def _moment(bench: Workbench) -> tuple[tuple[Activity, ...], Node]:
    """A constant with an offset in the form that every function takes.

    What a template gives may be no moment at all: a step of its own fails then, as a Wait is taken for one that cannot.
    """
    given = as_node(bench.value("target_time"))
    if not isinstance(given, Literal):
        keep, target = _kept(bench, "target", call("formatDateTime", given, literal(ISO)), ())
        return (keep,), target
    try:
        return (), literal(datetime.fromisoformat(str(given.value)).isoformat())
    except ValueError:
        raise bench.invalid("target_time", f"is {given.value!r}, not a datetime in ISO 8601") from None


def _today(bench: Workbench) -> Node:
    target = clock.time_of_day(bench.field("target_time"))
    if target is None:
        raise bench.not_exported("target_time", "it is no time that is known when the DAG is compiled")
    # A zone of the time itself has no meaning for Airflow either.
    offset = clock.zone_offset(bench, "target_time")
    after = (clock.since_midnight(target) - offset).total_seconds()
    return call("addSeconds", call("startOfDay", clock.local(clock.NOW, offset)), literal(math.ceil(after)))


def _seconds(bench: Workbench, name: str) -> float:
    given = bench.field(name)
    if isinstance(given, Duration):
        return given.seconds
    minutes = bench.constant(name)
    try:
        return int(str(minutes)) * 60
    except ValueError:
        raise bench.invalid(name, f"is {minutes!r}, not a timedelta or a number of minutes") from None


def _limited(bench: Workbench, target: Node, *, may_be_late: bool, before: tuple[Activity, ...] = ()) -> Unit:
    """Waits for a moment, for so long as the sensor does; `before` are steps that keep the moment still.

    A limit that is Airflow's default is told where the moment may be later, rather than built in.
    """
    how = polling(bench)
    if not how.soft_fail and not bench.has("timeout"):
        if may_be_late:
            _tell_no_limit(bench, how.timeout)
        return bench.unit(*before, _wait(bench, _until(target), after=before), attempts=once(bench))
    if not before:
        keep, target = _kept(bench, "target", target, ())
        before = (keep,)
    limit = call("min", _until(target), literal(max(1, math.ceil(how.timeout))))
    waits = _wait(bench, limit, after=before)
    too_early = call("less", call("ticks", clock.NOW), call("ticks", target))
    if how.soft_fail:
        return bench.unit(*before, waits, decision=SkipsItself(when=too_early), attempts=once(bench))
    message = f"The moment has not come within {how.timeout:g} s."
    return bench.unit(*before, waits, fails_if(bench, too_early, message, after=waits.name), attempts=once(bench))


def _tell_no_limit(bench: Workbench, timeout: float) -> None:
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' waits for its moment also when that is more than {timeout / 86_400:g} days away",
        hint="give it a timeout: the task fails at its end, as in Airflow",
    )


def _kept(bench: Workbench, suffix: str, moment: Node, before: tuple[Activity, ...]) -> tuple[Activity, Node]:
    """A step that keeps a moment as it is now, and what reads it."""
    name = bench.variable(bench.name(suffix))
    step = bench.activity(
        name,
        "SetVariable",
        obj(variableName=name, value=moment),
        role=Role.HELPER,
        description="A moment as it is when the task begins.",
        after=tuple(one.name for one in before),
    )
    return step, call("variables", literal(name))


def _until(target: Node) -> Node:
    """Whole seconds, at least one, until a moment."""
    left = call("sub", call("ticks", target), call("ticks", clock.NOW))
    rounded_up = call("div", call("add", left, literal(clock.SECOND - 1)), literal(clock.SECOND))
    return call("max", literal(1), rounded_up)


def _wait(bench: Workbench, seconds: Json, *, after: tuple[Activity, ...] = ()) -> Activity:
    properties = obj(waitTimeInSeconds=seconds)
    return bench.activity(bench.name(), "Wait", properties, after=tuple(step.name for step in after))


_LIMITED: Final = ("Wait", "SetVariable", "IfCondition")
TIME_SENSORS: Final[Mapping[str, Operator]] = {
    **{
        f"{_PACKAGE}.{name}": Operator(translate=translate, activities=_LIMITED, ignored=_IGNORED)
        for name, translate in {
            "date_time.DateTimeSensor": date_time,
            "time.TimeSensor": time_of_day,
            "time_delta.TimeDeltaSensor": time_delta,
            "time_delta.TimeDeltaSensorAsync": time_delta,
            "weekday.DayOfWeekSensor": day_of_week,
        }.items()
    },
    **{
        f"{_PACKAGE}.{name}": Operator(translate=translate, activities=("Wait",), ignored=_UNLIMITED)
        for name, translate in {
            "date_time.DateTimeSensorAsync": date_time_async,
            "time.TimeSensorAsync": time_of_day_async,
            "time_delta.WaitSensor": wait,
        }.items()
    },
}
