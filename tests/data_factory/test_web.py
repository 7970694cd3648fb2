"""WebActivity against real servers: what is sent, what is taken, what is refused, and every way a service can fail."""

import asyncio
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local_azure import tls
from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.web import WEB, _pause
from local_azure.data_factory.choices import Choices, WebAnswers
from local_azure.data_factory.http_calls import Answer
from local_azure.key_vault.store import Attributes
from local_azure.state import State
from tests.data_factory.conftest import AZURE
from tests.data_factory.world import World, document, free_port, run, serving
from tests.fakes.http_script import HANG_UP, HttpScript, raw
from tests.fakes.web_service import WebService
from tests.local_azure.cloud import Cloud

Json = Any
VAULT: Mapping[str, Json] = {
    "vault": {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://vault.vault.azure.net/"}}
}
IN_VAULT = {
    "type": "AzureKeyVaultSecret",
    "store": {"referenceName": "vault", "type": "LinkedServiceReference"},
    "secretName": "web-password",
}
EXECUTION = {"effectiveIntegrationRuntime", "executionDuration", "durationInQueue", "ADFWebActivityResponseHeaders"}


@pytest.mark.parametrize("method", ["DELETE", "GET", "PATCH", "POST", "PUT", "Post"])
def test_each_method_is_sent(world: World, service: WebService, method: str) -> None:
    body = {} if method in ("GET", "DELETE") else {"body": {"a": 1}}
    ran = run(WEB, {"method": method, "url": f"{AZURE}/x?q=1", **body}, world)
    assert ran.output["method"] == service.last.method == method.upper()
    assert (service.last.path, service.last.query) == ("/x", "q=1")
    assert service.last.body == (b'{"a":1}' if body else b"")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("text, no JSON", b"text, no JSON"),
        ({"k": "@pipeline().parameters.n", "t": "@{pipeline().parameters.n}!"}, b'{"k":5,"t":"5!"}'),
        ({"value": "@pipeline().parameters.o", "type": "Expression"}, '{"ü":[1.5,null,true]}'.encode()),
        ('{"id": @{pipeline().parameters.n}}', b'{"id": 5}'),
        ([1, "@pipeline().parameters.n"], b"[1,5]"),
        ("@concat('{', '}')", b"{}"),
        ("", b""),
        ("🔑 nïcode ☃", "🔑 nïcode ☃".encode()),
    ],
)
def test_bodies(world: World, service: WebService, body: Json, sent: bytes) -> None:
    parameters = {"n": 5, "o": {"ü": [1.5, None, True]}}
    assert run(WEB, {"method": "POST", "url": AZURE, "body": body}, world, parameters=parameters).error is None
    assert service.last.body == sent


def test_headers_are_sent_and_secret_ones_not_recorded(world: World, service: WebService) -> None:
    headers = {"Authorization": "@concat('Bearer ', 'abc')", "X-Number": 5, "Accept": "text/plain"}
    ran = run(WEB, {"method": "PUT", "url": f"{AZURE}/blob", "headers": headers, "body": {"ü": 1}}, world)
    sent = service.last.headers
    assert (sent["authorization"], sent["x-number"], sent["accept"]) == ("Bearer abc", "5", "text/plain")
    assert sent["content-type"] == "application/json"
    assert ran.made.inputs == [
        {
            "method": "PUT",
            "url": f"{AZURE}/blob",
            "headers": {"Authorization": "***", "X-Number": "5", "Accept": "text/plain"},
            "body": {"ü": 1},
        }
    ]


def test_the_answer_is_the_output_with_its_headers(world: World, service: WebService) -> None:
    service.answer("/x", 201, {"n": 1.5, "名": ["é"]}, X_Request_Id="abc")
    output = run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world).output
    assert {name: value for name, value in output.items() if name not in EXECUTION} == {"n": 1.5, "名": ["é"]}
    headers = {name.lower(): value for name, value in output["ADFWebActivityResponseHeaders"].items()}
    assert headers["x-request-id"] == "abc"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert output["executionDuration"] >= 0


