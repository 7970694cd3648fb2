"""WebHook with a real endpoint, a real address for the callback, and the real store that survives a restart."""

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI

from local_azure import ports, servers
from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.web_hook import WEB_HOOK
from local_azure.data_factory.callbacks import MAX_BYTES, Callbacks, new_token, router
from local_azure.data_factory.services import Services
from local_azure.data_factory.store import SqlStore
from tests.data_factory.conftest import AZURE
from tests.data_factory.world import Ran, World, document, ended, run
from tests.fakes.activity_context import Attempt, again, attempt
from tests.fakes.web_service import WebService

Json = Any
KEY = Fernet.generate_key()
PROPERTIES = {"method": "POST", "url": f"{AZURE}/begin", "headers": {"Content-Type": "application/json"}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with opened(tmp_path) as made:
        yield made


def opened(folder: Path) -> "Opened":
    return Opened(folder)


class Opened:
    """A store that is closed at the end; the next one on the same folder finds what it kept."""

    def __init__(self, folder: Path) -> None:
        self.store = SqlStore(folder / "runs.db", key=KEY)

    def __enter__(self) -> SqlStore:
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


@asynccontextmanager
async def service_of(world: World, store: SqlStore) -> AsyncIterator[Services]:
    """A factory service that takes callbacks, in the loop of the activities, as the real one."""
    callbacks = Callbacks(store)
    app = FastAPI(openapi_url=None)
    app.include_router(router(callbacks))
    bound = ports.bind("test", 0)
    server = servers.make_server(app)
    task = await servers.serve(server, bound)
    try:
        base = f"http://127.0.0.1:{ports.port_of(bound)}"
        async with world.services(callbacks=callbacks, callback_base=base) as services:
            yield services
    finally:
        await servers.stop(server, task)


async def called(service: WebService) -> str:
    """The address that the endpoint was given, once it was called."""
    async with asyncio.timeout(20):
        while not service.seen:
            await asyncio.sleep(0.01)
    return str(service.last.json["callBackUri"])


def exchange(
    world: World, store: SqlStore, service: WebService, properties: Json, callback: bytes
) -> tuple[Ran, httpx.Response]:
    """A WebHook whose endpoint calls back with these bytes."""

    async def main() -> tuple[Ran, httpx.Response]:
        async with service_of(world, store) as services:
            made = attempt(document(WEB_HOOK, PROPERTIES | properties), services)
            work = asyncio.create_task(ended(WEB_HOOK.run(made.context), made))
            answer = await services.http.post(await called(service), content=callback, timeout=20)
            if answer.status_code != 200:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                return Ran(made=made), answer
            return await work, answer

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("callback", "output"),
    [(b'{"Output": {"a": 1}, "x": "\xc3\xbc"}', {"Output": {"a": 1}, "x": "ü"}), (b"", {}), (b"{}", {})],
)
def test_the_callback_is_the_output(
    world: World, store: SqlStore, service: WebService, callback: bytes, output: Json
) -> None:
    ran, _ = exchange(world, store, service, {"body": {"day": "@pipeline().Pipeline"}}, callback)
    assert ran.output == output
    assert service.last.json["day"] == "pipeline"
    assert service.paths() == ["POST /begin"]
    address = service.last.json["callBackUri"]
    (recorded,) = ran.made.inputs
    assert recorded["body"] == {"day": "pipeline", "callBackUri": address}
    # Who knows the address may end the activity.
    assert address.rpartition("/")[2] in ran.made.masked


@pytest.mark.parametrize("body", ['{"day": 1}', {}, None, ""])
def test_bodies_that_take_the_address(world: World, store: SqlStore, service: WebService, body: Json) -> None:
    ran, _ = exchange(world, store, service, {"body": body}, b"{}")
    assert ran.output == {}
    assert set(service.last.json) <= {"day", "callBackUri"}


REPORT = {"reportStatusOnCallBack": True, "body": {}}


