"""GetMetadata, Delete and Validation on real blobs."""

import asyncio
import base64
import csv
import datetime
import hashlib
import io
from typing import Any

import pytest

from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.delete import DELETE
from local_azure.data_factory.activities.get_metadata import GET_METADATA
from local_azure.data_factory.activities.validation import DEADLINE, VALIDATION
from local_azure.storage import BlobAccount
from tests.data_factory.lab import Lab, blob_settings, lab_of, reference
from tests.data_factory.world import Ran
from tests.fakes.activity_context import MemoryCheckpoint

pytestmark = pytest.mark.integration
Json = Any
COMMON = {"effectiveIntegrationRuntime", "executionDuration", "durationInQueue"}
PARQUET_SINK = {"type": "ParquetSink", "storeSettings": {"type": "AzureBlobStorageWriteSettings"}}


@pytest.fixture
def lab(azurite: BlobAccount) -> Lab:
    found = lab_of(azurite, "http://127.0.0.1:9")
    for name, data in (
        ("in/a.csv", b"id,name\n1,x\n"),
        ("in/b.txt", b"BB"),
        ("in/sub/c.txt", b"C"),
        ("in/sub/x/d", b""),
    ):
        found.put(name, data)
    return found


def ask(lab: Lab, name: str, *fields: str, **more: Json) -> Ran:
    return lab.run(GET_METADATA, {"dataset": reference(name, "Dataset"), "fieldList": list(fields), **more})


def metadata(ran: Ran) -> dict[str, Json]:
    assert ran.error is None, ran.error
    return {name: value for name, value in ran.output.items() if name not in COMMON}


def modified(lab: Lab, name: str) -> str:
    with lab.client as client:
        time = client.get_blob_client(name).get_blob_properties().last_modified
    return str(time.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_all_fields_of_a_file(lab: Lab) -> None:
    name = lab.blob("DelimitedText", "in", "a.csv", firstRowAsHeader=True)
    fields = ("itemName", "itemType", "size", "lastModified", "contentMD5", "structure", "columnCount", "exists")
    assert metadata(ask(lab, name, *fields)) == {
        "itemName": "a.csv",
        "itemType": "File",
        "size": 12,
        "lastModified": modified(lab, "in/a.csv"),
        "contentMD5": base64.b64encode(hashlib.md5(b"id,name\n1,x\n").digest()).decode(),
        "structure": [{"name": "id", "type": "String"}, {"name": "name", "type": "String"}],
        "columnCount": 2,
        "exists": True,
    }


def test_all_fields_of_a_folder(lab: Lab) -> None:
    lab.put("in/empty", b"", metadata={"hdi_isfolder": "true"})
    found = metadata(ask(lab, lab.blob("Binary", "in"), "exists", "itemName", "itemType", "childItems"))
    assert found == {
        "exists": True,
        "itemName": "in",
        "itemType": "Folder",
        "childItems": [
            {"name": "a.csv", "type": "File"},
            {"name": "b.txt", "type": "File"},
            {"name": "sub", "type": "Folder"},
        ],
    }
    assert metadata(ask(lab, lab.blob("Binary", "in/empty"), "exists", "childItems")) == {
        "exists": True,
        "childItems": [],
    }


def test_a_container_is_a_folder(lab: Lab) -> None:
    found = metadata(ask(lab, lab.blob("Binary"), "itemName", "childItems", "lastModified"))
    assert found["itemName"] == lab.container
    assert found["childItems"] == [{"name": "in", "type": "Folder"}]
    datetime.datetime.strptime(found["lastModified"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def test_only_files_of_a_time_are_children(lab: Lab) -> None:
    store = blob_settings(modifiedDatetimeStart="2020-01-01T00:00:00Z")
    names = [
        c["name"] for c in metadata(ask(lab, lab.blob("Binary", "in"), "childItems", storeSettings=store))["childItems"]
    ]
    assert names == ["a.csv", "b.txt"]
    store = blob_settings(modifiedDatetimeEnd="2020-01-01T00:00:00Z", recursive=True)
    assert metadata(ask(lab, lab.blob("Binary", "in"), "childItems", storeSettings=store)) == {"childItems": []}


@pytest.mark.parametrize(("folder", "file"), [("in", "missing"), ("nowhere", ""), ("in", "sub")])
def test_what_is_missing_fails_unless_exists_is_asked(lab: Lab, folder: str, file: str) -> None:
    name = lab.blob("Binary", folder, file)
    assert metadata(ask(lab, name, "size", "exists", "itemName")) == {"exists": False}
    code, message = ask(lab, name, "itemName").failure
    assert code == "2011"
    assert "does not exist" in message
    none = lab.blob("Binary", folder, file, container="no-such-container")
    assert metadata(ask(lab, none, "exists")) == {"exists": False}


def test_the_columns_of_a_parquet_file(lab: Lab) -> None:
    lab.put("in/o.json", b'{"id": 1, "x": 0.5, "t": "a"}')
    sink = lab.blob("Parquet", "in", "p.parquet")
    lab.copy(lab.blob("Json", "in", "o.json"), sink, {"source": {"type": "JsonSource"}, "sink": PARQUET_SINK})
    assert metadata(ask(lab, sink, "structure", "columnCount")) == {
        "structure": [
            {"name": "id", "type": "Int64"},
            {"name": "x", "type": "Double"},
            {"name": "t", "type": "String"},
        ],
        "columnCount": 3,
    }


@pytest.mark.parametrize(
    ("file", "field", "reason"),
    [
        ("a.csv", "childItems", "is of a Folder"),
        ("", "size", "is of a File"),
        ("", "lastModified", "has no lastModified"),
        ("a.csv", "structure", "no columns to tell of"),
    ],
)
def test_fields_that_do_not_apply_fail(lab: Lab, file: str, field: str, reason: str) -> None:
    code, message = ask(lab, lab.blob("Binary", "in", file), field).failure
    assert code == "2011"
    assert reason in message


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"fieldList": ["size", "colour"]}, "$.typeProperties.fieldList[1]"),
        ({"fieldList": ["created"]}, "$.typeProperties.fieldList[0]"),
        ({"storeSettings": blob_settings(wildcardFileName="*")}, "$.typeProperties.storeSettings.wildcardFileName"),
        ({"formatSettings": {"type": "ExcelReadSettings"}}, "$.typeProperties.formatSettings.type"),
    ],
)
def test_refused_by_name(change: dict[str, Json], path: str) -> None:
    properties = {"dataset": reference("d", "Dataset"), "fieldList": ["exists"]} | change
    assert path in [problem.path for problem in GET_METADATA.refuse({"typeProperties": properties})]


