"""Data Factory operators: ExecutePipeline inside the factory, else the requests that Azure's own client would make."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adf_export.compiler import assemble, compile_dag
from adf_export.environment import Connection, Environment
from adf_export.ir.dag import Dag, Param
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import made, task
from tests.adf_export.passes.building import dag as dag_of
from tests.adf_export.running import run_in_local_factory
from tests.data_factory.harness import FAILED, OK, Done

Json = Any
RUN = "airflow.providers.microsoft.azure.operators.data_factory.AzureDataFactoryRunPipelineOperator"
NOTEBOOK = "airflow.providers.databricks.operators.databricks.DatabricksNotebookOperator"
ELSEWHERE = {"pipeline_name": "load", "factory_name": "other", "resource_group_name": "group"}
HERE = {"pipeline_name": "Child", "factory_name": "Own"}
ADF = Connection(conn_id="azure_data_factory_default", extra={"subscriptionId": "sub"})
ENVIRONMENT = Environment(name="own", connections={"azure_data_factory_default": ADF})
STARTED = Injection(output={"runId": "4711"})


def child() -> Dag:
    load = task(NOTEBOOK, "load", notebook_path="/a", source="WORKSPACE", existing_cluster_id="c")
    params = (Param(name="days", default="[]"), Param(name="region", default='"europe"'))
    return dag_of(load, dag_id="child", params=params)


def states(*names: str) -> dict[str, Injection]:
    """What the run's state is at each look."""
    return {f"t_wait[{turn}]/t_status": Injection(output={"status": name}) for turn, name in enumerate(names)}


def run(folder: Path, injections: dict[str, Any], **fields: Any) -> Done:
    found = made(task(RUN, **fields), environment=ENVIRONMENT)
    assert found.compiled.pipelines, found.summaries
    return run_in_local_factory(folder, found.factory, "d", injections=injections)


def test_a_pipeline_of_the_compilation_is_executed() -> None:
    fields = {**HERE, "parameters": {"region": "asia", "days": ["{{ params.day }}", "x"]}}
    found = made(
        task(RUN, **fields),
        environment=ENVIRONMENT,
        dags={"child": child()},
        params=(Param(name="day", default='"d"'),),
    )
    (activity,) = found.activities().values()
    assert activity["type"] == "ExecutePipeline"
    assert activity["typeProperties"] == {
        "pipeline": {"referenceName": "child", "type": "PipelineReference"},
        "waitOnCompletion": True,
        "parameters": {
            "region": "asia",
            # An array of a document would arrive as a text.
            "days": {"value": "@createArray(pipeline().parameters.day, 'x')", "type": "Expression"},
        },
    }


@pytest.mark.parametrize(("waits", "status"), [(True, "Failed"), (False, "Succeeded")])
def test_who_waits_fails_with_the_run(waits: bool, status: str, tmp_path: Path) -> None:
    whole = dag_of(task(RUN, **HERE, wait_for_termination=waits))
    dags = {"d": whole, "child": child()}
    factory = assemble([compile_dag(dag, ENVIRONMENT, dags) for dag in dags.values()], ENVIRONMENT)
    failing = {"load": Injection(error_code="3204")}
    assert str(run_in_local_factory(tmp_path, factory, "d", injections=failing).run.status) == status


def test_another_factory_is_asked_until_the_run_ends(tmp_path: Path) -> None:
    statuses = states("Queued", "InProgress", "InProgress", "Succeeded")
    done = run(tmp_path, {"t": STARTED, **statuses}, **ELSEWHERE, check_interval=90)
    assert str(done.run.status) == "Succeeded"
    assert done.seconds == pytest.approx(4 * 90, abs=5)


@pytest.mark.parametrize("state", ["Failed", "Cancelled"])
def test_a_run_that_does_not_succeed_fails_the_task(state: str, tmp_path: Path) -> None:
    done = run(tmp_path, {"t": STARTED, **states("InProgress", state)}, **ELSEWHERE)
    assert str(done.run.status) == "Failed"
    assert "Pipeline run 4711 has failed or has been cancelled." in str(done.records)


def test_a_run_that_takes_too_long_fails_the_task(tmp_path: Path) -> None:
    done = run(tmp_path, {"t": STARTED, **states(*["InProgress"] * 20)}, **ELSEWHERE, timeout=600)
    assert str(done.run.status) == "Failed"
    assert done.seconds == pytest.approx(600, abs=61)


