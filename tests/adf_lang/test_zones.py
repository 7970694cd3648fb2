"""Time zones: names of both kinds, changes of the clock, unknown names and missing data."""

import importlib.util
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf_lang import AdfLangError, Choices, Scope, evaluate
from adf_lang.data.windows_zones import WINDOWS_ZONES
from adf_lang.dotnet_dates import END, TICKS_PER_DAY
from adf_lang.registry import RefusalError
from adf_lang.zones import SkippedOrRepeatedError, _load, find_zone

SCOPE = Scope()
SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "windows_zones.py"

# Local times at 2018-07-01T08:00:00Z; offsets as Microsoft's list of time zones and the tz database have them.
SUMMER_2018 = {
    "W. Europe Standard Time": "10:00",
    "Central Europe Standard Time": "10:00",
    "Romance Standard Time": "10:00",
    "GMT Standard Time": "09:00",
    "Greenwich Standard Time": "08:00",
    "Pacific Standard Time": "01:00",
    "US Mountain Standard Time": "01:00",
    "Eastern Standard Time": "04:00",
    "India Standard Time": "13:30",
    "Nepal Standard Time": "13:45",
    "Tokyo Standard Time": "17:00",
    "AUS Eastern Standard Time": "18:00",
    "UTC-11": "21:00",
    "UTC+12": "20:00",
    "pacific standard time": "01:00",
    "Europe/Berlin": "10:00",
    "EUROPE/berlin": "10:00",
    "America/New_York": "04:00",
    "Etc/UTC": "08:00",
    "Etc/GMT-2": "10:00",
}

# Local time of Berlin -> time in UTC; None: daylight saving skips or repeats it. Checked against the engine.
BERLIN = {
    "2018-03-25T01:59:59": "2018-03-25T00:59:59.0000000Z",
    "2018-03-25T02:00:00": None,
    "2018-03-25T02:59:59": None,
    "2018-03-25T03:00:00": "2018-03-25T01:00:00.0000000Z",
    "2018-10-28T01:59:59": "2018-10-27T23:59:59.0000000Z",
    "2018-10-28T02:00:00": None,
    "2018-10-28T02:59:59": None,
    "2018-10-28T03:00:00": "2018-10-28T02:00:00.0000000Z",
    "1945-07-01T03:00:00": "1945-07-01T00:00:00.0000000Z",
    "2099-07-01T02:00:00": "2099-07-01T00:00:00.0000000Z",
    "9999-07-01T02:00:00": "9999-07-01T00:00:00.0000000Z",
}


@pytest.mark.parametrize(("name", "expected"), SUMMER_2018.items())
def test_names(name: str, expected: str) -> None:
    assert evaluate(f"@convertFromUtc('2018-07-01T08:00:00Z', '{name}', 'HH:mm')", SCOPE) == expected


@pytest.mark.parametrize(("local", "expected"), BERLIN.items())
def test_changes_of_the_clock(local: str, expected: str | None) -> None:
    expression = f"@convertToUtc('{local}', 'W. Europe Standard Time')"
    if expected is None:
        with pytest.raises(AdfLangError):
            evaluate(expression, SCOPE)
    else:
        assert evaluate(expression, SCOPE) == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("W. Europe Standart Time", "'W. Europe Standard Time'"),
        ("Pacific Standard", "'Pacific Standard Time'"),
        ("Europe/Berln", "'Europe/Berlin'"),
        ("Berlin", "is no time zone"),
        ("", "'' is no time zone"),
        ("America", "is no time zone"),
        ("../etc/passwd", "is no time zone"),
        ("UTC\0", "is no time zone"),
    ],
)
def test_unknown_names(name: str, hint: str) -> None:
    with pytest.raises(RefusalError) as caught:
        find_zone(name, 2)
    assert hint in caught.value.reason
    assert caught.value.argument == 2


def test_iana_names_can_be_refused() -> None:
    choices = Choices(iana_zone_names=False)
    assert evaluate("@convertFromUtc('2018-07-01T08:00:00Z', 'UTC', 'HH')", Scope(choices=choices)) == "08"
    with pytest.raises(AdfLangError):
        evaluate("@convertFromUtc('2018-07-01T08:00:00Z', 'Europe/Berlin')", Scope(choices=choices))


def test_missing_data_are_said() -> None:
    with pytest.raises(LookupError, match=r"'W\. Europe Standard Time' \(No/Where\) are missing .* install .* tzdata"):
        _load("No/Where", "W. Europe Standard Time", ZoneInfo)


@pytest.mark.parametrize("name", WINDOWS_ZONES)
def test_every_windows_zone_has_data(name: str) -> None:
    assert find_zone(name, 1).name == ("UTC" if name == "UTC" else WINDOWS_ZONES[name])


def test_the_table_is_what_the_script_writes() -> None:
    pytest.importorskip("babel")
    spec = importlib.util.spec_from_file_location("windows_zones_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.TARGET.read_text(encoding="utf-8") == script.render()


@given(st.integers(TICKS_PER_DAY, END - TICKS_PER_DAY), st.sampled_from(sorted(WINDOWS_ZONES)))
def test_there_and_back(ticks: int, name: str) -> None:
    zone = find_zone(name, 1)
    local = zone.from_utc(ticks).ticks
    try:
        back = zone.to_utc(local).ticks
    except SkippedOrRepeatedError:
        return
    # Another change of the clock than daylight saving may repeat a time.
    assert back == ticks or zone.from_utc(back).ticks == local