@pytest.mark.parametrize(
    ("callback", "output"),
    [
        ({"Output": {"a": 1}, "StatusCode": "200"}, {"a": 1}),
        ({"output": {"a": 1}, "statuscode": 399}, {"a": 1}),
        ({}, {}),
        ({"Output": None, "Error": None}, {}),
    ],
)
def test_a_good_report(world: World, store: SqlStore, service: WebService, callback: Json, output: Json) -> None:
    assert exchange(world, store, service, REPORT, json.dumps(callback).encode())[0].output == output


@pytest.mark.parametrize(
    ("callback", "failure"),
    [
        (
            {"Error": {"ErrorCode": "testErrorCode", "Message": "no such day"}, "StatusCode": "403"},
            ("testErrorCode", "no such day"),
        ),
        ({"Output": {"a": 1}, "StatusCode": 400}, ("400", "the endpoint reports the status 400")),
        ({"statusCode": 500, "error": "downstream exploded"}, ("500", "downstream exploded")),
        ({"StatusCode": "bad"}, ("2105", "StatusCode of the callback must be a number, but is 'bad'")),
        ({"Output": [1]}, ("2105", "Output of the callback must be a JSON object")),
    ],
)
def test_a_bad_report(
    world: World, store: SqlStore, service: WebService, callback: Json, failure: tuple[str, str]
) -> None:
    assert exchange(world, store, service, REPORT, json.dumps(callback).encode())[0].failure == failure


def test_without_report_a_status_is_only_output(world: World, store: SqlStore, service: WebService) -> None:
    ran, _ = exchange(world, store, service, {"body": {}}, b'{"StatusCode": 500}')
    assert ran.output == {"StatusCode": 500}


@pytest.mark.parametrize(
    ("callback", "status"),
    [(b"no JSON", 400), (b"[1]", 400), (b"\xff", 400), (b" " * (MAX_BYTES + 1), 413), (b'{"a":' * 1000, 400)],
)
def test_callbacks_that_are_refused(
    world: World, store: SqlStore, service: WebService, callback: bytes, status: int
) -> None:
    _, answer = exchange(world, store, service, {"body": {}}, callback)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "InvalidCallback"


def test_an_unknown_token_is_refused(world: World, store: SqlStore) -> None:
    async def main() -> list[int]:
        async with service_of(world, store) as services:
            tokens = ["x", new_token("99999999-0000-0000-0000-000000000000"), "ü%00."]
            return [
                (await services.http.post(f"{services.callback_base}/callbacks/{token}", json={})).status_code
                for token in tokens
            ]

    assert asyncio.run(main()) == [404, 404, 404]


def test_without_callback_it_times_out_and_a_late_one_is_refused(
    world: World, store: SqlStore, service: WebService
) -> None:
    async def main() -> tuple[Ran, int]:
        async with service_of(world, store) as services:
            made = attempt(document(WEB_HOOK, PROPERTIES | {"body": {}, "timeout": "00:00:00.05"}), services)
            ran = await ended(WEB_HOOK.run(made.context), made)
            return ran, (await services.http.post(await called(service), json={})).status_code

    ran, late = asyncio.run(main())
    assert ran.failure == ("TimedOut", "the endpoint did not call callBackUri within 0.05 seconds")
    assert late == 404


def test_an_endpoint_that_refuses_fails_at_once(world: World, store: SqlStore, service: WebService) -> None:
    service.answer("/begin", 403, b"not you")

    async def main() -> Ran:
        async with service_of(world, store) as services:
            made = attempt(document(WEB_HOOK, PROPERTIES | {"body": {}}), services)
            return await ended(WEB_HOOK.run(made.context), made)

    code, message = asyncio.run(main()).failure
    assert code == "2108"
    assert "not you" in message


async def begun(services: Services, service: WebService, made: Attempt) -> str:
    """Runs an attempt until its endpoint was called, then kills it as a stop of the service does."""
    stopping = replace(made.context, stopping=lambda: True)
    work = asyncio.create_task(WEB_HOOK.run(stopping))
    address = await called(service)
    # Until it waits: the endpoint's answer has been taken.
    async with asyncio.timeout(20):
        while made.checkpoint.get("due") is None:
            await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return address


