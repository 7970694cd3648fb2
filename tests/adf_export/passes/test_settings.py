"""Settings: none is dropped in silence; Airflow's defaults say nothing."""

from typing import Any

import pytest

from adf_export.ir.dag import Schedule
from adf_export.passes.emit import emit
from adf_export.passes.settings import check_settings
from tests.adf_export.passes.building import codes, context, dag, draft, task

DAILY = Schedule(timetable="CronTriggerTimetable", text="@daily", manual_interval_is_point=False)
TASKS = [
    ({}, []),
    ({"depends_on_past": True}, ["ADF406"]),
    ({"wait_for_downstream": True}, ["ADF406"]),
    ({"pool": "small"}, ["ADF410"]),
    ({"queue": "gpu"}, ["ADF405"]),
    ({"outlets": ("prices",)}, ["ADF410"]),
    ({"settings": (("email", "a@b"),)}, ["ADF410"]),
    ({"settings": (("nobody_knows", "1"),)}, ["ADF406"]),
]
DAGS = [
    ({}, []),
    ({"fail_fast": True}, ["ADF406"]),
    ({"dagrun_timeout_seconds": 60.0}, ["ADF410"]),
    ({"schedule": DAILY}, ["ADF701"]),
]


@pytest.mark.parametrize(("given", "told"), TASKS)
def test_task(given: dict[str, Any], told: list[str]) -> None:
    using = context()
    check_settings(draft(dag(task("a", **given))), using)
    assert codes(using) == told


@pytest.mark.parametrize(("given", "told"), DAGS)
def test_dag(given: dict[str, Any], told: list[str]) -> None:
    using = context()
    check_settings(draft(dag(task("a"), **given)), using)
    assert codes(using) == told


@pytest.mark.parametrize(("runs", "concurrency"), [(16, None), (1, 1)])
def test_runs_at_once(runs: int, concurrency: int | None) -> None:
    (pipeline,) = emit(draft(dag(max_active_runs=runs)), context())
    assert pipeline.concurrency == concurrency
