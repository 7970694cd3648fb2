"""Validation: waits until a file or folder is there, and large or full enough."""

import asyncio
import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory import datasets
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.files import selection_of
from local_azure.data_factory.copying.items import Item, children, find_item
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import timespan
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.datasets import BlobLocation
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.refusing import Shape, anything, as_flag, count, flag
from local_azure.data_factory.stores.blob_files import Selection
from local_azure.data_factory.timespans import read as read_timespan

Json = Any
FAILED, TIMED_OUT = "2011", "ActivityTimeout"
PATH = "$.typeProperties"
TIMEOUT, SLEEP_SECONDS = "0.12:00:00", 10
PROPERTIES = Shape(
    what="a Validation activity",
    properties={
        "dataset": anything,
        "timeout": timespan,
        "sleep": count(1),
        "minimumSize": count(0),
        "childItems": flag,
    },
)
# In the checkpoint: when the time is up, also after a restart.
DEADLINE = "deadline"


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a Validation has and is not done here."""
    yield from PROPERTIES.problems(activity.get("typeProperties") or {}, PATH)


async def run(context: ActivityContext) -> dict[str, Json]:
    """Looks until all is as it should be."""
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in PROPERTIES.problems(properties, PATH, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        deadline = _deadline(context, properties)
        dataset = await datasets.resolve(context.properties["dataset"], context)
        location = dataset.location
        if not isinstance(location, BlobLocation):
            raise DataError(INVALID, f"Validation knows Blob Storage here, and dataset '{dataset.name}' is not in it")
        selection = selection_of(location, {})
        account = open_account(location.service, context)
        sleep = int(properties.get("sleep") or SLEEP_SECONDS)
        while True:
            item = await find_item(account, selection)
            missing = _missing(item, properties)
            if item is not None and not missing:
                return _output(item, selection)
            left = (deadline - context.services.now()).total_seconds()
            if left <= 0:
                raise ActivityError(TIMED_OUT, f"Activity timed out: dataset '{dataset.name}' {missing}")
            await asyncio.sleep(min(sleep, left))


def _deadline(context: ActivityContext, properties: Mapping[str, Json]) -> datetime.datetime:
    kept = context.checkpoint.get(DEADLINE)
    if kept is not None:
        return datetime.datetime.fromisoformat(kept)
    deadline = context.services.now() + read_timespan(properties.get("timeout") or TIMEOUT)
    context.checkpoint.put(DEADLINE, deadline.isoformat())
    return deadline


def _missing(item: Item | None, properties: Mapping[str, Json]) -> str:
    """What is not as it should be, empty if nothing."""
    if item is None:
        return "does not exist"
    if item.file is not None:
        if properties.get("childItems") is not None:
            raise DataError(INVALID, f"childItems is for folders, and '{item.name}' is a file")
        least = int(properties.get("minimumSize") or 0)
        return "" if item.file.size >= least else f"has {item.file.size} bytes, and minimumSize is {least}"
    if properties.get("minimumSize") is not None:
        raise DataError(INVALID, f"minimumSize is for files, and '{item.name}' is a folder")
    if properties.get("childItems") is None:
        return ""
    assert item.content is not None
    full = bool(item.content.blobs or item.content.folders)
    if as_flag(properties["childItems"]):
        return "" if full else "has no child items"
    return "has child items" if full else ""


def _output(item: Item, selection: Selection) -> dict[str, Json]:
    found: dict[str, Json] = {"exists": True, "itemName": item.name, "itemType": item.type}
    if item.modified is not None:
        found["lastModified"] = item.modified.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if item.file is not None:
        return found | {"size": item.file.size}
    assert item.content is not None
    return found | {"childItems": children(item.content, selection)}


VALIDATION = ActivityType(
    name="Validation",
    run=run,
    properties=PROPERTIES.names,
    after_restart=AfterRestart.RESUME,
    policy=False,
    refuse=refuse,
)
