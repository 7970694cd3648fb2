"""A moment as .NET's DateTime holds it: a count of 100 ns ticks and what is known of its zone."""

import datetime
from dataclasses import dataclass
from enum import Enum

TICKS_PER_MICROSECOND = 10
TICKS_PER_SECOND = 10_000_000
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
TICKS_PER_HOUR = 60 * TICKS_PER_MINUTE
TICKS_PER_DAY = 24 * TICKS_PER_HOUR
# One past the last tick of the year 9999.
END = datetime.date.max.toordinal() * TICKS_PER_DAY
MONTHS_IN_YEAR = 12
MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
# Numbered from 0.
DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


class Kind(Enum):
    """What is known of a moment's zone; the value is the suffix that format `o` and letter `K` print."""

    UNSPECIFIED = ""
    UTC = "Z"
    # The text had an offset: .NET turns it into local time, which is UTC on Data Factory's machines.
    OFFSET = "+00:00"


class OutOfRangeError(ValueError):
    """The moment lies before the year 1 or after the year 9999."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time between the years 1 and 9999."""

    # 100 ns each, since 0001-01-01T00:00:00.
    ticks: int
    kind: Kind

    def add_ticks(self, count: int) -> "Moment":
        """The moment so much later.

        Raises:
            OutOfRangeError: no such year.
        """
        ticks = self.ticks + count
        if not 0 <= ticks < END:
            raise OutOfRangeError
        return Moment(ticks, self.kind)

    def add_months(self, count: int) -> "Moment":
        """The same day of another month, or its last day where it is shorter.

        Raises:
            OutOfRangeError: no such year.
        """
        days, clock = divmod(self.ticks, TICKS_PER_DAY)
        date = datetime.date.fromordinal(days + 1)
        year, month = divmod(MONTHS_IN_YEAR * date.year + date.month - 1 + count, MONTHS_IN_YEAR)
        if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
            raise OutOfRangeError
        moved = datetime.date(year, month + 1, min(date.day, days_in_month(year, month + 1)))
        return Moment((moved.toordinal() - 1) * TICKS_PER_DAY + clock, self.kind)

    def date(self) -> datetime.date:
        """Its day."""
        return datetime.date.fromordinal(self.ticks // TICKS_PER_DAY + 1)


def days_in_month(year: int, month: int) -> int:
    """How many days the month has."""
    if month == MONTHS_IN_YEAR:
        return 31
    return (datetime.date(year, month + 1, 1) - datetime.date(year, month, 1)).days


def ticks_of(date: datetime.date) -> int:
    """The ticks of the day's midnight."""
    return (date.toordinal() - 1) * TICKS_PER_DAY


def from_datetime(time: datetime.datetime) -> Moment:
    """The moment of an aware time, in UTC."""
    utc = time.astimezone(datetime.UTC)
    clock = (utc.hour * 60 + utc.minute) * TICKS_PER_MINUTE + utc.second * TICKS_PER_SECOND
    return Moment(ticks_of(utc.date()) + clock + utc.microsecond * TICKS_PER_MICROSECOND, Kind.UTC)