def test_who_does_not_wait_only_starts_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, {"t": STARTED}, **ELSEWHERE, wait_for_termination=False)
    assert done.statuses() == {"t": "Succeeded"}


def test_a_later_task_reads_the_runs_id(tmp_path: Path) -> None:
    start = task(RUN, "start", **ELSEWHERE, wait_for_termination=False)
    notebook = {"notebook_path": "/a", "source": "WORKSPACE", "existing_cluster_id": "c"}
    reader = task(
        NOTEBOOK, "read", "start", **notebook, notebook_params={"run": "{{ ti.xcom_pull('start', key='run_id') }}"}
    )
    found = made(start, reader, environment=ENVIRONMENT)
    done = run_in_local_factory(tmp_path, found.factory, "d", injections={"start": STARTED, "read": OK})
    assert str(done.run.status) == "Succeeded"
    given = found.activities()["read"]["typeProperties"]["baseParameters"]["run"]["value"]
    assert "activity('start').output.runId" in given


# Arguments beside those of ELSEWHERE.
CALLS: list[dict[str, Any]] = [
    {},
    {"parameters": {"day": "x", "n": [1, 2]}},
    {"pipeline_name": "Load orders/2", "factory_name": "f é"},
    {
        "reference_pipeline_run_id": "a b",
        "is_recovery": True,
        "start_activity_name": "Copy all",
        "start_from_failure": False,
    },
]


@pytest.mark.parametrize("more", CALLS)
def test_the_request_is_that_of_azures_client(more: dict[str, Any]) -> None:
    from azure.mgmt.datafactory.operations._operations import build_pipelines_create_run_request

    arguments = {**ELSEWHERE, **more}
    parameters = arguments.get("parameters", {})
    (activity, *_) = made(task(RUN, **arguments), environment=ENVIRONMENT).activities().values()
    properties = activity["typeProperties"]
    query = {
        name: value
        for name, value in more.items()
        if name in ("reference_pipeline_run_id", "is_recovery", "start_activity_name", "start_from_failure")
    }
    wanted = build_pipelines_create_run_request(
        arguments["resource_group_name"], arguments["factory_name"], arguments["pipeline_name"], "sub", **query
    )
    found, expected = urlsplit(properties["url"]), urlsplit(wanted.url)
    assert (properties["method"], found.path, parse_qs(found.query)) == (
        "POST",
        expected.path,
        parse_qs(expected.query),
    )
    assert properties["body"] == parameters
    assert properties["authentication"] == {"type": "MSI", "resource": "https://management.azure.com/"}


def test_the_own_factory_is_named_at_run_time() -> None:
    found = made(
        task(RUN, pipeline_name="old one", factory_name="own", resource_group_name="g"), environment=ENVIRONMENT
    )
    url = found.activities()["t"]["typeProperties"]["url"]["value"]
    assert url.startswith(
        "https://management.azure.com/subscriptions/sub/resourceGroups/g/providers/Microsoft.DataFactory/factories/"
        "@{pipeline().DataFactory}/pipelines/old%20one/createRun?"
    )


# Arguments -> code, words.
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"pipeline_name": "p", "factory_name": "other"}, "ADF504", "does not tell the resource_group_name"),
    ({**ELSEWHERE, "check_interval": "{{ ds }}"}, "ADF103", "check_interval"),
    ({**ELSEWHERE, "timeout": -1}, "ADF104", "timeout"),
    ({**HERE, "parameters": "{{ params.x }}"}, "ADF203", "x"),
]


@pytest.mark.parametrize(("fields", "code", "words"), REFUSED)
def test_what_is_refused(fields: dict[str, Any], code: str, words: str) -> None:
    found = made(task(RUN, **fields), environment=ENVIRONMENT, dags={"child": child()})
    assert found.compiled.pipelines == ()
    assert code in found.codes
    assert words in found.summaries


def test_a_connection_with_a_login_is_refused() -> None:
    connection = Connection(
        conn_id="azure_data_factory_default", login="app", secret="s", extra={"subscriptionId": "s"}
    )
    environment = Environment(connections={"azure_data_factory_default": connection})
    assert made(task(RUN, **ELSEWHERE), environment=environment).codes == ["ADF504"]


