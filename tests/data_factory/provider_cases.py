"""What Airflow's Data Factory operator and sensor have to do against the local service, whatever their hook.

Imported by the two modules that say how the classes get there: `test_airflow_provider` and `unmodified_provider`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from airflow.providers.microsoft.azure.hooks.data_factory import (
    AzureDataFactoryHook,
    AzureDataFactoryPipelineRunException,
)
from airflow.sdk import DAG

from tests.data_factory.arm import wait_for
from tests.fakes.gate import Gate, gate

Json = Any
FAILED_STATUSES = ("Failed", "Cancelled")


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The classes under test, and a factory."""

    operator: Any
    sensor: Any
    hook: AzureDataFactoryHook
    group: str
    factory: str

    def run_operator(self, pipeline: str, **settings: Any) -> Any:
        return self.operator(
            task_id="run",
            pipeline_name=pipeline,
            resource_group_name=self.group,
            factory_name=self.factory,
            check_interval=1,
            dag=DAG("crypto_market", schedule=None),
            **settings,
        )

    def status_sensor(self, run_id: str, **settings: Any) -> Any:
        return self.sensor(
            task_id="wait",
            run_id=run_id,
            resource_group_name=self.group,
            factory_name=self.factory,
            poke_interval=1,
            timeout=60,
            dag=DAG("crypto_market", schedule=None),
            **settings,
        )

    def status(self, run_id: str) -> str:
        return self.hook.get_pipeline_run_status(run_id, self.group, self.factory)

    def start(self, pipeline: str, parameters: Json = None) -> str:
        started = self.hook.run_pipeline(pipeline, self.group, self.factory, parameters=parameters)
        run_id: str = started.run_id
        return run_id

    def wait_until(self, run_id: str, status: str) -> None:
        wait_for(lambda: self.status(run_id), lambda found: found == status)


class TaskInstance:
    """As much of a task instance as the operators use outside a worker."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}
        self.stats_tags: dict[str, str] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def context() -> dict[str, Any]:
    return {"ti": TaskInstance()}


@pytest.fixture
def closed() -> Iterator[Gate]:
    """A gate before which the pipeline `gated` waits."""
    with gate() as found:
        yield found


def pipelines() -> dict[str, Json]:
    """The pipelines of the factory."""
    expression = {"value": "@pipeline().parameters.url", "type": "Expression"}
    ask = {"name": "Ask", "type": "WebActivity", "typeProperties": {"method": "GET", "url": expression}}
    text = {"value": "@pipeline().parameters.text", "type": "Expression"}
    keep = {"name": "Keep", "type": "SetVariable", "typeProperties": {"variableName": "v", "value": text}}
    fail = {"name": "Fail", "type": "Fail", "typeProperties": {"message": "no data", "errorCode": "E1"}}
    return {
        "gated": {"activities": [ask], "parameters": {"url": {"type": "String"}}},
        "quick": {
            "activities": [keep],
            "parameters": {"text": {"type": "String", "defaultValue": ""}},
            "variables": {"v": {"type": "String"}},
        },
        "failing": {"activities": [fail]},
    }


def test_the_operator_waits_for_success(provider: Provider, context: dict[str, Any]) -> None:
    provider.run_operator("quick", parameters={"text": "ü"}).execute(context)
    assert provider.status(context["ti"].pushed["run_id"]) == "Succeeded"


def test_the_operator_fails_with_the_pipeline(provider: Provider, context: dict[str, Any]) -> None:
    with pytest.raises(AzureDataFactoryPipelineRunException, match="has failed or has been cancelled"):
        provider.run_operator("failing").execute(context)
    assert provider.status(context["ti"].pushed["run_id"]) == "Failed"


def test_the_operator_need_not_wait(provider: Provider, context: dict[str, Any], closed: Gate) -> None:
    provider.run_operator("gated", parameters={"url": closed.url}, wait_for_termination=False).execute(context)
    run_id = context["ti"].pushed["run_id"]
    assert provider.status_sensor(run_id).poke(context) is False
    closed.open()
    provider.status_sensor(run_id).execute(context)
    assert provider.status(run_id) == "Succeeded"


def test_a_killed_operator_cancels_the_run(provider: Provider, context: dict[str, Any], closed: Gate) -> None:
    operator = provider.run_operator("gated", parameters={"url": closed.url}, wait_for_termination=False)
    operator.execute(context)
    operator.on_kill()
    assert provider.status(operator.run_id) == "Cancelled"
    with pytest.raises(AzureDataFactoryPipelineRunException, match="has been cancelled"):
        provider.status_sensor(operator.run_id).poke(context)


def test_the_operator_repeats_a_run_from_its_failure(provider: Provider, context: dict[str, Any]) -> None:
    first = provider.start("failing")
    provider.wait_until(first, "Failed")
    operator = provider.run_operator(
        "failing",
        reference_pipeline_run_id=first,
        is_recovery=True,
        start_from_failure=True,
        wait_for_termination=False,
    )
    operator.execute(context)
    provider.wait_until(operator.run_id, "Failed")
    again = provider.hook.get_pipeline_run(operator.run_id, provider.group, provider.factory)
    assert again.run_group_id == first


def test_the_connection_can_be_tested(provider: Provider) -> None:
    assert provider.hook.test_connection() == (True, "Successfully connected to Azure Data Factory.")