def test_header_names_keep_their_case_and_repeated_ones_are_joined() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-CaSe: a\r\nX-CaSe: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with HttpScript([answer]) as script:
        output = run(WEB, {"method": "GET", "url": script.origin}).output
    assert output["ADFWebActivityResponseHeaders"]["X-CaSe"] == "a, b"


def test_an_answer_without_body_is_an_empty_text(world: World, service: WebService) -> None:
    service.answer("/x", 201)
    assert run(WEB, {"method": "PUT", "url": f"{AZURE}/x", "body": "v"}, world).output["Response"] == ""


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"[1]", "application/json", "a JSON array"),
        (b'"text"', "application/json", "a JSON value"),
        (b"null", "application/json", "a JSON value"),
        (b"<a/>", "application/xml", "what is not JSON"),
        (b'{"a": NaN}', "application/json", "NaN is not a JSON value"),
        (b'{"a": "\\ud800"}', "application/json", "what is not JSON"),
        (b"\xff\xfe\xfd", "application/json", "what is not JSON"),
        (b'{"a":' * 100_000, "application/json", "what is not JSON"),
    ],
)
def test_only_objects_are_taken(world: World, service: WebService, body: bytes, content_type: str, text: str) -> None:
    service.answer("/x", 200, body, Content_Type=content_type)
    code, message = run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world).failure
    assert code == "2108"
    assert text in message
    assert f"{AZURE}/x" in message


@pytest.mark.parametrize(
    ("body", "response"),
    [(b"[1]", [1]), (b'"text"', "text"), (b"null", None), ("<ü/>".encode(), "<ü/>"), (b"", "")],
)
def test_other_answers_are_wrapped_if_that_is_chosen(
    world: World, service: WebService, body: bytes, response: Json
) -> None:
    service.answer("/x", 200, body)
    choices = Choices(web_answers=WebAnswers.WRAPPED)
    output = run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world, choices=choices).output
    assert output["Response"] == response
    service.answer("/object", 200, {"a": 1})
    output = run(WEB, {"method": "GET", "url": f"{AZURE}/object"}, world, choices=choices).output
    assert (output["a"], "Response" in output) == (1, False)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"ü": 1}'.encode("latin-1"), "application/json; charset=ISO-8859-1"),
        ('{"ü": 1}'.encode("utf-8-sig"), "application/json"),
        ('{"ü": 1}'.encode("utf-16"), "application/json"),
        ('{"ü": 1}'.encode(), "application/json; charset=hex"),
        ('{"ü": 1}'.encode(), "text/plain"),
    ],
)
def test_encodings(world: World, service: WebService, body: bytes, content_type: str) -> None:
    service.answer("/x", 200, body, Content_Type=content_type)
    assert run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world).output["ü"] == 1


def test_four_megabytes_are_taken_and_one_byte_more_is_not(world: World, service: WebService) -> None:
    most = 4 * 1024 * 1024
    service.answer("/most", 200, b'{"a":"' + b"x" * (most - 8) + b'"}')
    service.answer("/more", 200, b'{"a":"' + b"x" * (most - 7) + b'"}')
    service.answer("/5mb", 200, b" " * 5 * 1024 * 1024)
    assert len(run(WEB, {"method": "GET", "url": f"{AZURE}/most"}, world).output["a"]) == most - 8
    for path in ("/more", "/5mb"):
        code, message = run(WEB, {"method": "GET", "url": f"{AZURE}{path}"}, world).failure
        assert code == "2001"
        assert "over limit (around 4MB currently)" in message


