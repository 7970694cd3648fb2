"""What activities that talk HTTP are run in by tests: real servers on loopback, tokens of the real identity service."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp

from local_azure import ports
from local_azure.data_factory.activities.base import ActivityContext, ActivityType
from local_azure.data_factory.callbacks import Callbacks
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.services import EndpointMap, Services
from local_azure.errors import LocalAzureError
from local_azure.identity.service import MANAGED_IDENTITY_PATH
from local_azure.tls import Tls
from tests.fakes.activity_context import Attempt, Documents, attempt
from tests.local_azure.cloud import Cloud, served

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where Azure's hosts are served, what the factory holds, who gives tokens."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    linked_services: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    datasets: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    # None: no identity service answers, and no local CA is trusted.
    cloud: Cloud | None = None

    @property
    def documents(self) -> Documents:
        return Documents(datasets=self.datasets, linked_services=self.linked_services)

    @asynccontextmanager
    async def services(self, *, callbacks: Callbacks | None = None, callback_base: str = "") -> AsyncIterator[Services]:
        """The services of a factory, as `local-azure up` makes them."""
        trusted = ssl.create_default_context(cafile=str(self.cloud.tls.bundle) if self.cloud else None)
        async with httpx.AsyncClient(verify=trusted, trust_env=False, timeout=None) as client:
            yield Services(
                http=client,
                endpoints=EndpointMap(hosts=self.hosts),
                token=self._token(client),
                callbacks=callbacks,
                callback_base=callback_base,
            )

    def _token(self, client: httpx.AsyncClient) -> Callable[[str], Awaitable[str]]:
        async def ask(resource: str) -> str:
            if self.cloud is None:
                raise LocalAzureError("the identity service does not answer: see 'local-azure status'")
            answer = await client.get(
                f"{self.cloud.identity_url}{MANAGED_IDENTITY_PATH}",
                params={"api-version": "2019-08-01", "resource": resource},
                headers={"X-IDENTITY-HEADER": self.cloud.secrets.identity_header},
                timeout=10,
            )
            return str(answer.raise_for_status().json()["access_token"])

        return ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How an attempt ended."""

    made: Attempt
    output: Json = None
    error: ActivityError | None = None

    @property
    def failure(self) -> tuple[str, str]:
        """Code and message."""
        assert self.error is not None, f"it succeeded with {self.output}"
        return self.error.code, self.error.message


def run(kind: ActivityType, properties: Mapping[str, Json], world: World | None = None, **more: Any) -> Ran:
    """One attempt of an activity with these type properties; `linked_service` names the one it uses."""

    async def main() -> Ran:
        where = world or World()
        async with where.services() as services:
            made = attempt(document(kind, properties, **more), services, resources=where.documents, **_scope(more))
            return await ended(kind.run(made.context), made)

    return asyncio.run(main())


def resolved(work: Callable[[ActivityContext], Awaitable[Json]], world: World, **scope: Any) -> Ran:
    """What a coroutine gives that needs the context of an activity."""

    async def main() -> Ran:
        async with world.services() as services:
            made = attempt({"name": "a", "type": "Any"}, services, resources=world.documents, **scope)
            return await ended(work(made.context), made)

    return asyncio.run(main())


def document(kind: ActivityType, properties: Mapping[str, Json], **more: Any) -> dict[str, Json]:
    """The JSON of an activity."""
    found: dict[str, Json] = {"name": more.get("name", "Call it"), "type": kind.name, "typeProperties": properties}
    if "linked_service" in more:
        reference = more["linked_service"]
        if isinstance(reference, str):
            reference = {"referenceName": reference, "type": "LinkedServiceReference"}
        found["linkedServiceName"] = reference
    return found


def _scope(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if name not in ("linked_service", "name")}


async def ended(work: Awaitable[Json], made: Attempt) -> Ran:
    """Waits, bounded, for an attempt."""
    try:
        async with asyncio.timeout(60):
            return Ran(made=made, output=await work)
    except ActivityError as error:
        return Ran(made=made, error=error)


@contextmanager
def serving(app: ASGIApp, files: Tls | None = None) -> Iterator[str]:
    """The app on a free port; its origin."""
    bound = ports.bind("test", 0)
    origin = f"https://localhost:{ports.port_of(bound)}" if files else f"http://127.0.0.1:{ports.port_of(bound)}"
    with served(app, bound, files):
        yield origin


def free_port() -> int:
    """A port on which nothing listens."""
    bound = ports.bind("test", 0)
    try:
        return ports.port_of(bound)
    finally:
        bound.close()
