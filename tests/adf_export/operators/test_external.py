"""ExternalTaskSensor: which runs it asks for, which of them it takes, run in the local Data Factory."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from adf_export.ir.dag import Dag
from adf_export.ir.values import Duration
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import made, task
from tests.adf_export.passes.building import dag
from tests.adf_export.running import run_in_local_factory

SENSOR = "airflow.providers.standard.sensors.external_task.ExternalTaskSensor"
EMPTY = "airflow.providers.standard.operators.empty.EmptyOperator"
OTHER: dict[str, Dag] = {"other": dag(task(EMPTY, "x"), dag_id="other")}
EXTRA = {"subscriptionId": "sub", "resource_group_name": "group"}
CONNECTION = Connection(conn_id="azure_data_factory_default", extra=EXTRA)
ENVIRONMENT = Environment(name="own", connections={"azure_data_factory_default": CONNECTION})
DAY = "2026-01-31T00:00:00.0000000Z"


def answer(*dates: str) -> Injection:
    """Runs with these logical dates; an empty one was started at DAY."""
    return Injection(output={"value": [{"parameters": {"logical_date": date}, "runStart": DAY} for date in dates]})


def sensor(**fields: Any) -> Any:
    return task(SENSOR, "t", **{"external_dag_id": "other", **fields})


# Answers one after the other, then what the sensor ends in, and after how many looks.
LOOKS: list[tuple[tuple[Injection, ...], dict[str, Any], str, int]] = [
    ((answer("2026-01-31"),), {}, "Succeeded", 1),
    ((answer(""),), {}, "Succeeded", 1),
    ((answer(), answer("2026-01-30T00:00:00Z"), answer("2026-01-31T01:00:00+01:00")), {}, "Succeeded", 3),
    ((answer("2026-01-30T00:00:00Z"),), {"execution_delta": Duration(seconds=86_400)}, "Succeeded", 1),
    ((answer(),), {"timeout": 120}, "Failed", 2),
]


@pytest.mark.parametrize(("answers", "fields", "status", "looks"), LOOKS)
def test_waits_for_a_run_of_the_same_logical_date(
    answers: tuple[Injection, ...], fields: dict[str, Any], status: str, looks: int, tmp_path: Path
) -> None:
    # A manual run of Airflow has the logical date that it is given.
    found = made(sensor(**fields), environment=ENVIRONMENT, dags=OTHER)
    injections = {f"t_until[{turn}]/t": one for turn, one in enumerate(answers)} | {"t": answers[-1]}
    done = run_in_local_factory(tmp_path, found.factory, "d", {"logical_date": DAY}, injections)
    assert str(done.run.status) == status
    asked = [record for record in done.records if record.key.endswith("/t")]
    assert len(asked) == looks


def test_asks_for_the_other_pipeline_in_its_own_factory() -> None:
    found = made(sensor(allowed_states=["success", "failed"]), environment=ENVIRONMENT, dags=OTHER)
    look = found.activities()["t_until"]["typeProperties"]["activities"][0]["typeProperties"]
    assert look["url"]["value"].startswith("https://management.azure.com/subscriptions/sub/resourceGroups/group/")
    assert look["url"]["value"].endswith("/queryPipelineRuns?api-version=2018-06-01")
    assert look["body"]["filters"] == [
        {"operand": "PipelineName", "operator": "Equals", "values": ["other"]},
        {"operand": "Status", "operator": "In", "values": ["Succeeded", "Failed"]},
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"external_dag_id": "unknown"}, "ADF104"),
        ({"external_task_id": "x"}, "ADF102"),
        ({"external_task_ids": ["x"]}, "ADF102"),
        ({"allowed_states": ["running"]}, "ADF102"),
        ({"failed_states": ["failed"]}, "ADF102"),
        ({"execution_delta": "1 day"}, "ADF104"),
    ],
)
def test_is_refused(fields: dict[str, Any], code: str) -> None:
    assert made(sensor(**fields), environment=ENVIRONMENT, dags=OTHER).codes == [code]
