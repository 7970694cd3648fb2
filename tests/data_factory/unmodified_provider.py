"""Airflow's Data Factory classes as they are: management.azure.com is this machine by proxy and certificate.

Run by `test_airflow_provider` in a process of its own, since proxy and trust are read when a process starts.
"""

import asyncio
import os
import time
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.microsoft.azure.hooks.data_factory import AzureDataFactoryHook
from airflow.providers.microsoft.azure.operators.data_factory import AzureDataFactoryRunPipelineOperator
from airflow.providers.microsoft.azure.sensors.data_factory import AzureDataFactoryPipelineRunStatusSensor
from airflow.providers.microsoft.azure.triggers.data_factory import AzureDataFactoryTrigger
from airflow.sdk.exceptions import TaskDeferred

from tests.data_factory.provider_cases import *  # noqa: F403  # the tests are collected here
from tests.data_factory.provider_cases import Provider
from tests.fakes.gate import Gate

Json = Any
pytestmark = [
    pytest.mark.filterwarnings("ignore:ProvidersManager.hooks is deprecated"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated"),
]


@pytest.fixture
def provider() -> Provider:
    return Provider(
        operator=AzureDataFactoryRunPipelineOperator,
        sensor=AzureDataFactoryPipelineRunStatusSensor,
        hook=AzureDataFactoryHook(),
        group=os.environ["ADF_TEST_GROUP"],
        factory=os.environ["ADF_TEST_FACTORY"],
    )


def fired(trigger: Any) -> dict[str, Any]:
    """What a trigger reports, made anew from its serialized form and run as the triggerer does."""
    path, arguments = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__qualname__}"
    again = type(trigger)(**arguments)

    async def first_event() -> Any:
        async for event in again.run():
            return event.payload
        return None

    payload: dict[str, Any] = asyncio.run(first_event())
    return payload


