"""What sources, sinks and their settings may have: a row each, and what is refused by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.evaluation import is_expression
from local_azure.data_factory.refusing import Check, Shape, anything, count, flag, off, one_of, text
from local_azure.data_factory.timespans import TimespanError, read

Json = Any
METHODS = one_of(("GET", "POST"))


def timespan(value: Json) -> str | None:
    """Checks [d.]hh:mm:ss."""
    if not isinstance(value, str):
        return f"must be a timespan such as 00:01:40, but is {value!r}"
    try:
        read(value)
    except TimespanError as error:
        return str(error)
    return None


def _source(name: str, **properties: Check) -> Shape:
    # There are no metrics of stores here to switch off.
    common = {"type": text, "disableMetricsCollection": flag, "maxConcurrentConnections": count(1)}
    return Shape(what=f"a {name}", properties=common | properties, remedies=_SOURCE_REMEDIES)


_SOURCE_REMEDIES: Mapping[str, str] = {
    "sourceRetryCount": "use the retry of the activity's policy",
    "sourceRetryWait": "use the retryIntervalInSeconds of the activity's policy",
    "fileListPath": "use a Lookup of the list and a ForEach",
    "partitionRootPath": "use additionalColumns with $$FILEPATH",
}
FILES: Mapping[str, Check] = {"storeSettings": anything, "formatSettings": anything}
ROWS: Mapping[str, Check] = {**FILES, "additionalColumns": anything}

SOURCES: Mapping[str, Shape] = {
    "BinarySource": _source("BinarySource", **FILES),
    "DelimitedTextSource": _source("DelimitedTextSource", **ROWS),
    "JsonSource": _source("JsonSource", **ROWS),
    "ParquetSource": _source("ParquetSource", **ROWS),
    "RestSource": _source(
        "RestSource",
        requestMethod=METHODS,
        requestBody=text,
        additionalHeaders=anything,
        paginationRules=anything,
        httpRequestTimeout=timespan,
        requestInterval=timespan,
        additionalColumns=anything,
    ),
    "AzurePostgreSqlSource": _source(
        "AzurePostgreSqlSource", query=text, queryTimeout=timespan, additionalColumns=anything
    ),
}

READ_SETTINGS: Mapping[str, Shape] = {
    "AzureBlobStorageReadSettings": _source(
        "AzureBlobStorageReadSettings",
        recursive=flag,
        wildcardFolderPath=text,
        wildcardFileName=text,
        prefix=text,
        modifiedDatetimeStart=text,
        modifiedDatetimeEnd=text,
        deleteFilesAfterCompletion=flag,
        enablePartitionDiscovery=off("use additionalColumns with $$FILEPATH"),
    ),
    "HttpReadSettings": _source(
        "HttpReadSettings",
        requestMethod=METHODS,
        requestBody=text,
        additionalHeaders=anything,
        requestTimeout=timespan,
    ),
}
READ_FORMATS: Mapping[str, Shape] = {
    name: Shape(what=f"a {name}", properties={"type": text, **more})
    for name, more in {
        "BinaryReadSettings": {},
        "DelimitedTextReadSettings": {"skipLineCount": count(0)},
        "JsonReadSettings": {},
        "ParquetReadSettings": {},
    }.items()
}

_SINK: Mapping[str, Check] = {
    "type": text,
    "storeSettings": anything,
    "formatSettings": anything,
    "disableMetricsCollection": flag,
    "maxConcurrentConnections": count(1),
}
_SINK_REMEDIES: Mapping[str, str] = {
    "sinkRetryCount": "use the retry of the activity's policy",
    "sinkRetryWait": "use the retryIntervalInSeconds of the activity's policy",
}
SINKS: Mapping[str, Shape] = {
    name: Shape(what=f"a {name}", properties=_SINK, remedies=_SINK_REMEDIES)
    for name in ("BinarySink", "DelimitedTextSink", "JsonSink", "ParquetSink")
}
BEHAVIOURS = ("PreserveHierarchy", "FlattenHierarchy", "MergeFiles")
WRITE_SETTINGS: Mapping[str, Shape] = {
    "AzureBlobStorageWriteSettings": Shape(
        what="an AzureBlobStorageWriteSettings",
        properties={
            "type": text,
            "copyBehavior": one_of(BEHAVIOURS),
            "blockSizeInMB": count(1),
            "disableMetricsCollection": flag,
            "maxConcurrentConnections": count(1),
        },
    ),
}
PATTERNS = ("setOfObjects", "arrayOfObjects")


def _pattern(value: Json) -> str | None:
    return None if value in PATTERNS else f"filePattern '{value}' is not done: use {' or '.join(PATTERNS)}"


WRITE_FORMATS: Mapping[str, Shape] = {
    name: Shape(what=f"a {name}", properties={"type": text, **more})
    for name, more in {
        "BinaryWriteSettings": {},
        "DelimitedTextWriteSettings": {"fileExtension": text, "quoteAllText": flag},
        "JsonWriteSettings": {"filePattern": _pattern},
        "ParquetWriteSettings": {},
    }.items()
}


def refuse_source(source: Json, path: str, *, evaluated: bool = False) -> Iterator[Problem]:
    """What a source has and is not done here."""
    if isinstance(source, Mapping) and not is_expression(source):
        yield from _typed(source, path, SOURCES, "source", evaluated=evaluated)
        yield from refuse_store(source.get("storeSettings"), f"{path}.storeSettings", evaluated=evaluated)
        yield from refuse_read_format(source.get("formatSettings"), f"{path}.formatSettings", evaluated=evaluated)


def refuse_store(settings: Json, path: str, *, evaluated: bool = False) -> Iterator[Problem]:
    """What settings of a store that is read have and is not done here."""
    if isinstance(settings, Mapping) and not is_expression(settings):
        yield from _typed(settings, path, READ_SETTINGS, "store settings", evaluated=evaluated)


def refuse_read_format(settings: Json, path: str, *, evaluated: bool = False) -> Iterator[Problem]:
    """What settings of a format that is read have and is not done here."""
    if isinstance(settings, Mapping) and not is_expression(settings):
        yield from _typed(settings, path, READ_FORMATS, "format settings", evaluated=evaluated)


def refuse_sink(sink: Json, path: str, *, evaluated: bool = False) -> Iterator[Problem]:
    """What a sink has and is not done here."""
    if isinstance(sink, Mapping) and not is_expression(sink):
        yield from _typed(sink, path, SINKS, "sink", evaluated=evaluated)
        for name, shapes in (("storeSettings", WRITE_SETTINGS), ("formatSettings", WRITE_FORMATS)):
            settings = sink.get(name)
            if isinstance(settings, Mapping) and not is_expression(settings):
                yield from _typed(settings, f"{path}.{name}", shapes, name, evaluated=evaluated)


def _typed(
    value: Mapping[str, Json], path: str, shapes: Mapping[str, Shape], what: str, *, evaluated: bool
) -> Iterator[Problem]:
    shape = shapes.get(str(value.get("type")))
    if shape is None:
        yield Problem(
            path=f"{path}.type",
            message=f"{what} of type {value.get('type')!r} is not done by the local Data Factory: use one of "
            + ", ".join(shapes),
        )
        return
    yield from shape.problems(value, path, evaluated=evaluated)
