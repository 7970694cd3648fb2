"""Copy: moves data from a source to files in Blob Storage."""

import asyncio
import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory import datasets
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.answers import RUNTIME
from local_azure.data_factory.copying.copying import PARALLEL, BinaryCopy, copy_rows
from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.files import open_files
from local_azure.data_factory.copying.reading import RowSource, check_source
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import refuse_sink, refuse_source
from local_azure.data_factory.copying.translator import read_translator, refuse_translator
from local_azure.data_factory.copying.writing import Sink, open_sink
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.datasets import ResolvedDataset
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.refusing import Shape, anything, as_flag, count, off

Json = Any
# `errorCode` of a Copy that failed, whatever the reason.
FAILED = "2200"
UNITS = 4
PROPERTIES = Shape(
    what="a Copy activity",
    properties={
        "source": anything,
        "sink": anything,
        "translator": anything,
        "parallelCopies": count(1),
        # Of the machines of Azure: reported, and without effect on this one.
        "dataIntegrationUnits": count(2),
        "enableStaging": off("leave it out, the data goes straight to the sink"),
        "enableSkipIncompatibleRow": off("a row that does not fit fails the activity"),
        "validateDataConsistency": off("leave it out"),
    },
    remedies={"skipErrorFile": "a file that cannot be copied fails the activity"},
)
PATH = "$.typeProperties"


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a Copy has and is not done here."""
    properties = activity.get("typeProperties") or {}
    yield from _refuse(properties, evaluated=False)
    for name in ("inputs", "outputs"):
        references = activity.get(name)
        if not isinstance(references, list) or len(references) != 1:
            yield Problem(path=f"$.{name}", message="a Copy activity has exactly one")


def _refuse(properties: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    yield from PROPERTIES.problems(properties, PATH, evaluated=evaluated)
    yield from refuse_source(properties.get("source"), f"{PATH}.source", evaluated=evaluated)
    yield from refuse_sink(properties.get("sink"), f"{PATH}.sink", evaluated=evaluated)
    yield from refuse_translator(properties.get("translator"), f"{PATH}.translator", evaluated=evaluated)
    source, sink = properties.get("source"), properties.get("sink")
    if not (isinstance(source, Mapping) and isinstance(sink, Mapping)):
        return
    if (source.get("type") == "BinarySource") != (sink.get("type") == "BinarySink"):
        yield Problem(path=f"{PATH}.sink.type", message="bytes are copied from a BinarySource to a BinarySink only")
    store = source.get("storeSettings")
    deletes = isinstance(store, Mapping) and store.get("deleteFilesAfterCompletion")
    if deletes and str(deletes).lower() != "false" and source.get("type") != "BinarySource":
        yield Problem(
            path=f"{PATH}.source.storeSettings.deleteFilesAfterCompletion",
            message="files are deleted after a copy from a BinarySource only",
        )
    if source.get("type") == "BinarySource" and properties.get("translator") is not None:
        yield Problem(path=f"{PATH}.translator", message="a copy of bytes has no columns to map")


async def run(context: ActivityContext) -> dict[str, Json]:
    """Copies, and tells how much."""
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in _refuse(properties, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        return await _copy(context, properties)


async def _copy(context: ActivityContext, properties: Mapping[str, Json]) -> dict[str, Json]:
    started, begun = context.services.now(), asyncio.get_running_loop().time()
    source_document, sink_document = properties["source"], properties["sink"]
    source = await datasets.resolve(_only(context, "inputs"), context, place="$.inputs[0]")
    sink_dataset = await datasets.resolve(_only(context, "outputs"), context, place="$.outputs[0]")
    check_source(source, source_document)
    sink = open_sink(sink_dataset, sink_document, context)
    counters = Counters()
    at_once = 1
    if source_document["type"] == "BinarySource":
        at_once = await _binary(context, source, sink, properties, counters)
    else:
        rows = RowSource(dataset=source, settings=source_document, context=context, counters=counters)
        await copy_rows(rows, sink, read_translator(properties.get("translator")), counters)
    seconds = asyncio.get_running_loop().time() - begun
    return _output(source, counters, properties, started=started, seconds=seconds, at_once=at_once)


def _only(context: ActivityContext, name: str) -> Mapping[str, Json]:
    references = context.document.get(name)
    if not isinstance(references, list) or len(references) != 1:
        raise DataError(INVALID, f"$.{name}: a Copy activity has exactly one")
    found: Mapping[str, Json] = references[0]
    return found


async def _binary(
    context: ActivityContext, source: ResolvedDataset, sink: Sink, properties: Mapping[str, Json], counters: Counters
) -> int:
    store = properties["source"].get("storeSettings") or {}
    limits = [properties.get("parallelCopies") or PARALLEL, store.get("maxConcurrentConnections")]
    limits += [properties["sink"].get("maxConcurrentConnections")]
    limits += [(properties["sink"].get("storeSettings") or {}).get("maxConcurrentConnections")]
    return await BinaryCopy(
        source=open_files(source.location, store, context),
        sink=sink,
        compression=source.compression,
        delete_after=as_flag(store.get("deleteFilesAfterCompletion") or False),
        parallel=min(int(limit) for limit in limits if limit),
        counters=counters,
    ).run()


def _output(
    source: ResolvedDataset,
    counters: Counters,
    properties: Mapping[str, Json],
    *,
    started: datetime.datetime,
    seconds: float,
    at_once: int,
) -> dict[str, Json]:
    """What Azure's monitoring page shows of a Copy; durations are whole seconds, throughput is in KB a second."""
    duration = math.ceil(seconds)
    units = int(properties.get("dataIntegrationUnits") or UNITS)
    rows = properties["source"]["type"] != "BinarySource"
    counts = {"dataRead": counters.data_read, "dataWritten": counters.data_written}
    if counters.files_read:
        counts["filesRead"] = counters.files_read
    counts["filesWritten"] = counters.files_written
    if rows:
        counts |= {"rowsRead": counters.rows_read, "rowsCopied": counters.rows_copied}
    return {
        **counts,
        "sourcePeakConnections": at_once,
        "sinkPeakConnections": at_once,
        "copyDuration": duration,
        "throughput": round(counters.data_read / max(duration, 1) / 1024, 3),
        "errors": [],
        "effectiveIntegrationRuntime": RUNTIME,
        "usedDataIntegrationUnits": units,
        "usedParallelCopies": at_once,
        "executionDetails": [
            {
                "source": {"type": SOURCE_STORES[type(source.location)]},
                "sink": {"type": "AzureBlobStorage"},
                "status": "Succeeded",
                "start": started.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
                "duration": duration,
                "usedDataIntegrationUnits": units,
                "usedParallelCopies": at_once,
                "detailedDurations": {"queuingDuration": 0, "transferDuration": duration},
            }
        ],
        "durationInQueue": {"integrationRuntimeQueue": 0},
    }


SOURCE_STORES: Mapping[type, str] = {
    datasets.BlobLocation: "AzureBlobStorage",
    datasets.HttpLocation: "HttpServer",
    datasets.RestLocation: "RestService",
    datasets.TableLocation: "AzurePostgreSql",
}
COPY = ActivityType(
    name="Copy",
    run=run,
    properties=PROPERTIES.names,
    after_restart=AfterRestart.FAIL,
    refuse=refuse,
)
