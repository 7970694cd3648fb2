"""Makes a moment of the parts that were read from a text: which number is the day, what the missing ones are."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from adf_lang.dotnet_dates import (
    END,
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    TICKS_PER_MINUTE,
    TICKS_PER_SECOND,
    Kind,
    Moment,
    days_in_month,
    ticks_of,
)

# Years of one or two digits lie between 1950 and 2049.
FIRST_YEAR = 1950
NOON = 12
# No zone is further from UTC: 14 hours.
MAX_OFFSET = 14 * 60


class NotADateError(ValueError):
    """The text is no date that .NET reads."""


@dataclass(slots=True)
class Found:
    """What has been read so far."""

    # Kind (n, y, m) and value of each part of the date, in order.
    parts: list[tuple[str, int]] = field(default_factory=list)
    # Numbers that will be hours, minutes and seconds if AM or PM follows.
    clock: list[int] = field(default_factory=list)
    time: tuple[int, int, int] | None = None
    fraction: float = 0.0
    # am or pm.
    half: str | None = None
    # Sunday is 0.
    weekday: int | None = None
    # Minutes east of UTC; None: no zone was given.
    offset: int | None = None
    zulu: bool = False
    # From numbers with Chinese, Japanese or Korean suffixes.
    named: dict[str, int] = field(default_factory=dict)


def moment_of(found: Found, today: Callable[[], datetime.date]) -> Moment:
    """The moment of these parts.

    Raises:
        NotADateError: they make none.
    """
    _use_names(found, today)
    if not found.parts and found.time is None:
        raise NotADateError
    date = _date(found.parts, today) if found.parts else today()
    if found.weekday is not None and found.weekday != date.isoweekday() % 7:
        raise NotADateError
    hour, minute, second = found.time or (0, 0, 0)
    hour = _hour24(hour, found.half)
    ticks = ticks_of(date) + clock_ticks(hour, minute, second) + round(found.fraction * TICKS_PER_SECOND)
    if found.offset is None:
        return _within(ticks, Kind.UNSPECIFIED)
    if found.zulu:
        return _within(ticks, Kind.UTC)
    return with_offset(ticks, found.offset)


def with_offset(ticks: int, minutes: int) -> Moment:
    """The moment of a local time so many minutes east of UTC."""
    if abs(minutes) > MAX_OFFSET:
        raise NotADateError
    ticks -= minutes * TICKS_PER_MINUTE
    # .NET moves a time before the year 1 to the next day instead of refusing it.
    return _within(ticks + TICKS_PER_DAY if ticks < 0 else ticks, Kind.OFFSET)


def _within(ticks: int, kind: Kind) -> Moment:
    if not 0 <= ticks < END:
        raise NotADateError
    return Moment(ticks, kind)


def _use_names(found: Found, today: Callable[[], datetime.date]) -> None:
    named = found.named
    if named.keys() & {"year", "month", "day"}:
        year = named.get("year", today().year if "year" not in named else 0)
        found.parts = [("y", _full_year(year)), ("n", named.get("month", 1)), ("n", named.get("day", 1))]
    if named.keys() & {"hour", "minute", "second"}:
        if found.time is not None or "hour" not in named:
            raise NotADateError
        found.time = named["hour"], named.get("minute", 0), named.get("second", 0)


def _date(parts: list[tuple[str, int]], today: Callable[[], datetime.date]) -> datetime.date:
    """The date of two or three parts, by their kinds and order."""
    kinds = "".join(kind for kind, _ in parts)
    numbers = [number for _, number in parts]
    if kinds in ("nn", "mn"):
        return _make(today().year, numbers[0], numbers[1])
    if len(parts) == 2:
        # A year and a month. A number before the name of a month is a year, whatever its length.
        year = kinds.index("y") if "y" in kinds else kinds.index("n")
        return _make(_year(*parts[year]), numbers[1 - year], 1)
    if "m" in kinds:
        month = kinds.index("m")
        return _day_and_year(numbers[month], [part for part in parts if part[0] != "m"])
    if "y" in kinds:
        year = kinds.index("y")
        month, day = (number for kind, number in parts if kind != "y")
        return _make(numbers[year], month, day)
    return _make(_full_year(numbers[2]), numbers[0], numbers[1])


def _day_and_year(month: int, others: list[tuple[str, int]]) -> datetime.date:
    """With the name of a month: day, then year, or where that is no date, year, then day."""
    first, second = others
    for day, year in ((first, second), (second, first)):
        if day[0] == "n":
            number = _year(*year)
            if 1 <= number <= datetime.MAXYEAR and 1 <= day[1] <= days_in_month(number, month):
                return _make(number, month, day[1])
    raise NotADateError


def _year(kind: str, number: int) -> int:
    return number if kind == "y" else _full_year(number)


def _full_year(number: int) -> int:
    return number if number >= 100 else FIRST_YEAR + (number - FIRST_YEAR) % 100


def _make(year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        raise NotADateError from error


def _hour24(hour: int, half: str | None) -> int:
    if half == "am":
        if hour > 12:
            raise NotADateError
        return hour % 12
    return hour + 12 if half == "pm" and hour < 12 else hour


def clock_ticks(hour: int, minute: int, second: int) -> int:
    if hour > 23 or minute > 59 or second > 59:
        raise NotADateError
    return hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND


def fraction_of(digits: str) -> float:
    """The digits behind a decimal point, summed one by one: rounding starts from the same double as .NET's."""
    total, place = 0.0, 0.1
    for digit in digits:
        total += int(digit) * place
        place *= 0.1
    return total