def test_a_payload_of_896_kb_is_sent_and_a_larger_one_is_not(world: World, service: WebService) -> None:
    frame = len(json.dumps({"method": "PUT", "url": AZURE, "headers": {}, "body": ""}, separators=(",", ":")))
    most = 896 * 1024 - frame
    assert run(WEB, {"method": "PUT", "url": AZURE, "body": "x" * most}, world).error is None
    ran = run(WEB, {"method": "PUT", "url": AZURE, "body": "x" * (most + 1)}, world)
    assert ran.failure[0] == "2002"
    assert "payload" in ran.failure[1]
    assert len(service.seen) == 1
    assert len(ran.made.inputs) == 1


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, {"error": {"code": "NotFound"}}, '{"error":{"code":"NotFound"}}'),
        (401, b"", "Invoking Web Activity failed with HttpStatusCode - '401 : Unauthorized', message - ''"),
        (500, b"boom", "Invoking Web Activity failed with HttpStatusCode - '500 : Internal Server Error'"),
        (429, b"[1]", "Invoking Web Activity failed with HttpStatusCode - '429 : Too Many Requests', message - '[1]'"),
        (304, b"", "Invoking Web Activity failed with HttpStatusCode - '304 : Not Modified'"),
    ],
)
def test_statuses_that_fail(world: World, service: WebService, status: int, body: Json, message: str) -> None:
    service.answer("/x", status, body)
    code, found = run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world).failure
    assert code == "2108"
    assert found.startswith(message)


def test_a_long_failure_is_an_excerpt(world: World, service: WebService) -> None:
    service.answer("/x", 500, b"x" * 100_000)
    assert len(run(WEB, {"method": "GET", "url": f"{AZURE}/x"}, world).failure[1]) < 5000


def test_accepted_is_followed_to_its_end(world: World, service: WebService) -> None:
    service.answer("/start", 202, {"state": "begun"}, Location="/state?id=1", Retry_After="0")
    service.answer("/state", 202, Retry_After="0")
    service.answer("/state", 202, Location="/other", Retry_After="0")
    service.answer("/other", 200, {"state": "done"})
    properties = {"method": "POST", "url": f"{AZURE}/start", "body": {"a": 1}, "headers": {"Authorization": "x"}}
    assert run(WEB, properties, world).output["state"] == "done"
    assert service.paths() == ["POST /start", "GET /state", "GET /state", "GET /other"]
    assert service.seen[1].query == "id=1"
    assert [seen.headers.get("authorization") for seen in service.seen] == ["x"] * 4
    assert service.seen[1].body == b""
    assert "content-type" not in service.seen[1].headers


def test_accepted_is_the_answer_when_async_is_off_or_nothing_leads_on(world: World, service: WebService) -> None:
    service.answer("/start", 202, {"state": "begun"}, Location="/state", Retry_After="0")
    service.answer("/alone", 202, {"state": "begun"})
    off = run(WEB, {"method": "POST", "url": f"{AZURE}/start", "body": "", "turnOffAsync": True}, world)
    alone = run(WEB, {"method": "POST", "url": f"{AZURE}/alone", "body": ""}, world)
    assert off.output["state"] == alone.output["state"] == "begun"
    assert service.paths() == ["POST /start", "POST /alone"]


def test_accepted_that_fails_later_fails(world: World, service: WebService) -> None:
    service.answer("/start", 202, {}, Location="/state", Retry_After="0")
    service.answer("/state", 500, {"error": "late"})
    failure = run(WEB, {"method": "POST", "url": f"{AZURE}/start", "body": ""}, world).failure
    assert failure == ("2108", '{"error":"late"}')


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, 1.0),
        ("7", 7.0),
        ("0", 0.02),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.02),
        ("soon", 1.0),
    ],
)
def test_how_long_a_poll_waits(retry_after: str | None, seconds: float) -> None:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    answer = Answer(status=202, reason="", headers=headers, body=b"", url=AZURE)
    assert _pause(answer, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)) == seconds


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
        (302, "GET", "GET"),
    ],
)
def test_redirects_are_followed_as_dotnet_does(
    world: World, service: WebService, status: int, method: str, becomes: str
) -> None:
    service.answer("/from", status, Location="/to?x=1")
    body = {} if method == "GET" else {"body": {"a": 1}}
    headers = {"Authorization": "secret", "X-Kept": "1"}
    ran = run(WEB, {"method": method, "url": f"{AZURE}/from", "headers": headers, **body}, world)
    assert (ran.output["method"], ran.output["path"], ran.output["query"]) == (becomes, "/to", "x=1")
    assert service.last.body == (b'{"a":1}' if body and becomes != "GET" else b"")
    assert "authorization" not in service.last.headers
    assert service.last.headers["x-kept"] == "1"


