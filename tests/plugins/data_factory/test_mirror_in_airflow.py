"""The mirror of an exported pipeline in a real Airflow, against the real local Data Factory."""

import pytest

from tests.local_azure.running import wait_until
from tests.plugins.data_factory.conftest import Stack

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
    assert all(task.try_number == 1 for task in tasks.values())


def test_params_reach_the_pipeline(stack: Stack) -> None:
    assert stack.run("params", items=[7]).state == "success"
    assert "GET /item/7" in stack.service.paths()
    assert stack.states("params")["each.check.on_two"] == "skipped"


def test_a_failure_is_told_and_cleared_from_its_activity_on(stack: Stack) -> None:
    stack.service.answer("/publish", 503, {"why": "closed for today"})
    assert stack.run("bad").state == "failed"
    states = stack.states("bad")
    assert states == SHOWN | {"publish": "failed", "finish": "skipped", "alarm": "success", "pipeline_run": "failed"}
    assert "closed for today" in stack.log("bad", "publish")
    assert "publish" in stack.log("bad", "pipeline_run")

    stack.service.answers.clear()
    stack.service.seen.clear()
    stack.api.clear("orders__adf", "bad", ["publish"])
    wait_until(lambda: not stack.api.run("orders__adf", "bad").is_final)
    assert stack.end("bad").state == "success"
    assert stack.states("bad") == SHOWN
    assert stack.service.paths() == ["GET /publish"]
    assert {name for name, task in stack.tasks("bad").items() if task.try_number == 2} == {
        "publish",
        "finish",
        "alarm",
        "pipeline_run",
    }
