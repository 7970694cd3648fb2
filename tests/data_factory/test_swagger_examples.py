"""Microsoft's own examples of requests and answers: ours have the same status and the same keys."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.data_factory.arm import Arm, wait_for

Json = Any

# In an order in which they can be carried out; the second column says what is exchanged in the request, see below.
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("Factories_CreateOrUpdate", ""),
    ("Factories_Update", ""),
    ("Factories_ConfigureFactoryRepo", ""),
    ("Factories_Get", ""),
    ("Factories_List", ""),
    ("Factories_ListByResourceGroup", ""),
    ("LinkedServices_Create", "linked service"),
    ("LinkedServices_Update", "linked service"),
    ("LinkedServices_Get", ""),
    ("LinkedServices_ListByFactory", ""),
    ("Datasets_Create", "dataset"),
    ("Datasets_Update", "dataset"),
    ("Datasets_Get", ""),
    ("Datasets_ListByFactory", ""),
    ("Pipelines_Create", "pipeline"),
    ("Pipelines_Update", "pipeline"),
    ("Pipelines_Get", ""),
    ("Pipelines_ListByFactory", ""),
    ("Pipelines_CreateRun", ""),
    ("PipelineRuns_Get", ""),
    ("PipelineRuns_QueryByFactory", "window"),
    ("ActivityRuns_QueryByPipelineRun", "window"),
    ("PipelineRuns_Cancel", ""),
    ("Triggers_Create", ""),
    ("Triggers_Update", ""),
    ("Triggers_Get", ""),
    ("Triggers_ListByFactory", ""),
    ("Triggers_QueryByFactory", ""),
    ("Triggers_Start", ""),
    ("Triggers_Stop", ""),
    ("TriggerRuns_QueryByFactory", "window"),
    ("Triggers_SubscribeToEvents", "event trigger"),
    ("Triggers_GetEventSubscriptionStatus", ""),
    ("Triggers_UnsubscribeFromEvents", ""),
    ("Triggers_Delete", ""),
    ("Pipelines_Delete", ""),
    ("Datasets_Delete", ""),
    ("LinkedServices_Delete", ""),
    ("Factories_Delete", ""),
)
NOT_APPLICABLE = {
    "Factories_GetDataPlaneAccess": (501, "nothing on this machine takes the token that it would hand out"),
    "Factories_GetGitHubAccessToken": (501, "nothing on this machine takes the token that it would hand out"),
    "TriggerRuns_Cancel": (404, "triggers do not fire yet, so there are no runs of theirs"),
    "TriggerRuns_Rerun": (404, "triggers do not fire yet, so there are no runs of theirs"),
}
_UNSET = "no example's request sets it"
# What an example's answer has and ours has not, and why.
ABSENT = {
    ("Factories_Get", "$.properties.purviewConfiguration"): _UNSET,
    ("Factories_List", "$.value[0].identity"): _UNSET,
    ("Factories_ListByResourceGroup", "$.value[0].identity"): _UNSET,
    ("Datasets_Create", "$.properties.schema"): _UNSET,
    ("Datasets_Update", "$.properties.schema"): _UNSET,
    ("Datasets_Get", "$.properties.schema"): _UNSET,
    ("Datasets_ListByFactory", "$.value[0].properties.schema"): _UNSET,
    ("Pipelines_Get", "$.properties.variables"): "Pipelines_Update, which comes before, takes them away",
    ("PipelineRuns_QueryByFactory", "$.value[0].runDimension.JobId"): "so does it with the run dimensions",
}
TYPES_THAT_ARE_NOT_EXECUTED_HERE = {
    "linked service": {
        "type": "AzureBlobStorage",
        "typeProperties": {"connectionString": {"type": "SecureString", "value": "AccountName=a;AccountKey=a2V5"}},
    },
    "dataset": {
        "type": "Json",
        "typeProperties": {
            "location": {
                "type": "AzureBlobStorageLocation",
                "container": "c",
                "folderPath": {"value": "@dataset().MyFolderPath", "type": "Expression"},
                "fileName": {"value": "@dataset().MyFileName", "type": "Expression"},
            }
        },
    },
}
EVENT_TRIGGER = {
    "type": "BlobEventsTrigger",
    "typeProperties": {
        "scope": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "events": ["Microsoft.Storage.BlobCreated"],
        "blobPathBeginsWith": "/c/blobs/",
    },
    "pipelines": [],
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation of the specification."""

    method: str
    path: str
    parameters: Sequence[Json]