def deferred(task: Any, context: dict[str, Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)
    return caught.value


def resume(task: Any, deferral: TaskDeferred, context: dict[str, Any], event: dict[str, Any]) -> Any:
    return getattr(task, deferral.method_name)(context=context, event=event, **(deferral.kwargs or {}))


def test_the_operator_is_deferred_until_success(provider: Provider, context: dict[str, Any], closed: Gate) -> None:
    operator = provider.run_operator("gated", parameters={"url": closed.url}, deferrable=True)
    deferral = deferred(operator, context)
    closed.open()
    event = fired(deferral.trigger)
    assert event["status"] == "success"
    assert event["run_id"] == context["ti"].pushed["run_id"]
    resume(operator, deferral, context, event)


def test_a_deferred_operator_fails_with_the_pipeline(provider: Provider, context: dict[str, Any], closed: Gate) -> None:
    operator = provider.run_operator("gated", parameters={"url": closed.url}, deferrable=True)
    deferral = deferred(operator, context)
    provider.hook.cancel_pipeline_run(operator.run_id, provider.group, provider.factory)
    event = fired(deferral.trigger)
    assert (event["status"], event["message"]) == ("error", f"The pipeline run {operator.run_id} has Cancelled.")
    with pytest.raises(AirflowException, match="has Cancelled"):
        resume(operator, deferral, context, event)


def test_a_trigger_gives_up_at_its_end(provider: Provider, closed: Gate) -> None:
    run_id = provider.start("gated", {"url": closed.url})
    trigger = AzureDataFactoryTrigger(
        run_id=run_id,
        azure_data_factory_conn_id="azure_data_factory_default",
        end_time=time.time() - 1,
        resource_group_name=provider.group,
        factory_name=provider.factory,
        check_interval=1,
    )
    assert fired(trigger)["message"] == f"Timeout: The pipeline run {run_id} has InProgress."


def test_a_trigger_that_fails_cancels_the_run(provider: Provider) -> None:
    trigger = AzureDataFactoryTrigger(
        run_id="there-is-none",
        azure_data_factory_conn_id="azure_data_factory_default",
        end_time=time.time() + 60,
        resource_group_name=provider.group,
        factory_name=provider.factory,
        check_interval=1,
    )
    event = fired(trigger)
    assert event["status"] == "error"
    assert "(PipelineRunNotFound)" in event["message"]


@pytest.mark.parametrize(("cancelled", "status"), [(False, "success"), (True, "error")])
def test_the_sensor_is_deferred(
    provider: Provider, context: dict[str, Any], closed: Gate, cancelled: bool, status: str
) -> None:
    run_id = provider.start("gated", {"url": closed.url})
    sensor = provider.status_sensor(run_id, deferrable=True)
    deferral = deferred(sensor, context)
    if cancelled:
        provider.hook.cancel_pipeline_run(run_id, provider.group, provider.factory)
    closed.open()
    event = fired(deferral.trigger)
    assert event["status"] == status
    if cancelled:
        with pytest.raises(AirflowException, match="has been Cancelled"):
            resume(sensor, deferral, context, event)
    else:
        resume(sensor, deferral, context, event)


STORAGE = {
    "properties": {
        "type": "AzureBlobStorage",
        "typeProperties": {"connectionString": {"type": "SecureString", "value": "AccountName=a;AccountKey=a2V5"}},
    }
}
FILES = {
    "properties": {
        "type": "Json",
        "linkedServiceName": {"referenceName": "Storage", "type": "LinkedServiceReference"},
        "typeProperties": {"location": {"type": "AzureBlobStorageLocation", "container": "c"}},
    }
}
EMPTY = {"properties": {"activities": []}}
HOURLY = {
    "properties": {
        "type": "ScheduleTrigger",
        "typeProperties": {
            "recurrence": {"frequency": "Hour", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
        },
        "pipelines": [{"pipelineReference": {"referenceName": "quick", "type": "PipelineReference"}, "parameters": {}}],
    }
}


@pytest.mark.parametrize(
    ("kind", "name", "document"),
    [
        ("linked_service", "Storage", STORAGE),
        ("dataset", "Files", FILES),
        ("pipeline", "empty", EMPTY),
        ("trigger", "Hourly", HOURLY),
    ],
)
def test_the_hook_creates_changes_and_deletes(provider: Provider, kind: str, name: str, document: Json) -> None:
    hook, where = provider.hook, (provider.group, provider.factory)
    if kind == "dataset":
        hook.create_linked_service("Storage", STORAGE, *where)

    def call(verb: str, *more: Any) -> Any:
        return getattr(hook, f"{verb}_{kind}")(name, *more, *where)

    with pytest.raises(AirflowException, match="does not exist"):
        call("update", document)
    assert call("create", document).name == name
    with pytest.raises(AirflowException, match="already exists"):
        call("create", document)
    changed = call("update", document)
    assert call("get").etag == changed.etag
    call("delete")
    if kind == "dataset":
        hook.delete_linked_service("Storage", *where)


def test_the_hook_starts_and_stops_a_trigger(provider: Provider) -> None:
    hook, where = provider.hook, (provider.group, provider.factory)
    hook.create_trigger("Daily", HOURLY, *where)
    hook.start_trigger("Daily", *where).result()
    assert hook.get_trigger("Daily", *where).properties["runtimeState"] == "Started"
    hook.stop_trigger("Daily", *where).result()
    with pytest.raises(Exception, match="TriggerRunNotFound"):
        hook.cancel_trigger("Daily", "no-run", *where)
    hook.delete_trigger("Daily", *where)


def test_the_hook_makes_and_deletes_a_factory(provider: Provider) -> None:
    hook = provider.hook
    name = f"{provider.factory}-2"
    hook.create_factory({"location": "westeurope"}, provider.group, name)
    assert hook.get_factory(provider.group, name).name == name
    hook.update_factory({"location": "westeurope", "tags": {"a": "b"}}, provider.group, name)
    hook.delete_factory(provider.group, name)


def test_a_data_flow_is_refused_by_name(provider: Provider) -> None:
    flow = {"properties": {"type": "MappingDataFlow", "typeProperties": {}}}
    with pytest.raises(Exception, match=r"NotSupportedLocally.*DataFlows_CreateOrUpdate"):
        provider.hook.create_dataflow("Flow", flow, provider.group, provider.factory)
