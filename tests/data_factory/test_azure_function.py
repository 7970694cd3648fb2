"""AzureFunctionActivity against real servers."""

from dataclasses import replace
from typing import Any

import pytest

from local_azure.data_factory.activities import azure_function
from local_azure.data_factory.activities.azure_function import AZURE_FUNCTION
from local_azure.data_factory.activities.base import AfterRestart
from tests.data_factory.conftest import AZURE
from tests.data_factory.world import Ran, World, document, free_port, run
from tests.fakes.http_script import HANG_UP, HttpScript
from tests.fakes.web_service import WebService

Json = Any
KEY = "function-key=="
APP: Json = {
    "type": "AzureFunction",
    "typeProperties": {"functionAppUrl": AZURE, "functionKey": {"type": "SecureString", "value": KEY}},
}


def call(world: World, properties: Json, app: Json = APP, **scope: Any) -> Ran:
    return run(AZURE_FUNCTION, properties, replace(world, linked_services={"app": app}), linked_service="app", **scope)


@pytest.mark.parametrize("method", ["DELETE", "GET", "OPTIONS", "POST", "PUT"])
def test_a_function_is_called_with_its_key(world: World, service: WebService, method: str) -> None:
    body = {"body": {"day": "@pipeline().parameters.day"}} if method in ("POST", "PUT") else {}
    name = {"value": "@concat('Load/', pipeline().parameters.day, '?name=ü')", "type": "Expression"}
    properties = {"method": method, "functionName": name, "headers": {"Accept-Language": "en"}, **body}
    ran = call(world, properties, parameters={"day": "2026-01-31"})
    seen = service.last
    assert (seen.method, seen.path, seen.query) == (method, "/api/Load/2026-01-31", "name=%C3%BC")
    assert (seen.headers["x-functions-key"], seen.headers["accept-language"]) == (KEY, "en")
    assert seen.body == (b'{"day":"2026-01-31"}' if body else b"")
    assert ran.output["method"] == method
    assert ran.output["effectiveIntegrationRuntime"].startswith("AutoResolveIntegrationRuntime")
    (recorded,) = ran.made.inputs
    assert recorded["headers"]["x-functions-key"] == "***"
    assert recorded["url"] == f"{AZURE}/api/Load/2026-01-31?name=ü"
    assert KEY in ran.made.masked


@pytest.mark.parametrize("body", [b"[1]", b'"done"', b"done", b"", b"null"])
def test_only_objects_are_taken(world: World, service: WebService, body: bytes) -> None:
    service.answer("/api/f", 200, body)
    code, message = call(world, {"method": "GET", "functionName": "f"}).failure
    assert code == "3603"
    assert message.startswith("Response Content is not a valid JObject")


def test_a_failure_says_status_and_message(world: World, service: WebService) -> None:
    service.answer("/api/f", 500, b"it broke")
    code, message = call(world, {"method": "GET", "functionName": "f?code=s3cret"}).failure
    assert code == "3608"
    assert message == (
        "Call to provided Azure function 'f' failed with status-'500 : Internal Server Error' and message - 'it broke'."
    )


def test_more_than_four_megabytes_are_too_much(world: World, service: WebService) -> None:
    service.answer("/api/f", 200, b" " * 5 * 1024 * 1024)
    assert call(world, {"method": "GET", "functionName": "f"}).failure[0] == "2001"


def test_an_app_that_is_not_there(world: World) -> None:
    dead = {"type": "AzureFunction", "typeProperties": {"functionAppUrl": f"http://127.0.0.1:{free_port()}"}}
    code, message = call(world, {"method": "GET", "functionName": "f"}, dead).failure
    assert code == "3610"
    assert message.startswith("There was an error while calling endpoint: ")
    with HttpScript([HANG_UP]) as script:
        broken = {"type": "AzureFunction", "typeProperties": {"functionAppUrl": script.origin}}
        assert call(world, {"method": "GET", "functionName": "f"}, broken).failure[0] == "3610"


def test_a_function_that_hangs_is_given_up(world: World, service: WebService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert azure_function.TIMEOUT_SECONDS == 230
    monkeypatch.setattr(azure_function, "TIMEOUT_SECONDS", 0.2)
    app = {"type": "AzureFunction", "typeProperties": {"functionAppUrl": f"{AZURE}/hang?"}}
    code, message = call(world, {"method": "GET", "functionName": "f"}, app).failure
    assert code == "3610"
    assert "within 0.2 seconds" in message


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"method": "GET", "functionName": " "}, "3607"),
        ({"method": "GET", "functionName": 5}, "InvalidTemplate"),
        ({"method": "GET", "functionName": "f", "headers": ["x"]}, "2105"),
        ({"method": "POST", "functionName": "f", "body": "x" * 900 * 1024}, "2002"),
    ],
)
def test_properties_that_do_not_fit(world: World, service: WebService, properties: Json, code: str) -> None:
    assert call(world, properties).failure[0] == code
    assert service.seen == []


def test_another_linked_service_does_not_fit(world: World) -> None:
    other = {"type": "HttpServer", "typeProperties": {"url": AZURE}}
    code, message = call(world, {"method": "GET", "functionName": "f"}, other).failure
    assert code == "InvalidLinkedService"
    assert "does not fit here" in message


def test_what_is_refused_at_put() -> None:
    good = {"method": "POST", "functionName": "f", "body": {}}
    assert list(AZURE_FUNCTION.refuse(document(AZURE_FUNCTION, good, linked_service="app"))) == []
    cases: list[tuple[Json, str]] = [
        (document(AZURE_FUNCTION, good), "$.linkedServiceName"),
        (document(AZURE_FUNCTION, good | {"method": "PATCH"}, linked_service="app"), "$.typeProperties.method"),
        (
            document(AZURE_FUNCTION, good | {"method": "GET", "body": "x"}, linked_service="app"),
            "$.typeProperties.body",
        ),
        (document(AZURE_FUNCTION, {"method": "PUT"}, linked_service="app"), "$.typeProperties.body"),
    ]
    for activity, path in cases:
        assert [problem.path for problem in AZURE_FUNCTION.refuse(activity)] == [path]
    assert AZURE_FUNCTION.when_restarted(document(AZURE_FUNCTION, good)) is AfterRestart.FAIL
    assert AZURE_FUNCTION.when_restarted(document(AZURE_FUNCTION, {"method": "GET"})) is AfterRestart.REPEAT
