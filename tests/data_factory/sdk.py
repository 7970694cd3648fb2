"""One face for the sync and the aio client of azure-mgmt-datafactory, 10.0.0 and 9.3.0, for tests."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory._version import VERSION
from azure.mgmt.datafactory.aio import DataFactoryManagementClient as AsyncClient

from tests.data_factory.arm import AUDIENCE, SUBSCRIPTION, Arm, AsyncCredential, Credential

Json = Any
# 9.3.0 has models of its own making; 10.0.0 generates them as mappings, and spells conditions on etags anew.
MODELS_ARE_MAPPINGS = not VERSION.startswith("9.")


class Sdk:
    """Calls operations by name and gives plain JSON, as it was on the wire."""

    def __init__(self, client: Any, wait: Callable[[Any], Any]) -> None:
        self._client = client
        self._wait = wait

    def __call__(self, operation: str, *arguments: Any, **named: Any) -> Json:
        """`pipelines.get`; a dict among the arguments is sent as it is."""
        return wire(self._wait(self._method(operation)(*map(_body, arguments), **named)))

    def list(self, operation: str, *arguments: Any) -> list[Json]:
        """All items of all pages."""
        found = self._method(operation)(*arguments)
        return [wire(item) for item in (self._wait(_collect(found)) if hasattr(found, "__aiter__") else found)]

    def poll(self, operation: str, *arguments: Any) -> None:
        """A long-running operation, to its end."""
        poller = self._wait(self._method(operation)(*arguments))
        self._wait(poller.result())

    def if_match(self, etag: str) -> dict[str, Any]:
        if not MODELS_ARE_MAPPINGS:
            return {"if_match": etag}
        from azure.core import MatchConditions

        return {"etag": etag, "match_condition": MatchConditions.IfNotModified}

    def if_none_match(self, etag: str) -> dict[str, Any]:
        if not MODELS_ARE_MAPPINGS:
            return {"if_none_match": etag}
        from azure.core import MatchConditions

        return {"etag": etag, "match_condition": MatchConditions.IfModified}

    def _method(self, operation: str) -> Callable[..., Any]:
        group, _, name = operation.partition(".")
        method: Callable[..., Any] = getattr(getattr(self._client, group), name)
        return method


@contextmanager
def sync_sdk(arm: Arm) -> Iterator[Sdk]:
    settings = {"credential_scopes": [f"{AUDIENCE}/.default"], "connection_verify": arm.ca, "polling_interval": 0}
    with DataFactoryManagementClient(Credential(arm.cloud), SUBSCRIPTION, base_url=arm.url, **settings) as client:
        yield Sdk(client, lambda found: found)


@contextmanager
def aio_sdk(arm: Arm) -> Iterator[Sdk]:
    settings = {"credential_scopes": [f"{AUDIENCE}/.default"], "connection_verify": arm.ca, "polling_interval": 0}
    with asyncio.Runner() as runner:

        def wait(found: Any) -> Any:
            return runner.run(_await(found)) if hasattr(found, "__await__") else found

        async def make() -> AsyncClient:
            return AsyncClient(AsyncCredential(arm.cloud), SUBSCRIPTION, base_url=arm.url, **settings)

        client = runner.run(make())
        try:
            yield Sdk(client, wait)
        finally:
            runner.run(client.close())


def wire(found: Any) -> Json:
    """A model as JSON."""
    if hasattr(found, "as_dict"):
        return found.as_dict() if MODELS_ARE_MAPPINGS else found.serialize(keep_readonly=True)
    return found


def _body(argument: Any) -> Any:
    return io.BytesIO(json.dumps(argument).encode()) if isinstance(argument, dict) else argument


async def _await(found: Any) -> Any:
    return await found


async def _collect(pages: Any) -> list[Any]:
    return [item async for item in pages]
