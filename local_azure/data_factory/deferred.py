"""An ASGI app that is served before it is loaded: requests wait for it. And after it has ended: they are refused."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Deferred:
    """Stands for the app that `become` gives it. Loading may take a second that nobody else has to wait for."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._loaded = asyncio.Event()

    def become(self, app: ASGIApp) -> None:
        """All requests, those that wait included, are the app's now."""
        self._app = app
        self._loaded.set()

    def withdraw(self) -> None:
        """The app takes no more requests: what it works with is about to be closed."""
        self._app = None
        self._loaded.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._loaded.wait()
        await (self._app or _STOPPING)(scope, receive, send)


_STOPPING = JSONResponse(
    {"error": {"code": "ServiceUnavailable", "message": "the local Data Factory is stopping"}},
    status_code=503,
    headers={"Retry-After": "5"},
)
