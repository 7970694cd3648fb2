"""The mirror of an exported pipeline in a real Airflow, against the real local Data Factory."""

import pytest

from tests.local_azure.running import wait_until
from tests.plugins.data_factory.conftest import MIRROR, Stack

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHOWN = {
    "start_pipeline": "success",
    "fetch": "success",
    "each.load": "success",
    "each.check.on_two": "success",
    "each.check.IfCondition": "success",
    "each.ForEach": "success",
    "publish": "success",
    "finish": "success",
    "alarm": "skipped",
    "other": "success",
    "part.inner": "success",
    "part.ExecutePipeline": "success",
    "pipeline_run": "success",
    "outcome": "success",
}


@pytest.fixture(autouse=True)
def _forget(stack: Stack) -> None:
    stack.service.answers.clear()
    stack.service.seen.clear()


def test_every_activity_is_a_task_that_ends_as_it_did(stack: Stack) -> None:
    assert stack.run("well").state == "success"
    assert stack.states("well") == SHOWN
    tasks = stack.tasks("well")
    assert stack.api.xcom(tasks["publish"])["path"] == "/publish"
    assert sorted(path for path in stack.service.paths() if "item" in path) == ["GET /item/1", "GET /item/2"]
    (run,) = [found for found in stack.pipeline_runs() if found["runId"] == stack.api.xcom(tasks["fetch"], "run_id")]
    assert run["status"] == "Succeeded"
    for name in ("start_pipeline", "publish", "pipeline_run"):
        link = stack.api.links(tasks[name])["Pipeline run"]
        assert link
        assert f"/pipelineruns/{run['runId']}?" in link
    assert all(task.try_number == 1 for task in tasks.values())


def test_params_reach_the_pipeline(stack: Stack) -> None:
    assert stack.run("params", items=[7]).state == "success"
    assert "GET /item/7" in stack.service.paths()
    assert stack.states("params")["each.check.on_two"] == "skipped"


def test_a_failure_is_told_and_cleared_from_its_activity_on(stack: Stack) -> None:
    stack.service.answer("/publish", 503, {"why": "closed for today"})
    assert stack.run("bad").state == "failed"
    states = stack.states("bad")
    failed = {"publish": "failed", "pipeline_run": "failed", "outcome": "failed"}
    assert states == SHOWN | {"finish": "skipped", "alarm": "success"} | failed
    assert "closed for today" in stack.log("bad", "publish")
    assert "closed for today" in stack.log("bad", "outcome")

    stack.service.answers.clear()
    stack.service.seen.clear()
    stack.api.clear(MIRROR, "bad", ["publish"])
    wait_until(lambda: not stack.api.run(MIRROR, "bad").is_final)
    assert stack.end("bad").state == "success"
    # What was not cleared still shows the run that it was about.
    assert stack.states("bad") == SHOWN | {"pipeline_run": "failed"}
    assert stack.service.paths() == ["GET /publish"]
    assert {name for name, task in stack.tasks("bad").items() if task.try_number == 2} == {
        "publish",
        "finish",
        "alarm",
        "outcome",
    }


def test_two_failures_that_are_cleared_together_both_run_again(stack: Stack) -> None:
    stack.service.answer("/publish", 503, {"why": "closed"})
    stack.service.answer("/inner", 503, {"why": "closed"})
    assert stack.run("two").state == "failed"
    stack.service.answers.clear()
    stack.service.seen.clear()
    stack.api.clear(MIRROR, "two", ["publish", "part.inner"])
    wait_until(lambda: not stack.api.run(MIRROR, "two").is_final)
    assert stack.end("two").state == "success"
    assert stack.states("two") == SHOWN | {"pipeline_run": "failed"}
    assert set(stack.service.paths()) == {"GET /publish", "GET /inner"}


def test_a_run_that_is_marked_as_failed_is_cancelled(stack: Stack) -> None:
    stack.start("marked", items=["hang"])
    wait_until(lambda: stack.states("marked").get("fetch") == "success", seconds=120)
    stack.api.fail(MIRROR, "marked")
    run_id = stack.api.xcom(stack.tasks("marked")["start_pipeline"], "run_id")
    wait_until(lambda: any(one["runId"] == run_id and one["status"] == "Cancelled" for one in stack.pipeline_runs()))


def test_a_triggerer_that_dies_loses_nothing(stack: Stack) -> None:
    stack.start("crash")
    wait_until(lambda: stack.states("crash").get("start_pipeline") == "success", seconds=120)
    stack.airflow.restart("airflow-triggerer")
    assert stack.end("crash").state == "success"
    assert stack.states("crash") == SHOWN
