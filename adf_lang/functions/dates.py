"""Date functions: texts in, texts out, by the rules of .NET.

Every function that reads a text sees the scope, because a text without date or year means today's.
"""

from collections.abc import Callable

from adf_lang.dotnet_date_parts import NotADateError
from adf_lang.dotnet_date_reader import read
from adf_lang.dotnet_date_writer import AM_PM_BLANK, BadFormatError, write
from adf_lang.dotnet_dates import (
    MONTHS_IN_YEAR,
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    TICKS_PER_MINUTE,
    TICKS_PER_SECOND,
    Kind,
    Moment,
    OutOfRangeError,
    from_datetime,
)
from adf_lang.registry import RefusalError, function
from adf_lang.scope import Scope
from adf_lang.zones import SkippedOrRepeatedError, Zone, find_zone

ROUND_TRIP = "o"
# Ticks of each unit; a month and a year have no fixed length and are counted in months.
UNITS = {
    "second": TICKS_PER_SECOND,
    "minute": TICKS_PER_MINUTE,
    "hour": TICKS_PER_HOUR,
    "day": TICKS_PER_DAY,
    "week": 7 * TICKS_PER_DAY,
}
MONTHS = {"month": 1, "year": MONTHS_IN_YEAR}
UNIT_NAMES = [name.capitalize() for name in (*UNITS, *MONTHS)]
# .NET has the units as numbers too.
NUMBERED = {str(number): name for number, name in enumerate((*UNITS, *MONTHS), 1)}
# The engine cuts intervals to 32 bits, so that 2147483648 seconds are taken away instead of added; they are refused.
MAX_COUNT = 2**31


@function("addDays(timestamp: string, days: integer, format?: string) -> string", scoped=True)
def add_days(scope: Scope, timestamp: str, days: int, pattern: str = ROUND_TRIP) -> str:
    """The time so many days later.

    >>> addDays('2018-03-15T13:00:00Z', 10) -> '2018-03-25T13:00:00.0000000Z'
    >>> addDays('2018-03-15T00:00:00Z', -5, 'yyyy-MM-dd') -> '2018-03-10'
    >>> addDays('2018-03-15T00:00:00+02:00', 1) -> '2018-03-15T22:00:00.0000000+00:00'
    """
    return _add_ticks(scope, timestamp, days * TICKS_PER_DAY, pattern)


@function("addHours(timestamp: string, hours: integer, format?: string) -> string", scoped=True)
def add_hours(scope: Scope, timestamp: str, hours: int, pattern: str = ROUND_TRIP) -> str:
    """The time so many hours later.

    >>> addHours('2018-03-15T15:00:00Z', -5) -> '2018-03-15T10:00:00.0000000Z'
    """
    return _add_ticks(scope, timestamp, hours * TICKS_PER_HOUR, pattern)


@function("addMinutes(timestamp: string, minutes: integer, format?: string) -> string", scoped=True)
def add_minutes(scope: Scope, timestamp: str, minutes: int, pattern: str = ROUND_TRIP) -> str:
    """The time so many minutes later.

    >>> addMinutes('2018-03-15T00:20:00Z', -5) -> '2018-03-15T00:15:00.0000000Z'
    """
    return _add_ticks(scope, timestamp, minutes * TICKS_PER_MINUTE, pattern)


@function("addSeconds(timestamp: string, seconds: integer, format?: string) -> string", scoped=True)
def add_seconds(scope: Scope, timestamp: str, seconds: int, pattern: str = ROUND_TRIP) -> str:
    """The time so many seconds later.

    >>> addSeconds('2018-03-15T00:00:30Z', -5) -> '2018-03-15T00:00:25.0000000Z'
    """
    return _add_ticks(scope, timestamp, seconds * TICKS_PER_SECOND, pattern)


@function("addToTime(timestamp: string, interval: integer, timeUnit: string, format?: string) -> string", scoped=True)
def add_to_time(scope: Scope, timestamp: str, interval: int, unit: str, pattern: str = ROUND_TRIP) -> str:
    """The time so many units later: Second, Minute, Hour, Day, Week, Month or Year.

    >>> addToTime('2018-01-01T00:00:00Z', 1, 'Day', 'D') -> 'Tuesday, January 2, 2018'
    >>> addToTime('2018-01-31T00:00:00Z', 1, 'Month') -> '2018-02-28T00:00:00.0000000Z'
    """
    return _write(scope, _shift(_read(scope, timestamp), interval, unit, first=1), pattern, 3)


@function(
    "subtractFromTime(timestamp: string, interval: integer, timeUnit: string, format?: string) -> string", scoped=True
)
def subtract_from_time(scope: Scope, timestamp: str, interval: int, unit: str, pattern: str = ROUND_TRIP) -> str:
    """The time so many units earlier.

    >>> subtractFromTime('2018-01-02T00:00:00Z', 1, 'Day') -> '2018-01-01T00:00:00.0000000Z'
    """
    return _write(scope, _shift(_read(scope, timestamp), -interval, unit, first=1), pattern, 3)


