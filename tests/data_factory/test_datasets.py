"""Datasets: what a reference becomes, what is refused when one is PUT, and what is told when one cannot be used."""

from typing import Any

import pytest

from local_azure.data_factory import datasets
from local_azure.data_factory.datasets import TYPES, BlobLocation, HttpLocation, RestLocation, TableLocation
from local_azure.data_factory.formats.delimited_text import DelimitedTextFormat
from local_azure.data_factory.formats.json_file import JsonFormat
from local_azure.data_factory.formats.parquet_file import ParquetFormat
from tests.data_factory.lab import dataset, reference
from tests.data_factory.world import Ran, World, resolved

Json = Any
LINKED = {
    "storage": {
        "type": "AzureBlobStorage",
        "parameters": {"account": {"type": "String"}},
        "typeProperties": {"serviceEndpoint": "https://@{linkedService().account}.blob.core.windows.net"},
    },
    "server": {"type": "HttpServer", "typeProperties": {"url": "https://files.example.com/"}},
    "rest": {"type": "RestService", "typeProperties": {"url": "https://api.example.com"}},
    "db": {"type": "AzurePostgreSql", "typeProperties": {"connectionString": "host=h;database=d;uid=u;password=p"}},
}


def blob(**location: Json) -> dict[str, Json]:
    return {"type": "AzureBlobStorageLocation", "container": "landing", **location}


def resolve(properties: Json, given: Json = None, **scope: Json) -> Ran:
    to = reference("d", "Dataset", **(given or {}))
    world = World(linked_services=LINKED, datasets={"D": properties})

    async def work(context: Any) -> Json:
        return await datasets.resolve(to, context)

    return resolved(work, world, **scope)


def on_storage(kind: str, parameters: Json = None, **properties: Json) -> dict[str, Json]:
    found = dataset(kind, "storage", parameters, **properties)
    found["linkedServiceName"]["parameters"] = {"account": "lake"}
    return found


def test_parameters_reach_location_and_linked_service() -> None:
    properties = on_storage(
        "Json",
        {"day": {"type": "String"}, "account": {"type": "string", "defaultValue": "lake"}},
        location=blob(
            folderPath="a/@{dataset().day}/",
            fileName={"value": "@concat(dataset().day, '.json')", "type": "Expression"},
        ),
    )
    properties["linkedServiceName"]["parameters"] = {"account": "@dataset().account"}
    found = resolve(properties, {"DAY": "@pipeline().parameters.day"}, parameters={"day": "2026-05-18"}).output
    assert isinstance(found.location, BlobLocation)
    assert (found.location.container, found.location.folder, found.location.file) == (
        "landing",
        "a/2026-05-18",
        "2026-05-18.json",
    )
    assert found.location.service.endpoint == "https://lake.blob.core.windows.net"
    assert found.format == JsonFormat()


def test_the_options_of_delimited_text() -> None:
    properties = on_storage(
        "DelimitedText",
        {"delimiter": {"type": "String", "defaultValue": ";"}},
        location=blob(),
        columnDelimiter="@dataset().delimiter",
        rowDelimiter="\r\n",
        quoteChar="'",
        escapeChar="'",
        firstRowAsHeader="true",
        nullValue="NULL",
        encodingName="UTF-16",
        compressionCodec="GZip",
        compressionLevel="Fastest",
    )
    found = resolve(properties).output
    assert found.format == DelimitedTextFormat(
        column_delimiter=";",
        row_delimiter="\r\n",
        quote="'",
        escape="'",
        first_row_as_header=True,
        null_value="NULL",
        encoding="UTF-16",
    )
    assert (found.compression, found.level) == ("gzip", "Fastest")


def test_the_other_types() -> None:
    parquet = resolve(on_storage("Parquet", location=blob(), compressionCodec="gzip")).output
    assert parquet.format == ParquetFormat(codec="gzip")
    binary = resolve(
        dataset("Binary", "server", location={"type": "HttpServerLocation", "relativeUrl": "a/b?c=d"})
    ).output
    assert isinstance(binary.location, HttpLocation)
    assert (binary.format, binary.location.relative_url) == (None, "a/b?c=d")
    rest = resolve(dataset("RestResource", "rest", relativeUrl="x", requestMethod="POST")).output
    assert isinstance(rest.location, RestLocation)
    assert rest.location.more == {"requestMethod": "POST"}
    for properties in ({"schema": "s", "table": "t"}, {"tableName": '"s"."t"'}):
        table = resolve(dataset("AzurePostgreSqlTable", "db", **properties)).output
        assert isinstance(table.location, TableLocation)
        assert (table.location.schema, table.location.table) == ("s", "t")


