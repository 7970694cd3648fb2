"""Copy between real servers: REST and HTTP sources, blobs, every sink, mappings, faults."""

import csv
import datetime
import gzip
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from local_azure.coingecko.keys import Keys
from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.copy import COPY
from local_azure.storage import BlobAccount
from tests.coingecko_service.local import KEYS, NOW, simulated
from tests.data_factory.lab import API, Lab, blob_settings, lab_of, write_settings
from tests.data_factory.world import Ran, serving
from tests.fakes.http_script import HANG_UP, HttpScript, raw
from tests.fakes.web_service import WebService

pytestmark = pytest.mark.integration
Json = Any
QUICK = "00:00:00.001"
REST = {"type": "RestSource", "requestInterval": QUICK}
JSON_SINK = {"type": "JsonSink", "storeSettings": write_settings(), "formatSettings": {"type": "JsonWriteSettings"}}
PARQUET_SINK = {"type": "ParquetSink", "storeSettings": write_settings()}
CSV_SINK = {
    "type": "DelimitedTextSink",
    "storeSettings": write_settings(),
    "formatSettings": {"type": "DelimitedTextWriteSettings", "fileExtension": ".csv"},
}
BINARY = {"source": {"type": "BinarySource"}, "sink": {"type": "BinarySink", "storeSettings": write_settings()}}


def array_sink(**store: Json) -> dict[str, Json]:
    return {
        "type": "JsonSink",
        "storeSettings": write_settings(**store),
        "formatSettings": {"type": "JsonWriteSettings", "filePattern": "arrayOfObjects"},
    }


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def lab(azurite: BlobAccount, service: WebService) -> Iterator[Lab]:
    with serving(service) as origin:
        yield lab_of(azurite, origin)


def lines(data: bytes) -> list[Json]:
    return [json.loads(line) for line in data.splitlines()]


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def parquet(data: bytes) -> Any:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    return pq.read_table(io.BytesIO(data))


def no_blob(ran: Ran, lab: Lab, *, code: str = "2200") -> str:
    """It failed and left nothing; the message."""
    failure, message = ran.failure
    assert failure == code
    assert lab.names("out") == []
    return message


# REST to JSON, as the lakehouse lands lists.


def test_an_array_of_a_rest_service_becomes_a_line_an_object(lab: Lab, service: WebService) -> None:
    rows = [{"id": "bitcoin", "price": 0.1, "roi": None}, {"id": "ethereum", "ü": [1, {"b": "ß"}]}]
    service.answer("/coins", 200, rows)
    ran = lab.copy(lab.rest("coins?vs=usd"), lab.blob("Json", "out", "a.json"), {"source": REST, "sink": JSON_SINK})
    data = lab.get("out/a.json")
    assert lines(data) == rows
    assert service.last.query == "vs=usd"
    assert service.last.headers["accept"] == "application/json"
    output = ran.output
    assert (output["rowsRead"], output["rowsCopied"], output["filesWritten"]) == (2, 2, 1)
    assert output["dataWritten"] == len(data)
    assert output["dataRead"] == len(json.dumps(rows).encode())
    assert output["executionDetails"][0]["source"] == {"type": "RestService"}
    assert {"copyDuration", "throughput", "errors", "effectiveIntegrationRuntime", "usedParallelCopies"} <= set(output)
    assert "filesRead" not in output
    assert ran.made.inputs[0]["source"] == REST


def test_an_object_is_landed_as_it_is_and_arrays_where_they_are_asked_for(lab: Lab, service: WebService) -> None:
    service.answer("/one", 200, {"prices": [[1, 2.5]], "name": "x"})
    lab.copy(lab.rest("one"), lab.blob("Json", "out", "one.json"), {"source": REST, "sink": JSON_SINK})
    assert lines(lab.get("out/one.json")) == [{"prices": [[1, 2.5]], "name": "x"}]
    service.answer("/many", 200, [{"a": 1}, {"a": 2}])
    lab.copy(lab.rest("many"), lab.blob("Json", "out", "many.json"), {"source": REST, "sink": array_sink()})
    assert json.loads(lab.get("out/many.json")) == [{"a": 1}, {"a": 2}]


def test_without_a_file_name_the_blob_is_named_after_the_activity_run(lab: Lab, service: WebService) -> None:
    service.answer("/many", 200, [])
    lab.copy(lab.rest("many"), lab.blob("Json", "out"), {"source": REST, "sink": array_sink()})
    (name,) = lab.names("out")
    assert name == "out/data_11111111-2222-3333-4444-555555555555.json"
    assert lab.get(name) == b"[]"


def test_pages_of_the_market_are_landed_until_one_is_empty(azurite: BlobAccount) -> None:
    from local_azure.coingecko.clock import Clock
    from local_azure.coingecko.faults import Faults
    from local_azure.coingecko.keys import RateLimiter
    from local_azure.coingecko.service import create_app

    app = create_app(simulated(), KEYS, Faults(), Clock(NOW), admin_token="t", limiter=RateLimiter(10**6))
    with serving(app) as origin:
        service = {
            "type": "RestService",
            "typeProperties": {
                "url": f"{API}/pro/api/v3/",
                "authHeaders": {"x-cg-pro-api-key": {"type": "SecureString", "value": KEYS.pro}},
            },
        }
        lab = lab_of(azurite, origin, market=service)
        source = REST | {
            "paginationRules": {"QueryParameters.page": "RANGE:1::1", "EndCondition:$": "Empty"},
        }
        ran = lab.copy(
            lab.rest("coins/markets?vs_currency=usd&per_page=100", service="market"),
            lab.blob("Json", "coingecko/markets", "run.json"),
            {"source": source, "sink": JSON_SINK},
        )
        landed = lines(lab.get("coingecko/markets/run.json"))
        expected = pages_of(origin, KEYS)
    assert landed == expected
    assert ran.output["rowsCopied"] == len(expected) > 100
    assert KEYS.pro not in json.dumps([ran.output, ran.made.inputs])
    assert KEYS.pro in ran.made.masked