# Delete.


def delete(lab: Lab, name: str, **properties: Json) -> Ran:
    return lab.run(DELETE, {"dataset": reference(name, "Dataset"), **properties})


@pytest.mark.parametrize(
    ("folder", "file", "store", "left"),
    [
        ("in", "", {"recursive": True}, []),
        ("in", "", {}, ["in/sub/c.txt", "in/sub/x/d"]),
        ("in", "b.txt", {}, ["in/a.csv", "in/sub/c.txt", "in/sub/x/d"]),
        ("in", "*.txt", {}, ["in/a.csv", "in/sub/c.txt", "in/sub/x/d"]),
        ("in", "*.txt", {"recursive": True}, ["in/a.csv", "in/sub/x/d"]),
        ("in", "", {"recursive": True, "wildcardFileName": "?.txt"}, ["in/a.csv", "in/sub/x/d"]),
        ("", "", {"prefix": "in/s"}, ["in/a.csv", "in/b.txt"]),
        (
            "in",
            "",
            {"recursive": True, "modifiedDatetimeEnd": "2018-01-01"},
            ["in/a.csv", "in/b.txt", "in/sub/c.txt", "in/sub/x/d"],
        ),
        ("nowhere", "", {"recursive": True}, ["in/a.csv", "in/b.txt", "in/sub/c.txt", "in/sub/x/d"]),
        ("in", "missing", {}, ["in/a.csv", "in/b.txt", "in/sub/c.txt", "in/sub/x/d"]),
    ],
)
def test_what_is_deleted(lab: Lab, folder: str, file: str, store: dict[str, Json], left: list[str]) -> None:
    ran = delete(lab, lab.blob("Binary", folder, file), storeSettings=blob_settings(**store))
    assert ran.error is None, ran.error
    assert lab.names() == left
    assert ran.output["filesDeleted"] == 4 - len(left)
    assert ran.output["recursive"] is store.get("recursive", False)
    assert ran.output["type"] == "AzureBlobStorage"


def test_recursive_may_stand_beside_the_dataset(lab: Lab) -> None:
    assert delete(lab, lab.blob("Binary", "in"), recursive=True).output["filesDeleted"] == 4


def test_a_whole_container_is_emptied_only_when_that_is_said(lab: Lab) -> None:
    store = blob_settings(recursive=True)
    assert "'folderPath' that is required" in delete(lab, lab.blob("Binary"), storeSettings=store).failure[1]
    assert len(lab.names()) == 4
    store = blob_settings(recursive=True, wildcardFileName="*")
    assert delete(lab, lab.blob("Binary"), storeSettings=store).output["filesDeleted"] == 4


