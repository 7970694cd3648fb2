"""Faults of the network and of Azure: a proxy that makes them stands before the real local Data Factory."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adf_export.monitor import following
from adf_export.monitor.api import FactoryApi, OutsideError, Place, UnreachableError
from adf_export.monitor.asked import Asked
from adf_export.monitor.following import Following
from tests.adf_export.monitor.conftest import World
from tests.data_factory.world import serving

pytestmark = pytest.mark.integration
ALL = Asked(which=(), since=timedelta(days=1), statuses=(), last=None)
# As Azure writes it.
FORBIDDEN = "The client 'x' does not have authorization to perform action 'Microsoft.DataFactory/factories/read'"


def refusal(status: int, code: str, message: str = "", **headers: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


async def torn(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer whose connection is lost in its middle."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": False})


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Passes calls on, but for those that are answered here."""

    target: str
    trust: ssl.SSLContext
    # For the next calls, one each; None passes the call on.
    answers: list[ASGIApp | None] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.seen.append(f"{request.method} {request.url.path.rpartition('/factories/')[2]}")
        answer = self.answers.pop(0) if self.answers else None
        await (answer or await self._passed_on(request))(scope, receive, send)

    async def _passed_on(self, request: Request) -> Response:
        kept = {name: value for name, value in request.headers.items() if name in ("authorization", "content-type")}
        url = f"{self.target}{request.url.path}?{request.url.query}"
        async with httpx.AsyncClient(verify=self.trust, trust_env=False) as client:
            answer = await client.request(request.method, url, content=await request.body(), headers=kept)
        return Response(answer.content, answer.status_code, media_type="application/json")


@contextmanager
def proxied(world: World, *, renewable: bool = True) -> Iterator[tuple[Proxy, FactoryApi]]:
    names = {"subscription": "SUBSCRIPTION_ID", "resource_group": "RESOURCE_GROUP", "factory": "DATA_FACTORY"}
    env = world.environment
    trust = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    proxy = Proxy(target=env["AZURE_RESOURCE_MANAGER_URL"], trust=trust)
    with serving(proxy) as origin:
        place = Place(url=origin, **{name: env[f"AZURE_{variable}"] for name, variable in names.items()})
        token = world.token()
        api = FactoryApi(place=place, token=lambda: token, renewable=renewable)
        try:
            yield proxy, api
        finally:
            api.close()


def follow(api: FactoryApi, run_id: str, said: list[str]) -> list[Any]:
    asked = Asked(which=(run_id,), since=timedelta(days=1), statuses=(), last=None)
    return Following(api=api, asked=asked, pause=0.05, show=lambda _, notes: said.extend(notes)).to_the_end()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda: [refusal(401, "ExpiredAuthenticationToken", "The access token expired")], "The access token expired"),
        (lambda: [refusal(503, "ServiceUnavailable", "busy", **{"Retry-After": "0"})] * 3, "503"),
        (lambda: [Response("<html>", media_type="text/html")], "no JSON"),
        (lambda: [torn], "RemoteProtocolError"),
    ],
    ids=["expired", "busy", "html", "torn"],
)
def test_following_survives(world: World, fault: Callable[[], list[ASGIApp]], said: str) -> None:
    run_id = world.factory("run", "by_hand", "--json").document["runId"]
    notes: list[str] = []
    with proxied(world) as (proxy, api):
        proxy.answers = [None, None, None, *fault()]
        (node,) = follow(api, run_id, notes)
    assert node.status == "Succeeded"
    assert any(said in note for note in notes)


def test_following_gives_up_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.2)
    run_id = world.factory("run", "endless", "--json").document["runId"]
    with proxied(world) as (proxy, api):
        proxy.answers = [None, None, None, *[refusal(401, "ExpiredAuthenticationToken")] * 1000]
        with pytest.raises(UnreachableError, match="401"):
            follow(api, run_id, [])
    assert world.factory("cancel", run_id).code == 0


def test_a_given_token_that_expired_is_not_asked_again(world: World) -> None:
    run_id = world.factory("run", "endless", "--json").document["runId"]
    with proxied(world, renewable=False) as (proxy, api):
        proxy.answers = [None, None, None, refusal(401, "ExpiredAuthenticationToken")]
        with pytest.raises(OutsideError, match="put a new token"):
            follow(api, run_id, [])
    assert world.factory("cancel", run_id).code == 0


def test_too_many_calls_are_repeated(world: World) -> None:
    world.run("by_hand")
    with proxied(world) as (proxy, api):
        proxy.answers = [refusal(429, "TooManyRequests", **{"Retry-After": "0"})] * 2
        assert ALL.find(api)
        proxy.answers = [refusal(429, "TooManyRequests", **{"Retry-After": "0"})] * 3
        with pytest.raises(UnreachableError, match="429"):
            ALL.find(api)


def test_who_may_not_is_told_the_role(world: World) -> None:
    with proxied(world) as (proxy, api):
        proxy.answers = [refusal(403, "AuthorizationFailed", FORBIDDEN)]
        with pytest.raises(OutsideError) as caught:
            ALL.find(api)
    assert FORBIDDEN in caught.value.summary
    assert "Data Factory Contributor" in caught.value.remedy
    assert "querypipelineruns/action" in caught.value.remedy


def test_all_pages_are_read(world: World) -> None:
    first, second = ({"runId": name, "pipelineName": "p", "status": "Succeeded"} for name in ("1", "2"))
    with proxied(world) as (proxy, api):
        proxy.answers = [
            JSONResponse({"value": [first], "continuationToken": "more"}),
            JSONResponse({"value": [second]}),
        ]
        assert [run["runId"] for run in ALL.find(api)] == ["1", "2"]


def test_the_token_goes_to_no_other_host(world: World) -> None:
    with proxied(world) as (proxy, api):
        link = "https://elsewhere.example/subscriptions/s/next?api-version=2018-06-01&$skiptoken=x"
        page = {"name": "one"}
        proxy.answers = [JSONResponse({"value": [page], "nextLink": link}), JSONResponse({"value": [{"name": "two"}]})]
        assert api.pipelines() == ["one", "two"]
        assert proxy.seen[-1].endswith("/subscriptions/s/next")
