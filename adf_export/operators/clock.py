"""What operators ask of the clock: days of the week, times of the day, the time zone of the DAG."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from adf_export.ir.symbols import RunField, run
from adf_export.ir.values import Constant, Items, Moment, Opaque, Value
from adf_export.operators.workbench import Workbench
from adf_export.templating.moments import fixed_offset, from_known
from adf_lang.nodes import Node, call, literal

SECOND: Final = 10_000_000
DAY: Final = 24 * 60 * 60 * SECOND
NOW: Final = call("utcNow")
_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_TIMES: Final = frozenset({"datetime.time", "pendulum.time.Time"})


def ticks(moment: Node) -> Node:
    return call("ticks", moment)


def now_or_logical_date(bench: Workbench) -> Node:
    """The moment that an operator with use_task_logical_date looks at."""
    chosen = bench.has("use_task_logical_date") and bench.constant("use_task_logical_date") is True
    return run(RunField.LOGICAL_DATE) if chosen else NOW


def zone_offset(bench: Workbench, name: str) -> timedelta:
    """How far the DAG's time zone is from UTC.

    Raises:
        Refusal: that changes with the season.
    """
    zone = bench.dag.timezone
    minutes = fixed_offset(zone)
    if minutes is not None:
        return timedelta(minutes=minutes)
    try:
        return time.fromisoformat(f"00:00{zone}").utcoffset() or timedelta()
    except ValueError:
        raise bench.not_exported(
            name,
            f"the DAG's time zone, {zone}, changes its distance from UTC",
            hint='give the DAG a start_date in a zone without daylight saving time, "UTC"',
        ) from None


def local(moment: Node, offset: timedelta) -> Node:
    """A moment on the clock of a zone."""
    return call("addMinutes", moment, literal(offset // timedelta(minutes=1))) if offset else moment


def time_of_day(value: Value) -> time | None:
    """None: it is no time, or not known well enough."""
    if not isinstance(value, Opaque) or value.kind not in _TIMES or not value.text:
        return None
    return time.fromisoformat(value.text)


def in_ticks(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 10


def since_midnight(of_day: time) -> timedelta:
    return timedelta(hours=of_day.hour, minutes=of_day.minute, seconds=of_day.second, microseconds=of_day.microsecond)


def moment(value: Moment) -> Node:
    return from_known(datetime.fromisoformat(value.iso).astimezone(UTC)).node


def week_days(bench: Workbench) -> tuple[int, ...]:
    """The days that `week_day` names, as Data Factory counts them: Sunday is 0.

    Raises:
        Refusal: one of them is no day.
    """
    given = bench.field("week_day")
    days = given.items if isinstance(given, Items) else (given,)
    return tuple(sorted({_day(bench, one) for one in days}))


def _day(bench: Workbench, given: Value) -> int:
    found = given.value if isinstance(given, Constant) else None
    if isinstance(found, str) and found.upper() in _DAYS:
        return (_DAYS.index(found.upper()) + 1) % 7
    if type(found) is int and 1 <= found <= 7:
        return found % 7
    raise bench.invalid("week_day", f"is {found!r}, not a day of the week", hint="Monday, Tuesday, ...")
