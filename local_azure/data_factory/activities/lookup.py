"""Lookup: rows of a file, an answer or a query as the output of the activity."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from local_azure.data_factory import datasets
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.answers import MAX_BYTES, MAX_ROWS, check_size, common, size_of, to_json
from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.reading import RowSource, check_source
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import refuse_source
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.refusing import Shape, anything, as_flag, flag

Json = Any
FAILED = "2100"
PATH = "$.typeProperties"
PROPERTIES = Shape(
    what="a Lookup activity",
    properties={"source": anything, "dataset": anything, "firstRowOnly": flag, "treatDecimalAsString": flag},
)
# Sources that only read; a query or a POST may change something.
HARMLESS = frozenset({"DelimitedTextSource", "JsonSource", "ParquetSource", "RestSource"})


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a Lookup has and is not done here."""
    yield from _refuse(activity.get("typeProperties") or {}, evaluated=False)


def _refuse(properties: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    yield from PROPERTIES.problems(properties, PATH, evaluated=evaluated)
    source = properties.get("source")
    yield from refuse_source(source, f"{PATH}.source", evaluated=evaluated)
    if not isinstance(source, Mapping):
        return
    if source.get("type") == "BinarySource":
        yield Problem(path=f"{PATH}.source.type", message="a BinarySource has no rows to look up")
    store = source.get("storeSettings")
    deletes = isinstance(store, Mapping) and store.get("deleteFilesAfterCompletion")
    if deletes and str(deletes).lower() != "false":
        yield Problem(
            path=f"{PATH}.source.storeSettings.deleteFilesAfterCompletion", message="a Lookup deletes no files"
        )


def after_restart(activity: Mapping[str, Json]) -> AfterRestart:
    """What only reads is done again."""
    source = (activity.get("typeProperties") or {}).get("source") or {}
    store = source.get("storeSettings") or {}
    methods = (source.get("requestMethod") or "GET", store.get("requestMethod") or "GET")
    gets = all(isinstance(method, str) and method.upper() == "GET" for method in methods)
    return AfterRestart.REPEAT if source.get("type") in HARMLESS and gets else AfterRestart.FAIL


async def run(context: ActivityContext) -> dict[str, Json]:
    """Reads the first row, or up to MAX_ROWS of them."""
    begun = asyncio.get_running_loop().time()
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in _refuse(properties, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        first_only = as_flag(properties.get("firstRowOnly", True))
        rows = await _rows(context, properties, 1 if first_only else MAX_ROWS)
        found: dict[str, Json] = {"count": len(rows), "value": rows}
        if first_only:
            found = {"firstRow": rows[0]} if rows else {}
        check_size(found)
    return found | common(asyncio.get_running_loop().time() - begun)


async def _rows(context: ActivityContext, properties: Mapping[str, Json], most: int) -> list[Json]:
    source = properties["source"]
    dataset = await datasets.resolve(context.properties["dataset"], context)
    check_source(dataset, source)
    as_text = as_flag(properties.get("treatDecimalAsString") or False)
    reader = RowSource(dataset=dataset, settings=source, context=context, counters=Counters())
    found: list[Json] = []
    size = 0
    async for part in reader.parts():
        with closing(part.table):
            async for batch in part.table.batches:
                for row in batch[: most - len(found)]:
                    found.append(to_json(row, decimal_as_text=as_text))
                    size += size_of(found[-1])
                # No need to read on when it is too much already: the check tells.
                if len(found) == most or size > MAX_BYTES:
                    return found
    return found


LOOKUP = ActivityType(name="Lookup", run=run, properties=PROPERTIES.names, after_restart=after_restart, refuse=refuse)
