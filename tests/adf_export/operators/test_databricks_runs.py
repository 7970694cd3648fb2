"""Jobs that the DatabricksJob activity cannot start: the request that Airflow makes, followed until the run ends."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from adf_export.ir.dag import Param
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.operators.test_databricks import CLUSTER, ENVIRONMENT, MODULE, RUN_NOW, SUBMIT
from tests.adf_export.operators.test_databricks_requests import normal
from tests.adf_export.running import run_in_local_factory

STARTED = Injection(output={"run_id": 455})
KEY = Injection(output={"value": "dapi"})
LEGACY = {"job_id": 1, "notebook_params": {"dry-run": "true", "n": 5}}
PAGE = "https://x/run/455"


def one(*more: Any, **fields: Any) -> Made:
    return made(task(RUN_NOW, **fields), *more, environment=ENVIRONMENT)


def states(*names: str) -> dict[str, Injection]:
    """`life_cycle_state` and `result_state` at each look."""
    found: dict[str, Injection] = {}
    for turn, name in enumerate(names):
        cycle, _, result = name.partition(":")
        state = {"life_cycle_state": cycle} | ({"result_state": result} if result else {})
        found[f"t_wait[{turn}]/t_status"] = Injection(output={"state": state, "run_page_url": PAGE})
    return found


@pytest.mark.parametrize(
    ("found", "status", "seconds"),
    [
        (("TERMINATED:SUCCESS",), "Succeeded", 30),
        (("PENDING", "RUNNING", "TERMINATED:SUCCESS"), "Succeeded", 90),
        (("RUNNING", "TERMINATED:FAILED"), "Failed", 60),
        (("INTERNAL_ERROR",), "Failed", 30),
        (("SKIPPED",), "Failed", 30),
        (("RUNNING",) * 25, "Failed", 600),
    ],
)
def test_the_run_is_followed(found: tuple[str, ...], status: str, seconds: float, tmp_path: Path) -> None:
    whole = one(**LEGACY, of_task={"execution_timeout_seconds": 600})
    injections = {"t_key": KEY, "t": STARTED, **states(*found)}
    done = run_in_local_factory(tmp_path, whole.factory, "d", injections=injections)
    assert str(done.run.status) == status
    assert done.seconds == pytest.approx(seconds, abs=5)


def test_who_does_not_wait_only_starts_it(tmp_path: Path) -> None:
    whole = one(job_id=1, wait_for_termination=False)
    done = run_in_local_factory(tmp_path, whole.factory, "d", injections={"t_key": KEY, "t": STARTED})
    assert done.statuses() == {"t_key": "Succeeded", "t": "Succeeded"}


def test_later_tasks_read_the_run(tmp_path: Path) -> None:
    texts = {"run": "{{ ti.xcom_pull('t', key='run_id') }}", "page": "{{ ti.xcom_pull('t', key='run_page_url') }}"}
    reader = task(RUN_NOW, "reader", "t", job_id=2, job_parameters=texts, wait_for_termination=False)
    whole = one(reader, **LEGACY)
    injections = {"t_key": KEY, "reader_key": KEY, "t": STARTED, "reader": STARTED, **states("TERMINATED:SUCCESS")}
    done = run_in_local_factory(tmp_path, whole.factory, "d", injections=injections)
    assert str(done.run.status) == "Succeeded", done.statuses()


REQUESTS: list[dict[str, Any]] = [
    LEGACY,
    {"job_id": "2", "python_params": ["--day", 5], "idempotency_token": "x"},
    {"json": {"job_id": 3, "jar_params": ["a"]}, "performance_target": "STANDARD"},
    {"job_id": 4, "wait_for_termination": False},
    {"job_id": 5, "job_parameters": {"a": "b"}, "wait_for_termination": False},
    {"job_id": 6, "python_named_params": {"a": True}},
]


@pytest.mark.parametrize("arguments", REQUESTS)
def test_the_request_is_that_of_airflow(arguments: dict[str, Any]) -> None:
    operator = import_module(MODULE).DatabricksRunNowOperator(task_id="t", **arguments)
    properties = one(**arguments).activities()["t"]["typeProperties"]
    assert properties["url"].endswith("/api/2.2/jobs/run-now")
    assert normal(properties["body"]) == normal(operator._build_run_now_payload({}))


def test_params_are_forwarded_unless_there_are_other_parameters() -> None:
    params = (Param(name="mode", default='"full"'),)
    plain = made(task(RUN_NOW, job_id=1, wait_for_termination=False), environment=ENVIRONMENT, params=params)
    assert "job_parameters" in plain.activities()["t"]["typeProperties"]["body"]
    legacy = made(task(RUN_NOW, **LEGACY), environment=ENVIRONMENT, params=params)
    assert "job_parameters" not in legacy.activities()["t"]["typeProperties"]["body"]


TWO = [
    {"task_key": "a", "notebook_task": {"notebook_path": "/a"}, **CLUSTER},
    {"task_key": "b", "depends_on": [{"task_key": "a"}], "spark_python_task": {"python_file": "dbfs:/b.py"}, **CLUSTER},
]
SUBMITTED: list[dict[str, Any]] = [
    {**CLUSTER, "notebook_task": {"notebook_path": "/a"}, "wait_for_termination": False},
    {"json": {"tasks": TWO}},
    {"tasks": TWO, "run_name": "both", "timeout_seconds": 600},
    {
        **CLUSTER,
        "notebook_task": {"notebook_path": "a", "source": "GIT"},
        "git_source": {"git_url": "u", "git_branch": "b"},
    },
    {**CLUSTER, "spark_submit_task": {"parameters": ["--class", "x", 5]}},
    {
        **CLUSTER,
        "notebook_task": {"notebook_path": "/a"},
        "idempotency_token": "x",
        "access_control_list": [{"a": "b"}],
    },
    {"json": {"pipeline_task": {"pipeline_id": "p", "full_refresh": True}}},
    {**CLUSTER, "json": {"python_wheel_task": {"package_name": "p", "entry_point": "e"}}},
    {"environments": [{"environment_key": "d", "spec": {"client": "1"}}], "tasks": [TWO[0] | {"environment_key": "d"}]},
]


@pytest.mark.parametrize("params", [{}, {"mode": "full", "n": 3}])
@pytest.mark.parametrize("arguments", SUBMITTED)
def test_the_submitted_run_is_that_of_airflow(arguments: dict[str, Any], params: dict[str, Any]) -> None:
    operator = import_module(MODULE).DatabricksSubmitRunOperator(task_id="t", params=params, **arguments)
    declared = tuple(Param(name=name, default=json.dumps(given)) for name, given in params.items())
    found = made(task(SUBMIT, **arguments), environment=ENVIRONMENT, params=declared).activities()["t"]
    assert found["typeProperties"]["url"].endswith("/api/2.2/jobs/runs/submit")
    wanted = operator._prepare_submit_json({})
    assert normal(known(found["typeProperties"]["body"], params)) == normal(wanted)


def known(body: Any, params: dict[str, Any]) -> Any:
    """The body with the params' values in the place of their expressions."""
    text = json.dumps(body)
    for name, given in params.items():
        text = text.replace(f'"@pipeline().parameters.{name}"', json.dumps(given))
    return json.loads(text)
