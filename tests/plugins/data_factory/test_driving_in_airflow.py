"""Our operator and sensor in a real Airflow, against the real local Data Factory."""

import pytest

from tests.local_azure.running import wait_until
from tests.plugins.data_factory.conftest import Stack

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _forget(stack: Stack) -> None:
    stack.service.answers.clear()
    stack.service.seen.clear()


def test_results_are_xcoms(stack: Stack) -> None:
    assert stack.run("well", "deferred").state == "success"
    task = stack.tasks("well", "deferred")["run"]
    newest = stack.pipeline_runs()[0]
    assert stack.api.xcom(task, "run_id") == newest["runId"]
    assert stack.api.xcom(task) == {"run_id": newest["runId"], "status": "Succeeded", "message": ""}
    activities = stack.api.xcom(task, "activities")
    assert activities["publish"]["output"]["path"] == "/publish"
    assert [one["status"] for one in activities["load"]] == ["Succeeded", "Succeeded"]
    assert f"/pipelineruns/{newest['runId']}?" in str(stack.api.links(task)["Pipeline run"])


def test_a_retry_repeats_what_failed(stack: Stack) -> None:
    stack.service.answer("/publish", 503, {"why": "closed"})
    stack.service.answer("/publish", 200, {"open": True})
    assert stack.run("again", "deferred").state == "success"
    task = stack.tasks("again", "deferred")["run"]
    assert task.try_number == 2
    assert stack.service.paths().count("POST /fetch") == 1
    first, second = reversed(stack.pipeline_runs()[:2])
    assert (first["status"], second["status"]) == ("Failed", "Succeeded")
    assert second["runGroupId"] == first["runId"]


def test_a_failure_says_which_activity_and_why(stack: Stack) -> None:
    stack.service.answer("/publish", 503, {"why": "closed for good"})
    assert stack.run("bad", "deferred").state == "failed"
    said = stack.log("bad", "run", "deferred")
    assert "activity 'publish' failed" in said
    assert "closed for good" in said


def test_a_try_takes_up_the_run_of_the_last_one(stack: Stack) -> None:
    before = len(stack.pipeline_runs())
    assert stack.run("patient", "waiting").state == "success"
    assert stack.tasks("patient", "waiting")["run"].try_number > 1
    assert len(stack.pipeline_runs()) == before + 1


def test_a_deferred_task_that_is_marked_as_failed_cancels_its_run(stack: Stack) -> None:
    stack.start("marked", "deferred", items=["hang"])
    # Airflow tells a trigger nothing that is killed before the triggerer has taken it up.
    wait_until(lambda: "InProgress" in stack.log("marked", "run", "deferred"), seconds=120)
    stack.api.fail("deferred", "marked")
    wait_until(lambda: stack.pipeline_runs()[0]["status"] == "Cancelled")


def test_the_sensor_waits_for_a_run(stack: Stack) -> None:
    assert stack.run("sensed", "sensing").state == "success"
    task = stack.tasks("sensed", "sensing")["wait"]
    assert stack.api.xcom(task, "status") == "Succeeded"