class Specification:
    """Microsoft's description of the service."""

    def __init__(self, folder: Path) -> None:
        self.examples = folder / "examples"
        document = json.loads((folder / "datafactory.json").read_text())
        self._shared = document["parameters"]
        self._operations: dict[str, Operation] = {}
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                found = Operation(method=method, path=path, parameters=[*map(self._resolve, operation["parameters"])])
                for example in operation["x-ms-examples"].values():
                    self._operations[Path(example["$ref"]).stem] = found

    def operation(self, example: str) -> Operation:
        return self._operations[example]

    def example(self, name: str) -> Json:
        return json.loads((self.examples / f"{name}.json").read_text())

    def _resolve(self, parameter: Json) -> Json:
        return self._shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter


@dataclass(kw_only=True)
class Session:
    """The client that carries out the examples one after the other."""

    http: httpx.Client
    specification: Specification
    run_id: str = ""

    def send(self, name: str, exchange: str) -> httpx.Response:
        operation, given = self.specification.operation(name), self.specification.example(name)["parameters"]
        if self.run_id and "runId" in given:
            given["runId"] = self.run_id
        path, query, body, headers = operation.path, {}, None, {}
        for parameter in operation.parameters:
            value = given.get(parameter["name"])
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", str(value))
            elif parameter["in"] == "body":
                body = self._exchanged(value, exchange)
            elif parameter["in"] == "query" and value is not None:
                query[parameter["name"]] = value
        if exchange == "event trigger":
            self.http.put(path.rpartition("/")[0], params=query, json={"properties": EVENT_TRIGGER}).raise_for_status()
        return self.http.request(operation.method, path, params=query, json=body, headers=headers)

    def _exchanged(self, body: Json, exchange: str) -> Json:
        changed = copy.deepcopy(body)
        if exchange in TYPES_THAT_ARE_NOT_EXECUTED_HERE:
            changed["properties"] |= TYPES_THAT_ARE_NOT_EXECUTED_HERE[exchange]
        elif exchange == "pipeline":
            (loop,) = changed["properties"]["activities"]
            wait = {"type": "Wait", "typeProperties": {"waitTimeInSeconds": 3600}, "name": "ExampleCopyActivity"}
            loop["typeProperties"]["activities"] = [wait]
        elif exchange == "window":
            # The examples' runs are of 2018.
            changed["lastUpdatedBefore"] = "2120-01-01T00:00:00Z"
        return changed


@pytest.fixture(scope="module")
def specification(shared_dir: Path) -> Specification:
    return Specification(shared_dir / "adf" / "swagger-2022-09")


@pytest.fixture(scope="module")
def session(arm: Arm, specification: Specification) -> Iterator[Session]:
    with arm.http(version=None) as http:
        yield Session(http=http, specification=specification)


@pytest.mark.parametrize(("name", "exchange"), EXAMPLES)
def test_an_example(session: Session, name: str, exchange: str) -> None:
    expected: Mapping[str, Json] = session.specification.example(name)["responses"]
    answer = session.send(name, exchange)
    assert str(answer.status_code) in expected, answer.text
    body = expected[str(answer.status_code)].get("body")
    assert bool(answer.content) is (body is not None)
    if body is not None:
        assert [path for path in _missing(body, answer.json(), "$") if (name, path) not in ABSENT] == []
    if name == "Pipelines_CreateRun":
        session.run_id = answer.json()["runId"]
        session.http.params = {"api-version": "2018-06-01"}
    if name == "PipelineRuns_Cancel":
        wait_for(lambda: session.send("PipelineRuns_Get", "").json(), lambda run: run["status"] == "Cancelled")


@pytest.mark.parametrize("name", NOT_APPLICABLE)
def test_an_example_that_does_not_apply_is_refused(session: Session, name: str) -> None:
    status, _ = NOT_APPLICABLE[name]
    assert session.send(name, "").status_code == status


def test_no_example_is_left_out(specification: Specification) -> None:
    files = {file.stem for file in specification.examples.glob("*.json")}
    assert files == {name for name, _ in EXAMPLES} | NOT_APPLICABLE.keys()


def _missing(expected: Json, found: Json, path: str) -> Iterator[str]:
    """The paths that the example has and the answer has not. Of a list the first items are compared, if there are."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            yield path
            return
        for key, value in expected.items():
            if key not in found:
                yield f"{path}.{key}"
            elif key not in ("input", "output", "typeProperties", "parameters", "tags"):
                yield from _missing(value, found[key], f"{path}.{key}")
    elif isinstance(expected, list) and expected and found:
        yield from _missing(expected[0], found[0], f"{path}[0]")