def test_a_circle_of_redirects_ends(world: World, service: WebService) -> None:
    service.answer("/from", 302, Location="/from")
    code, message = run(WEB, {"method": "GET", "url": f"{AZURE}/from"}, world).failure
    assert code == "2108"
    assert "redirects more than 50 times" in message


def test_a_redirect_from_https_to_http_is_not_followed(cloud: Cloud, service: WebService) -> None:
    service.answer("/from", 302, Location="http://127.0.0.1:1/to")
    with serving(service, cloud.tls) as origin:
        code, message = run(WEB, {"method": "GET", "url": f"{origin}/from"}, World(cloud=cloud)).failure
    assert code == "2108"
    assert "leads to 'http://127.0.0.1:1/to', which is not followed" in message


def test_a_certificate_is_checked_unless_that_is_disabled(cloud: Cloud, service: WebService, tmp_path: Path) -> None:
    state = State(tmp_path)
    state.create()
    with serving(service, tls.prepare(state)) as origin:
        properties = {"method": "GET", "url": f"{origin}/x"}
        code, message = run(WEB, properties, World(cloud=cloud)).failure
        assert code == "2108"
        assert "certificate" in message.lower()
        trusting = run(WEB, properties | {"disableCertValidation": True}, World(cloud=cloud))
        assert trusting.output["path"] == "/x"


def test_a_hanging_service_is_given_up(world: World) -> None:
    properties = {"method": "GET", "url": f"{AZURE}/hang?code=s3cret", "httpRequestTimeout": "00:00:00.2"}
    code, message = run(WEB, properties, world).failure
    assert code == "2108"
    assert f"'{AZURE}/hang' gave no complete answer within 0.2 seconds" in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    "answer",
    [
        HANG_UP,
        raw(200, b"{}", Content_Length="100"),
        b"no HTTP at all\r\n\r\n",
        raw(200, b"{}", Content_Encoding="gzip"),
    ],
    ids=["no answer", "half an answer", "no HTTP", "broken gzip"],
)
def test_a_service_that_breaks_off(answer: bytes) -> None:
    with HttpScript([answer]) as script:
        code, message = run(WEB, {"method": "GET", "url": script.origin}).failure
        assert code == "2108"
        assert script.origin in message


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://nothing.invalid/x", "no connection"),
        ("http://[::1/x", "is not a URL"),
        ("/relative", "is not an http or https URL"),
        ("ftp://example.com/x", "is not an http or https URL"),
        ("", "is not an http or https URL"),
        ("https://", "is not an http or https URL"),
        ("http://ex ample.com/", "no connection"),
        ("http://127.0.0.1:99999/", "is not a URL"),
    ],
)
def test_urls_that_lead_nowhere(url: str, text: str) -> None:
    code, message = run(WEB, {"method": "GET", "url": url}).failure
    assert code == "2108"
    assert text in message


def test_a_dead_service() -> None:
    url = f"http://127.0.0.1:{free_port()}/x"
    code, message = run(WEB, {"method": "GET", "url": url}).failure
    assert code == "2108"
    assert f"calling '{url}' failed: no connection" in message


def test_unicode_in_urls(world: World, service: WebService) -> None:
    ran = run(WEB, {"method": "GET", "url": f"{AZURE}/ü/☃?q=é"}, world)
    assert ran.output["path"] == "/ü/☃"
    assert service.last.query == "q=%C3%A9"


