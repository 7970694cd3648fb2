"""Branches by the clock, run in the local Data Factory: they follow what Airflow's own operators choose."""

import datetime
from collections.abc import Mapping
from datetime import time
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Environment
from adf_export.ir.dag import Task
from adf_export.ir.values import Moment, Opaque
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.running import run_in_local_factory

MODULE = "airflow.providers.standard.operators"
DAY, DATE = f"{MODULE}.weekday.BranchDayOfWeekOperator", f"{MODULE}.datetime.BranchDateTimeOperator"
EMPTY = f"{MODULE}.empty.EmptyOperator"
FOLLOWS = {"follow_task_ids_if_true": "yes", "follow_task_ids_if_false": "no"}
HERE = Environment()
UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=9))


def read(value: Any) -> Any:
    """As the front-end does."""
    if isinstance(value, datetime.datetime):
        return Moment(iso=value.isoformat())
    return Opaque(kind="datetime.time", text=value.isoformat()) if isinstance(value, time) else value


def branch(operator: str, **fields: Any) -> Task:
    return task(operator, "br", **FOLLOWS, **{name: read(value) for name, value in fields.items()})


def made_of(operator: str, zone: str = "UTC", **fields: Any) -> Made:
    tasks = [branch(operator, **fields), *(task(EMPTY, name, "br") for name in ("yes", "no"))]
    return made(*tasks, environment=HERE, timezone=zone)


def chosen_by_airflow(operator: str, zone: str, at: str, fields: Mapping[str, Any]) -> Any:
    import pendulum
    from airflow.providers.standard.operators.datetime import BranchDateTimeOperator
    from airflow.providers.standard.operators.weekday import BranchDayOfWeekOperator
    from airflow.sdk import DAG

    classes: dict[str, Any] = {DAY: BranchDayOfWeekOperator, DATE: BranchDateTimeOperator}
    with DAG("d", schedule=None, start_date=pendulum.datetime(2020, 1, 1, tz=zone)):
        one = classes[operator](task_id="br", **FOLLOWS, **fields)
    return one.choose_branch({"logical_date": pendulum.parse(at)})


BOUNDS: list[dict[str, Any]] = [
    {"target_lower": time(10), "target_upper": time(12)},
    {"target_lower": time(22), "target_upper": time(3)},
    {"target_lower": time(6, 30), "target_upper": None},
    {"target_lower": None, "target_upper": time(6, 30, 15, 250)},
    {"target_lower": time(0), "target_upper": time(0)},
    {"target_lower": time(8, tzinfo=EAST), "target_upper": time(20, tzinfo=EAST)},
    {
        "target_lower": datetime.datetime(2026, 3, 4, 10, tzinfo=UTC),
        "target_upper": datetime.datetime(2026, 3, 5, 4, tzinfo=EAST),
    },
    {"target_lower": None, "target_upper": datetime.datetime(2026, 3, 4, 12, tzinfo=UTC)},
]
MOMENTS = ("2026-03-04T00:00:00Z", "2026-03-04T02:59:59Z", "2026-03-04T10:00:00Z", "2026-03-04T23:30:00Z")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Pacific/Honolulu"])
@pytest.mark.parametrize("fields", BOUNDS, ids=str)
def test_a_branch_by_the_time(tmp_path: Path, fields: dict[str, Any], zone: str) -> None:
    if zone != "UTC" and any(getattr(bound, "tzinfo", None) is UTC for bound in fields.values()):
        assert made_of(DATE, zone, **fields).codes == ["ADF102"]
        return
    _same_as_airflow(tmp_path, DATE, zone, {**fields, "use_task_logical_date": True}, MOMENTS)


@pytest.mark.parametrize("days", ["Monday", ["Saturday", "SUNDAY"], []], ids=str)
def test_a_branch_by_the_day_of_the_week(tmp_path: Path, days: Any) -> None:
    # Sunday to Tuesday.
    moments = [f"2026-03-0{day}T{hour}:30:00Z" for day, hour in product((1, 2, 3), ("00", "23"))]
    _same_as_airflow(tmp_path, DAY, "Asia/Tokyo", {"week_day": days, "use_task_logical_date": True}, moments)


def _same_as_airflow(folder: Path, operator: str, zone: str, fields: dict[str, Any], moments: Any) -> None:
    one = made_of(operator, zone, **fields)
    assert one.codes == []
    # The date does not matter where no time of the day is between the bounds, or every one is.
    asked = {parameter.name for parameter in one.factory.pipelines[0].parameters}
    for number, at in enumerate(moments):
        (folder / str(number)).mkdir()
        done = run_in_local_factory(folder / str(number), one.factory, "d", dict.fromkeys(asked, at))
        followed = [key.rpartition("/")[2] for key in done.statuses() if key.rpartition("/")[2] in ("yes", "no")]
        assert followed == [chosen_by_airflow(operator, zone, at, fields)], at


def test_now_is_on_the_clock_of_the_dag() -> None:
    assert "addMinutes(utcNow(), 540)" in condition(made_of(DAY, "Asia/Tokyo", week_day="Monday"))
    assert "dayOfWeek(utcNow())" in condition(made_of(DAY, week_day="Monday"))
    assert condition(made_of(DATE, target_lower=time(1), target_upper=time(2))).count("utcNow()") == 1


def condition(one: Made) -> str:
    return str(one.activities()["br"]["typeProperties"]["expression"]["value"])


@pytest.mark.parametrize(
    ("operator", "zone", "fields", "code"),
    [
        (DAY, "Europe/Amsterdam", {"week_day": "Monday"}, "ADF102"),
        (DAY, "UTC", {"week_day": "Sabbath"}, "ADF104"),
        (DATE, "Europe/Amsterdam", {"target_lower": time(10), "target_upper": None}, "ADF102"),
        (DATE, "UTC", {"target_lower": time(10), "target_upper": datetime.datetime(2026, 1, 1, tzinfo=UTC)}, "ADF102"),
        (DATE, "UTC", {"target_lower": time(10), "target_upper": time(11, tzinfo=EAST)}, "ADF104"),
        (DATE, "UTC", {"target_lower": Opaque(kind="datetime.time"), "target_upper": None}, "ADF102"),
        (DAY, "UTC", {"week_day": "Monday", "follow_task_ids_if_true": "elsewhere"}, "ADF206"),
    ],
)
def test_what_a_branch_by_the_clock_cannot_be(operator: str, zone: str, fields: dict[str, Any], code: str) -> None:
    given = {**FOLLOWS, **{name: read(value) for name, value in fields.items()}}
    tasks = [task(operator, "br", **given), *(task(EMPTY, name, "br") for name in ("yes", "no"))]
    assert made(*tasks, environment=HERE, timezone=zone).codes == [code]
