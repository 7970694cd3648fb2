"""The Data Factory service with its real engine and store, served over TLS on a free loopback port."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from local_azure import ports, servers, tls
from local_azure.data_factory.assembly import FactorySettings, assemble
from local_azure.data_factory.services import EndpointMap
from tests.local_azure.cloud import Cloud

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

Json = Any
SUBSCRIPTION = "12345678-1234-1234-1234-123456789abc"
GROUP = "group"
AUDIENCE = "https://management.azure.com"
# How long a test waits for what takes milliseconds.
PATIENCE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Arm:
    """The running service."""

    url: str
    cloud: Cloud

    @property
    def ca(self) -> str:
        return str(self.cloud.tls.bundle)

    def token(self, audience: str = AUDIENCE) -> str:
        return self.cloud.tokens.issue(audience, client_id="test").text

    def factory_url(self, factory: str, group: str = GROUP, subscription: str = SUBSCRIPTION) -> str:
        return (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DataFactory/factories/{factory}"
        )

    @contextmanager
    def http(self, *, token: str | None = None, version: str | None = "2018-06-01") -> Iterator[httpx.Client]:
        """A plain HTTP client with a token and the api-version; either can be another one or left out ("", None)."""
        given = self.token() if token is None else token
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        params = {"api-version": version} if version is not None else {}
        with httpx.Client(base_url=self.url, headers=headers, params=params, verify=_context(self.ca)) as client:
            yield client


class Credential:
    """Gives clients of Azure's libraries, sync ones and aio ones, tokens of the local identity service."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def get_token(self, *scopes: str, **_: Any) -> "AccessToken":
        from azure.core.credentials import AccessToken

        token = self._cloud.tokens.issue(scopes[0].removesuffix("/.default"), client_id="test")
        return AccessToken(token.text, token.expires_at)


class AsyncCredential(Credential):
    """The same for aio clients."""

    async def get_token(self, *scopes: str, **given: Any) -> "AccessToken":  # type: ignore[override]
        return super().get_token(*scopes, **given)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> "AsyncCredential":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@contextmanager
def arm_in(
    folder: Path, cloud: Cloud, *, hosts: Mapping[str, str] | None = None, files: tls.Tls | None = None
) -> Iterator[Arm]:
    """Serves the Data Factory whose state is in `folder`; `hosts` says where Azure's hosts are served."""
    bound = ports.bind("data_factory", 0)
    url = f"https://localhost:{ports.port_of(bound)}"
    up, loop = threading.Event(), asyncio.new_event_loop()
    end = asyncio.Event()
    failed: list[BaseException] = []

    settings = FactorySettings(
        folder=folder,
        store_url=None,
        base_url=url,
        ca_bundle=cloud.tls.bundle,
        endpoints=EndpointMap(hosts=hosts or {}),
    )

    async def run() -> None:
        factory = assemble(settings, cloud.tokens)
        async with factory.running():
            server = servers.make_server(factory.app, tls=files or cloud.tls)
            task = await servers.serve(server, bound)
            up.set()
            await end.wait()
            await servers.stop(server, task)
        await factory.close()

    def in_thread() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(run())
        except BaseException as error:  # shown by the test, which waits for it
            failed.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=in_thread)
    thread.start()
    try:
        assert up.wait(PATIENCE_SECONDS)
        assert not failed, failed
        yield Arm(url=url, cloud=cloud)
    finally:
        if not failed:
            loop.call_soon_threadsafe(end.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def wait_for(read: Any, accept: Any) -> Any:
    """What `read` gives as soon as it is accepted."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = read()
        if accept(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def _context(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)