@pytest.mark.parametrize(
    ("headers", "code", "text"),
    [
        ({"X": "s3cret ☃"}, "2108", "other characters than ASCII"),
        ({"X": "s3cret\r\nInjected: 1"}, "2108", "not valid HTTP"),
        ({"Bad name": "s3cret"}, "2108", "not valid HTTP"),
        ({"X": ["s3cret"]}, "2105", "headers.X must be a string"),
        ("X: s3cret", "2105", "headers must be an object"),
        ({"Content-Length": "3"}, "2105", "is 3, but the body has 0 bytes"),
    ],
)
def test_headers_that_cannot_be_sent(world: World, headers: Json, code: str, text: str) -> None:
    failure = run(WEB, {"method": "GET", "url": AZURE, "headers": headers}, world).failure
    assert failure[0] == code
    assert text in failure[1]
    assert "s3cret" not in failure[1]


@pytest.mark.parametrize(
    ("properties", "code", "text"),
    [
        ({"httpRequestTimeout": "00:10:01"}, "InvalidTimespan", "at most 00:10:00"),
        ({"httpRequestTimeout": "soon"}, "InvalidTimespan", "httpRequestTimeout must be a timespan"),
        ({"url": 5}, "InvalidTemplate", "'url' must be a String"),
        ({"url": "@nothing()"}, "InvalidTemplate", "$.typeProperties.url"),
        ({"turnOffAsync": "maybe"}, "InvalidTemplate", "'turnOffAsync' must be a Boolean"),
        ({"body": "@int('x')"}, "InvalidTemplate", "$.typeProperties.body"),
    ],
)
def test_properties_that_do_not_fit(world: World, properties: Json, code: str, text: str) -> None:
    failure = run(WEB, {"method": "GET", "url": AZURE} | properties, world).failure
    assert failure[0] == code
    assert text in failure[1]


def test_a_managed_identity_sends_a_token_that_the_service_can_verify(world: World, service: WebService) -> None:
    resource = "https://storage.azure.com"
    properties = {"method": "GET", "url": AZURE, "authentication": {"type": "MSI", "resource": resource}}
    ran = run(WEB, properties, world)
    token = service.last.headers["authorization"].removeprefix("Bearer ")
    assert world.cloud is not None
    world.cloud.tokens.verify(token, audience=resource)
    assert token in ran.made.masked
    assert token not in json.dumps(ran.made.inputs)


def test_without_identity_service_there_is_no_token(service: WebService) -> None:
    properties = {"method": "GET", "url": AZURE, "authentication": {"type": "MSI", "resource": "https://x"}}
    code, message = run(WEB, properties, World()).failure
    assert code == "2403"
    assert "resource 'https://x'" in message
    assert service.seen == []


@pytest.mark.parametrize("password", ["pä:ss", {"type": "SecureString", "value": "pä:ss"}, IN_VAULT])
def test_basic_authentication(world: World, service: WebService, password: Json) -> None:
    assert world.cloud is not None
    world.cloud.store.set("web-password", "pä:ss", Attributes())
    authentication = {"type": "Basic", "username": "me", "password": password}
    with_vault = World(hosts=world.hosts, cloud=world.cloud, linked_services=VAULT)
    ran = run(WEB, {"method": "GET", "url": AZURE, "authentication": authentication}, with_vault)
    assert ran.error is None
    # "me:pä:ss", encoded by hand.
    assert service.last.headers["authorization"] == "Basic bWU6cMOkOnNz"
    assert {"pä:ss", "bWU6cMOkOnNz"} <= set(ran.made.masked)
    assert "Authorization" not in json.dumps(ran.made.inputs)


def test_a_header_may_be_a_secret_of_a_vault(world: World, service: WebService) -> None:
    assert world.cloud is not None
    world.cloud.store.set("web-password", "key-1234", Attributes())
    with_vault = World(hosts=world.hosts, cloud=world.cloud, linked_services=VAULT)
    ran = run(WEB, {"method": "GET", "url": AZURE, "headers": {"x-api-key": IN_VAULT}}, with_vault)
    assert service.last.headers["x-api-key"] == "key-1234"
    assert "key-1234" in ran.made.masked