@pytest.mark.parametrize(
    ("properties", "parameters", "reason"),
    [
        (
            on_storage("Json", {"day": {"type": "String"}}, location=blob()),
            {},
            "parameter 'day' of dataset 'd' has no value",
        ),
        (on_storage("Json", location=blob()), {"day": "x"}, "dataset 'd' has no parameter 'day'"),
        (
            on_storage("Json", {"n": {"type": "Int"}}, location=blob()),
            {"n": "x"},
            "parameter 'n' of dataset 'd' must be Int",
        ),
        (on_storage("Avro", location=blob()), {}, "is of type 'Avro'; used here are"),
        (on_storage("Json", location=blob(container="")), {}, "location.container: is missing"),
        (dataset("Json", "server", location=blob()), {}, "does not fit the linked service 'server'"),
        (dataset("RestResource", "server", relativeUrl="x"), {}, "not a RestService"),
        (dataset("AzurePostgreSqlTable", "rest", table="x"), {}, "not an AzurePostgreSql"),
        (
            on_storage("Json", location=blob(fileName="@dataset().missing")),
            {},
            "dataset 'd' $.typeProperties.location.fileName",
        ),
        (
            on_storage("Json", {"e": {"type": "String"}}, location=blob(), encodingName="@dataset().e"),
            {"e": "UTF-9"},
            "$.typeProperties.encodingName: encodingName 'UTF-9' is not supported",
        ),
        (
            on_storage("DelimitedText", {"q": {"type": "String"}}, location=blob(), quoteChar="@dataset().q"),
            {"q": ","},
            "must be different",
        ),
        (on_storage("DelimitedText", location=blob(), escapeChar=""), {}, "quoteChar"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(properties: Json, parameters: Json, reason: str) -> None:
    code, message = resolve(properties, parameters).failure
    assert code in ("InvalidDataset", "InvalidTemplate")
    assert reason in message


def test_what_is_empty_by_expression_and_without_escape_is_refused_only_with_quotes() -> None:
    assert resolve(on_storage("DelimitedText", location=blob(), escapeChar="@{''}", quoteChar="@{''}")).error is None


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("Json", {"location": {"type": "SftpLocation"}}, "$.typeProperties.location.type"),
        ("Json", {"location": blob(version="1")}, "$.typeProperties.location.version"),
        ("Json", {"location": blob(), "compression": {"type": "bzip2"}}, "$.typeProperties.compression.type"),
        ("Json", {"location": blob(), "encodingName": "IBM870"}, "$.typeProperties.encodingName"),
        ("DelimitedText", {"location": blob(), "columnDelimiter": "||"}, "$.typeProperties.columnDelimiter"),
        ("DelimitedText", {"location": blob(), "rowDelimiter": "ab"}, "$.typeProperties.rowDelimiter"),
        ("DelimitedText", {"location": blob(), "compressionCodec": "lz4"}, "$.typeProperties.compressionCodec"),
        ("DelimitedText", {"location": blob(), "firstRowAsHeader": "maybe"}, "$.typeProperties.firstRowAsHeader"),
        ("Parquet", {"location": blob(), "compressionCodec": "lzo"}, "$.typeProperties.compressionCodec"),
        (
            "Binary",
            {"location": {"type": "HttpServerLocation", "folderPath": "x"}},
            "$.typeProperties.location.folderPath",
        ),
        ("RestResource", {"requestMethod": "PATCH"}, "$.typeProperties.requestMethod"),
        ("AzurePostgreSqlTable", {"query": "x"}, "$.typeProperties.query"),
    ],
)
def test_refused_by_name(kind: str, properties: Json, path: str) -> None:
    problems = list(TYPES[kind].refuse({"typeProperties": properties}))
    assert [problem.path for problem in problems] == [path]
    assert problems[0].message


def test_what_is_dynamic_is_judged_when_it_is_evaluated() -> None:
    dynamic = {"value": "@dataset().x", "type": "Expression"}
    properties = {"location": blob(), "columnDelimiter": dynamic, "compressionCodec": "@dataset().y", "nullValue": "@@"}
    assert list(TYPES["DelimitedText"].refuse({"typeProperties": properties})) == []