@function("utcNow(format?: string) -> string", scoped=True)
def utc_now(scope: Scope, pattern: str = ROUND_TRIP) -> str:
    """The time now, in UTC."""
    return _write(scope, from_datetime(scope.now()), pattern, 0)


@function("getFutureTime(interval: integer, timeUnit: string, format?: string) -> string", scoped=True)
def get_future_time(scope: Scope, interval: int, unit: str, pattern: str = ROUND_TRIP) -> str:
    """The time so many units from now, in UTC."""
    return _write(scope, _shift(from_datetime(scope.now()), interval, unit, first=0), pattern, 2)


@function("getPastTime(interval: integer, timeUnit: string, format?: string) -> string", scoped=True)
def get_past_time(scope: Scope, interval: int, unit: str, pattern: str = ROUND_TRIP) -> str:
    """The time so many units ago, in UTC."""
    return _write(scope, _shift(from_datetime(scope.now()), -interval, unit, first=0), pattern, 2)


@function("formatDateTime(timestamp: string, format?: string) -> string", scoped=True)
def format_date_time(scope: Scope, timestamp: str, pattern: str = ROUND_TRIP) -> str:
    """The time in this format of .NET.

    >>> formatDateTime('03/15/2018 12:00:00', 'yyyy-MM-ddTHH:mm:ss') -> '2018-03-15T12:00:00'
    >>> formatDateTime('2018-03-15T12:00:00Z', 'D') -> 'Thursday, March 15, 2018'
    """
    return _write(scope, _read(scope, timestamp), pattern, 1)


@function("startOfDay(timestamp: string, format?: string) -> string", scoped=True)
def start_of_day(scope: Scope, timestamp: str, pattern: str = ROUND_TRIP) -> str:
    """Midnight of the day.

    >>> startOfDay('2018-03-15T13:30:30Z') -> '2018-03-15T00:00:00.0000000Z'
    """
    return _start(scope, timestamp, TICKS_PER_DAY, pattern)


@function("startOfHour(timestamp: string, format?: string) -> string", scoped=True)
def start_of_hour(scope: Scope, timestamp: str, pattern: str = ROUND_TRIP) -> str:
    """The full hour.

    >>> startOfHour('2018-03-15T13:30:30Z') -> '2018-03-15T13:00:00.0000000Z'
    """
    return _start(scope, timestamp, TICKS_PER_HOUR, pattern)


@function("startOfMonth(timestamp: string, format?: string) -> string", scoped=True)
def start_of_month(scope: Scope, timestamp: str, pattern: str = ROUND_TRIP) -> str:
    """Midnight of the first of the month.

    >>> startOfMonth('2018-03-15T13:30:30Z') -> '2018-03-01T00:00:00.0000000Z'
    """
    moment = _read(scope, timestamp)
    days = moment.ticks // TICKS_PER_DAY - (moment.date().day - 1)
    return _write(scope, Moment(days * TICKS_PER_DAY, moment.kind), pattern, 1)


@function("dayOfMonth(timestamp: string) -> integer", scoped=True)
def day_of_month(scope: Scope, timestamp: str) -> int:
    """The day of the month, from 1.

    >>> dayOfMonth('2018-03-15T13:27:36Z') -> 15
    """
    return _read(scope, timestamp).date().day


@function("dayOfWeek(timestamp: string) -> integer", scoped=True)
def day_of_week(scope: Scope, timestamp: str) -> int:
    """The day of the week: Sunday is 0.

    >>> dayOfWeek('2018-03-15T13:27:36Z') -> 4
    """
    return _read(scope, timestamp).date().isoweekday() % 7


@function("dayOfYear(timestamp: string) -> integer", scoped=True)
def day_of_year(scope: Scope, timestamp: str) -> int:
    """The day of the year, from 1.

    >>> dayOfYear('2018-03-15T13:27:36Z') -> 74
    """
    return _read(scope, timestamp).date().timetuple().tm_yday


@function("ticks(timestamp: string) -> integer", scoped=True)
def ticks(scope: Scope, timestamp: str) -> int:
    """The time as a count of 100 ns since the year 1.

    >>> ticks('2018-01-01T00:00:00') -> 636503616000000000
    """
    return _read(scope, timestamp).ticks


@function("convertFromUtc(timestamp: string, destinationTimeZone: string, format?: string) -> string", scoped=True)
def convert_from_utc(scope: Scope, timestamp: str, zone: str, pattern: str = ROUND_TRIP) -> str:
    """The local time in a zone of a time in UTC, which must end in Z.

    >>> convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time') -> '2018-01-01T00:00:00.0000000'
    """
    moment = _read(scope, timestamp)
    if moment.kind is not Kind.UTC:
        raise RefusalError(f"convertFromUtc wants a time in UTC, which ends in Z, not '{timestamp}'", argument=0)
    local = _zone(scope, zone, 1).from_utc(moment.ticks)
    if scope.choices.local_time_with_z:
        local = Moment(local.ticks, Kind.UTC)
    return _write(scope, local, pattern, 2)


