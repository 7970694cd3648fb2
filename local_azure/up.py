"""Runs all stand-ins in one process until it is told to stop. The stages, and what each hands to the next:

1. claim     the state folder is locked and made; a second `up` on it is refused. Secrets, signing key and
             certificates are made at the first start and kept.
2. bind      every port is taken at once, before anything is started: a port in use costs the user one line, not a
             half-started cloud.
3. blob      Azurite starts as a child. It needs most of a second, in which the next stage imports and builds; its
             certificate and the key that it checks tokens with are made meanwhile, and given to it then.
4. serve     identity, vault and CoinGecko are FastAPI apps in this one event loop, a uvicorn server each. One loop
             and not one process each: together they take 90 MB and a second to start.
5. seed      the vault gets Airflow's connections with the addresses of this start; the landing container is made.
6. spark     Databricks takes longest: its driver (a process of its own with the JVM) must be ready.
7. publish   `endpoints.json` appears, then the ready line: whoever sees either can use everything.
8. factory   Data Factory is loaded last. It was served since stage 4, and what it is asked before waits for it: its
             imports cost as much time as all others together, and most starts are not about it. Pipeline runs that
             were not finished go on, now that all they may call is there.
9. watch     until SIGINT, SIGTERM or SIGHUP. Azurite is started again when it dies; the driver restarts itself.

The stop runs the same list backwards, whatever the reason and however far the start came: each stage pushed its own
undoing onto one stack.
"""

import asyncio
import functools
import importlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local_azure import lock, ports
from local_azure.blob.azurite import ACCOUNT, START_SECONDS, Azurite, AzuriteSettings, BlobTls
from local_azure.endpoints import Endpoints
from local_azure.errors import LocalAzureError
from local_azure.ports import HOST
from local_azure.state import Secrets, State

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from local_azure.blob.elsewhere import AzuriteElsewhere
    from local_azure.connections import CoinGeckoKey
    from local_azure.data_factory.deferred import Deferred
    from local_azure.identity.tokens import Tokens
    from local_azure.key_vault.store import Store
    from local_azure.tls import Tls

DRIVER_SECONDS = 300.0
_POLL_SECONDS = 0.02
_WATCH_SECONDS = 0.25
# Azurite may die this often within the window; then something is wrong that a restart does not mend.
_DEATHS, _DEATHS_WINDOW_SECONDS = 5, 60.0

