"""A whole pipeline over the REST API: markets are landed, checked, looked up, cleaned up; a rerun after a fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_azure.storage import BlobAccount
from tests.data_factory.arm import Arm, arm_in, wait_for
from tests.data_factory.lab import Lab, blob_settings, dataset, lab_of, reference, write_settings
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.cloud import Cloud

pytestmark = pytest.mark.integration
Json = Any


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def lab(azurite: BlobAccount, service: WebService) -> Iterator[Lab]:
    with serving(service) as origin:
        yield lab_of(azurite, origin)


@pytest.fixture
def arm(lab: Lab, cloud: Cloud, tmp_path: Path) -> Iterator[Arm]:
    with arm_in(tmp_path, cloud, hosts=lab.world.hosts) as running:
        yield running


def documents(lab: Lab) -> dict[str, Json]:
    """What is PUT, by path below the factory."""
    location = {
        "type": "AzureBlobStorageLocation",
        "container": lab.container,
        "folderPath": "@{dataset().folder}",
        "fileName": "@{dataset().file}",
    }
    where = {"folder": {"type": "String"}, "file": {"type": "String", "defaultValue": " "}}
    folder = {key: value for key, value in location.items() if key != "fileName"}

    def landed() -> Json:
        return reference("Landed", "Dataset", folder="day=@{pipeline().parameters.day}", file="a.json")

    def after(name: str) -> Json:
        return [{"activity": name, "dependencyConditions": ["Succeeded"]}]

    activities = [
        {
            "name": "Land",
            "type": "Copy",
            "inputs": [reference("Markets", "Dataset")],
            "outputs": [landed()],
            "typeProperties": {
                "source": {
                    "type": "RestSource",
                    "requestInterval": "00:00:00.010",
                    "paginationRules": {"QueryParameters.page": "RANGE:1::1", "EndCondition:$": "Empty"},
                },
                "sink": {"type": "JsonSink", "storeSettings": write_settings()},
            },
        },
        {
            "name": "There",
            "type": "Validation",
            "dependsOn": after("Land"),
            "typeProperties": {"dataset": landed(), "timeout": "0.00:10:00", "sleep": 1, "minimumSize": 1},
        },
        {
            "name": "Rows",
            "type": "Lookup",
            "dependsOn": after("There"),
            "typeProperties": {"source": {"type": "JsonSource"}, "dataset": landed(), "firstRowOnly": False},
        },
        {
            "name": "Size",
            "type": "GetMetadata",
            "dependsOn": after("There"),
            "typeProperties": {"dataset": landed(), "fieldList": ["exists", "size"]},
        },
        {
            "name": "Clean",
            "type": "Delete",
            "dependsOn": [*after("Rows"), *after("Size")],
            "typeProperties": {
                "dataset": reference("Folder", "Dataset", folder="@concat('day=', pipeline().parameters.day)"),
                "storeSettings": blob_settings(recursive=True),
            },
        },
    ]
    return {
        **{f"linkedservices/{name}": properties for name, properties in lab.world.linked_services.items()},
        "datasets/Markets": dataset("RestResource", "rest", relativeUrl="markets?per_page=2"),
        "datasets/Landed": dataset("Json", "storage", where, location=location),
        "datasets/Folder": dataset("Binary", "storage", {"folder": {"type": "String"}}, location=folder),
        "pipelines/Daily": {"parameters": {"day": {"type": "String"}}, "activities": activities},
    }


def ran(http: Any, base: str, run: str) -> dict[str, Json]:
    """The last activity run by name, when the run has ended."""
    status = wait_for(
        lambda: http.get(f"{base}/pipelineruns/{run}").json(), lambda found: found["status"] in ("Succeeded", "Failed")
    )
    times = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
    rows = http.post(f"{base}/pipelineruns/{run}/queryActivityruns", json=times).json()["value"]
    return {"": status, **{row["activityName"]: row for row in rows}}


def test_a_pipeline_lands_checks_and_cleans_and_goes_on_after_a_fault(lab: Lab, service: WebService, arm: Arm) -> None:
    service.answer("/markets", 500, b"busy")
    for page in ([{"id": "a"}, {"id": "b"}], [{"id": "c"}], []):
        service.answer("/markets", 200, page)
    with arm.http() as http:
        base = arm.factory_url("lake")
        http.put(base, json={"location": "here"}).raise_for_status()
        for path, properties in documents(lab).items():
            answer = http.put(f"{base}/{path}", json={"properties": properties})
            assert answer.status_code == 200, answer.text
        started = http.post(f"{base}/pipelines/Daily/createRun", json={"day": "2026-05-18"}).json()["runId"]
        failed = ran(http, base, started)
        assert failed[""]["status"] == "Failed"
        assert failed["Land"]["error"]["errorCode"] == "2200"
        assert "status code 500" in failed["Land"]["error"]["message"]
        assert lab.names() == []
        query = {"referencePipelineRunId": started, "isRecovery": "true", "startFromFailure": "true"}
        again = http.post(f"{base}/pipelines/Daily/createRun", params=query, json={"day": "2026-05-18"}).json()["runId"]
        done = ran(http, base, again)
    assert done[""]["status"] == "Succeeded", done
    assert done["Land"]["output"]["rowsCopied"] == 3
    assert done["Rows"]["output"]["value"] == [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert done["Size"]["output"]["size"] == done["Land"]["output"]["dataWritten"]
    assert done["Clean"]["output"]["filesDeleted"] == 1
    assert lab.names() == []
    assert lab.account.key not in json.dumps([failed, done])


def test_what_is_not_done_is_refused_when_it_is_put(lab: Lab, arm: Arm) -> None:
    with arm.http() as http:
        base = arm.factory_url("lake")
        http.put(base, json={"location": "here"}).raise_for_status()
        made = documents(lab)
        for path, properties in made.items():
            if not path.startswith("pipelines/"):
                http.put(f"{base}/{path}", json={"properties": properties}).raise_for_status()
        pipeline = json.loads(json.dumps(made["pipelines/Daily"]))
        pipeline["activities"][0]["typeProperties"]["sink"]["storeSettings"]["metadata"] = [{"name": "a", "value": "b"}]
        answer = http.put(f"{base}/pipelines/Daily", json={"properties": pipeline})
        assert answer.status_code == 400
        place = "$.properties.activities[0].typeProperties.sink.storeSettings.metadata"
        assert place in [detail["target"] for detail in answer.json()["error"]["details"]]
