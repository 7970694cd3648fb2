"""The identity service and the vault, served for real on free loopback ports."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from local_azure import ports, servers, tls
from local_azure.identity import service as identity
from local_azure.identity.tokens import Tokens, load_or_create_key
from local_azure.key_vault import service as key_vault
from local_azure.key_vault.store import Store
from local_azure.state import Secrets, State


@contextmanager
def served(app: ASGIApp, bound: socket.socket, files: tls.Tls | None = None) -> Iterator[None]:
    """The app on a bound socket, in a thread of its own, until the block ends."""
    loop, up, end = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        server = servers.make_server(app, tls=files)
        task = await servers.serve(server, bound)
        up.set()
        await end.wait()
        await servers.stop(server, task)

    def in_thread() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=in_thread)
    thread.start()
    try:
        assert up.wait(20)
        yield
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(20)
        assert not thread.is_alive()


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """The two services and what a client of theirs must know."""

    state: State
    secrets: Secrets
    tls: tls.Tls
    tokens: Tokens
    store: Store
    identity_url: str
    vault_url: str


@contextmanager
def cloud_in(folder: Path) -> Iterator[Cloud]:
    """Identity and vault on a state folder."""
    state = State(folder)
    state.create()
    secrets, files = Secrets.load_or_create(state), tls.prepare(state)
    identity_socket, vault_socket = ports.bind("identity", 0), ports.bind("key_vault", 0)
    identity_url = f"http://127.0.0.1:{ports.port_of(identity_socket)}"
    vault_url = f"https://localhost:{ports.port_of(vault_socket)}"
    tokens = Tokens(key=load_or_create_key(state), base_url=identity_url)
    store = Store(state.key_vault)
    with ExitStack() as stack:
        stack.callback(store.close)
        stack.enter_context(served(identity.create_app(tokens, secrets.identity_header), identity_socket))
        stack.enter_context(served(key_vault.create_app(store, tokens, vault_url), vault_socket, files))
        yield Cloud(
            state=state,
            secrets=secrets,
            tls=files,
            tokens=tokens,
            store=store,
            identity_url=identity_url,
            vault_url=vault_url,
        )