@function("convertToUtc(timestamp: string, sourceTimeZone: string, format?: string) -> string", scoped=True)
def convert_to_utc(scope: Scope, timestamp: str, zone: str, pattern: str = ROUND_TRIP) -> str:
    """The time in UTC of a local time in a zone.

    >>> convertToUtc('01/01/2018 00:00:00', 'Pacific Standard Time') -> '2018-01-01T08:00:00.0000000Z'
    """
    moment = _read(scope, timestamp)
    source = _zone(scope, zone, 1)
    if moment.kind is Kind.UNSPECIFIED:
        moment = _to_utc(moment, source, timestamp)
    elif moment.kind is Kind.OFFSET or not source.is_utc:
        raise RefusalError(f"'{timestamp}' has a zone of its own, so that it cannot be in '{zone}'", argument=0)
    return _write(scope, moment, pattern, 2)


@function(
    "convertTimeZone(timestamp: string, sourceTimeZone: string, destinationTimeZone: string, format?: string)"
    " -> string",
    scoped=True,
)
def convert_time_zone(scope: Scope, timestamp: str, source: str, destination: str, pattern: str = ROUND_TRIP) -> str:
    """The local time in one zone of a local time in another; a time with Z or an offset is not in the source zone.

    >>> convertTimeZone('2018-01-01T08:00:00', 'UTC', 'Pacific Standard Time') -> '2018-01-01T00:00:00.0000000'
    """
    moment = _read(scope, timestamp)
    origin = _zone(scope, source, 1)
    target = _zone(scope, destination, 2)
    if moment.kind is Kind.UNSPECIFIED:
        moment = _to_utc(moment, origin, timestamp)
    return _write(scope, target.from_utc(moment.ticks), pattern, 3)


def _read(scope: Scope, timestamp: str) -> Moment:
    try:
        return read(timestamp, lambda: scope.now().date())
    except NotADateError as error:
        raise RefusalError(
            f"'{timestamp}' is no date: ISO 8601 is expected, such as '2018-03-15T13:00:00Z'", argument=0
        ) from error


def _write(scope: Scope, moment: Moment, pattern: str, argument: int) -> str:
    if pattern == ROUND_TRIP:
        return write(moment)
    try:
        return write(moment, pattern, am_pm_blank=AM_PM_BLANK[scope.choices.blank_before_am_pm])
    except BadFormatError as error:
        raise RefusalError(
            f"'{pattern}' is no format: one letter such as 'd' or 'o' is expected, or a pattern such as 'yyyy-MM-dd'",
            argument=argument,
        ) from error


def _within(count: int, add: Callable[[int], Moment], argument: int) -> Moment:
    try:
        return add(count)
    except OutOfRangeError as error:
        raise RefusalError("the result lies before the year 1 or after the year 9999", argument=argument) from error


def _add_ticks(scope: Scope, timestamp: str, count: int, pattern: str) -> str:
    return _write(scope, _within(count, _read(scope, timestamp).add_ticks, 1), pattern, 2)


def _shift(moment: Moment, interval: int, unit: str, *, first: int) -> Moment:
    """The moment so many units later; `first` is the index of the interval among the arguments, the unit follows it."""
    name = unit.strip().lower()
    name = NUMBERED.get(name, name)
    if name not in UNITS and name not in MONTHS:
        raise RefusalError(f"'{unit}' is no unit of time; there are {', '.join(UNIT_NAMES)}", argument=first + 1)
    if abs(interval) >= MAX_COUNT:
        raise RefusalError(f"an interval of {interval} is more than a date can be moved", argument=first)
    if name in MONTHS:
        return _within(interval * MONTHS[name], moment.add_months, first)
    return _within(interval * UNITS[name], moment.add_ticks, first)


def _start(scope: Scope, timestamp: str, unit: int, pattern: str) -> str:
    moment = _read(scope, timestamp)
    return _write(scope, Moment(moment.ticks - moment.ticks % unit, moment.kind), pattern, 1)


def _zone(scope: Scope, name: str, argument: int) -> Zone:
    return find_zone(name, argument, iana_names=scope.choices.iana_zone_names)


def _to_utc(moment: Moment, zone: Zone, timestamp: str) -> Moment:
    try:
        return zone.to_utc(moment.ticks)
    except SkippedOrRepeatedError as error:
        raise RefusalError(
            f"'{timestamp}' does not exist or exists twice in {zone.name}, where the clock is changed", argument=0
        ) from error