@pytest.mark.parametrize(
    ("fields", "retries", "told"),
    [({}, 2, True), ({}, 0, False), ({"retry_from_failure": False}, 2, False), ({"retry_from_failure": True}, 2, True)],
)
def test_our_operator_is_airflows_but_for_its_retries(fields: dict[str, Any], retries: int, told: bool) -> None:
    ours = "adf_export_airflow.data_factory.operators.DataFactoryRunPipelineOperator"
    found, plain = (
        made(task(name, **ELSEWHERE, **more, of_task={"retries": retries}), environment=ENVIRONMENT)
        for name, more in ((ours, fields), (RUN, {}))
    )
    assert ("ADF410" in found.codes) is told
    assert found.compiled.pipelines != ()
    assert list(found.activities("d_t" if retries else "d")) == list(plain.activities("d_t" if retries else "d"))


# Each attempt is a run of a pipeline of its own: a loop cannot stand in a loop.
@pytest.mark.parametrize(("fails", "status", "attempts"), [(0, "Succeeded", 1), (1, "Succeeded", 2), (3, "Failed", 3)])
def test_a_task_that_waits_is_tried_again(fails: int, status: str, attempts: int, tmp_path: Path) -> None:
    found = made(task(RUN, **ELSEWHERE, of_task={"retries": 2, "retry_delay_seconds": 60}), environment=ENVIRONMENT)
    outcomes = [FAILED] * fails + [OK] * (3 - fails)
    injections = {f"t_attempts[{turn}]/t_run": outcome for turn, outcome in enumerate(outcomes)}
    done = run_in_local_factory(tmp_path, found.factory, "d", injections=injections)
    assert str(done.run.status) == status
    assert sum("/t_run" in record.key for record in done.records) == attempts
    assert list(found.activities("d_t")) == ["t", "t_wait", "t_verdict"]


def test_an_attempt_fails_with_the_run_that_it_waits_for(tmp_path: Path) -> None:
    found = made(task(RUN, **ELSEWHERE, of_task={"retries": 1}), environment=ENVIRONMENT)
    injections = {"t": STARTED, **states("InProgress", "Failed")}
    done = run_in_local_factory(tmp_path, found.factory, "d", injections=injections)
    assert str(done.run.status) == "Failed"
    assert done.seconds == pytest.approx(2 * 120 + 300, abs=10)


SENSOR = "airflow.providers.microsoft.azure.sensors.data_factory.AzureDataFactoryPipelineRunStatusSensor"


def looks(*names: str) -> dict[str, Injection]:
    return {f"t_until[{turn}]/t_status": Injection(output={"status": name}) for turn, name in enumerate(names)}


# What the sensor finds, its fields -> the run's and the task's outcome.
@pytest.mark.parametrize(
    ("found", "fields", "status", "seconds"),
    [
        (("Succeeded",), {}, "Succeeded", 0),
        (("Queued", "InProgress", "Succeeded"), {"poke_interval": 30}, "Succeeded", 60),
        (("InProgress", "Failed"), {}, "Failed", 60),
        (("InProgress", "Cancelled"), {}, "Failed", 60),
        (("InProgress",) * 20, {"timeout": 600}, "Failed", 600),
        (("InProgress",) * 20, {"timeout": 600, "soft_fail": True}, "Succeeded", 600),
        (("InProgress", "Failed"), {"soft_fail": True}, "Failed", 60),
        (("InProgress", "Succeeded"), {"soft_fail": True}, "Succeeded", 60),
    ],
)
def test_a_sensor_waits_for_a_run(
    found: tuple[str, ...], fields: dict[str, Any], status: str, seconds: float, tmp_path: Path
) -> None:
    where = {"factory_name": "other", "resource_group_name": "g"}
    whole = made(
        task(SENSOR, **where, run_id="{{ params.run }}", **fields),
        environment=ENVIRONMENT,
        params=(Param(name="run", default='"4711"'),),
    )
    assert whole.compiled.pipelines, whole.summaries
    done = run_in_local_factory(tmp_path, whole.factory, "d", injections=looks(*found))
    assert str(done.run.status) == status
    assert done.seconds == pytest.approx(seconds, abs=5)


def test_a_pipeline_that_the_environment_file_names_is_executed() -> None:
    environment = replace(ENVIRONMENT, pipelines=("Old one",))
    found = made(task(RUN, pipeline_name="old one", factory_name="own"), environment=environment)
    assert found.activities()["t"]["typeProperties"]["pipeline"]["referenceName"] == "Old one"
