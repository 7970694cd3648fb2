"""Puts the local Data Factory together: store, engine, REST service, and how its activities reach other services.

Import it late: SQLAlchemy and httpx cost as much time as all other services together.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from local_azure.data_factory import run_pages
from local_azure.data_factory.activities import TYPES
from local_azure.data_factory.backend import Backend
from local_azure.data_factory.callbacks import Callbacks, router
from local_azure.data_factory.defaults import LOCATION, local_factory
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.sealing import load_or_create_key
from local_azure.data_factory.service import accept_management_tokens, create_app
from local_azure.data_factory.services import EndpointMap, Services
from local_azure.data_factory.store import FACTORIES, SqlStore, StoreError
from local_azure.data_factory.stored_documents import StoredDocuments
from local_azure.identity.tokens import OBJECT, Tokens

# Connections at once, further ones wait: far below the number of files that a process may open.
_CONNECTIONS = 500
_KEPT_CONNECTIONS = 50
# Servers close an idle connection after 5 s and more; one that is used again just then would fail a call.
_IDLE_SECONDS = 2.0
# Where the hosts of a workspace lead when none runs here: no call shall leave this machine by mistake.
NO_DATABRICKS = "/_not_running/databricks"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorySettings:
    """Where the factories are kept and what surrounds them."""

    # The store's key, and the store itself unless `store_url` names another place.
    folder: Path
    # SQLAlchemy's URL of a PostgreSQL database or an SQLite file; may hold a password.
    store_url: str | None
    # The service's own address.
    base_url: str
    ca_bundle: Path
    endpoints: EndpointMap
    # Names besides this machine's that a browser may call the pages of runs by.
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDataFactory:
    """The service before it runs; `app` can be served at once, runs go on within `running`."""

    app: FastAPI
    engine: Engine
    store: SqlStore
    services: Services

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Unfinished runs are taken up again; at the end they are left where they are."""
        await self.engine.start()
        try:
            yield
        finally:
            await self.engine.stop()

    async def close(self) -> None:
        """Ends the connections to other services and to the store."""
        await self.services.http.aclose()
        self.store.close()


def assemble(settings: FactorySettings, tokens: Tokens) -> LocalDataFactory:
    """The Data Factory of a state folder, with its first factory.

    Raises:
        LocalAzureError: the store cannot be opened, or another local-azure works with it.
    """
    key = load_or_create_key(settings.folder / "store.key")
    store = SqlStore(settings.store_url or settings.folder / "factories.sqlite", key=key)
    try:
        store.claim()
    except StoreError:
        store.close()
        raise
    callbacks = Callbacks(store)
    services = Services(
        http=_client(settings.ca_bundle),
        endpoints=settings.endpoints,
        token=_issuer(tokens),
        callback_base=settings.base_url,
        callbacks=callbacks,
    )
    engine = Engine(store, StoredDocuments(store), services, store, TYPES)
    backend = Backend(store, engine)
    if store.resource(local_factory().key, FACTORIES, local_factory().name) is None:
        backend.put_factory(local_factory(), {"location": LOCATION}, {})
    app = create_app(backend, accept_management_tokens(tokens))
    app.include_router(router(callbacks))
    app.include_router(run_pages.router(store, settings.hosts))
    app.add_api_route(f"{NO_DATABRICKS}/{{path:path}}", _no_databricks, methods=["GET", "POST"])
    return LocalDataFactory(app=app, engine=engine, store=store, services=services)


def _client(ca_bundle: Path) -> httpx.AsyncClient:
    """What `Services.http` asks for. A proxy of the environment is used, but not for this machine (NO_PROXY)."""
    return httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=str(ca_bundle)),
        timeout=None,
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
        ),
    )


def _issuer(tokens: Tokens) -> Callable[[str], Awaitable[str]]:
    """Tokens of the factory's managed identity; no call is made, since who signs them is in this process."""

    async def issue(resource: str) -> str:
        return tokens.issue(resource.removesuffix("/.default"), client_id=OBJECT).text

    return issue


async def _no_databricks(path: str) -> JSONResponse:
    message = "Databricks does not run here: 'local-azure up' was started with --no-spark"
    return JSONResponse({"error_code": "FEATURE_DISABLED", "message": message}, status_code=404)
