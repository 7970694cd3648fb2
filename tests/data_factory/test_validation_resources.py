"""What is refused when a dataset, linked service, trigger, ... is PUT; no message tells a secret."""

from typing import Any

import pytest

from local_azure.data_factory.validation import Documents, Kind, validate

Json = Any

FACTORY = Documents(
    pipelines={"Daily": {"parameters": {"day": {"type": "String"}}, "activities": []}},
    linked_services={
        "Store": {"type": "AzureBlobStorage"},
        "Vault": {"type": "AzureKeyVault"},
        "Sized": {"type": "RestService", "parameters": {"host": {"type": "String"}}},
    },
)
SECRET = "do-not-tell-9f8e"


def reference(name: str, kind: str = "LinkedServiceReference", **arguments: Json) -> Json:
    return {"referenceName": name, "type": kind, **({"parameters": arguments} if arguments else {})}


def json_dataset(*, service: Json = None, parameters: Json = None, **location: Json) -> Json:
    place = {"type": "AzureBlobStorageLocation", "container": "landing", **location}
    return {
        "properties": {
            "type": "Json",
            "linkedServiceName": service or reference("Store"),
            "typeProperties": {"location": place},
            "parameters": parameters or {},
        }
    }


def linked_service(kind: str, *, parameters: Json = None, **properties: Json) -> Json:
    return {"properties": {"type": kind, "typeProperties": properties, "parameters": parameters or {}}}


def rest(**properties: Json) -> Json:
    return linked_service(
        "RestService", **{"url": "http://localhost/", "authenticationType": "Anonymous", **properties}
    )


