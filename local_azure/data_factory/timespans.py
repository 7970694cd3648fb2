"""Reads .NET timespans, [d.]hh:mm:ss[.fffffff], the form of timeouts and waits."""

import datetime
import re

_TIMESPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?")


class TimespanError(ValueError):
    """Not a timespan."""


def read(text: str) -> datetime.timedelta:
    """The timespan that a text names.

    >>> read("0.12:00:00")
    datetime.timedelta(seconds=43200)

    Raises:
        TimespanError: it is none.
    """
    match = _TIMESPAN.fullmatch(text.strip())
    if match is None:
        raise TimespanError(f"'{text}' is not a timespan such as 00:01:40 or 1.12:00:00")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise TimespanError(f"'{text}' is not a timespan: hours end at 23, minutes and seconds at 59")
    try:
        found = datetime.timedelta(
            days=int(days or 0),
            hours=int(hours),
            minutes=int(minutes),
            seconds=int(seconds or 0),
            microseconds=int((fraction or "").ljust(7, "0")) // 10,
        )
    except OverflowError as error:
        raise TimespanError(f"'{text}' is longer than there is time") from error
    return -found if sign else found