@pytest.mark.parametrize("when", ["before the restart", "before the activity waits again", "while it waits again"])
def test_a_callback_around_a_restart_is_not_lost(world: World, service: WebService, tmp_path: Path, when: str) -> None:
    async def first() -> tuple[Attempt, str]:
        with opened(tmp_path) as store:
            async with service_of(world, store) as services:
                made = attempt(document(WEB_HOOK, PROPERTIES | {"body": {}}), services)
                address = await begun(services, service, made)
                if when == "before the restart":
                    assert (await services.http.post(address, json={"n": 1})).status_code == 200
                return made, address

    async def second(before: Attempt, address: str) -> Ran:
        with opened(tmp_path) as store:
            async with service_of(world, store) as services:
                token = address.rpartition("/")[2]
                now = f"{services.callback_base}/callbacks/{token}"
                if when == "before the activity waits again":
                    assert (await services.http.post(now, json={"n": 1})).status_code == 200
                    assert (await services.http.post(now, json={"n": 2})).status_code == 200
                made = again(before, services)
                work = asyncio.create_task(ended(WEB_HOOK.run(made.context), made))
                if when == "while it waits again":
                    assert (await services.http.post(now, json={"n": 1})).status_code == 200
                return await work

    before, address = asyncio.run(first())
    assert asyncio.run(second(before, address)).output == {"n": 1}
    assert service.paths() == ["POST /begin"]


def test_the_time_before_a_restart_counts(world: World, service: WebService, tmp_path: Path) -> None:
    async def main() -> Ran:
        with opened(tmp_path) as store:
            async with service_of(world, store) as services:
                made = attempt(document(WEB_HOOK, PROPERTIES | {"body": {}, "timeout": "00:10:00"}), services)
                await begun(services, service, made)
                later = services.now() + datetime.timedelta(minutes=11)
                taken_up = again(made, replace(services, now=lambda: later))
                return await ended(WEB_HOOK.run(taken_up.context), taken_up)

    assert asyncio.run(main()).failure[0] == "TimedOut"


@pytest.mark.parametrize(
    ("properties", "code", "text"),
    [
        ({"body": "text"}, "2105", "body must be a JSON object"),
        ({"body": [1]}, "2105", "callBackUri is added to it"),
        ({"body": {}, "timeout": "soon"}, "InvalidTimespan", "$.typeProperties.timeout"),
        ({"body": {"x": "y" * 900 * 1024}}, "2002", "too large"),
    ],
)
def test_properties_that_do_not_fit(
    world: World, store: SqlStore, service: WebService, properties: Json, code: str, text: str
) -> None:
    async def main() -> Ran:
        async with service_of(world, store) as services:
            made = attempt(document(WEB_HOOK, PROPERTIES | properties), services)
            return await ended(WEB_HOOK.run(made.context), made)

    failure = asyncio.run(main()).failure
    assert failure[0] == code
    assert text in failure[1]
    assert service.seen == []


def test_without_an_address_for_callbacks_it_says_so(world: World) -> None:
    code, message = run(WEB_HOOK, PROPERTIES | {"body": {}}, world).failure
    assert code == "2108"
    assert "local-azure up" in message


def test_put_and_restart() -> None:
    good = PROPERTIES | {"body": {}, "authentication": {"type": "MSI", "resource": "r"}}
    assert list(WEB_HOOK.refuse(document(WEB_HOOK, good))) == []
    assert [problem.path for problem in WEB_HOOK.refuse(document(WEB_HOOK, good | {"method": "PUT"}))] == [
        "$.typeProperties.method"
    ]
    certificate = good | {"authentication": {"type": "ClientCertificate"}}
    assert [problem.path for problem in WEB_HOOK.refuse(document(WEB_HOOK, certificate))] == [
        "$.typeProperties.authentication.type"
    ]
    assert WEB_HOOK.when_restarted(document(WEB_HOOK, good)) is AfterRestart.RESUME
