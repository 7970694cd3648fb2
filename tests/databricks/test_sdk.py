"""databricks-sdk's WorkspaceClient, unmodified, against the local Jobs API."""

from datetime import timedelta

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, OperationFailed, PermissionDenied
from databricks.sdk.service import jobs

from tests.databricks.harness import TOKEN, Client, until

pytestmark = pytest.mark.integration


@pytest.fixture
def workspace(client: Client) -> WorkspaceClient:
    return WorkspaceClient(host=client.url, token=TOKEN, auth_type="pat")


def notebook(path: str, key: str = "main", **settings: object) -> jobs.SubmitTask:
    return jobs.SubmitTask(task_key=key, notebook_task=jobs.NotebookTask(notebook_path=path), **settings)  # type: ignore[arg-type]


def test_submit_and_wait(client: Client, workspace: WorkspaceClient) -> None:
    path = client.write("sdk", "dbutils.notebook.exit('the end')\n")
    run = workspace.jobs.submit(run_name="from the sdk", tasks=[notebook(path)]).result(timeout=timedelta(minutes=2))
    assert run.state is not None
    assert run.state.result_state == jobs.RunResultState.SUCCESS
    assert run.status is not None
    assert run.status.state == jobs.RunLifecycleStateV2State.TERMINATED
    assert run.status.termination_details is not None
    assert run.status.termination_details.code == jobs.TerminationCodeCode.SUCCESS
    assert run.tasks is not None
    task_run_id = run.tasks[0].run_id
    assert task_run_id is not None
    output = workspace.jobs.get_run_output(task_run_id)
    assert output.notebook_output == jobs.NotebookOutput(result="the end", truncated=False)
    assert output.metadata is not None
    assert output.metadata.run_id == task_run_id


def test_failed_task_and_those_behind_it(client: Client, workspace: WorkspaceClient) -> None:
    good = client.write("good", "pass\n")
    bad = client.write("bad", "1 / 0\n")
    behind = [jobs.TaskDependency(task_key="bad")]
    run_id = workspace.jobs.submit(
        tasks=[
            notebook(good, "first"),
            notebook(bad, "bad", depends_on=[jobs.TaskDependency(task_key="first")]),
            notebook(good, "skipped", depends_on=behind),
            notebook(good, "repair", depends_on=behind, run_if=jobs.RunIf.AT_LEAST_ONE_FAILED),
        ]
    ).run_id
    assert run_id is not None
    client.wait(run_id)
    run = workspace.jobs.get_run(run_id)
    results = {task.task_key: task.state and task.state.result_state for task in run.tasks or ()}
    assert results == {
        "first": jobs.RunResultState.SUCCESS,
        "bad": jobs.RunResultState.FAILED,
        "skipped": jobs.RunResultState.UPSTREAM_FAILED,
        "repair": jobs.RunResultState.SUCCESS,
    }
    assert all(task.start_time for task in run.tasks or ())
    assert run.state is not None
    assert run.state.result_state == jobs.RunResultState.FAILED
    assert "Task bad failed with message: Workload failed" in str(run.state.state_message)


def test_dead_process_is_an_operation_failure(client: Client, workspace: WorkspaceClient) -> None:
    path = client.write("sdk", "import os; os._exit(9)\n")
    with pytest.raises(OperationFailed, match="INTERNAL_ERROR"):
        workspace.jobs.submit(tasks=[notebook(path)]).result(timeout=timedelta(minutes=2))


def test_cancel(client: Client, workspace: WorkspaceClient) -> None:
    run_id = workspace.jobs.submit(tasks=[notebook(client.write("sdk", "import time\ntime.sleep(600)\n"))]).run_id
    assert run_id is not None
    until(lambda: client.run(run_id)["state"]["life_cycle_state"] == "RUNNING", "the run")
    workspace.jobs.cancel_run(run_id)
    assert client.wait(run_id)["state"]["result_state"] == "CANCELED"


def test_errors_are_those_of_the_sdk(client: Client, workspace: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="Run 5 does not exist"):
        workspace.jobs.get_run(5)
    sql = jobs.SqlTask(warehouse_id="w")
    with pytest.raises(InvalidParameterValue, match=r"tasks\[0\].sql_task: this task type is not run"):
        workspace.jobs.submit(tasks=[jobs.SubmitTask(task_key="t", sql_task=sql)])
    run_id = workspace.jobs.submit(tasks=[notebook(client.write("sdk", "pass\n"))]).run_id
    assert run_id is not None
    with pytest.raises(InvalidParameterValue, match="output of runs with multiple tasks is not supported"):
        workspace.jobs.get_run_output(run_id)
    stranger = WorkspaceClient(host=client.url, token="dapi-other", auth_type="pat")
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        stranger.jobs.get_run(run_id)
    client.wait(run_id)


def test_list_runs(client: Client, workspace: WorkspaceClient) -> None:
    path = client.write("sdk", "pass\n")
    runs = {client.submit({"run_name": f"listed {n}", "notebook_task": {"notebook_path": path}}) for n in range(3)}
    for run_id in runs:
        client.wait(run_id)
    assert runs <= {run.run_id for run in workspace.jobs.list_runs(limit=2)}
    assert runs.isdisjoint({run.run_id for run in workspace.jobs.list_runs(active_only=True)})