def test_the_log_names_what_was_deleted(lab: Lab) -> None:
    logging = {"linkedServiceName": reference("storage", "LinkedService"), "path": f"{lab.container}/log/deleted"}
    name = lab.blob("Binary", "in/sub")
    ran = delete(lab, name, storeSettings=blob_settings(recursive=True), enableLogging=True, logStorageSettings=logging)
    path = ran.output["logPath"]
    prefix = f"https://{lab.account.name}.blob.core.windows.net/{lab.container}/"
    assert path.startswith(f"{prefix}log/deleted/")
    rows = list(csv.reader(io.StringIO(lab.get(path.removeprefix(prefix)).decode(), newline="")))
    assert rows == [
        ["Name", "Category", "Status", "Error"],
        ["in/sub/c.txt", "File", "Deleted", ""],
        ["in/sub/x/d", "File", "Deleted", ""],
    ]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"enableLogging": True}, "$.typeProperties.logStorageSettings"),
        ({"logStorageSettings": {"logLevel": "Info"}}, "$.typeProperties.logStorageSettings.logLevel"),
        ({"storeSettings": {"type": "SftpReadSettings"}}, "$.typeProperties.storeSettings.type"),
    ],
)
def test_delete_refuses_by_name(change: dict[str, Json], path: str) -> None:
    properties = {"dataset": reference("d", "Dataset")} | change
    assert path in [problem.path for problem in DELETE.refuse({"typeProperties": properties})]


def test_a_dataset_elsewhere_is_refused(lab: Lab) -> None:
    assert "Blob Storage" in delete(lab, lab.http("Binary", "x")).failure[1]
    assert "Blob Storage" in ask(lab, lab.http("Binary", "x"), "exists").failure[1]


# Validation.


def validate(lab: Lab, name: str, *, checkpoint: MemoryCheckpoint | None = None, **properties: Json) -> Ran:
    return lab.run(VALIDATION, {"dataset": reference(name, "Dataset"), **properties}, checkpoint=checkpoint)


def test_what_is_there_is_told(lab: Lab) -> None:
    assert validate(lab, lab.blob("Binary", "in", "b.txt"), minimumSize=2).output == {
        "exists": True,
        "itemName": "b.txt",
        "itemType": "File",
        "lastModified": modified(lab, "in/b.txt"),
        "size": 2,
    }
    folder = validate(lab, lab.blob("Binary", "in/sub"), childItems=True).output
    assert folder["childItems"] == [{"name": "c.txt", "type": "File"}, {"name": "x", "type": "Folder"}]


@pytest.mark.parametrize(
    ("folder", "file", "wanted", "reason"),
    [
        ("in", "missing", {}, "does not exist"),
        ("in", "b.txt", {"minimumSize": 3}, "has 2 bytes, and minimumSize is 3"),
        ("in", "", {"childItems": False}, "has child items"),
    ],
)
def test_what_does_not_come_in_time_fails(
    lab: Lab, folder: str, file: str, wanted: dict[str, Json], reason: str
) -> None:
    code, message = validate(lab, lab.blob("Binary", folder, file), timeout="00:00:00.3", sleep=1, **wanted).failure
    assert code == "ActivityTimeout"
    assert reason in message


def test_it_waits_for_a_blob_that_comes_later(lab: Lab) -> None:
    """Two attempts in one loop: the second makes what the first waits for."""
    from dataclasses import replace

    from tests.fakes.activity_context import attempt

    name = lab.blob("Binary", "later", "a")
    document = {
        "name": "a",
        "type": "Validation",
        "typeProperties": {"dataset": reference(name, "Dataset"), "sleep": 1},
    }

    async def main() -> Json:
        world = replace(lab.world, datasets=lab.datasets)
        async with world.services() as services:
            waiting = asyncio.create_task(
                VALIDATION.run(attempt(document, services, resources=world.documents).context)
            )
            # Until it sleeps: it has looked once.
            while not waiting.done() and not lab.names("later"):
                await asyncio.sleep(0)
                await asyncio.to_thread(lab.put, "later/a", b"A")
            return await asyncio.wait_for(waiting, 30)

    assert asyncio.run(main())["exists"] is True


def test_the_time_goes_on_over_a_restart(lab: Lab) -> None:
    kept = MemoryCheckpoint(values={DEADLINE: "2020-01-01T00:00:00+00:00"})
    ran = validate(lab, lab.blob("Binary", "in", "missing"), checkpoint=kept, timeout="0.12:00:00")
    assert ran.failure[0] == "ActivityTimeout"
    assert VALIDATION.when_restarted({}) is AfterRestart.RESUME
    assert VALIDATION.policy is False


@pytest.mark.parametrize(("file", "wanted"), [("b.txt", {"childItems": True}), ("", {"minimumSize": 1})])
def test_what_makes_no_sense_fails_at_once(lab: Lab, file: str, wanted: dict[str, Json]) -> None:
    code, message = validate(lab, lab.blob("Binary", "in", file), **wanted).failure
    assert code == "2011"
    assert "is for" in message


@pytest.mark.parametrize(
    ("change", "path"), [({"sleep": 0}, "$.typeProperties.sleep"), ({"timeout": "soon"}, "$.typeProperties.timeout")]
)
def test_validation_refuses_by_name(change: dict[str, Json], path: str) -> None:
    properties = {"dataset": reference("d", "Dataset")} | change
    assert path in [problem.path for problem in VALIDATION.refuse({"typeProperties": properties})]