def schedule(*pipelines: Json, **recurrence: Json) -> Json:
    every = {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC", **recurrence}
    return {
        "properties": {
            "type": "ScheduleTrigger",
            "typeProperties": {"recurrence": every},
            "pipelines": list(pipelines),
            "runtimeState": "Stopped",
        }
    }


def starts(name: str, **parameters: Json) -> Json:
    return {"pipelineReference": reference(name, "PipelineReference"), "parameters": parameters}


FOLDER = {"folder": {"type": "String"}}
P = "$.properties"
T = f"{P}.typeProperties"
# Kind, document, {path: part of the message}.
CASES: dict[str, tuple[Kind, Json, dict[str, str]]] = {
    # Datasets
    "dataset": (Kind.DATASET, json_dataset(), {}),
    "its parameter": (
        Kind.DATASET,
        json_dataset(folderPath={"value": "@dataset().Folder", "type": "Expression"}, parameters=FOLDER),
        {},
    ),
    "a parameter it lacks": (
        Kind.DATASET,
        json_dataset(folderPath="@dataset().fodler", parameters=FOLDER),
        {f"{T}.location.folderPath": "the dataset has no parameter 'fodler'; did you mean 'folder'?"},
    ),
    "a loop's item in a dataset": (
        Kind.DATASET,
        json_dataset(folderPath="@item()"),
        {f"{T}.location.folderPath": "only in a pipeline; pass the value as a parameter"},
    ),
    "linkedService() in a dataset": (
        Kind.DATASET,
        json_dataset(folderPath="@linkedService().x"),
        {f"{T}.location.folderPath": "only in a linked service"},
    ),
    "linked service of a dataset": (
        Kind.DATASET,
        json_dataset(service=reference("Stroe")),
        {f"{P}.linkedServiceName.referenceName": "no linked service 'Stroe' in the factory; did you mean 'Store'?"},
    ),
    "parameter of that": (
        Kind.DATASET,
        json_dataset(service=reference("Sized")),
        {f"{P}.linkedServiceName": "parameter 'host' of linked service 'Sized' has no default"},
    ),
    "no linked service": (
        Kind.DATASET,
        {"properties": {"type": "Json"}},
        {P: "the required property 'linkedServiceName' is missing"},
    ),
    "dataset type": (
        Kind.DATASET,
        {"properties": {"type": "Avro", "linkedServiceName": reference("Store"), "typeProperties": {"x": 1}}},
        {f"{P}.type": "dataset type 'Avro' is not executed by the local Data Factory"},
    ),
    "unknown dataset type": (
        Kind.DATASET,
        {"properties": {"type": "Jsn", "linkedServiceName": reference("Store")}},
        {f"{P}.type": "unknown dataset type 'Jsn': did you mean 'Json'"},
    ),
    "unknown property of a location": (
        Kind.DATASET,
        json_dataset(folder="x"),
        {f"{T}.location.folder": "did you mean 'folderPath'"},
    ),
    # Linked services
    "linked service": (Kind.LINKED_SERVICE, rest(), {}),
    "its own parameter": (
        Kind.LINKED_SERVICE,
        linked_service(
            "AzureKeyVault",
            baseUrl="https://@{linkedService().v}.vault.azure.net/",
            parameters={"v": {"type": "String"}},
        ),
        {},
    ),
    "a parameter that it lacks": (
        Kind.LINKED_SERVICE,
        rest(url="@linkedService().hots"),
        {f"{T}.url": "the linked service has no parameter 'hots'"},
    ),
    "secret in a vault": (
        Kind.LINKED_SERVICE,
        rest(
            authenticationType="Basic",
            userName="me",
            password={"type": "AzureKeyVaultSecret", "store": reference("Vault"), "secretName": "rest"},
        ),
        {},
    ),
    "unknown vault": (
        Kind.LINKED_SERVICE,
        rest(password={"type": "AzureKeyVaultSecret", "store": reference("Safe"), "secretName": "rest"}),
        {f"{T}.password.store.referenceName": "no linked service 'Safe'"},
    ),
    "linked service type": (
        Kind.LINKED_SERVICE,
        linked_service("Snowflake", connectionString="x"),
        {f"{P}.type": "linked service type 'Snowflake' is not executed by the local Data Factory"},
    ),
    "enumeration of a linked service": (
        Kind.LINKED_SERVICE,
        rest(authenticationType="Token"),
        {f"{T}.authenticationType": "must be one of Anonymous, Basic"},
    ),
    # Triggers
    "trigger": (Kind.TRIGGER, schedule(starts("Daily", day="@trigger().scheduledTime")), {}),
    "pipeline of a trigger": (
        Kind.TRIGGER,
        schedule(starts("Dialy")),
        {f"{P}.pipelines[0].pipelineReference.referenceName": "did you mean 'Daily'?"},
    ),
    "parameter of that pipeline": (
        Kind.TRIGGER,
        schedule(starts("Daily")),
        {f"{P}.pipelines[0].parameters": "parameter 'day' of pipeline 'Daily' has no default and is not given"},
    ),
    "a parameter that it has not": (
        Kind.TRIGGER,
        schedule(starts("Daily", day="x", dya="y")),
        {f"{P}.pipelines[0].parameters.dya": "no parameter 'dya'; did you mean 'day'?"},
    ),
    "an activity in a trigger": (
        Kind.TRIGGER,
        schedule(starts("Daily", day="@activity('A').output.x")),
        {f"{P}.pipelines[0].parameters.day": "only in a pipeline"},
    ),
    "frequency": (
        Kind.TRIGGER,
        schedule(frequency="Dayly"),
        {f"{T}.recurrence.frequency": "one of NotSpecified, Minute, Hour, Day"},
    ),
    "trigger type": (
        Kind.TRIGGER,
        {"properties": {"type": "ScheduledTrigger", "typeProperties": {}}},
        {f"{P}.type": "did you mean 'ScheduleTrigger'"},
    ),
    # Global parameters, factories
    "global parameters": (Kind.GLOBAL_PARAMETERS, {"properties": {"a": {"type": "int", "value": 1}}}, {}),
    "value of a global parameter": (
        Kind.GLOBAL_PARAMETERS,
        {"properties": {"a": {"type": "Int", "value": "one"}}},
        {f"{P}.a.value": "must be Int"},
    ),
    "type of a global parameter": (
        Kind.GLOBAL_PARAMETERS,
        {"properties": {"a": {"type": "SecureString", "value": "x"}}},
        {f"{P}.a.type": "must be one of array, bool"},
    ),
    "factory": (Kind.FACTORY, {"location": "eastus", "tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}}, {}),
    "its global parameters": (
        Kind.FACTORY,
        {"location": "x", "properties": {"globalParameters": {"a": {"type": "Bool", "value": "yes"}}}},
        {f"{P}.globalParameters.a.value": "must be Bool"},
    ),
    "its network access": (
        Kind.FACTORY,
        {"properties": {"publicNetworkAccess": "Maybe"}},
        {f"{P}.publicNetworkAccess": "one of Enabled, Disabled"},
    ),
}
NAMES = {Kind.GLOBAL_PARAMETERS: "default"}


@pytest.mark.parametrize("case", CASES)
def test_judges(case: str) -> None:
    kind, document, expected = CASES[case]
    problems = validate(kind, NAMES.get(kind, "Name"), document, FACTORY)
    assert [item.path for item in problems] == list(expected), problems
    for item in problems:
        assert expected[item.path] in item.message


FACTORY_NAMES = {"ab": False, "abc": True, "a-b-c": True, "a--b": False, "a_b": False, "x" * 63: True, "x" * 64: False}


@pytest.mark.parametrize("name", FACTORY_NAMES)
def test_name_of_a_factory(name: str) -> None:
    assert (not validate(Kind.FACTORY, name, {}, FACTORY)) == FACTORY_NAMES[name]


LEAKS: dict[str, Json] = {
    "a wrong expression in a SecureString": rest(password={"type": "SecureString", "value": f"@concat('{SECRET}'"}),
    "an unknown function": rest(password={"type": "SecureString", "value": f"@secret('{SECRET}')"}),
    "an unknown parameter": rest(password=f"{SECRET}@{{linkedService().x}}"),
    "in a connection string": linked_service("AzureBlobStorage", connectionString=f"AccountKey={SECRET};@{{x}}"),
    "an enumeration": rest(authenticationType=SECRET),
    "a pattern": linked_service("AzureBlobStorage", accountKind=SECRET, connectionString=5),
    "in a place for something else": rest(password=[SECRET], userName={"a": SECRET}),
    "a type": {"properties": {"type": "RestService", "typeProperties": SECRET}},
}


@pytest.mark.parametrize("case", LEAKS)
def test_no_message_has_a_secret_in_it(case: str) -> None:
    problems = validate(Kind.LINKED_SERVICE, "Name", LEAKS[case], FACTORY)
    assert problems
    assert SECRET not in str(problems)


def test_no_message_quotes_a_password_of_a_web_activity() -> None:
    authentication = {
        "type": "Basic",
        "username": "me",
        "password": {"type": "SecureString", "value": f"@x('{SECRET}')"},
    }
    properties = {"url": "http://localhost/", "method": "GET", "authentication": authentication}
    document = {"properties": {"activities": [{"name": "A", "type": "WebActivity", "typeProperties": properties}]}}
    problems = validate(Kind.PIPELINE, "Name", document, FACTORY)
    assert [item.path for item in problems] == [f"{P}.activities[0].typeProperties.authentication.password.value"]
    assert SECRET not in str(problems)
