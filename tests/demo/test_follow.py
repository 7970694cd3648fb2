"""What the demo shows of runs that fail, from logs as Airflow writes them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from demo.airflow_api import AirflowApi, TaskState
from demo.follow import LINE_LENGTH, Follower, read_landed
from demo.screen import Screen

NOW = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    return Follower(
        api=AirflowApi(url="http://127.0.0.1:9", user="admin", password=""),
        screen=Screen(Console(quiet=True)),
        logs=tmp_path,
        prepare=lambda planned: None,
        check=lambda: None,
        now=NOW,
    )


def failed_task(map_index: int = -1) -> TaskState:
    return TaskState(
        dag_id="d",
        run_id="r",
        task_id="land.charts",
        map_index=map_index,
        state="failed",
        try_number=2,
        started=NOW,
        ended=NOW,
    )


def write_log(follower: Follower, task: TaskState, *events: dict[str, object]) -> None:
    path = follower.log_path(task)
    path.parent.mkdir(parents=True)
    path.write_text("not json\n" + "\n".join(json.dumps(event) for event in events))


def test_a_mapped_task_has_a_log_of_its_own(follower: Follower) -> None:
    path = follower.log_path(failed_task(3)).relative_to(follower.logs)
    assert str(path) == "dag_id=d/run_id=r/task_id=land.charts/map_index=3/attempt=2.log"


def test_errors_are_told_with_their_causes_once(follower: Follower) -> None:
    task = failed_task()
    causes = [{"exc_type": "Outer", "exc_value": "no coin"}, {"exc_type": "Inner", "exc_value": "no coin"}]
    write_log(
        follower,
        task,
        {"level": "info", "event": "begin"},
        {"level": "error", "event": "Task failed with exception", "error_detail": causes},
    )
    assert follower.error_lines(task) == ["Task failed with exception", "Outer: no coin"]


def test_a_failure_that_may_pass_is_told_by_the_tasks_own_words(follower: Follower) -> None:
    """Below our error of a full disk lies the SDK's, which ends with the server's XML."""
    task = failed_task()
    below = "the disk is full\nErrorCode:InsufficientStorage\nContent: <?xml version='1.0'?>"
    causes = [
        {"exc_type": "LandingError", "exc_value": "no space left. Free some"},
        {"exc_type": "H", "exc_value": below},
    ]
    write_log(follower, task, {"level": "error", "event": "Task failed", "error_detail": causes})
    assert follower.cause(task) == "LandingError: no space left. Free some"
    assert follower.cause(failed_task(9)) == "see its log"


def test_an_error_fits_on_a_screen(follower: Follower) -> None:
    task = failed_task()
    write_log(follower, task, {"level": "error", "event": "x" * 50_000})
    assert [len(line) < LINE_LENGTH + 10 for line in follower.error_lines(task)] == [True]


def test_a_log_without_errors_is_told_by_its_end(follower: Follower) -> None:
    task = failed_task()
    write_log(follower, task, *({"level": "info", "event": f"line {number}"} for number in range(40)))
    assert follower.error_lines(task)[-1] == "line 39"
    assert follower.error_lines(failed_task(9)) == []


def test_landing_results_are_read() -> None:
    landed = read_landed({"blob": "b", "bytes": 3, "rows": None, "provenance": "live", "already_landed": True})
    assert (landed.rows, landed.already_landed) == (0, True)
