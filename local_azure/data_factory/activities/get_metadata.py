"""GetMetadata: what is known of a file, a folder or its columns."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory import datasets
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.answers import check_size, common
from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.files import selection_of
from local_azure.data_factory.copying.items import Item, children, find_item
from local_azure.data_factory.copying.reading import RowSource
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import refuse_read_format, refuse_store
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.datasets import BlobLocation, ResolvedDataset
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.refusing import Shape, anything
from local_azure.data_factory.stores.blob_files import NOT_THERE, Selection

Json = Any
FAILED = "2011"
PATH = "$.typeProperties"
PROPERTIES = Shape(
    what="a GetMetadata activity",
    properties={"dataset": anything, "fieldList": anything, "storeSettings": anything, "formatSettings": anything},
)
EXISTS = "exists"
# Of blobs the service does not tell when they were made.
NOT_OF_BLOBS = "created"
FILTERS = ("wildcardFolderPath", "wildcardFileName", "prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked about, and what was found."""

    context: ActivityContext = field(repr=False)
    dataset: ResolvedDataset
    settings: Mapping[str, Json]
    selection: Selection
    item: Item


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a GetMetadata has and is not done here."""
    properties = activity.get("typeProperties") or {}
    yield from _refuse(properties, evaluated=False)
    for index, name in enumerate(properties.get("fieldList") or ()):
        yield from _refuse_field(name, index)


def _refuse(properties: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    yield from PROPERTIES.problems(properties, PATH, evaluated=evaluated)
    store = properties.get("storeSettings")
    yield from refuse_store(store, f"{PATH}.storeSettings", evaluated=evaluated)
    yield from refuse_read_format(properties.get("formatSettings"), f"{PATH}.formatSettings", evaluated=evaluated)
    for name in FILTERS:
        if isinstance(store, Mapping) and store.get(name):
            yield Problem(path=f"{PATH}.storeSettings.{name}", message="GetMetadata takes no wildcards and no prefix")


def _refuse_field(name: Json, index: int) -> Iterator[Problem]:
    if isinstance(name, str) and "@" not in name and name.lower() not in FIELDS:
        known = ", ".join(sorted(field.name for field in FIELDS.values()))
        reason = (
            "blobs have no time of creation for GetMetadata: use lastModified"
            if name.lower() == NOT_OF_BLOBS
            else f"'{name}' is not a field that is known: use {known}"
        )
        yield Problem(path=f"{PATH}.fieldList[{index}]", message=reason)


async def run(context: ActivityContext) -> dict[str, Json]:
    """Looks up the fields that are asked for, in their order."""
    begun = asyncio.get_running_loop().time()
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in _refuse(properties, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        found = await _fields(context, properties, _field_list(properties.get("fieldList")))
        check_size(found)
    return found | common(asyncio.get_running_loop().time() - begun)


def _field_list(value: Json) -> list[str]:
    if not isinstance(value, list) or not value:
        raise DataError(INVALID, f"{PATH}.fieldList must be an array with at least one field")
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise DataError(INVALID, f"{PATH}.fieldList[{index}] must be a text")
        for problem in _refuse_field(name, index):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
    return value


async def _fields(context: ActivityContext, properties: Mapping[str, Json], names: list[str]) -> dict[str, Json]:
    dataset = await datasets.resolve(context.properties["dataset"], context)
    location = dataset.location
    if not isinstance(location, BlobLocation):
        raise DataError(
            INVALID, f"GetMetadata knows files in Blob Storage here, and dataset '{dataset.name}' is none of these"
        )
    settings = properties.get("storeSettings") or {}
    selection = selection_of(location, settings)
    item = await find_item(open_account(location.service, context), selection)
    wanted = [name.lower() for name in names]
    if item is None:
        if EXISTS in wanted:
            return {EXISTS: False}
        path = "/".join(part for part in (selection.container, selection.folder, selection.file) if part)
        raise DataError(NOT_THERE, f"'{path}' does not exist: ask for 'exists' where that is no failure")
    asked = Asked(context=context, dataset=dataset, settings=properties, selection=selection, item=item)
    found: dict[str, Json] = {}
    for name in wanted:
        field_ = FIELDS[name]
        if item.type not in field_.of:
            raise DataError(
                INVALID, f"field '{field_.name}' is of a {field_.of[0]}, and '{item.name}' is a {item.type}"
            )
        found[field_.name] = await field_.find(asked)
    return found


async def _structure(asked: Asked) -> list[Json]:
    if asked.dataset.format is None or not asked.dataset.format.tabular:
        raise DataError(INVALID, f"a file of a dataset of type {asked.dataset.type} has no columns to tell of")
    source = RowSource(dataset=asked.dataset, settings=asked.settings, context=asked.context, counters=Counters())
    async for part in source.parts():
        with closing(part.table):
            return [{"name": column.name, "type": str(column.type)} for column in part.table.columns or ()]
    return []


async def _column_count(asked: Asked) -> int:
    return len(await _structure(asked))


def _plain(find: Callable[[Asked], Json]) -> Callable[[Asked], Awaitable[Json]]:
    async def found(asked: Asked) -> Json:
        return find(asked)

    return found


def _modified(asked: Asked) -> str:
    if asked.item.modified is None:
        raise DataError(INVALID, f"a folder in Blob Storage has no lastModified: '{asked.item.name}' is one")
    return asked.item.modified.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(asked: Asked) -> int:
    assert asked.item.file is not None
    return asked.item.file.size


def _md5(asked: Asked) -> str | None:
    assert asked.item.file is not None
    return asked.item.file.md5 or None


def _children(asked: Asked) -> list[dict[str, str]]:
    assert asked.item.content is not None
    return children(asked.item.content, asked.selection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: of which types of items, and how it is found."""

    name: str
    of: tuple[str, ...]
    find: Callable[[Asked], Awaitable[Json]]


FILE, FOLDER = "File", "Folder"
FIELDS: Mapping[str, Field] = {
    field.name.lower(): field
    for field in (
        Field(name="childItems", of=(FOLDER,), find=_plain(_children)),
        Field(name="columnCount", of=(FILE,), find=_column_count),
        Field(name="contentMD5", of=(FILE,), find=_plain(_md5)),
        Field(name=EXISTS, of=(FILE, FOLDER), find=_plain(lambda asked: True)),
        Field(name="itemName", of=(FILE, FOLDER), find=_plain(lambda asked: asked.item.name)),
        Field(name="itemType", of=(FILE, FOLDER), find=_plain(lambda asked: asked.item.type)),
        Field(name="lastModified", of=(FILE, FOLDER), find=_plain(_modified)),
        Field(name="size", of=(FILE,), find=_plain(_size)),
        Field(name="structure", of=(FILE,), find=_structure),
    )
}
GET_METADATA = ActivityType(
    name="GetMetadata", run=run, properties=PROPERTIES.names, after_restart=AfterRestart.REPEAT, refuse=refuse
)
