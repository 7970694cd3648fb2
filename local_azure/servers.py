"""Serves one FastAPI app on a socket that is already bound, inside an event loop that others share."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from local_azure.tls import Tls

# After this, a stop no longer waits for requests that are still being answered.
_GRACE_SECONDS = 3


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the driving file."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: ASGIApp, *, tls: Tls | None = None) -> Server:
    """A server without access log (addresses can carry secrets), without banner, without signal handlers."""
    config = uvicorn.Config(
        app,
        access_log=False,
        lifespan="off",
        log_config=None,
        server_header=False,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws="none",
    )
    return Server(config)


async def serve(server: Server, bound: socket.socket) -> asyncio.Task[None]:
    """Start serving; returns when connections are accepted, the task ends when the server does."""
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the server ended before it accepted connections")
        await asyncio.sleep(0.01)
    return task


async def stop(server: Server, task: asyncio.Task[None]) -> None:
    """End a server in order: answers in progress are finished, then connections are closed."""
    server.should_exit = True
    while not task.done():
        for connection in tuple(server.server_state.connections):
            transport = connection.transport
            # A client that keeps an idle TLS connection does not answer its close, and asyncio would wait 30 s for it.
            if transport is not None and transport.is_closing() and transport.get_write_buffer_size() == 0:
                transport.abort()
        await asyncio.sleep(0.02)
    await task