def test_cookies_of_one_activity_are_not_sent_by_another(world: World, service: WebService) -> None:
    service.answer("/login", 200, {}, Set_Cookie="session=1")

    async def both() -> None:
        from tests.fakes.activity_context import attempt

        async with world.services() as services:
            for path in ("/login", "/next"):
                activity = document(WEB, {"method": "GET", "url": f"{AZURE}{path}"})
                await WEB.run(attempt(activity, services).context)

    asyncio.run(both())
    assert service.paths() == ["GET /login", "GET /next"]
    assert "cookie" not in service.last.headers


@pytest.mark.parametrize(
    ("method", "then"),
    [
        ("GET", AfterRestart.REPEAT),
        ("get", AfterRestart.REPEAT),
        ("POST", AfterRestart.FAIL),
        ("PUT", AfterRestart.FAIL),
    ],
)
def test_after_a_restart_only_what_changes_nothing_is_repeated(method: str, then: AfterRestart) -> None:
    assert WEB.when_restarted(document(WEB, {"method": method})) is then


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"method": "HEAD"}, "$.typeProperties.method"),
        ({"httpRequestTimeout": "00:11:00"}, "$.typeProperties.httpRequestTimeout"),
        ({"httpRequestTimeout": "soon"}, "$.typeProperties.httpRequestTimeout"),
        ({"method": "GET", "body": {"a": 1}}, "$.typeProperties.body"),
        ({"method": "PUT"}, "$.typeProperties.body"),
        ({"datasets": [{"referenceName": "d", "type": "DatasetReference"}]}, "$.typeProperties.datasets"),
        ({"linkedServices": [{"referenceName": "d"}]}, "$.typeProperties.linkedServices"),
        ({"authentication": {"type": "ClientCertificate", "pfx": "x"}}, "$.typeProperties.authentication.type"),
        ({"authentication": {"type": "ServicePrincipal"}}, "$.typeProperties.authentication.type"),
        (
            {"authentication": {"type": "MSI", "resource": "r", "credential": {"referenceName": "c"}}},
            "$.typeProperties.authentication.credential",
        ),
        ({"authentication": {"type": "MSI"}}, "$.typeProperties.authentication.resource"),
        ({"authentication": {"type": "Basic", "username": "u"}}, "$.typeProperties.authentication.password"),
        ({"connectVia": {"referenceName": "selfHosted"}}, "$.typeProperties.connectVia.referenceName"),
    ],
)
def test_what_is_refused_at_put(more: Json, path: str) -> None:
    activity = document(WEB, {"method": "GET", "url": AZURE} | more)
    assert [problem.path for problem in WEB.refuse(activity)] == [path]


def test_a_linked_service_of_a_web_activity_is_refused() -> None:
    activity = document(WEB, {"method": "GET", "url": AZURE}, linked_service="x")
    assert [problem.path for problem in WEB.refuse(activity)] == ["$.linkedServiceName"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"datasets": [], "linkedServices": [], "headers": {}, "authentication": None},
        {"method": "GET", "body": ""},
        {"method": "POST", "body": {}},
        {"httpRequestTimeout": "00:10:00"},
        {"httpRequestTimeout": "@pipeline().parameters.t"},
        {"connectVia": {"referenceName": "AutoResolveIntegrationRuntime", "type": "IntegrationRuntimeReference"}},
        {"authentication": {"type": "MSI", "resource": "@pipeline().parameters.r"}},
        {"authentication": {"type": "Basic", "username": "u", "password": IN_VAULT}},
    ],
)
def test_what_is_taken_at_put(more: Json) -> None:
    activity = document(WEB, {"method": "GET", "url": AZURE} | more)
    assert list(WEB.refuse(activity)) == []
    assert set(activity["typeProperties"]) <= WEB.properties
