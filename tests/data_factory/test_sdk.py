"""The service judged by Microsoft's own client, sync and aio; the last test runs all others with the version before."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.datafactory._version import VERSION

from tests.data_factory.arm import GROUP, SUBSCRIPTION, Arm, wait_for
from tests.data_factory.sdk import Sdk, aio_sdk, sync_sdk

Json = Any
EVER = {"lastUpdatedAfter": "2020-01-01T00:00:00.0000000Z", "lastUpdatedBefore": "2120-01-01T00:00:00Z"}
# Set in the process that runs these tests with the older client.
EXPECTED_VERSION = os.environ.get("ADF_TEST_CLIENT_VERSION", "10.0.0")

QUICK = {
    "activities": [
        {"name": "Set", "type": "SetVariable", "typeProperties": {"variableName": "v", "value": "@pipeline().RunId"}}
    ],
    "variables": {"v": {"type": "String"}},
}
ENDLESS = {"activities": [{"name": "Wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 3600}}]}
STORAGE = {
    "type": "AzureBlobStorage",
    "typeProperties": {"connectionString": {"type": "SecureString", "value": "AccountName=a;AccountKey=c2VjcmV0"}},
}
FILES = {
    "type": "Json",
    "linkedServiceName": {"referenceName": "Storage", "type": "LinkedServiceReference"},
    "typeProperties": {"location": {"type": "AzureBlobStorageLocation", "container": "c"}},
}
SCHEDULE = {
    "type": "ScheduleTrigger",
    "typeProperties": {
        "recurrence": {"frequency": "Hour", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
    },
    "pipelines": [{"pipelineReference": {"referenceName": "quick", "type": "PipelineReference"}, "parameters": {}}],
}


@pytest.fixture(params=["sync", "aio"])
def sdk(request: pytest.FixtureRequest, arm: Arm) -> Iterator[Sdk]:
    with (sync_sdk if request.param == "sync" else aio_sdk)(arm) as found:
        yield found


@pytest.fixture
def factory(sdk: Sdk) -> str:
    """The name of an empty factory."""
    name = f"factory-{uuid.uuid4().hex[:12]}"
    sdk("factories.create_or_update", GROUP, name, {"location": "West Europe"})
    return name


def put(sdk: Sdk, group: str, factory: str, name: str, properties: Json, **conditions: Any) -> Json:
    return sdk(f"{group}.create_or_update", GROUP, factory, name, {"properties": properties}, **conditions)


def finished(sdk: Sdk, factory: str, run_id: str) -> Json:
    return wait_for(
        lambda: sdk("pipeline_runs.get", GROUP, factory, run_id),
        lambda run: run["status"] in ("Succeeded", "Failed", "Cancelled"),
    )


def start(sdk: Sdk, factory: str, pipeline: str, parameters: Json = None, **more: Any) -> str:
    run_id: str = sdk("pipelines.create_run", GROUP, factory, pipeline, parameters=parameters, **more)["runId"]
    return run_id


def activities(sdk: Sdk, factory: str, run_id: str, **query: Any) -> list[Json]:
    answer = sdk("activity_runs.query_by_pipeline_run", GROUP, factory, run_id, {**EVER, **query})
    rows: list[Json] = answer["value"]
    return rows


def test_the_client_is_the_version_that_is_meant() -> None:
    assert VERSION == EXPECTED_VERSION


def test_a_factory_from_its_creation_to_its_end(sdk: Sdk) -> None:
    name = f"factory-{uuid.uuid4().hex[:12]}"
    created = sdk("factories.create_or_update", GROUP, name, {"location": "West Europe", "tags": {"a": "1"}})
    assert created["name"] == name
    assert created["properties"]["provisioningState"] == "Succeeded"
    assert created["tags"] == {"a": "1"}
    assert sdk("factories.get", GROUP, name) == created
    changed = sdk("factories.update", GROUP, name, {"tags": {"b": "2"}})
    assert (changed["tags"], changed["id"]) == ({"b": "2"}, created["id"])
    assert changed["eTag"] != created["eTag"]
    for listed in (sdk.list("factories.list_by_resource_group", GROUP), sdk.list("factories.list")):
        assert [item for item in listed if item["name"] == name] == [changed]
    sdk("factories.delete", GROUP, name)
    sdk("factories.delete", GROUP, name)
    with pytest.raises(ResourceNotFoundError) as caught:
        sdk("factories.get", GROUP, name)
    assert caught.value.error.code == "ResourceNotFound"


def test_a_pipeline_is_run_and_followed(sdk: Sdk, factory: str) -> None:
    put(sdk, "linked_services", factory, "Storage", STORAGE)
    put(sdk, "datasets", factory, "Files", FILES)
    parameters = {"text": {"type": "String"}, "many": {"type": "Array", "defaultValue": [1]}, "n": {"type": "Int"}}
    written = put(sdk, "pipelines", factory, "quick", {**QUICK, "parameters": parameters})
    assert written["type"] == "Microsoft.DataFactory/factories/pipelines"
    run_id = start(sdk, factory, "quick", {"text": "x", "n": 3})
    run = finished(sdk, factory, run_id)
    assert (run["runId"], run["status"], run["message"]) == (run_id, "Succeeded", "")
    assert run["parameters"] == {"text": "x", "many": "[1]", "n": "3"}
    assert run["invokedBy"]["invokedByType"] == "Manual"
    assert run["durationInMs"] >= 0
    assert run["isLatest"] is True
    (row,) = activities(sdk, factory, run_id)
    assert (row["activityName"], row["activityType"], row["status"]) == ("Set", "SetVariable", "Succeeded")
    assert row["error"] == {"errorCode": "", "message": "", "failureType": "", "target": "Set"}


def test_what_has_not_ended_has_no_end(sdk: Sdk, factory: str) -> None:
    put(sdk, "pipelines", factory, "endless", ENDLESS)
    run_id = start(sdk, factory, "endless")
    run = wait_for(
        lambda: sdk("pipeline_runs.get", GROUP, factory, run_id), lambda found: found["status"] == "InProgress"
    )
    assert (run.get("runEnd"), run.get("durationInMs")) == (None, None)
    (row,) = wait_for(lambda: activities(sdk, factory, run_id), bool)
    assert (row["status"], row.get("activityRunEnd"), row.get("durationInMs")) == ("InProgress", None, None)
    sdk("pipeline_runs.cancel", GROUP, factory, run_id, is_recursive=True)
    assert finished(sdk, factory, run_id)["status"] == "Cancelled"
    with pytest.raises(HttpResponseError) as caught:
        sdk("pipeline_runs.cancel", GROUP, factory, run_id)
    assert caught.value.error.code == "PipelineRunNotRunning"


def test_a_failed_run_is_repeated_from_where_it_failed(sdk: Sdk, factory: str) -> None:
    fail = {"name": "Fail", "type": "Fail", "typeProperties": {"message": "on purpose", "errorCode": "E1"}}
    fail["dependsOn"] = [{"activity": "Set", "dependencyConditions": ["Succeeded"]}]  # type: ignore[assignment]
    late = {"name": "Late", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    late["dependsOn"] = [{"activity": "Fail", "dependencyConditions": ["Succeeded"]}]  # type: ignore[assignment]
    put(sdk, "pipelines", factory, "failing", {**QUICK, "activities": [*QUICK["activities"], fail, late]})  # type: ignore[misc]
    first = finished(sdk, factory, start(sdk, factory, "failing"))
    assert first["status"] == "Failed"
    assert "on purpose" in first["message"]
    failed = activities(sdk, factory, first["runId"], filters=[_filter("Status", "Equals", "Failed")])
    assert [(row["activityName"], row["error"]["errorCode"]) for row in failed] == [("Fail", "E1")]
    assert failed[0]["error"]["failureType"] == "UserError"
    again = {"reference_pipeline_run_id": first["runId"], "is_recovery": True, "start_from_failure": True}
    second = finished(sdk, factory, start(sdk, factory, "failing", **again))
    assert (second["runGroupId"], second["isLatest"]) == (first["runGroupId"], True)
    assert sdk("pipeline_runs.get", GROUP, factory, first["runId"])["isLatest"] is False
    third_id = start(
        sdk,
        factory,
        "failing",
        reference_pipeline_run_id=first["runId"],
        is_recovery=True,
        start_activity_name="Set",
    )
    assert finished(sdk, factory, third_id)["runGroupId"] == first["runGroupId"]
    group = sdk(
        "pipeline_runs.query_by_factory",
        GROUP,
        factory,
        {**EVER, "filters": [_filter("RunGroupId", "Equals", first["runGroupId"])]},
    )
    assert {run["runId"] for run in group["value"]} == {first["runId"], second["runId"], third_id}


def test_skipped_activities_are_shown_to_those_who_ask(sdk: Sdk, factory: str) -> None:
    after = {"name": "After", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    after["dependsOn"] = [{"activity": "Set", "dependencyConditions": ["Failed"]}]  # type: ignore[assignment]
    put(sdk, "pipelines", factory, "skipping", {**QUICK, "activities": [*QUICK["activities"], after]})  # type: ignore[misc]
    run_id = finished(sdk, factory, start(sdk, factory, "skipping"))["runId"]
    assert [row["activityName"] for row in activities(sdk, factory, run_id)] == ["Set"]
    asked = activities(sdk, factory, run_id, filters=[_filter("Status", "In", "Skipped", "Failed")])
    assert [(row["activityName"], row["status"]) for row in asked] == [("After", "Skipped")]


def _filter(operand: str, operator: str, *values: str) -> Json:
    return {"operand": operand, "operator": operator, "values": list(values)}


def test_runs_are_filtered_ordered_and_paged(sdk: Sdk, factory: str) -> None:
    for name in ("first", "second"):
        put(sdk, "pipelines", factory, name, QUICK)
    started = [start(sdk, factory, "first" if index % 3 else "second") for index in range(130)]

    def query(**more: Any) -> list[Json]:
        found: list[Json] = []
        token = None
        while True:
            answer = sdk("pipeline_runs.query_by_factory", GROUP, factory, {**EVER, **more, "continuationToken": token})
            found += answer["value"]
            token = answer.get("continuationToken")
            if not token:
                return found

    wait_for(lambda: query(filters=[_filter("Status", "Equals", "Succeeded")]), lambda rows: len(rows) == 130)
    newest_first = query(orderBy=[{"orderBy": "RunStart", "order": "DESC"}])
    starts = [run["runStart"] for run in newest_first]
    assert starts == sorted(starts, reverse=True)
    assert sorted(run["runId"] for run in newest_first) == sorted(started)
    second = query(filters=[_filter("PipelineName", "Equals", "SECOND")])
    assert sorted(run["runId"] for run in second) == sorted(started[::3])
    assert query(filters=[_filter("PipelineName", "NotIn", "second", "first")]) == []
    assert query(filters=[_filter("Status", "NotEquals", "Succeeded"), _filter("LatestOnly", "Equals", "true")]) == []


@pytest.mark.parametrize(
    ("group", "name", "properties"),
    [("pipelines", "quick", QUICK), ("linked_services", "Storage", STORAGE), ("triggers", "Hourly", SCHEDULE)],
)
def test_resources_are_written_read_listed_and_deleted(
    sdk: Sdk, factory: str, group: str, name: str, properties: Json
) -> None:
    put(sdk, "pipelines", factory, "quick", QUICK)
    written = put(sdk, group, factory, name, properties)
    read = sdk(f"{group}.get", GROUP, factory, name.upper())
    assert read == written
    assert (read["name"], read["id"].rpartition("/")[2]) == (name, name)
    assert [item["name"] for item in sdk.list(f"{group}.list_by_factory", GROUP, factory)] == [name]
    again = put(sdk, group, factory, name.lower(), {**properties, "description": "changed"})
    assert (again["name"], again["properties"]["description"]) == (name, "changed")
    assert again["etag"] != written["etag"]
    sdk(f"{group}.delete", GROUP, factory, name)
    sdk(f"{group}.delete", GROUP, factory, name)
    with pytest.raises(ResourceNotFoundError):
        sdk(f"{group}.get", GROUP, factory, name)


def test_an_etag_decides_who_may_write(sdk: Sdk, factory: str) -> None:
    first = put(sdk, "pipelines", factory, "quick", QUICK)
    second = put(sdk, "pipelines", factory, "quick", QUICK, **sdk.if_match(first["etag"]))
    with pytest.raises(HttpResponseError) as caught:
        put(sdk, "pipelines", factory, "quick", QUICK, **sdk.if_match(first["etag"]))
    assert caught.value.status_code == 412
    with pytest.raises(HttpResponseError) as caught:
        put(sdk, "pipelines", factory, "other", QUICK, **sdk.if_match(first["etag"]))
    assert caught.value.status_code == 412
    assert sdk("pipelines.get", GROUP, factory, "quick")["etag"] == second["etag"]
    assert not sdk("pipelines.get", GROUP, factory, "quick", **sdk.if_none_match(second["etag"]))
    assert sdk("pipelines.get", GROUP, factory, "quick", **sdk.if_none_match(first["etag"])) is not None


def test_lists_come_in_pages(sdk: Sdk, factory: str) -> None:
    names = [f"p{index:03}" for index in range(205)]
    for name in names:
        put(sdk, "pipelines", factory, name, ENDLESS)
    assert [item["name"] for item in sdk.list("pipelines.list_by_factory", GROUP, factory)] == names


def test_a_secret_does_not_come_back(sdk: Sdk, factory: str) -> None:
    written = put(sdk, "linked_services", factory, "Storage", STORAGE)
    assert written["properties"]["typeProperties"]["connectionString"]["value"] == "**********"
    assert sdk("linked_services.get", GROUP, factory, "Storage") == written


def test_what_others_refer_to_stays(sdk: Sdk, factory: str) -> None:
    put(sdk, "linked_services", factory, "Storage", STORAGE)
    put(sdk, "datasets", factory, "Files", FILES)
    with pytest.raises(HttpResponseError) as caught:
        sdk("linked_services.delete", GROUP, factory, "Storage")
    assert caught.value.status_code == 400
    assert caught.value.error.message == "The document cannot be deleted since it is referenced by Files."
    sdk("datasets.delete", GROUP, factory, "Files")
    sdk("linked_services.delete", GROUP, factory, "Storage")


def test_global_parameters_are_the_factorys(sdk: Sdk, factory: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        sdk("global_parameters.get", GROUP, factory, "default")
    written = put(sdk, "global_parameters", factory, "default", {"env": {"type": "String", "value": "dev"}})
    assert written["properties"] == {"env": {"type": "String", "value": "dev"}}
    assert sdk("factories.get", GROUP, factory)["properties"]["globalParameters"] == written["properties"]
    declared = {"n": {"type": "Int", "value": 3}}
    given = {"location": "westeurope", "properties": {"globalParameters": declared}}
    sdk("factories.create_or_update", GROUP, factory, given)
    assert [item["properties"] for item in sdk.list("global_parameters.list_by_factory", GROUP, factory)] == [declared]
    value = {"variableName": "v", "value": "@string(pipeline().globalParameters.n)"}
    uses = {"activities": [{"name": "Set", "type": "SetVariable", "typeProperties": value}]}
    put(sdk, "pipelines", factory, "uses", {**uses, "variables": {"v": {"type": "String"}}})
    run_id = finished(sdk, factory, start(sdk, factory, "uses"))["runId"]
    assert activities(sdk, factory, run_id)[0]["output"]["value"] == "3"
    sdk("global_parameters.delete", GROUP, factory, "default")
    assert sdk.list("global_parameters.list_by_factory", GROUP, factory) == []


def test_a_trigger_is_started_and_stopped(sdk: Sdk, factory: str) -> None:
    put(sdk, "pipelines", factory, "quick", QUICK)
    assert put(sdk, "triggers", factory, "Hourly", SCHEDULE)["properties"]["runtimeState"] == "Stopped"
    sdk.poll("triggers.begin_start", GROUP, factory, "Hourly")
    assert sdk("triggers.get", GROUP, factory, "Hourly")["properties"]["runtimeState"] == "Started"
    for refused, body in (("create_or_update", [{"properties": SCHEDULE}]), ("delete", [])):
        with pytest.raises(HttpResponseError) as caught:
            sdk(f"triggers.{refused}", GROUP, factory, "Hourly", *body)
        assert caught.value.error.code == "TriggerEnabledCannotUpdate"
    with pytest.raises(HttpResponseError, match="referenced by Hourly"):
        sdk("pipelines.delete", GROUP, factory, "quick")
    found = sdk("triggers.query_by_factory", GROUP, factory, {})
    assert [item["name"] for item in found["value"]] == ["Hourly"]
    assert sdk("trigger_runs.query_by_factory", GROUP, factory, EVER)["value"] == []
    sdk.poll("triggers.begin_stop", GROUP, factory, "Hourly")
    sdk("triggers.delete", GROUP, factory, "Hourly")


def test_an_event_trigger_is_subscribed(sdk: Sdk, factory: str) -> None:
    put(sdk, "pipelines", factory, "quick", QUICK)
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/a"
    details = {"scope": scope, "events": ["Microsoft.Storage.BlobCreated"], "blobPathBeginsWith": "/c/blobs/"}
    events = {"type": "BlobEventsTrigger", "typeProperties": details, "pipelines": SCHEDULE["pipelines"]}
    put(sdk, "triggers", factory, "Landed", events)
    assert sdk("triggers.get_event_subscription_status", GROUP, factory, "Landed")["status"] == "Disabled"
    sdk.poll("triggers.begin_subscribe_to_events", GROUP, factory, "Landed")
    assert sdk("triggers.get_event_subscription_status", GROUP, factory, "Landed")["status"] == "Enabled"
    sdk.poll("triggers.begin_unsubscribe_from_events", GROUP, factory, "Landed")
    assert sdk("triggers.get_event_subscription_status", GROUP, factory, "Landed")["status"] == "Disabled"


def test_a_document_that_is_wrong_names_every_place(sdk: Sdk, factory: str) -> None:
    bad = {"activities": [{"name": "W", "type": "Wait", "typeProperties": {}}, {"name": "X", "type": "Nothing"}]}
    with pytest.raises(HttpResponseError) as caught:
        put(sdk, "pipelines", factory, "bad", bad)
    assert caught.value.status_code == 400
    places = [detail.target for detail in caught.value.error.details]
    assert "$.properties.activities[1].type" in places
    assert any(place.startswith("$.properties.activities[0].typeProperties") for place in places)
    with pytest.raises(ResourceNotFoundError):
        sdk("pipelines.get", GROUP, factory, "bad")


def test_the_integration_runtime_is_there(sdk: Sdk, factory: str) -> None:
    (found,) = sdk.list("integration_runtimes.list_by_factory", GROUP, factory)
    assert found["name"] == "AutoResolveIntegrationRuntime"
    assert sdk.list("data_flows.list_by_factory", GROUP, factory) == []


@pytest.mark.skipif("ADF_TEST_CLIENT_VERSION" in os.environ, reason="this is the run with the other client")
def test_all_of_this_holds_for_the_version_before(older_client: Path) -> None:
    from tests.fixtures.data_factory import OLDER_CLIENT

    environment = {**os.environ, "PYTHONPATH": str(older_client), "ADF_TEST_CLIENT_VERSION": OLDER_CLIENT}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
