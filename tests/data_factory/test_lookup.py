"""Lookup over real blobs, services and PostgreSQL."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.copy import COPY
from local_azure.data_factory.activities.lookup import LOOKUP
from local_azure.storage import BlobAccount
from tests.data_factory.lab import Lab, blob_settings, dataset, lab_of, reference
from tests.data_factory.world import Ran, serving
from tests.fakes.web_service import WebService

pytestmark = pytest.mark.integration
Json = Any
COMMON = {"effectiveIntegrationRuntime", "executionDuration", "durationInQueue"}


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def lab(azurite: BlobAccount, service: WebService) -> Iterator[Lab]:
    with serving(service) as origin:
        yield lab_of(azurite, origin)


def look(lab: Lab, name: str, source: Json, **more: Json) -> Ran:
    return lab.run(LOOKUP, {"source": source, "dataset": reference(name, "Dataset"), **more})


def answer(ran: Ran) -> dict[str, Json]:
    """The output without what all activities of an integration runtime have."""
    assert ran.error is None, ran.error
    assert set(ran.output) >= COMMON
    return {name: value for name, value in ran.output.items() if name not in COMMON}


def test_the_first_row_of_a_file_is_the_default(lab: Lab) -> None:
    lab.put("c.json", b'[{"id": 1, "inner": {"a": [1, null]}}, {"id": 2}]')
    name = lab.blob("Json", "", "c.json")
    ran = look(lab, name, {"type": "JsonSource"})
    assert answer(ran) == {"firstRow": {"id": 1, "inner": {"a": [1, None]}}}
    assert ran.made.inputs[0]["source"] == {"type": "JsonSource"}


def test_all_rows_with_their_count(lab: Lab) -> None:
    lab.put("c.csv", b"id,name\n1,x\n2,\n")
    name = lab.blob("DelimitedText", "", "c.csv", firstRowAsHeader=True)
    rows = [{"id": "1", "name": "x"}, {"id": "2", "name": None}]
    assert answer(look(lab, name, {"type": "DelimitedTextSource"}, firstRowOnly=False)) == {"count": 2, "value": rows}


def test_nothing_found(lab: Lab) -> None:
    """Without rows there is no firstRow: an expression that reads it fails, as in Azure."""
    lab.put("empty", b"")
    name = lab.blob("Json", "", "empty")
    assert answer(look(lab, name, {"type": "JsonSource"})) == {}
    assert answer(look(lab, name, {"type": "JsonSource"}, firstRowOnly="False")) == {"count": 0, "value": []}


def test_rows_of_several_files(lab: Lab) -> None:
    lab.put("in/a.json", b'{"n": 1}')
    lab.put("in/b.json", b'{"n": 2}')
    lab.put("in/c.txt", b"no json")
    source = {"type": "JsonSource", "storeSettings": blob_settings(wildcardFileName="*.json")}
    assert answer(look(lab, lab.blob("Json", "in"), source, firstRowOnly=False))["value"] == [{"n": 1}, {"n": 2}]


def test_a_service_is_asked(lab: Lab, service: WebService) -> None:
    service.answer("/list", 200, [{"a": 1}, {"a": 2}])
    found = answer(look(lab, lab.rest("list"), {"type": "RestSource"}, firstRowOnly=False))
    assert found == {"count": 2, "value": [{"a": 1}, {"a": 2}]}
    service.answer("/file.json", 200, b'{"a": 1}\n{"a": 2}')
    source = {"type": "JsonSource", "storeSettings": {"type": "HttpReadSettings"}}
    assert answer(look(lab, lab.http("Json", "file.json"), source)) == {"firstRow": {"a": 1}}


def test_rows_behind_the_five_thousandth_are_cut(lab: Lab) -> None:
    lab.put("many.json", b"\n".join(b'{"n": %d}' % number for number in range(5001)))
    found = answer(look(lab, lab.blob("Json", "", "many.json"), {"type": "JsonSource"}, firstRowOnly=False))
    assert found["count"] == len(found["value"]) == 5000
    assert found["value"][-1] == {"n": 4999}


def test_five_megabytes_fail(lab: Lab, service: WebService) -> None:
    rows = [{"text": "x" * 1000}] * 5000
    lab.put("large.json", json.dumps(rows).encode())
    ran = look(lab, lab.blob("Json", "", "large.json"), {"type": "JsonSource"}, firstRowOnly=False)
    code, message = ran.failure
    assert code == "2100"
    assert "over limit (around 4MB currently)" in message
    service.answer("/large", 200, rows)
    assert "around 4MB" in look(lab, lab.rest("large"), {"type": "RestSource"}, firstRowOnly=False).failure[1]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [(500, b"", "status code 500"), (200, b'{"a": ', "does not answer JSON"), (200, b"[1]", "an object or an array")],
)
def test_a_bad_answer_fails(lab: Lab, service: WebService, status: int, body: bytes, reason: str) -> None:
    service.answer("/bad", status, body)
    code, message = look(lab, lab.rest("bad"), {"type": "RestSource"}).failure
    assert code == "2100"
    assert reason in message


def test_source_and_dataset_must_fit(lab: Lab) -> None:
    message = look(lab, lab.blob("Json", "", "a"), {"type": "DelimitedTextSource"}).failure[1]
    assert "reads a dataset of type DelimitedText" in message


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"source": {"type": "BinarySource"}}, "$.typeProperties.source.type"),
        ({"source": {"type": "AzureSqlSource"}}, "$.typeProperties.source.type"),
        ({"firstRowOnly": "maybe"}, "$.typeProperties.firstRowOnly"),
        (
            {"source": {"type": "JsonSource", "storeSettings": blob_settings(deleteFilesAfterCompletion=True)}},
            "$.typeProperties.source.storeSettings.deleteFilesAfterCompletion",
        ),
    ],
)
def test_refused_by_name(change: dict[str, Json], path: str) -> None:
    properties = {"source": {"type": "JsonSource"}, "dataset": reference("d", "Dataset")} | change
    assert path in [problem.path for problem in LOOKUP.refuse({"typeProperties": properties})]


@pytest.mark.parametrize(
    ("source", "then"),
    [
        ({"type": "JsonSource"}, AfterRestart.REPEAT),
        ({"type": "RestSource"}, AfterRestart.REPEAT),
        ({"type": "RestSource", "requestMethod": "POST"}, AfterRestart.FAIL),
        ({"type": "RestSource", "requestMethod": {"value": "@x", "type": "Expression"}}, AfterRestart.FAIL),
        ({"type": "JsonSource", "storeSettings": {"requestMethod": "POST"}}, AfterRestart.FAIL),
        ({"type": "AzurePostgreSqlSource", "query": "select f()"}, AfterRestart.FAIL),
    ],
)
def test_only_what_reads_is_done_again_after_a_kill(source: Json, then: AfterRestart) -> None:
    assert LOOKUP.when_restarted({"typeProperties": {"source": source}}) is then


# PostgreSQL.


@pytest.fixture
def base(azurite: BlobAccount, postgres_database: str) -> Lab:
    parts = urlsplit(postgres_database)
    service = {
        "type": "AzurePostgreSql",
        "typeProperties": {
            "server": "db.postgres.database.azure.com",
            "port": 5432,
            "database": parts.path.removeprefix("/"),
            "username": "postgres",
            "password": {"type": "SecureString", "value": "not-looked-at"},
            "sslMode": 0,
        },
    }
    lab = lab_of(azurite, "http://127.0.0.1:9", db=service)
    hosts = dict(lab.world.hosts) | {"db.postgres.database.azure.com": f"postgresql://127.0.0.1:{parts.port}"}
    object.__setattr__(lab.world, "hosts", hosts)
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(
            'CREATE SCHEMA s; CREATE TABLE s."T 1" (id int, price numeric(12,4), at timestamptz, day date, data jsonb, '
            "b bytea, u uuid, x double precision)"
        )
        connection.execute(
            """INSERT INTO s."T 1" VALUES
            (1, 1.5000, '2026-05-18T12:00:00Z', '2026-05-18', '{"a": [1]}', '\\x00ff',
             '11111111-2222-3333-4444-555555555555', 0.1), (2, null, null, null, null, null, null, 'NaN')"""
        )
    return lab


def test_a_query_is_asked_and_values_keep_their_types(base: Lab) -> None:
    name = base.add(dataset("AzurePostgreSqlTable", "db"))
    source = {"type": "AzurePostgreSqlSource", "query": 'select * from s."T 1" order by id', "queryTimeout": "00:01:00"}
    found = answer(look(base, name, source, firstRowOnly=False))
    assert found == {
        "count": 2,
        "value": [
            {
                "id": 1,
                "price": 1.5,
                "at": "2026-05-18T12:00:00Z",
                "day": "2026-05-18T00:00:00",
                "data": '{"a":[1]}',
                "b": "AP8=",
                "u": "11111111-2222-3333-4444-555555555555",
                "x": 0.1,
            },
            dict.fromkeys(("id", "price", "at", "day", "data", "b", "u", "x")) | {"id": 2, "x": "NaN"},
        ],
    }


def test_decimals_as_texts_and_a_whole_table(base: Lab) -> None:
    name = base.add(dataset("AzurePostgreSqlTable", "db", schema="s", table="T 1"))
    found = answer(look(base, name, {"type": "AzurePostgreSqlSource"}, treatDecimalAsString=True))
    assert found["firstRow"]["price"] == "1.5000"


def test_the_first_row_of_many_is_had_without_the_others(base: Lab) -> None:
    name = base.add(dataset("AzurePostgreSqlTable", "db"))
    source = {"type": "AzurePostgreSqlSource", "query": "select generate_series(1, 100000000) as n"}
    assert answer(look(base, name, source)) == {"firstRow": {"n": 1}}


def test_a_query_without_rows_still_has_columns(base: Lab) -> None:
    name = base.add(dataset("AzurePostgreSqlTable", "db", schema="s", table="T 1"))
    properties = {
        "source": {"type": "AzurePostgreSqlSource", "query": 'select id, at from s."T 1" where false'},
        "sink": {"type": "ParquetSink", "storeSettings": {"type": "AzureBlobStorageWriteSettings"}},
    }
    ran = base.copy(name, base.blob("Parquet", "out", "a"), properties)
    assert ran.error is None, ran.error
    import io

    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    schema = pq.read_schema(io.BytesIO(base.get("out/a")))
    assert [(field.name, str(field.type)) for field in schema] == [("id", "int32"), ("at", "timestamp[us, tz=UTC]")]
    assert COPY.name == "Copy"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select nothing from nowhere", "42P01"),
        ("select 1 a, 2 a", "two columns 'a'"),
        ("create table made (a int)", "gives no rows"),
        ("select 1; select 2", "42601"),
        ("select pg_sleep(60)", "longer than 0.5 seconds"),
    ],
)
def test_queries_that_fail(base: Lab, query: str, reason: str) -> None:
    name = base.add(dataset("AzurePostgreSqlTable", "db"))
    source = {"type": "AzurePostgreSqlSource", "query": query, "queryTimeout": "00:00:00.5"}
    code, message = look(base, name, source).failure
    assert code == "2100"
    assert reason in message


def test_a_database_that_is_not_there(azurite: BlobAccount) -> None:
    from tests.data_factory.world import free_port

    service = {
        "type": "AzurePostgreSql",
        "typeProperties": {"connectionString": f"host=127.0.0.1;port={free_port()};database=d;uid=u;password=geheim"},
    }
    lab = lab_of(azurite, "http://127.0.0.1:9", db=service)
    code, message = look(
        lab, lab.add(dataset("AzurePostgreSqlTable", "db", table="t")), {"type": "AzurePostgreSqlSource"}
    ).failure
    assert code == "2100"
    assert "cannot be connected to" in message
    assert "geheim" not in message
