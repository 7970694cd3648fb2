"""Sensors that wait for a moment, run in the local Data Factory in jumping time."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Environment
from adf_export.ir.values import Duration, Moment, Opaque
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.running import run_in_local_factory
from tests.data_factory.harness import Done

SENSORS = "airflow.providers.standard.sensors"
DATE_TIME, DATE_TIME_ASYNC = f"{SENSORS}.date_time.DateTimeSensor", f"{SENSORS}.date_time.DateTimeSensorAsync"
DELTA, WAIT = f"{SENSORS}.time_delta.TimeDeltaSensor", f"{SENSORS}.time_delta.WaitSensor"
TIME, TIME_ASYNC = f"{SENSORS}.time.TimeSensor", f"{SENSORS}.time.TimeSensorAsync"
WEEK = f"{SENSORS}.weekday.DayOfWeekSensor"
HERE = Environment()
HOUR_AFTER = "{{ (logical_date + macros.timedelta(hours=1)).isoformat() }}"


def of_day(value: time) -> Opaque:
    return Opaque(kind="datetime.time", text=value.isoformat())


def one(operator: str, zone: str = "UTC", **fields: Any) -> Made:
    deferrable = fields.pop("deferrable", False)
    return made(task(operator, **fields, of_task={"deferrable": deferrable}), environment=HERE, timezone=zone)


def run(folder: Path, given: Made) -> Done:
    return run_in_local_factory(folder, given.factory, "d")


def began(done: Done) -> datetime:
    return min(record.start for record in done.records).astimezone(UTC)


# Operator, fields -> seconds, from the start of the run.
WAITS: list[tuple[str, dict[str, Any], int]] = [
    (DELTA, {"delta": Duration(seconds=5400)}, 5400),
    (DELTA, {"delta": 2}, 120),
    (WAIT, {"time_to_wait": Duration(seconds=90)}, 90),
    (WAIT, {"time_to_wait": 2, "timeout": 1, "soft_fail": True}, 120),
    (DATE_TIME, {"target_time": "2020-01-01T00:00:00"}, 1),
    (DATE_TIME, {"target_time": HOUR_AFTER}, 3600),
    (DATE_TIME, {"target_time": HOUR_AFTER, "timeout": 3601}, 3600),
    (DATE_TIME_ASYNC, {"target_time": HOUR_AFTER, "timeout": 60}, 3600),
    (DATE_TIME, {"target_time": Moment(iso="2026-01-01T00:00:00+02:00")}, 1),
]


@pytest.mark.parametrize(("operator", "fields", "seconds"), WAITS)
def test_waits(tmp_path: Path, operator: str, fields: dict[str, Any], seconds: int) -> None:
    done = run(tmp_path, one(operator, **fields))
    assert done.statuses()["t"] == "Succeeded"
    assert abs(done.seconds - seconds) <= 1
    assert str(done.run.status) == "Succeeded"


@pytest.mark.parametrize(("soft_fail", "status"), [(False, "Failed"), (True, "Succeeded")])
@pytest.mark.parametrize(
    ("operator", "fields"), [(DATE_TIME, {"target_time": HOUR_AFTER}), (DELTA, {"delta": Duration(seconds=3600)})]
)
def test_gives_up_after_its_timeout(
    tmp_path: Path, operator: str, fields: dict[str, Any], soft_fail: bool, status: str
) -> None:
    after = task(f"{SENSORS[: SENSORS.rindex('.')]}.operators.empty.EmptyOperator", "after", "t")
    given = made(task(operator, **fields, timeout=600, soft_fail=soft_fail), after, environment=HERE)
    done = run(tmp_path, given)
    assert abs(done.seconds - 600) <= 2
    assert str(done.run.status) == status
    assert done.statuses()["after"] == "Skipped"


@pytest.mark.parametrize("timeout", [{}, {"timeout": 100_000}], ids=str)
@pytest.mark.parametrize(("zone", "offset"), [("UTC", 0), ("Asia/Tokyo", 9), ("Pacific/Honolulu", -10)])
@pytest.mark.parametrize("target", [time(0, 0, 1), time(11, 30), time(23, 59, 59, 500_000)])
def test_waits_for_a_time_of_today(
    tmp_path: Path, target: time, zone: str, offset: int, timeout: dict[str, Any]
) -> None:
    done = run(tmp_path, one(TIME, zone, target_time=of_day(target), **timeout))
    local = began(done) + timedelta(hours=offset)
    left = (datetime.combine(local.date(), target, UTC) - local).total_seconds()
    assert -1 <= done.seconds - max(1, left) <= 1.5
    assert str(done.run.status) == "Succeeded"


@pytest.mark.parametrize("timeout", [{}, {"timeout": 800_000}], ids=str)
@pytest.mark.parametrize("days", [["Monday"], ["tuesday", "FRIDAY"], 7, list(range(1, 8))], ids=str)
def test_waits_for_a_day(tmp_path: Path, days: Any, timeout: dict[str, Any]) -> None:
    done = run(tmp_path, one(WEEK, week_day=days, **timeout))
    names = {"MONDAY": 1, "TUESDAY": 2, "FRIDAY": 5}
    wanted = {names.get(str(day).upper(), day) for day in (days if isinstance(days, list) else [days])}
    start = began(done)
    found = next(day for day in (start + timedelta(days=ahead) for ahead in range(8)) if day.isoweekday() in wanted)
    left = (datetime.combine(found.date(), time(), UTC) - start).total_seconds()
    assert -1 <= done.seconds - max(1, left) <= 1.5
    assert str(done.run.status) == "Succeeded"


@pytest.mark.parametrize(
    ("operator", "fields", "codes"),
    [
        (DATE_TIME, {"target_time": HOUR_AFTER}, ["ADF107"]),
        (DATE_TIME, {"target_time": HOUR_AFTER, "timeout": 60}, []),
        (DATE_TIME_ASYNC, {"target_time": HOUR_AFTER}, []),
        (DATE_TIME, {"target_time": "tomorrow", "timeout": 60}, ["ADF104"]),
        (DELTA, {"delta": Duration(seconds=60)}, []),
        (DELTA, {"delta": Duration(seconds=8 * 86_400)}, ["ADF107"]),
        (DELTA, {"delta": "an hour"}, ["ADF104"]),
        (WAIT, {"time_to_wait": 1, "timeout": 5}, ["ADF105"]),
        (WAIT, {"time_to_wait": "{{ params.x }}"}, ["ADF103"]),
        (TIME, {"target_time": of_day(time(1)), "mode": "reschedule"}, ["ADF105"]),
        (TIME, {"target_time": of_day(time(1)), "never_fail": True}, ["ADF102"]),
        (TIME, {"target_time": of_day(time(1)), "zone": "Europe/Amsterdam"}, ["ADF102"]),
        (TIME, {"target_time": "10:00"}, ["ADF102"]),
        (TIME, {"target_time": of_day(time(1)), "timeout": 5, "deferrable": True}, []),
        (TIME_ASYNC, {"target_time": of_day(time(1)), "timeout": 5}, ["ADF105"]),
        (WEEK, {"week_day": "Monday", "use_task_logical_date": True}, ["ADF102"]),
        (WEEK, {"week_day": []}, ["ADF104"]),
    ],
)
def test_tells(operator: str, fields: dict[str, Any], codes: list[str]) -> None:
    assert one(operator, **fields).codes == codes


@pytest.mark.parametrize("operator", [DATE_TIME, DATE_TIME_ASYNC])
def test_fails_where_a_template_gives_no_moment(tmp_path: Path, operator: str) -> None:
    wait = task(operator, target_time="{{ 'soon' ~ ds }}", timeout=60)
    after = task(f"{SENSORS[: SENSORS.rindex('.')]}.operators.empty.EmptyOperator", "after", "t")
    done = run(tmp_path, made(wait, after, environment=HERE))
    assert str(done.run.status) == "Failed"
    assert done.statuses()["after"] == "Skipped"


def test_now_is_when_the_task_starts() -> None:
    """The moment is computed in the run, not by the compiler."""
    activity = one(DATE_TIME, target_time="2030-01-01T00:00:00").activities()["t"]
    assert "utcNow()" in activity["typeProperties"]["waitTimeInSeconds"]["value"]