def pages_of(origin: str, keys: Keys) -> list[Json]:
    """The same pages, asked for by another client."""
    import httpx

    found: list[Json] = []
    for page in range(1, 1000):
        answer = httpx.get(
            f"{origin}/pro/api/v3/coins/markets",
            params={"vs_currency": "usd", "per_page": "100", "page": str(page)},
            headers={"x-cg-pro-api-key": keys.pro},
            timeout=30,
        )
        rows = answer.raise_for_status().json()
        if not rows:
            break
        found += rows
    return found


@pytest.mark.parametrize(
    ("rules", "requests"),
    [
        ({"AbsoluteUrl": "$.next"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"QueryParameters.page": "$.more"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"QueryParameters['page']": "$['more']"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"QueryParameters.page": "Headers.X-More"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"AbsoluteUrl": "$.next", "MaxRequestNumber": "2"}, ["/p?page=1", "/p?page=2"]),
        ({"AbsoluteUrl": "$.next", "EndCondition:$.page": "Const:2"}, ["/p?page=1", "/p?page=2"]),
        ({"AbsoluteUrl": "$.next", "EndCondition:headers.X-Last": "Exist"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"supportRFC5988": "true"}, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"supportRFC5988": "false"}, ["/p?page=1"]),
        (None, ["/p?page=1", "/p?page=2", "/p?page=3"]),
        ({"QueryParameters.page": "RANGE:1:3:2"}, ["/p?page=1", "/p?page=3"]),
    ],
)
def test_pagination_rules(azurite: BlobAccount, rules: Json, requests: list[str]) -> None:
    with serving(paged) as origin:
        lab = lab_of(azurite, origin)
        source = REST | ({} if rules is None else {"paginationRules": rules})
        ran = lab.copy(lab.rest("p?page=1"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
        assert ran.error is None
        assert [f"/p?page={row['page']}" for row in lines(lab.get("out/a"))] == requests


async def paged(scope: Any, receive: Any, send: Any) -> None:
    """Three pages that name the next one in every way there is."""
    from starlette.requests import Request
    from starlette.responses import JSONResponse

    request = Request(scope, receive)
    page = int(request.query_params["page"])
    body: dict[str, Json] = {"page": page, "next": None, "more": None}
    headers = {"X-Last": "yes"} if page == 3 else {"X-More": str(page + 1)}
    if page < 3:
        headers["Link"] = f'</p?page=1>; rel="first", <{API}/p?page={page + 1}>; rel="next"'
        body |= {"next": f"{API}/p?page={page + 1}", "more": page + 1}
    await JSONResponse(body, headers=headers)(scope, receive, send)


def test_a_variable_in_url_and_headers_counts_on(lab: Lab, service: WebService) -> None:
    source = REST | {
        "additionalHeaders": {"X-Offset": "{offset}", "Accept": "text/plain"},
        "paginationRules": {"AbsoluteUrl.{offset}": "RANGE:0:20:10"},
    }
    lab.copy(lab.rest("items/{offset}"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
    assert [seen.path for seen in service.seen] == ["/items/0", "/items/10", "/items/20"]
    assert [seen.headers["x-offset"] for seen in service.seen] == ["0", "10", "20"]
    assert service.last.headers["accept"] == "application/json"


def test_a_post_sends_its_body(lab: Lab, service: WebService) -> None:
    source = REST | {"requestMethod": "Post", "requestBody": '{"q": "@{pipeline().Pipeline}"}'}
    lab.copy(lab.rest("search"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
    assert (service.last.method, service.last.json) == ("POST", {"q": "pipeline"})
    assert service.last.headers["content-type"] == "application/json"


def test_the_next_page_on_another_host_gets_no_headers_of_this_one(lab: Lab, service: WebService) -> None:
    service.answer("/p", 200, {"next": "https://elsewhere.example.com/p"})
    source = REST | {"paginationRules": {"AbsoluteUrl": "$.next"}, "additionalHeaders": {"X-Key": "k"}}
    ran = lab.copy(lab.rest("p"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
    assert "elsewhere.example.com" in no_blob(ran, lab)
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "reason", "system"),
    [
        (500, b"it broke", "RestCallFailedWithServerError.*status code 500.*it broke", True),
        (404, b"", "RestCallFailedWithClientError.*status code 404", False),
        (401, b'{"e": 1}', "RestCallFailedWithClientError.*status code 401", False),
        (200, b'{"a": ', "RestResponseNotJson.*does not answer JSON", False),
        (200, b"", "RestResponseNotJson", False),
        (200, b"[[1, 2]]", "an HTTP source and a Binary sink", False),
        (200, b'[{"a": 1}, 2]', "an HTTP source and a Binary sink", False),
    ],
)
def test_a_bad_answer_fails_and_leaves_no_blob(
    lab: Lab, service: WebService, status: int, body: bytes, reason: str, system: bool
) -> None:
    service.answer("/x", status, body)
    ran = lab.copy(lab.rest("x?key=secret"), lab.blob("Json", "out", "a.json"), {"source": REST, "sink": JSON_SINK})
    message = no_blob(ran, lab)
    assert re.search(reason, message)
    assert "secret" not in message
    assert ran.error is not None
    assert (ran.error.failure_type == "SystemError") is system


def test_a_failure_on_a_later_page_leaves_the_blob_that_was_there(lab: Lab, service: WebService) -> None:
    lab.put("before/a.json", b"old")
    service.answer("/p", 200, {"next": "/q", "text": "x" * 5_000_000})
    service.answer("/q", 500, b"")
    source = REST | {"paginationRules": {"AbsoluteUrl": "$.next"}}
    target = lab.blob("Json", "before", "a.json")
    ran = lab.copy(lab.rest("p"), target, {"source": source, "sink": JSON_SINK})
    assert "status code 500" in ran.failure[1]
    assert lab.get("before/a.json") == b"old"


def test_a_failed_attempt_may_be_made_again(lab: Lab, service: WebService) -> None:
    service.answer("/x", 500, b"")
    service.answer("/x", 200, [{"a": 1}])
    source, sink = lab.rest("x"), lab.blob("Json", "out", "a.json")
    assert lab.copy(source, sink, {"source": REST, "sink": JSON_SINK}).error is not None
    assert lab.copy(source, sink, {"source": REST, "sink": JSON_SINK}).error is None
    assert lines(lab.get("out/a.json")) == [{"a": 1}]


def test_a_service_that_hangs_or_hangs_up_is_one_error(lab: Lab, azurite: BlobAccount) -> None:
    source = REST | {"httpRequestTimeout": "00:00:00.2"}
    ran = lab.copy(lab.rest("hang"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
    assert "within 0.2 seconds" in no_blob(ran, lab)
    with HttpScript([HANG_UP]) as script:
        other = lab_of(azurite, script.origin)
        ran = other.copy(other.rest("x"), other.blob("Json", "out", "a"), {"source": REST, "sink": JSON_SINK})
        assert "closed" in no_blob(ran, other)


# Files over HTTP, bytes unchanged.


def test_bytes_over_http_land_unchanged(lab: Lab, service: WebService) -> None:
    body = bytes(range(256)) * 40_000  # more than two blocks
    service.answer("/f/data.bin", 200, body, Content_Type="application/octet-stream")
    ran = lab.copy(lab.http("Binary", "f/data.bin"), lab.blob("Binary", "out", "data.bin"), BINARY)
    assert lab.get("out/data.bin") == body
    assert (ran.output["dataRead"], ran.output["dataWritten"]) == (len(body), len(body))
    assert "rowsRead" not in ran.output
    assert service.last.headers["accept-encoding"] == "identity"


def test_odd_json_over_http_lands_byte_for_byte(lab: Lab, service: WebService) -> None:
    body = b'{"prices":[[1711929600000, 6.9702303e4]],\r\n  "a":1, "a":2}\n'
    service.answer("/range", 200, body)
    lab.copy(lab.http("Binary", "range"), lab.blob("Binary", "out", "r.json"), BINARY)
    assert lab.get("out/r.json") == body


def test_an_http_source_sends_what_it_is_told(lab: Lab, service: WebService) -> None:
    store = {
        "type": "HttpReadSettings",
        "requestMethod": "POST",
        "requestBody": "q=1",
        "additionalHeaders": "X-One: 1\r\nX-Two: a: b\n",
    }
    properties = BINARY | {"source": {"type": "BinarySource", "storeSettings": store}}
    lab.copy(lab.http("Binary", "/echo"), lab.blob("Binary", "out", "a"), properties)
    seen = service.last
    assert (seen.method, seen.path, seen.body) == ("POST", "/echo", b"q=1")
    assert (seen.headers["x-one"], seen.headers["x-two"]) == ("1", "a: b")


def test_redirects_are_followed_and_keys_stay_at_home(lab: Lab, service: WebService) -> None:
    service.answer("/old", 302, b"", Location="/new")
    service.answer("/new", 307, b"", Location="https://api.example.com:444/third")
    store = {"type": "HttpReadSettings", "additionalHeaders": {"X-Key": "k"}}
    properties = BINARY | {"source": {"type": "BinarySource", "storeSettings": store}}
    ran = lab.copy(lab.http("Binary", "old"), lab.blob("Binary", "out", "a"), properties)
    assert ran.error is None
    assert [(seen.path, seen.headers.get("x-key")) for seen in service.seen] == [
        ("/old", "k"),
        ("/new", "k"),
        ("/third", None),
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(503, b"busy"), "HttpRequestFailedWithServerError.*status code 503.*busy"),
        (raw(403, b""), "HttpRequestFailedWithClientError.*status code 403"),
        (HANG_UP, "failed"),
        (raw(200, b"half", Content_Length="1000"), "failed"),
    ],
)
def test_a_file_that_does_not_come_whole_leaves_nothing(azurite: BlobAccount, answer: bytes, reason: str) -> None:
    with HttpScript([answer]) as script:
        lab = lab_of(azurite, script.origin)
        ran = lab.copy(lab.http("Binary", "f?sig=secret"), lab.blob("Binary", "out", "a"), BINARY)
        message = no_blob(ran, lab)
    assert re.search(reason, message)
    assert "secret" not in message


def test_a_server_that_does_not_begin_to_answer(lab: Lab) -> None:
    store = {"type": "HttpReadSettings", "requestTimeout": "00:00:00.2"}
    properties = BINARY | {"source": {"type": "BinarySource", "storeSettings": store}}
    ran = lab.copy(lab.http("Binary", "hang"), lab.blob("Binary", "out", "a"), properties)
    assert "no answer within 0.2 seconds" in no_blob(ran, lab)


@pytest.mark.parametrize("body", [b"", b"a\n"])
def test_files_over_http_are_read_as_rows(lab: Lab, service: WebService, body: bytes) -> None:
    service.answer("/t.csv", 200, body)
    source = lab.http("DelimitedText", "t.csv", firstRowAsHeader=True)
    properties = {"source": {"type": "DelimitedTextSource"}, "sink": JSON_SINK}
    ran = lab.copy(source, lab.blob("Json", "out", "a"), properties)
    assert (ran.output["rowsRead"], lab.get("out/a")) == (0, b"")


# Blobs to blobs.


def tree(lab: Lab) -> dict[str, bytes]:
    files = {
        "in/a.txt": b"A",
        "in/b.log": b"BB",
        "in/2026/c.txt": b"CCC",
        "in/2026/05/d.txt": "ünïcode".encode(),
        "in/2027/ü ß#?&+%.txt": b"",
        "other/e.txt": b"E",
    }
    for name, data in files.items():
        lab.put(name, data)
    return files


def copied(lab: Lab, store: dict[str, Json] | None = None, *, folder: str = "in", **sink: Json) -> dict[str, bytes]:
    """What a Copy of bytes makes of the tree."""
    source = {"type": "BinarySource"} | ({"storeSettings": blob_settings(**store)} if store is not None else {})
    properties = {"source": source, "sink": {"type": "BinarySink", "storeSettings": write_settings(**sink)}}
    ran = lab.copy(lab.blob("Binary", folder), lab.blob("Binary", "out"), properties)
    assert ran.error is None, ran.error
    found = {name.removeprefix("out/"): lab.get(name) for name in lab.names("out/")}
    assert ran.output["filesWritten"] == len(found)
    assert ran.output["dataWritten"] == sum(map(len, found.values()))
    return found


@pytest.mark.parametrize(
    ("store", "names"),
    [
        ({}, ["2026/05/d.txt", "2026/c.txt", "2027/ü ß#?&+%.txt", "a.txt", "b.log"]),
        ({"recursive": False}, ["a.txt", "b.log"]),
        ({"wildcardFileName": "*.txt"}, ["2026/05/d.txt", "2026/c.txt", "2027/ü ß#?&+%.txt", "a.txt"]),
        ({"wildcardFileName": "*.txt", "recursive": False}, ["a.txt"]),
        (
            {"wildcardFolderPath": "in/202?", "wildcardFileName": "*", "recursive": False},
            ["2026/c.txt", "2027/ü ß#?&+%.txt"],
        ),
        ({"wildcardFolderPath": "in/*6", "wildcardFileName": "*"}, ["2026/05/d.txt", "2026/c.txt"]),
        ({"wildcardFolderPath": "in", "wildcardFileName": "?.l*"}, ["b.log"]),
        ({"wildcardFileName": "*#^?*"}, ["2027/ü ß#?&+%.txt"]),
        ({"wildcardFileName": "nothing*"}, []),
        ({"modifiedDatetimeStart": "2020-01-01", "wildcardFileName": "a.*"}, ["a.txt"]),
        ({"modifiedDatetimeEnd": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_which_files_are_meant(lab: Lab, store: dict[str, Json], names: list[str]) -> None:
    files = tree(lab)
    found = copied(lab, store)
    assert found == {name: files[f"in/{name}"] for name in names}


def test_a_prefix_begins_in_the_container(lab: Lab) -> None:
    files = tree(lab)
    source = {"type": "BinarySource", "storeSettings": blob_settings(prefix="in/202")}
    properties = {"source": source, "sink": {"type": "BinarySink", "storeSettings": write_settings()}}
    ran = lab.copy(lab.blob("Binary"), lab.blob("Binary", "out"), properties)
    assert ran.error is None
    assert {name.removeprefix("out/"): lab.get(name) for name in lab.names("out/")} == {
        name.removeprefix("in/"): data for name, data in files.items() if name.startswith("in/202")
    }


def test_flattened_files_get_names_of_their_own_and_merged_ones_are_one(lab: Lab) -> None:
    files = tree(lab)
    inside = [data for name, data in sorted(files.items()) if name.startswith("in/")]
    flat = copied(lab, copyBehavior="FlattenHierarchy")
    assert sorted(flat.values()) == sorted(inside)
    assert all("/" not in name for name in flat)
    merged = lab.copy(
        lab.blob("Binary", "in"),
        lab.blob("Binary", "one", "all.bin"),
        {
            "source": {"type": "BinarySource"},
            "sink": {"type": "BinarySink", "storeSettings": write_settings(copyBehavior="MergeFiles")},
        },
    )
    assert merged.output["filesRead"] == 5
    assert lab.get("one/all.bin") == b"".join(inside)


def test_source_files_are_deleted_when_they_were_copied(lab: Lab) -> None:
    files = tree(lab)
    found = copied(lab, {"deleteFilesAfterCompletion": True})
    assert len(found) == 5
    assert lab.names("in") == []
    assert lab.names("other") == ["other/e.txt"]
    assert set(files) > {"other/e.txt"}


def test_what_is_named_must_be_there(lab: Lab) -> None:
    for source in (
        lab.blob("Binary", "in", "x.txt"),
        lab.blob("Binary", "nowhere"),
        lab.blob("Binary", container="none"),
    ):
        message = no_blob(lab.copy(source, lab.blob("Binary", "out"), BINARY), lab)
        assert "UserErrorSourceBlobNotExist" in message or "ContainerNotFound" in message


def test_many_files_do_not_become_one_by_accident(lab: Lab) -> None:
    tree(lab)
    message = no_blob(lab.copy(lab.blob("Binary", "in"), lab.blob("Binary", "out", "x"), BINARY), lab)
    assert "copyBehavior" in message
    assert "MergeFiles" in message


def test_the_container_of_a_sink_is_made(lab: Lab, azurite: BlobAccount) -> None:
    lab.put("a.txt", b"A")
    name = f"{lab.container}new"
    ran = lab.copy(lab.blob("Binary", "", "a.txt"), lab.blob("Binary", "", "b.txt", container=name), BINARY)
    assert ran.error is None
    with azurite.container(name) as client:
        assert client.download_blob("b.txt").readall() == b"A"


def test_a_wrong_key_is_told_without_the_key(lab: Lab, azurite: BlobAccount) -> None:
    wrong = {
        "type": "AzureBlobStorage",
        "typeProperties": {"connectionString": f"AccountName={azurite.name};AccountKey=d3Jvbmc="},
    }
    lab = lab_of(azurite, API, storage=wrong)
    code, message = lab.copy(lab.blob("Binary", "a"), lab.blob("Binary", "out"), BINARY).failure
    assert code == "2200"
    assert "key of the linked service" in message
    assert "d3Jvbmc=" not in message


@pytest.mark.parametrize(
    ("source", "sink", "stored", "expected"),
    [
        ("gzip", "", gzip.compress(b"text"), b"text"),
        ("gzip", "gzip", gzip.compress(b"text", mtime=7), gzip.compress(b"text", mtime=7)),
        ("", "", gzip.compress(b"text", mtime=7), gzip.compress(b"text", mtime=7)),
    ],
)
def test_binary_files_are_unpacked_where_the_datasets_say_so(
    lab: Lab, source: str, sink: str, stored: bytes, expected: bytes
) -> None:
    lab.put("in/a.txt.gz", stored)
    packed = {"compression": {"type": "gzip"}}
    lab.copy(
        lab.blob("Binary", "in", "a.txt.gz", **(packed if source else {})),
        lab.blob("Binary", "out", "x", **(packed if sink else {})),
        BINARY,
    )
    assert lab.get("out/x") == expected


def test_binary_files_are_packed_and_named_so(lab: Lab) -> None:
    lab.put("in/a.txt", b"text" * 1000)
    sink = lab.blob("Binary", "out", compression={"type": "GZip", "level": "Fastest"})
    ran = lab.copy(lab.blob("Binary", "in"), sink, BINARY)
    assert gzip.decompress(lab.get("out/a.txt.gz")) == b"text" * 1000
    assert ran.output["dataRead"] == 4000 > ran.output["dataWritten"]


# Rows.


def test_each_file_is_converted_to_one_and_named_after_it(lab: Lab) -> None:
    lab.put("in/a.csv", b"id,name\r\n1,x\r\n2,\r\n")
    lab.put("in/sub/b.csv", b"id,name\r\n3,z\r\n")
    properties = {"source": {"type": "DelimitedTextSource"}, "sink": JSON_SINK}
    ran = lab.copy(lab.blob("DelimitedText", "in", firstRowAsHeader=True), lab.blob("Json", "out"), properties)
    assert lab.names("out") == ["out/a.json", "out/sub/b.json"]
    assert lines(lab.get("out/a.json")) == [{"id": "1", "name": "x"}, {"id": "2", "name": None}]
    assert (ran.output["filesRead"], ran.output["filesWritten"], ran.output["rowsCopied"]) == (2, 2, 3)


def test_files_of_the_same_columns_are_merged(lab: Lab) -> None:
    lab.put("in/a.csv", b"id,name\n1,x\n")
    lab.put("in/b.csv", b"id,name\n2,y\n")
    source = lab.blob("DelimitedText", "in", firstRowAsHeader=True)
    sink = CSV_SINK | {"storeSettings": write_settings(copyBehavior="MergeFiles")}
    properties = {"source": {"type": "DelimitedTextSource"}, "sink": sink}
    target = lab.blob("DelimitedText", "out", "all.csv", firstRowAsHeader=True)
    assert lab.copy(source, target, properties).error is None
    assert lab.get("out/all.csv") == b"id,name\r\n1,x\r\n2,y\r\n"
    lab.put("in/c.csv", b"id,other\n3,z\n")
    lab.put("out/all.csv", b"before")
    assert "other columns" in lab.copy(source, target, properties).failure[1]
    assert lab.get("out/all.csv") == b"before"


def test_two_sources_of_one_target_are_refused(lab: Lab) -> None:
    lab.put("in/a.json", b'{"a": 1}')
    lab.put("in/a.txt", b'{"a": 2}')
    properties = {"source": {"type": "JsonSource"}, "sink": JSON_SINK}
    ran = lab.copy(lab.blob("Json", "in"), lab.blob("Json", "out"), properties)
    assert "would both be written" in ran.failure[1]


def test_objects_become_typed_columns(lab: Lab) -> None:
    lab.put("in/a.json", b'{"id": 1, "price": 1, "name": "x"}\n{"price": 2.5, "ok": true, "id": 2, "none": null}')
    properties = {"source": {"type": "JsonSource"}, "sink": PARQUET_SINK}
    lab.copy(lab.blob("Json", "in", "a.json"), lab.blob("Parquet", "out", "a.parquet"), properties)
    found = parquet(lab.get("out/a.parquet"))
    assert {field.name: str(field.type) for field in found.schema} == {
        "id": "int64",
        "price": "double",
        "name": "string",
        "ok": "bool",
        "none": "string",
    }
    assert found.to_pylist() == [
        {"id": 1, "price": 1.0, "name": "x", "ok": None, "none": None},
        {"id": 2, "price": 2.5, "name": None, "ok": True, "none": None},
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1}{"a": "x"}', "column 'a' holds values of type Int64 and String"),
        (b'{"a": [1]}', "column 'a' holds objects or arrays"),
        (b"", "at least one column"),
    ],
)
def test_objects_that_are_no_table_are_refused_by_column(lab: Lab, text: bytes, reason: str) -> None:
    lab.put("in/a.json", text)
    properties = {"source": {"type": "JsonSource"}, "sink": PARQUET_SINK}
    ran = lab.copy(lab.blob("Json", "in", "a.json"), lab.blob("Parquet", "out", "a"), properties)
    assert reason in no_blob(ran, lab)


def test_complex_values_become_text_where_that_is_asked_for(lab: Lab, service: WebService) -> None:
    service.answer("/x", 200, [{"id": 1, "tags": ["a", "b,c"], "roi": {"times": 1.5}}])
    source, sink = lab.rest("x"), lab.blob("DelimitedText", "out", "a.csv", firstRowAsHeader=True, escapeChar='"')
    ran = lab.copy(source, sink, {"source": REST, "sink": CSV_SINK})
    assert "mapComplexValuesToString" in no_blob(ran, lab)
    translator = {"type": "TabularTranslator", "mapComplexValuesToString": True}
    assert lab.copy(source, sink, {"source": REST, "sink": CSV_SINK, "translator": translator}).error is None
    assert table(lab.get("out/a.csv")) == [["id", "tags", "roi"], ["1", '["a","b,c"]', '{"times":1.5}']]


ORDERS = {
    "id": {"$oid": "592e"},
    "number": "01",
    "date": "20170122",
    "orders": [{"prod": "p1", "price": 23}, {"prod": "p2", "price": 13}, {"prod": "p3", "price": 231}],
    "city": [{"name": "Seattle"}],
}


def test_an_array_inside_is_crossed_with_what_is_around_it(lab: Lab, service: WebService) -> None:
    """The example of the page on schema mapping, with its result."""
    service.answer("/orders", 200, ORDERS)
    translator = {
        "type": "TabularTranslator",
        "mappings": [
            {"source": {"path": "$['number']"}, "sink": {"name": "orderNumber"}},
            {"source": {"path": "$['date']"}, "sink": {"name": "orderDate"}},
            {"source": {"path": "['prod']"}, "sink": {"name": "order_pd"}},
            {"source": {"path": "['price']"}, "sink": {"name": "order_price"}},
            {"source": {"path": "$['city'][0]['name']"}, "sink": {"name": "city"}},
        ],
        "collectionReference": "$['orders']",
    }
    ran = lab.copy(
        lab.rest("orders"),
        lab.blob("DelimitedText", "out", "a.csv", firstRowAsHeader=True),
        {"source": REST, "sink": CSV_SINK, "translator": translator},
    )
    assert table(lab.get("out/a.csv")) == [
        ["orderNumber", "orderDate", "order_pd", "order_price", "city"],
        ["01", "20170122", "p1", "23", "Seattle"],
        ["01", "20170122", "p2", "13", "Seattle"],
        ["01", "20170122", "p3", "231", "Seattle"],
    ]
    assert (ran.output["rowsRead"], ran.output["rowsCopied"]) == (1, 3)


def test_objects_are_mapped_to_objects(lab: Lab, service: WebService) -> None:
    service.answer("/orders", 200, ORDERS)
    translator = {
        "type": "TabularTranslator",
        "mappings": [
            {"source": {"path": "$['number']"}, "sink": {"path": "$['order']['number']"}},
            {"source": {"path": "$.orders"}, "sink": {"path": "$['order']['lines']"}},
            {"source": {"path": "$.missing"}, "sink": {"path": "$['missing']"}},
        ],
    }
    properties = {
        "source": REST,
        "sink": JSON_SINK,
        "translator": {"value": "@pipeline().parameters.m", "type": "Expression"},
    }
    lab.copy(lab.rest("orders"), lab.blob("Json", "out", "a"), properties, parameters={"m": translator})
    assert lines(lab.get("out/a")) == [{"order": {"number": "01", "lines": ORDERS["orders"]}}]


def mapped(*types: str, **settings: Json) -> dict[str, Json]:
    """Columns a, b, .. to the same names with other types."""
    mappings = [
        {"source": {"name": name}, "sink": {"name": name, "type": kind}}
        for name, kind in zip("abcdefgh", types, strict=False)
    ]
    return {
        "type": "TabularTranslator",
        "mappings": mappings,
        "typeConversion": True,
        "typeConversionSettings": {"culture": "en-us", **settings},
    }


def test_types_are_converted(lab: Lab) -> None:
    lab.put(
        "in/a.csv", b"a,b,c,d,e,f,g\n7,1.5,TRUE,12.50,2026-05-18 12:34:56.789,2026-05-18T12:00:00+02:00,x\n,,,,,,\n"
    )
    properties = {
        "source": {"type": "DelimitedTextSource"},
        "sink": PARQUET_SINK,
        "translator": mapped("Int32", "Double", "Boolean", "Decimal", "DateTime", "DateTimeOffset", "String"),
    }
    ran = lab.copy(
        lab.blob("DelimitedText", "in", "a.csv", firstRowAsHeader=True), lab.blob("Parquet", "out", "a"), properties
    )
    assert ran.error is None, ran.error
    found = parquet(lab.get("out/a"))
    assert [str(field.type) for field in found.schema] == [
        "int32",
        "double",
        "bool",
        "decimal128(4, 2)",
        "timestamp[us]",
        "timestamp[us, tz=UTC]",
        "string",
    ]
    first, second = found.to_pylist()
    assert first == {
        "a": 7,
        "b": 1.5,
        "c": True,
        "d": Decimal("12.50"),
        "e": datetime.datetime(2026, 5, 18, 12, 34, 56, 789000),  # noqa: DTZ001 a DateTime has no zone
        "f": datetime.datetime(2026, 5, 18, 10, tzinfo=datetime.UTC),
        "g": "x",
    }
    assert set(second.values()) == {None}


@pytest.mark.parametrize(
    ("cell", "kind", "settings", "reason"),
    [
        (b"x", "Int32", {}, "column 'a': 'x' cannot be converted to Int32"),
        (b"300", "Byte", {}, "not between 0 and 255"),
        (b"1.5", "Int64", {}, "cannot be converted to Int64"),
        (b"yes", "Boolean", {}, "cannot be converted to Boolean"),
        (b"13/05/2018", "DateTime", {}, "cannot be converted to DateTime"),
        (b"2026-05-18T12:00:00Z", "DateTime", {"allowDataTruncation": False}, "allowDataTruncation is false"),
        (b"not a guid", "Guid", {}, "cannot be converted to Guid"),
        (b"1", "TimeSpan", {}, "cannot be converted to TimeSpan"),
    ],
)
def test_what_cannot_be_converted_is_told_by_column(
    lab: Lab, cell: bytes, kind: str, settings: dict[str, Json], reason: str
) -> None:
    lab.put("in/a.csv", b"a\n" + cell + b"\n")
    properties = {"source": {"type": "DelimitedTextSource"}, "sink": JSON_SINK, "translator": mapped(kind, **settings)}
    ran = lab.copy(
        lab.blob("DelimitedText", "in", "a.csv", firstRowAsHeader=True), lab.blob("Json", "out", "a"), properties
    )
    assert reason in no_blob(ran, lab)


def test_columns_by_ordinal_and_times_by_format(lab: Lab) -> None:
    lab.put("in/a.csv", b"1,2026-05-18T12:34:56Z,dropped\n")
    sink_type = {"type": "String"}
    translator = {
        "type": "TabularTranslator",
        "mappings": [
            {"source": {"ordinal": 2}, "sink": {"name": "at", "type": "DateTimeOffset"}},
            {"source": {"ordinal": "1"}, "sink": {"name": "id"} | sink_type},
        ],
        "typeConversion": True,
        "typeConversionSettings": {"dateTimeOffsetFormat": "dd.MM.yyyy HH:mm zzz"},
    }
    properties = {"source": {"type": "DelimitedTextSource"}, "sink": PARQUET_SINK, "translator": translator}
    lab.copy(lab.blob("DelimitedText", "in", "a.csv"), lab.blob("Parquet", "mid", "a"), properties)
    back = {
        "type": "TabularTranslator",
        "mappings": [{"source": {"name": "at"}, "sink": {"name": "at"} | sink_type}],
        "typeConversion": True,
        "typeConversionSettings": {"dateTimeOffsetFormat": "dd.MM.yyyy HH:mm zzz"},
    }
    properties = {"source": {"type": "ParquetSource"}, "sink": CSV_SINK, "translator": back}
    ran = lab.copy(lab.blob("Parquet", "mid", "a"), lab.blob("DelimitedText", "out", "a.csv"), properties)
    assert ran.error is None, ran.error
    assert lab.get("out/a.csv") == b"18.05.2026 12:34 +00:00\r\n"


@pytest.mark.parametrize("tabular", [True, False])
def test_additional_columns(lab: Lab, tabular: bool) -> None:
    lab.put("in/sub/a", b"id\n7\n" if tabular else b'{"id": "7"}')
    added = [
        {"name": "file", "value": "$$FILEPATH"},
        {"name": "pipeline", "value": {"value": "@pipeline().Pipeline", "type": "Expression"}},
        {"name": "copy", "value": "$$COLUMN:id"},
    ]
    kind = "DelimitedText" if tabular else "Json"
    more = {"firstRowAsHeader": True} if tabular else {}
    properties = {"source": {"type": f"{kind}Source", "additionalColumns": added}, "sink": JSON_SINK}
    ran = lab.copy(lab.blob(kind, "in", **more), lab.blob("Json", "out"), properties)
    assert ran.error is None, ran.error
    (name,) = lab.names("out")
    assert lines(lab.get(name)) == [{"id": "7", "file": "sub/a", "pipeline": "pipeline", "copy": "7"}]


def test_a_table_survives_a_walk_through_all_formats(lab: Lab) -> None:
    rows = [{"id": "1", "text": 'a "b", c\r\nd\\'}, {"id": "2", "text": None}, {"id": "3", "text": "ключ 名"}]
    lab.put("start/t.json", "\n".join(json.dumps(row) for row in rows).encode())
    sinks = {"Json": JSON_SINK, "Parquet": PARQUET_SINK, "DelimitedText": CSV_SINK}
    options: dict[str, dict[str, Json]] = {
        "Json": {"compression": {"type": "gzip"}},
        "Parquet": {"compressionCodec": "gzip"},
        "DelimitedText": {"firstRowAsHeader": True, "compressionCodec": "gzip", "encodingName": "UTF-16"},
    }
    place, kind, given = lab.blob("Json", "start", "t.json"), "Json", ""
    for step, to in enumerate(("DelimitedText", "Parquet", "Json", "Parquet", "DelimitedText", "Json")):
        target = lab.blob(to, f"step{step}", "t", **options[to])
        ran = lab.copy(place, target, {"source": {"type": f"{kind}Source"}, "sink": sinks[to]})
        assert ran.error is None, ran.error
        assert ran.output["rowsCopied"] == len(rows)
        place, kind, given = target, to, f"step{step}/t"
    assert lines(gzip.decompress(lab.get(given))) == rows


def test_duplicate_and_unknown_columns_are_errors(lab: Lab) -> None:
    lab.put("in/a.csv", b"id,id\n1,2\n")
    source = lab.blob("DelimitedText", "in", "a.csv", firstRowAsHeader=True)
    properties: dict[str, Json] = {"source": {"type": "DelimitedTextSource"}, "sink": JSON_SINK}
    assert "names column 'id' twice" in no_blob(lab.copy(source, lab.blob("Json", "out", "a"), properties), lab)
    lab.put("in/a.csv", b"id\n1\n")
    properties["translator"] = {
        "type": "TabularTranslator",
        "mappings": [{"source": {"name": "x"}, "sink": {"name": "y"}}],
    }
    message = no_blob(lab.copy(source, lab.blob("Json", "out", "a"), properties), lab)
    assert "no column x (columns: id)" in message


def test_malformed_json_in_a_blob_is_told_with_its_line(lab: Lab) -> None:
    lab.put("in/a.json", b'{"a": 1}\n{"a": }\n')
    properties = {"source": {"type": "JsonSource"}, "sink": JSON_SINK}
    ran = lab.copy(lab.blob("Json", "in", "a.json"), lab.blob("Json", "out", "a"), properties)
    assert "'in/a.json' line 2" in no_blob(ran, lab)


# What is refused when the pipeline is PUT, by name and path.


@pytest.mark.parametrize(
    ("change", "path", "word"),
    [
        ({"source": {"type": "SqlSource"}}, "$.typeProperties.source.type", "SqlSource"),
        ({"sink": {"type": "SqlSink"}}, "$.typeProperties.sink.type", "SqlSink"),
        (
            {"source": {"type": "JsonSource", "sourceRetryCount": 3}},
            "$.typeProperties.source.sourceRetryCount",
            "retry",
        ),
        (
            {"source": {"type": "JsonSource", "storeSettings": {"type": "FtpReadSettings"}}},
            "$.typeProperties.source.storeSettings.type",
            "FtpReadSettings",
        ),
        (
            {"source": {"type": "JsonSource", "storeSettings": blob_settings(fileListPath="x")}},
            "$.typeProperties.source.storeSettings.fileListPath",
            "Lookup",
        ),
        (
            {"source": {"type": "JsonSource", "storeSettings": blob_settings(deleteFilesAfterCompletion=True)}},
            "$.typeProperties.source.storeSettings.deleteFilesAfterCompletion",
            "BinarySource",
        ),
        ({"source": {"type": "BinarySource"}}, "$.typeProperties.sink.type", "BinarySink"),
        ({"enableStaging": True}, "$.typeProperties.enableStaging", "straight"),
        ({"enableSkipIncompatibleRow": True}, "$.typeProperties.enableSkipIncompatibleRow", "row"),
        ({"skipErrorFile": {"fileMissing": True}}, "$.typeProperties.skipErrorFile", "fails"),
        (
            {"translator": {"type": "TabularTranslator", "columnMappings": "a: b"}},
            "$.typeProperties.translator.columnMappings",
            "mappings",
        ),
        ({"translator": {"type": "Other"}}, "$.typeProperties.translator.type", "TabularTranslator"),
        (
            {
                "translator": {
                    "type": "TabularTranslator",
                    "mappings": [{"source": {"name": "a"}, "sink": {"name": "b", "type": "Money"}}],
                }
            },
            "$.typeProperties.translator.mappings[0].sink.type",
            "Money",
        ),
        (
            {"translator": {"type": "TabularTranslator", "collectionReference": "$..x"}},
            "$.typeProperties.translator.collectionReference",
            "recursion|'..'",
        ),
        ({"source": {"type": "RestSource", "requestMethod": "PUT"}}, "$.typeProperties.source.requestMethod", "PUT"),
        (
            {"source": {"type": "RestSource", "requestInterval": "5"}},
            "$.typeProperties.source.requestInterval",
            "timespan",
        ),
        (
            {"sink": {"type": "JsonSink", "formatSettings": {"type": "JsonWriteSettings", "filePattern": "lines"}}},
            "$.typeProperties.sink.formatSettings.filePattern",
            "setOfObjects",
        ),
        (
            {"sink": {"type": "JsonSink", "storeSettings": write_settings(metadata=[{"name": "a"}])}},
            "$.typeProperties.sink.storeSettings.metadata",
            "metadata",
        ),
    ],
)
def test_refused_by_name(change: dict[str, Json], path: str, word: str) -> None:
    properties = {"source": {"type": "JsonSource"}, "sink": {"type": "JsonSink"}} | change
    problems = list(COPY.refuse({"typeProperties": properties, "inputs": [{}], "outputs": [{}]}))
    assert path in [problem.path for problem in problems], problems
    assert any(re.search(word, problem.message) for problem in problems)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"AbsoluteUrl": "next"}, "neither a JSON path"),
        ({"Absolute": "$.next"}, "'Absolute' is not a pagination rule"),
        ({"QueryParameters": "$.next"}, "'QueryParameters' is not a pagination rule"),
        ({"QueryParameters.a": "RANGE:1"}, "RANGE:<start>"),
        ({"QueryParameters.a": "RANGE:1:2:1", "Headers.b": "RANGE:1:2:1"}, "more than one rule"),
        ({"EndCondition:$.a": "Never"}, "none of Empty"),
        ({"MaxRequestNumber": "0"}, "at least 1"),
        ({"AbsoluteUrl.{x}": "RANGE:1:2:1"}, "there is no {x}"),
        ({"AbsoluteUrl": "$.body"}, "an object or array"),
    ],
)
def test_rules_that_are_not_understood_are_errors(lab: Lab, service: WebService, rules: Json, reason: str) -> None:
    service.answer("/x", 200, {"body": {"a": 1}})
    source = REST | {"paginationRules": rules}
    ran = lab.copy(lab.rest("x"), lab.blob("Json", "out", "a"), {"source": source, "sink": JSON_SINK})
    assert reason in no_blob(ran, lab)


def test_an_interrupted_copy_has_failed() -> None:
    assert COPY.when_restarted({"typeProperties": {"source": {"type": "RestSource"}}}) is AfterRestart.FAIL
