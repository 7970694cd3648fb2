"""DatabricksNotebook and DatabricksSparkPython: what is asked of the Jobs API, and how its faults are told.

Real notebooks run in tests/databricks/test_data_factory.py.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local_azure.data_factory import databricks_jobs
from local_azure.data_factory.activities.base import ActivityType, AfterRestart
from local_azure.data_factory.activities.databricks_notebook import DATABRICKS_NOTEBOOK, opened
from local_azure.data_factory.activities.databricks_spark_python import DATABRICKS_SPARK_PYTHON
from tests.data_factory.world import Ran, World, document, ended, free_port, run, serving
from tests.fakes.activity_context import MemoryCheckpoint, again, attempt
from tests.fakes.jobs_api import RUNNING, SUCCESS, JobsApi

Json = Any
DOMAIN = "https://adb-1234567890123456.7.azuredatabricks.net"
NOTEBOOK = {"notebookPath": "/Shared/load"}
FILE = {"pythonFile": "dbfs:/jobs/load.py"}
TOKEN = "dapi-secret"


@pytest.fixture
def api() -> JobsApi:
    return JobsApi()


@pytest.fixture
def workspace(api: JobsApi) -> Iterator[World]:
    with serving(api) as origin:
        yield World(hosts={"*.azuredatabricks.net": origin}, linked_services={"spark": linked()})


def linked(**more: Json) -> Json:
    properties = {"domain": DOMAIN, "accessToken": {"type": "SecureString", "value": TOKEN}}
    return {"type": "AzureDatabricks", "typeProperties": properties | (more or {"existingClusterId": "c-1"})}


def call(world: World, kind: ActivityType, properties: Json, **scope: Any) -> Ran:
    return run(kind, properties, world, linked_service="spark", **scope)


def test_a_notebook_is_submitted_followed_and_read(api: JobsApi, workspace: World) -> None:
    api.states = [{"life_cycle_state": "PENDING"}, RUNNING, SUCCESS]
    api.output = {"notebook_output": {"result": '{"rows": 3, "days": ["ü"]}', "truncated": False}}
    parameters = {"day": "@pipeline().parameters.day", "n": 5, "full": True, "ratio": 0.5}
    properties = {
        "notebookPath": {"value": "@concat('/Shared/', 'load')", "type": "Expression"},
        "baseParameters": parameters,
        "libraries": [{"pypi": {"package": "requests"}}],
    }
    ran = call(workspace, DATABRICKS_NOTEBOOK, properties, parameters={"day": "2026-01-31"}, name="Load day ü")
    task = {
        "notebook_path": "/Shared/load",
        "base_parameters": {"day": "2026-01-31", "n": "5", "full": "True", "ratio": "0.5"},
    }
    assert api.submitted == [
        {
            "run_name": "ADF_factory_pipeline_Load day ü",
            "idempotency_token": "11111111-2222-3333-4444-555555555555",
            "tasks": [
                {
                    "task_key": "Load_day__",
                    "notebook_task": task,
                    "libraries": [{"pypi": {"package": "requests"}}],
                    "existing_cluster_id": "c-1",
                }
            ],
        }
    ]
    assert ran.output["runOutput"] == {"rows": 3, "days": ["ü"]}
    assert ran.output["runPageUrl"] == "https://x/#job/1/run/100"
    assert ran.output["effectiveIntegrationRuntime"].startswith("AutoResolveIntegrationRuntime")
    assert api.calls == ["submit", "get", "get", "get", "get-output"]
    assert {headers["authorization"] for headers in api.headers} == {f"Bearer {TOKEN}"}
    assert ran.made.inputs == [{"notebook_task": task, "libraries": [{"pypi": {"package": "requests"}}]}]
    assert TOKEN in ran.made.masked
    assert ran.made.checkpoint.get("run_id") == 100


def test_a_python_file_has_parameters_in_order(api: JobsApi, workspace: World) -> None:
    properties = FILE | {"parameters": ["--day", "@pipeline().parameters.day", 5]}
    ran = call(workspace, DATABRICKS_SPARK_PYTHON, properties, parameters={"day": "2026-01-31"})
    task = {"python_file": "dbfs:/jobs/load.py", "parameters": ["--day", "2026-01-31", "5"]}
    assert api.submitted[0]["tasks"][0]["spark_python_task"] == task
    assert "runOutput" not in ran.output


def test_a_new_cluster_is_asked_for(api: JobsApi, workspace: World) -> None:
    service = linked(newClusterVersion="15.4.x", newClusterNumOfWorker="2", newClusterNodeType="n")
    world = replace(workspace, linked_services={"spark": service})
    assert call(world, DATABRICKS_NOTEBOOK, NOTEBOOK).error is None
    cluster = {"spark_version": "15.4.x", "num_workers": 2, "node_type_id": "n"}
    assert api.submitted[0]["tasks"][0]["new_cluster"] == cluster


@pytest.mark.parametrize(
    ("result", "output"),
    [
        ('{"a": [1]}', {"a": [1]}),
        (" [1, 2]", [1, 2]),
        ("0", "0"),
        ("true", "true"),
        ("", ""),
        ("{no JSON", "{no JSON"),
        ("plain ☃", "plain ☃"),
    ],
)
def test_what_a_result_is_opened_to(result: str, output: Json) -> None:
    assert opened(result) == output


def test_without_a_result_there_is_no_output_of_the_run(api: JobsApi, workspace: World) -> None:
    api.output = {"notebook_output": {"truncated": False}}
    assert "runOutput" not in call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).output


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"notebook_output": {"result": "x" * (2 * 1024 * 1024 + 1)}}, "exits with 2097153 bytes"),
        ({"notebook_output": {"result": "x", "truncated": True}}, "was cut off"),
    ],
)
def test_a_result_that_is_too_large_fails(api: JobsApi, workspace: World, output: Json, text: str) -> None:
    api.output = output
    code, message = call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).failure
    assert code == "3204"
    assert text in message


@pytest.mark.parametrize(
    ("state", "output", "text"),
    [
        (
            {"life_cycle_state": "TERMINATED", "result_state": "FAILED"},
            {"error": "ValueError: bad day"},
            "ValueError: bad day",
        ),
        ({"life_cycle_state": "TERMINATED", "result_state": "TIMEDOUT", "state_message": "too slow"}, {}, "too slow"),
        ({"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED", "state_message": "no nodes"}, {}, "no nodes"),
        ({"life_cycle_state": "SKIPPED", "state_message": "already running"}, {}, "already running"),
        ({"life_cycle_state": "TERMINATED", "result_state": "CANCELED"}, {}, "CANCELED"),
    ],
)
def test_a_run_that_fails(api: JobsApi, workspace: World, state: Json, output: Json, text: str) -> None:
    api.states, api.output = [RUNNING, state], output
    code, message = call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).failure
    assert code == "3204"
    assert message.startswith("Databricks execution failed with error state: ")
    assert text in message
    assert message.endswith("For more details please check the run page url: https://x/#job/1/run/100")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, {"error_code": "PERMISSION_DENIED", "message": "Invalid access token."}, "3200"),
        (401, {"message": "who?"}, "3200"),
        (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Cluster c-1 does not exist"}, "3201"),
        (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such notebook"}, "3201"),
        (400, {"error_code": "MALFORMED_REQUEST", "message": "could not parse"}, "3202"),
        (429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "1000 jobs"}, "3202"),
        (400, {"error_code": "INVALID_STATE", "message": "cluster terminated"}, "3203"),
        (500, {"error_code": "INTERNAL_ERROR", "message": "sorry"}, "3204"),
        (200, [], "3204"),
        (200, {"no": "run_id"}, "3204"),
    ],
)
def test_a_submit_that_is_refused(api: JobsApi, workspace: World, status: int, body: Json, code: str) -> None:
    api.faults = {"submit": [(status, body)]}
    found, message = call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).failure
    assert found == code
    assert "linked service 'spark'" in message
    if isinstance(body, dict) and "message" in body:
        assert body["message"] in message


def test_a_workspace_that_is_not_there(workspace: World) -> None:
    dead = replace(workspace, hosts={"*.azuredatabricks.net": f"http://127.0.0.1:{free_port()}"})
    code, message = call(dead, DATABRICKS_NOTEBOOK, NOTEBOOK).failure
    assert code == "3208"
    assert message.startswith("An error occurred while sending the request: ")
    assert TOKEN not in message


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databricks_jobs, "PATIENCE_SECONDS", 0.001)


@pytest.mark.usefixtures("impatient")
def test_looks_may_fail_for_a_while(api: JobsApi, workspace: World) -> None:
    api.states = [RUNNING, SUCCESS]
    api.faults = {"get": [(503, {})] * 3 + [(429, {"error_code": "REQUEST_LIMIT_EXCEEDED"})]}
    assert call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).error is None
    assert len(api.submitted) == 1


@pytest.mark.usefixtures("impatient")
def test_looks_that_fail_for_good_end_the_attempt(api: JobsApi, workspace: World) -> None:
    api.faults = {"get": [(503, {"message": "away"})] * 100}
    code, message = call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).failure
    assert code == "3204"
    assert "answers runs/get with 503: away" in message
    api.faults = {"get": [(403, {"message": "token expired"})]}
    before = len(api.calls)
    assert call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK).failure[0] == "3200"
    assert len(api.calls) == before + 2


def test_a_restart_takes_up_the_run(api: JobsApi, workspace: World) -> None:
    checkpoint = MemoryCheckpoint()
    checkpoint.put("run_id", 100)
    assert call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK, checkpoint=checkpoint).error is None
    assert api.calls == ["get", "get-output"]


def test_killed_between_submit_and_checkpoint_it_is_one_run(api: JobsApi, workspace: World) -> None:
    for _ in range(2):
        assert call(workspace, DATABRICKS_NOTEBOOK, NOTEBOOK, checkpoint=MemoryCheckpoint()).error is None
    assert len(api.submitted) == 2
    assert set(api.runs.values()) == {100}


@pytest.mark.parametrize(("stopping", "cancelled"), [(False, [100]), (True, [])])
@pytest.mark.parametrize("when", ["submit", "get"])
def test_a_cancel_reaches_the_run_and_a_stop_of_the_service_does_not(
    api: JobsApi, workspace: World, when: str, stopping: bool, cancelled: list[int]
) -> None:
    api.states = [RUNNING]

    async def main() -> None:
        async with workspace.services() as services:
            activity = document(DATABRICKS_NOTEBOOK, NOTEBOOK, linked_service="spark")
            made = attempt(activity, services, resources=workspace.documents)
            context = replace(made.context, stopping=lambda: stopping)
            work = asyncio.create_task(DATABRICKS_NOTEBOOK.run(context))
            async with asyncio.timeout(20):
                while when not in api.calls:
                    await asyncio.sleep(0)
                work.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await work
            if stopping:
                api.states = [SUCCESS]
                done = again(made)
                ran = await ended(DATABRICKS_NOTEBOOK.run(done.context), done)
                assert ran.error is None
            assert set(api.runs.values()) == {100}

    asyncio.run(main())
    assert api.cancelled == cancelled


def test_a_cancel_that_fails_does_not_hide_that_it_was_cancelled(api: JobsApi, workspace: World) -> None:
    api.states, api.faults = [RUNNING], {"cancel": [(500, {})]}

    async def main() -> None:
        async with workspace.services() as services:
            activity = document(DATABRICKS_NOTEBOOK, NOTEBOOK, linked_service="spark")
            made = attempt(activity, services, resources=workspace.documents)
            async with asyncio.timeout(0.5):
                await DATABRICKS_NOTEBOOK.run(made.context)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert "cancel" in api.calls


@pytest.mark.parametrize(
    ("kind", "properties", "code", "text"),
    [
        (DATABRICKS_NOTEBOOK, {"notebookPath": "load"}, "3201", "must be an absolute path"),
        (DATABRICKS_NOTEBOOK, {"notebookPath": 5}, "InvalidTemplate", "'notebookPath' must be a String"),
        (DATABRICKS_NOTEBOOK, NOTEBOOK | {"baseParameters": {"day": ""}}, "3202", "got 'key: \"day\"' instead"),
        (DATABRICKS_NOTEBOOK, NOTEBOOK | {"baseParameters": {"day": None}}, "3202", "baseParameters.day is empty"),
        (DATABRICKS_NOTEBOOK, NOTEBOOK | {"baseParameters": {"days": [1]}}, "2105", "'Array', in key 'days'"),
        (DATABRICKS_NOTEBOOK, NOTEBOOK | {"baseParameters": "x"}, "2105", "must be an object"),
        (DATABRICKS_NOTEBOOK, NOTEBOOK | {"libraries": "x"}, "2105", "libraries must be an array"),
        (DATABRICKS_SPARK_PYTHON, {"pythonFile": "load.py"}, "3201", "Invalid Python file URI"),
        (DATABRICKS_SPARK_PYTHON, FILE | {"parameters": "x"}, "InvalidTemplate", "'parameters' must be an Array"),
        (DATABRICKS_SPARK_PYTHON, FILE | {"parameters": [{"a": 1}]}, "2105", "'Object', in key '0'"),
    ],
)
def test_properties_that_do_not_fit(
    api: JobsApi, workspace: World, kind: ActivityType, properties: Json, code: str, text: str
) -> None:
    failure = call(workspace, kind, properties).failure
    assert failure[0] == code
    assert text in failure[1]
    assert api.calls == []


@pytest.mark.parametrize("kind", [DATABRICKS_NOTEBOOK, DATABRICKS_SPARK_PYTHON], ids=lambda kind: kind.name)
def test_put_and_restart(kind: ActivityType) -> None:
    assert [problem.path for problem in kind.refuse(document(kind, {}))] == ["$.linkedServiceName"]
    libraries = [{"jar": "dbfs:/x.jar"}, {"npm": "x"}, {"pypi": {}, "whl": "x"}, "x"]
    activity = document(kind, {"libraries": libraries}, linked_service="spark")
    assert [problem.path for problem in kind.refuse(activity)] == [
        f"$.typeProperties.libraries[{index}]" for index in (1, 2, 3)
    ]
    assert kind.when_restarted(activity) is AfterRestart.RESUME