log = logging.getLogger("local_azure.up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for."""

    state: State
    # Service to wanted port; 0 is any free one.
    ports: Mapping[str, int]
    seed: int
    # None: the simulated market.
    replay: Path | None
    faults: str
    spark: bool
    # Workspace path prefix to the folder that notebooks under it are read from.
    workspace: Mapping[str, Path]
    # True: Airflow's connection leads to the real CoinGecko API.
    live: bool
    # Names of blob accounts besides the first one, with the same key.
    storage_accounts: tuple[str, ...] = ()
    # URL of the Data Factory's store; None: a file in the state folder. It may hold a password.
    data_factory_store: str | None = field(default=None, repr=False)
    # Where the Data Factory finds a host, over the stand-ins' own addresses; None: where the host itself is.
    hosts: Mapping[str, str | None] = field(default_factory=dict)
    # Beyond loopback: the address that all ports are bound to, and the host name that others find them by.
    listen: str = HOST
    advertise: str = ""
    # Service to the base URL by which a browser finds its pages, where that is not where clients find the service.
    pages: Mapping[str, str] = field(default_factory=dict)
    # The base URLs of an Azurite that runs elsewhere, over http and over https; None: a child of ours.
    blob: tuple[str, str] | None = None
    # From COINGECKO_API_KEY; None when unset.
    coingecko_api_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is told when everything serves."""

    state: Path
    endpoints: Endpoints
    seconds: float


def up(options: Options, announce: Callable[[Ready], None]) -> None:
    """Start all, tell that it is ready, stay until a signal, stop all."""
    os.umask(0o077)
    options.state.create()
    held = lock.acquire(options.state.lock)
    try:
        options.state.endpoints.unlink(missing_ok=True)
        _log_to(options.state)
        asyncio.run(_until_signalled(_live(options, announce)))
    finally:
        options.state.endpoints.unlink(missing_ok=True)
        held.release()


async def _until_signalled(life: Coroutine[None, None, NoReturn]) -> None:
    """Cancel the life at the first signal; further ones do not interrupt the stop, which is bounded anyway."""
    task, loop = asyncio.create_task(life), asyncio.get_running_loop()
    signalled = False

    def end(name: str) -> None:
        nonlocal signalled
        if not signalled:
            signalled = True
            log.info("%s: stopping", name)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number.name)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled:
            raise


async def _live(options: Options, announce: Callable[[Ready], None]) -> NoReturn:
    started = time.monotonic()
    state = options.state
    secrets = Secrets.load_or_create(state)
    async with AsyncExitStack() as stack:
        cloud = Cloud(options=options, secrets=secrets, stack=stack)
        sockets = cloud.bind()
        azurite = cloud.start_azurite()
        files, tokens, store = cloud.prepare(sockets, azurite)
        key = await cloud.serve_light(sockets, files, tokens, store)
        factory = await cloud.serve_data_factory(sockets["data_factory"], files)
        await cloud.wait_for_azurite(azurite)
        endpoints = cloud.endpoints(azurite, sockets, files)
        cloud.seed(store, endpoints, key)
        if options.spark:
            await cloud.serve_databricks(sockets["databricks"], endpoints, tokens)
        load = functools.partial(cloud.load_data_factory, factory, endpoints, tokens)
        if options.data_factory_store is not None:
            # It may be down or refuse us, which is to be told before anything else is.
            await load()
        endpoints.write(state)
        ready = Ready(state=state.root, endpoints=endpoints, seconds=time.monotonic() - started)
        log.info("ready after %.2f s", ready.seconds)
        announce(ready)
        if options.data_factory_store is None:
            await load()
        await cloud.watch(azurite)


@dataclass(slots=True, kw_only=True)
class Cloud:
    """The stages; each pushes its undoing onto the stack."""

    options: Options
    secrets: Secrets
    stack: AsyncExitStack
    servers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def bind(self) -> dict[str, socket.socket]:
        wanted = self.options.ports
        services = [
            "coingecko",
            "data_factory",
            "identity",
            "key_vault",
            *(["databricks"] if self.options.spark else []),
        ]
        for name in ("blob", "blob_tls") if self.options.blob is None else ():
            if wanted[name] != ports.FREE:
                # Azurite binds for itself; this only finds out early, and in our words.
                ports.bind(name, wanted[name]).close()
        listen = self.options.listen
        return {name: self.stack.enter_context(ports.bind(name, wanted[name], listen)) for name in services}

    def start_azurite(self) -> "Azurite | AzuriteElsewhere":
        state = self.options.state
        if self.options.blob is not None:
            from local_azure.blob.elsewhere import AzuriteElsewhere

            http, https = self.options.blob
            return AzuriteElsewhere(http=http, https=https, key=self.secrets.azurite_key)
        settings = AzuriteSettings(
            location=state.blob,
            logs=state.logs,
            key=self.secrets.azurite_key,
            more_accounts=self.options.storage_accounts,
            port=self.options.ports["blob"],
        )
        azurite = Azurite(settings)
        self.stack.callback(azurite.stop)
        azurite.start()
        return azurite

    def prepare(
        self, sockets: Mapping[str, socket.socket], azurite: "Azurite | AzuriteElsewhere"
    ) -> "tuple[Tls, Tokens, Store]":
        # Imported here, after Azurite was started: together they take half a second.
        from local_azure import tls
        from local_azure.identity.tokens import Tokens, load_or_create_key
        from local_azure.key_vault.store import Store

        state = self.options.state
        files = tls.prepare(state, [self.options.advertise] if self.options.advertise else [])
        tokens = Tokens(key=load_or_create_key(state), base_url=self._http(sockets["identity"]))
        port = self.options.ports["blob_tls"]
        azurite.serve_tls(
            BlobTls(certificate=files.certificate, key=files.key, public_key=tokens.public_key, port=port)
        )
        store = Store(state.key_vault)
        self.stack.callback(store.close)
        return files, tokens, store

    async def serve_light(
        self, sockets: Mapping[str, socket.socket], files: "Tls", tokens: "Tokens", store: "Store"
    ) -> "CoinGeckoKey":
        from local_azure.coingecko import service as coingecko
        from local_azure.connections import choose_key
        from local_azure.identity import service as identity
        from local_azure.key_vault import service as key_vault

        options, secrets = self.options, self.secrets
        key = choose_key(store, secrets, options.coingecko_api_key)
        market = coingecko.build(
            options.seed,
            options.replay,
            # The stand-in takes the key that tasks are given, so that a real key works here unchanged.
            key.text,
            secrets.coingecko_pro_key,
            admin_token=secrets.admin_token,
            faults=options.faults,
        )
        await self._serve("identity", identity.create_app(tokens, secrets.identity_header), sockets["identity"])
        vault = key_vault.create_app(store, tokens, self._https(sockets["key_vault"]))
        await self._serve("key_vault", vault, sockets["key_vault"], files)
        await self._serve("coingecko", market, sockets["coingecko"])
        return key

    async def serve_data_factory(self, bound: socket.socket, files: "Tls") -> "Deferred":
        from local_azure.data_factory.deferred import Deferred

        deferred = Deferred()
        await self._start_server("data_factory", deferred, bound, files)
        return deferred

    async def wait_for_azurite(self, azurite: "Azurite | AzuriteElsewhere") -> None:
        from local_azure.environment import LANDING

        deadline = time.monotonic() + START_SECONDS
        while not azurite.listening():
            if time.monotonic() > deadline:
                raise LocalAzureError(f"Azurite did not listen within {START_SECONDS:.0f} s: {azurite.last_words()}")
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.to_thread(azurite.create_container, LANDING)

    def endpoints(
        self, azurite: "Azurite | AzuriteElsewhere", sockets: Mapping[str, socket.socket], files: "Tls"
    ) -> Endpoints:
        coingecko = self._http(sockets["coingecko"])
        return Endpoints(
            coingecko=f"{coingecko}/api/v3",
            coingecko_pro=f"{coingecko}/pro/api/v3",
            blob=azurite.endpoint,
            blob_tls=azurite.tls_endpoint,
            blob_account=ACCOUNT,
            key_vault=self._https(sockets["key_vault"]),
            identity=f"{self._http(sockets['identity'])}/metadata/identity/oauth2/token",
            data_factory=self._https(sockets["data_factory"]),
            databricks=self._http(sockets["databricks"]) if "databricks" in sockets else None,
            ca_bundle=str(files.bundle),
            pid=os.getpid(),
        )

    async def load_data_factory(self, deferred: "Deferred", endpoints: Endpoints, tokens: "Tokens") -> None:
        """Let the Data Factory answer; LocalAzureError when its store cannot be opened."""
        from local_azure.data_factory.endpoint_map import endpoint_map, stand_ins

        options = self.options
        # In a thread: the other services answer meanwhile.
        assembly = await asyncio.to_thread(importlib.import_module, "local_azure.data_factory.assembly")
        hosts = stand_ins(
            blob=endpoints.blob_tls.removesuffix(f"/{endpoints.blob_account}"),
            coingecko=None if options.live else endpoints.coingecko.removesuffix("/api/v3"),
            data_factory=endpoints.data_factory,
            databricks=endpoints.databricks or f"{endpoints.data_factory}{assembly.NO_DATABRICKS}",
            identity=tokens.base_url,
            key_vault=endpoints.key_vault,
        )
        settings = assembly.FactorySettings(
            folder=options.state.data_factory,
            store_url=options.data_factory_store,
            base_url=endpoints.data_factory,
            ca_bundle=Path(endpoints.ca_bundle),
            endpoints=endpoint_map(hosts, options.hosts),
            hosts=(options.advertise,) if options.advertise else (),
        )
        factory = assembly.assemble(settings, tokens)
        self.stack.push_async_callback(factory.close)
        await self.stack.enter_async_context(factory.running())
        deferred.become(factory.app)
        self.stack.callback(deferred.withdraw)

    def seed(self, store: "Store", endpoints: Endpoints, key: "CoinGeckoKey") -> None:
        from local_azure import connections

        pages = self.options.pages.get("data_factory", endpoints.data_factory)
        connections.seed(store, endpoints, self.secrets, key, live=self.options.live, pages=pages)

    async def serve_databricks(self, bound: socket.socket, endpoints: Endpoints, tokens: "Tokens") -> None:
        from local_azure.databricks.service import DATABRICKS_RESOURCE, create_app
        from local_azure.databricks.settings import DatabricksSettings, SecretSource
        from local_azure.environment import CATALOG
        from local_azure.storage import BlobAccount, StorageMap

        state = self.options.state
        account = BlobAccount(name=endpoints.blob_account, endpoint=endpoints.blob, key=self.secrets.azurite_key)
        settings = DatabricksSettings(
            root=state.databricks,
            warehouse=state.warehouse,
            metastore=state.metastore,
            token=self.secrets.databricks_token,
            workspace=self.options.workspace,
            storage=StorageMap(accounts=(account,)),
            secrets=SecretSource(
                scopes={"crypto": endpoints.key_vault},
                identity_endpoint=endpoints.identity,
                identity_header=self.secrets.identity_header,
                ca_bundle=Path(endpoints.ca_bundle),
            ),
            catalog=CATALOG,
            hosts=(self.options.advertise,) if self.options.advertise else (),
            pages_url=self.options.pages.get("databricks", ""),
        )
        app = create_app(settings, entra=tokens.accepts(DATABRICKS_RESOURCE))
        await self._serve("databricks", app, bound)
        await self._wait_for_driver(app)

    async def _wait_for_driver(self, app: "FastAPI") -> None:
        driver = app.state.jobs.driver
        deadline = time.monotonic() + DRIVER_SECONDS
        while driver.status != "ready":
            where = self.options.state.databricks / "logs" / "driver.log"
            if driver.status == "failed":
                raise LocalAzureError(f"the Spark driver did not start ({where}): {driver.message}")
            if time.monotonic() > deadline:
                raise LocalAzureError(f"the Spark driver was not ready within {DRIVER_SECONDS:.0f} s: see {where}")
            await asyncio.sleep(_POLL_SECONDS)

    async def watch(self, azurite: "Azurite | AzuriteElsewhere") -> NoReturn:
        deaths: list[float] = []
        while True:
            ended = [name for name, task in self.servers.items() if task.done()]
            if ended:
                raise LocalAzureError(f"the server of {ended[0]} ended: see {self.options.state.logs}")
            if not azurite.alive:
                now = time.monotonic()
                deaths = [death for death in deaths if now - death < _DEATHS_WINDOW_SECONDS] + [now]
                if len(deaths) > _DEATHS:
                    raise LocalAzureError(
                        f"Azurite ended {len(deaths)} times within {_DEATHS_WINDOW_SECONDS:.0f} s: "
                        f"{azurite.last_words()}"
                    )
                log.warning("Azurite ended: starting it again (%s)", azurite.last_words())
                azurite.start()
                await self.wait_for_azurite(azurite)
            await asyncio.sleep(_WATCH_SECONDS)

    def _http(self, bound: socket.socket) -> str:
        return f"http://{self.options.advertise or HOST}:{ports.port_of(bound)}"

    def _https(self, bound: socket.socket) -> str:
        # By name: clients of a vault compare it with the certificate, and some take no address for a host.
        return f"https://{self.options.advertise or 'localhost'}:{ports.port_of(bound)}"

    async def _serve(self, name: str, app: "FastAPI", bound: socket.socket, files: "Tls | None" = None) -> None:
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        await self._start_server(name, app, bound, files)

    async def _start_server(self, name: str, app: "ASGIApp", bound: socket.socket, files: "Tls | None") -> None:
        from local_azure import servers

        server = servers.make_server(app, tls=files)
        task = await servers.serve(server, bound)
        self.servers[name] = task
        self.stack.push_async_callback(functools.partial(servers.stop, server, task))


def _log_to(state: State) -> None:
    """All records of this process go to one file; terminal and standard output stay for the user."""
    handler = logging.FileHandler(state.logs / "local-azure.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Their records hold whole requests.
    for chatty in ("azure", "urllib3", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
