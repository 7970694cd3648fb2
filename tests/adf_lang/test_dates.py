"""Dates: what the recorded cases cannot say, that is the clock, the switches, our differences and properties."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adf_lang import AdfLangError, Choices, Scope, evaluate
from adf_lang.dotnet_date_parts import NotADateError
from adf_lang.dotnet_date_reader import read
from adf_lang.dotnet_date_writer import STANDARD, BadFormatError, write
from adf_lang.dotnet_dates import END, Kind, Moment

NOW = datetime.datetime(2018, 3, 1, 13, 4, 5, 678901, tzinfo=datetime.UTC)
SCOPE = Scope(now=lambda: NOW)

# Expression -> result at NOW. The first seven are from Microsoft's page or by its pattern; the others complete a text
# by the clock, as the engine does.
BY_THE_CLOCK = {
    "@utcNow()": "2018-03-01T13:04:05.6789010Z",
    "@utcNow('D')": "Thursday, March 1, 2018",
    "@getFutureTime(5, 'Day')": "2018-03-06T13:04:05.6789010Z",
    "@getFutureTime(5, 'Day', 'D')": "Tuesday, March 6, 2018",
    "@getPastTime(5, 'Day')": "2018-02-24T13:04:05.6789010Z",
    "@getPastTime(1, 'Month', 'yyyy-MM-dd')": "2018-02-01",
    "@getPastTime(1, 'year', 's')": "2017-03-01T13:04:05",
    "@formatDateTime('3/15')": "2018-03-15T00:00:00.0000000",
    "@formatDateTime('12:34')": "2018-03-01T12:34:00.0000000",
    "@formatDateTime('3 PM')": "2018-03-01T15:00:00.0000000",
    "@formatDateTime('12:00Z')": "2018-03-01T12:00:00.0000000Z",
    "@formatDateTime('March 5')": "2018-03-05T00:00:00.0000000",
    "@formatDateTime('5/March,')": "2018-03-05T00:00:00.0000000",
    "@formatDateTime('3月5日')": "2018-03-05T00:00:00.0000000",
    "@formatDateTime('Thursday 12:00')": "2018-03-01T12:00:00.0000000",
}

REFUSED_BY_THE_CLOCK = ["@utcNow('x')", "@getPastTime(1, 'fortnight')", "@getFutureTime(99999999, 'Day')"]

# What the engine gives and we refuse, with the reason.
DIFFERENCES = {
    "@addToTime('2018-01-31T13:14:15Z', 2147483648, 'Second')": "the engine cuts the interval to 32 bits and goes back",
    "@addToTime('2018-01-31T13:14:15Z', 1, 'Day,Hour')": "the engine adds the numbers of the two units: a year",
    "@formatDateTime('2018-03-05T09:04:03Z', 'D', 'de-DE')": "the page has no third argument",
    "@formatDateTime('Mar 15 20:18')": "the engine reads 15:20 today",
    "@formatDateTime('3: Mar')": "the engine reads March 2003",
    "@formatDateTime('7 PM 7 PM')": "the engine reads 19:00",
    "@formatDateTime('3/5/2018 12:00+02:00:30')": "the engine reads seconds behind the offset",
    "@convertToUtc('2000-10-29T01:00:00', 'Europe/Istanbul')": "twice there, but the zone has no daylight saving today",
}

# Reasons to blame -> expression and what its message names.
BLAMED = {
    "@formatDateTime('20180305')": "'20180305' is no date",
    "@formatDateTime('2018-03-05', 'x')": "'x' is no format",
    "@addToTime('2018-03-05', 1, 'Hours')": "'Hours' is no unit of time",
    "@addDays('2018-03-05', 99999999999)": "before the year 1 or after the year 9999",
    "@addDays('2018-03-05', -9223372036854775808)": "before the year 1 or after the year 9999",
    "@addToTime('9999-12-31', 1, 'Month')": "before the year 1 or after the year 9999",
    "@convertFromUtc('2018-03-05', 'UTC')": "ends in Z",
    "@convertToUtc('2018-03-05T00:00:00Z', 'Europe/Berlin')": "has a zone of its own",
    "@convertToUtc('2018-03-25T02:30:00', 'Europe/Berlin')": "does not exist or exists twice in Europe/Berlin",
}


@pytest.mark.parametrize(("expression", "expected"), BY_THE_CLOCK.items())
def test_clock(expression: str, expected: str) -> None:
    assert evaluate(expression, SCOPE) == expected


@pytest.mark.parametrize("expression", [*REFUSED_BY_THE_CLOCK, *DIFFERENCES])
def test_refused(expression: str) -> None:
    with pytest.raises(AdfLangError):
        evaluate(expression, SCOPE)


@pytest.mark.parametrize(("expression", "reason"), BLAMED.items())
def test_reason(expression: str, reason: str) -> None:
    with pytest.raises(AdfLangError) as caught:
        evaluate(expression, SCOPE)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("pattern", "engine", "windows"),
    [
        ("t", "9:04AM", "9:04 AM"),
        ("T", "9:04:03AM", "9:04:03 AM"),
        ("g", "3/5/2018 9:04AM", "3/5/2018 9:04 AM"),
        ("G", "3/5/2018 9:04:03AM", "3/5/2018 9:04:03 AM"),
        ("f", "Monday, March 5, 2018 9:04AM", "Monday, March 5, 2018 9:04 AM"),
        ("F", "Monday, March 5, 2018 9:04:03AM", "Monday, March 5, 2018 9:04:03 AM"),
        ("U", "Monday, March 5, 2018 9:04:03AM", "Monday, March 5, 2018 9:04:03 AM"),
        ("", "3/5/2018 9:04:03AM", "3/5/2018 9:04:03 AM"),
        ("h:mm tt", "9:04 AM", "9:04 AM"),
    ],
)
def test_blank_before_am_pm(pattern: str, engine: str, windows: str) -> None:
    expression = f"@formatDateTime('2018-03-05T09:04:03Z', '{pattern}')"
    assert evaluate(expression, SCOPE) == engine
    assert evaluate(expression, Scope(choices=Choices(blank_before_am_pm=True))) == windows


def test_local_time_with_z() -> None:
    expression = "@convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time')"
    assert evaluate(expression, SCOPE) == "2018-01-01T00:00:00.0000000"
    assert evaluate(expression, Scope(choices=Choices(local_time_with_z=True))) == "2018-01-01T00:00:00.0000000Z"


# Properties

MOMENTS = st.builds(Moment, st.integers(0, END - 1), st.sampled_from(Kind))
DATE_LIKE = st.text(st.sampled_from("0123456789/-:., TZ+APMarJulthGN年\0#\t"), max_size=40)
PATTERN_LIKE = st.text(st.sampled_from("dMyhHmstfFzKg'\"\\%/:., -TZx{}~"), max_size=20)


def no_clock() -> datetime.date:
    raise AssertionError("the text names its day")


@given(st.text(max_size=60) | DATE_LIKE)
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        moment = read(text, NOW.date)
    except NotADateError:
        return
    assert 0 <= moment.ticks < END


@given(MOMENTS, st.text(max_size=60) | PATTERN_LIKE)
@settings(deadline=None)
def test_any_format_is_written_or_refused(moment: Moment, pattern: str) -> None:
    try:
        assert isinstance(write(moment, pattern), str)
    except BadFormatError:
        assert pattern not in STANDARD


@given(MOMENTS)
def test_what_is_written_is_read_back(moment: Moment) -> None:
    assert read(write(moment), no_clock) == moment


@given(
    MOMENTS, st.sampled_from(["yyyy/MM/dd HH:mm:ss.fffffff K", "ddd, dd MMM yyyy HH:mm:ss.FFFFFFF zzz", "U", "F", "R"])
)
def test_other_formats_are_read_back(moment: Moment, pattern: str) -> None:
    found = read(write(moment, pattern, am_pm_blank=" "), no_clock)
    whole = moment.ticks - moment.ticks % 10_000_000
    assert found.ticks == (moment.ticks if len(pattern) > 1 else whole)


@pytest.mark.parametrize("text", ["1" * 10**5, " " * 10**5, "1:" * 10**5, "12:00:00." + "1" * 10**5, "Mon " * 10**5])
def test_long_texts_end_soon(text: str) -> None:
    with pytest.raises(NotADateError):
        read("x" + text, no_clock)
    try:
        read(text, NOW.date)
    except NotADateError:
        return
