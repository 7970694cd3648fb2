"""Delete: removes blobs, and tells how many; with a log of them where one is asked for."""

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory import datasets, linked_services
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.answers import common
from local_azure.data_factory.copying.files import selection_of
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import refuse_store
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.datasets import BlobLocation
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.evaluation import is_expression
from local_azure.data_factory.linked_services import BlobStorage
from local_azure.data_factory.refusing import Shape, anything, as_flag, count, flag, text
from local_azure.data_factory.stores.blob import BlobAccount
from local_azure.data_factory.stores.blob_files import NOT_THERE, BlobFile, Selection, select
from local_azure.data_factory.stores.wildcards import has_wildcard

Json = Any
# `errorCode` of a Delete that failed.
FAILED = "2200"
PATH = "$.typeProperties"
PROPERTIES = Shape(
    what="a Delete activity",
    properties={
        "dataset": anything,
        "storeSettings": anything,
        "recursive": flag,
        "maxConcurrentConnections": count(1),
        "enableLogging": flag,
        "logStorageSettings": anything,
    },
)
LOG_SETTINGS = Shape(what="logStorageSettings", properties={"linkedServiceName": anything, "path": text})
LOG_HEADER = ("Name", "Category", "Status", "Error")


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a Delete has and is not done here."""
    yield from _refuse(activity.get("typeProperties") or {}, evaluated=False)


def _refuse(properties: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    yield from PROPERTIES.problems(properties, PATH, evaluated=evaluated)
    store = properties.get("storeSettings")
    yield from refuse_store(store, f"{PATH}.storeSettings", evaluated=evaluated)
    if isinstance(store, Mapping) and store.get("deleteFilesAfterCompletion"):
        yield Problem(path=f"{PATH}.storeSettings.deleteFilesAfterCompletion", message="is of a Copy, not of a Delete")
    settings = properties.get("logStorageSettings")
    if isinstance(settings, Mapping) and not is_expression(settings):
        yield from LOG_SETTINGS.problems(settings, f"{PATH}.logStorageSettings", evaluated=evaluated)
    if properties.get("enableLogging") in (True, "true") and not settings:
        yield Problem(path=f"{PATH}.logStorageSettings", message="is missing, and enableLogging is true")


async def run(context: ActivityContext) -> dict[str, Json]:
    """Deletes what is selected, and writes the log also when it fails half-way."""
    begun = asyncio.get_running_loop().time()
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in _refuse(properties, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        dataset = await datasets.resolve(context.properties["dataset"], context)
        location = dataset.location
        if not isinstance(location, BlobLocation):
            raise DataError(INVALID, f"Delete knows Blob Storage here, and dataset '{dataset.name}' is not in it")
        store = properties.get("storeSettings") or {}
        selection = _selection(location, properties, store)
        log = await _log(context, properties)
        deleted = await _delete(open_account(location.service, context), selection, log)
    output = {
        "datasetName": dataset.name,
        "type": "AzureBlobStorage",
        "containerName": selection.container,
        "folderPath": selection.folder,
        "fileName": selection.file,
        "prefix": selection.prefix,
        "recursive": selection.recursive,
        "isWildcardUsed": selection.wildcards,
        "maxConcurrentConnections": int(
            store.get("maxConcurrentConnections") or properties.get("maxConcurrentConnections") or 1
        ),
        "filesDeleted": deleted,
    }
    given = {name: value for name, value in output.items() if value != ""}
    return given | ({"logPath": log.path} if log else {}) | common(asyncio.get_running_loop().time() - begun)


def _selection(location: BlobLocation, properties: Mapping[str, Json], store: Mapping[str, Json]) -> Selection:
    recursive = as_flag(properties.get("recursive", False))
    # Of a Delete the file of the dataset may have wildcards.
    if has_wildcard(location.file) and not store.get("wildcardFileName"):
        store = {**store, "wildcardFileName": location.file}
    selection = selection_of(location, store, recursive=recursive)
    if not (selection.folder or selection.file or selection.wildcards or selection.prefix):
        raise DataError(
            INVALID,
            "Invalid delete activity payload with 'folderPath' that is required and cannot be empty: to empty the "
            "container, say so with wildcardFileName '*'",
        )
    return selection


class Log:
    """The names of what was deleted, as a file that is written at the end."""

    def __init__(self, account: BlobAccount, container: str, name: str) -> None:
        self._account = account
        self._container = container
        self._name = name
        self._text = io.StringIO()
        self._rows = csv.writer(self._text, lineterminator="\r\n")
        self._rows.writerow(LOG_HEADER)

    @property
    def path(self) -> str:
        return f"{self._account.shown}/{self._container}/{self._name}"

    def add(self, name: str, status: str, error: str = "") -> None:
        """One file."""
        self._rows.writerow((name, "File", status, error))

    async def write(self) -> None:
        """Makes the file."""
        async with self._account.writer(self._container, self._name) as writer:
            await writer.write(self._text.getvalue().encode())


async def _log(context: ActivityContext, properties: Mapping[str, Json]) -> Log | None:
    settings = properties.get("logStorageSettings")
    if not as_flag(properties.get("enableLogging") or False) or not settings:
        return None
    service = await linked_services.resolve(
        settings.get("linkedServiceName") or {},
        context,
        expected=BlobStorage,
        place=f"{PATH}.logStorageSettings.linkedServiceName",
    )
    container, _, folder = (settings.get("path") or "").strip("/").partition("/")
    if not container:
        raise DataError(INVALID, f"{PATH}.logStorageSettings.path must begin with the name of a container")
    name = f"{folder}/{context.activity_run_id}.csv" if folder else f"{context.activity_run_id}.csv"
    return Log(open_account(service, context), container, name)


async def _delete(account: BlobAccount, selection: Selection, log: Log | None) -> int:
    try:
        files = await select(account, selection)
    except DataError as error:
        # What is not there needs no deleting.
        if error.reason != NOT_THERE:
            raise
        files = []
    try:
        return await _delete_files(account, selection, files, log)
    finally:
        if log is not None:
            await log.write()


async def _delete_files(account: BlobAccount, selection: Selection, files: list[BlobFile], log: Log | None) -> int:
    deleted = 0
    for file in files:
        try:
            there = await account.delete(selection.container, file.blob.name)
        except DataError as error:
            if log is not None:
                log.add(file.blob.name, "Failed", error.message)
            raise
        deleted += there
        if log is not None:
            log.add(file.blob.name, "Deleted" if there else "Skipped")
    return deleted


DELETE = ActivityType(
    name="Delete", run=run, properties=PROPERTIES.names, after_restart=AfterRestart.FAIL, refuse=refuse
)
