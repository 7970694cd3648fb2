"""Answers on the wire: JSON with its provenance, and connections that break."""

import json
import struct
from collections.abc import Mapping
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Protocol, cast

from fastapi import FastAPI, Response
from starlette.types import Receive, Scope, Send

PROVENANCE = "X-Market-Provenance"
_RAW_SEND = "local_azure.raw_send"


class _Transport(Protocol):
    def abort(self) -> None: ...
    def close(self) -> None: ...
    def get_extra_info(self, name: str) -> Any: ...


class CoinGeckoApp(FastAPI):
    """A FastAPI that keeps the server's own `send`, so that an answer can break its connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_RAW_SEND] = send
        await super().__call__(scope, receive, send)


def json_answer(body: bytes, *, status: int, provenance: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        content=body,
        status_code=status,
        media_type="application/json; charset=utf-8",
        headers={PROVENANCE: provenance, **(headers or {})},
    )


def encode(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


class BrokenConnection(Response):
    """Ends the connection: at once with a TCP reset, or in the middle of the announced body."""

    def __init__(self, body: bytes, *, provenance: str, in_body: bool) -> None:
        super().__init__(body, media_type="application/json; charset=utf-8", headers={PROVENANCE: provenance})
        self._in_body = in_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        if transport is None:
            raise ConnectionResetError("the fault 'reset' breaks the connection of a real server; this is none")
        if self._in_body:
            body = bytes(self.body)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            transport.close()
        else:
            socket = transport.get_extra_info("socket")
            socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue


def _transport(scope: Scope) -> _Transport | None:
    """The connection under the server's `send` (uvicorn's request cycle holds it); None under a test client."""
    cycle = getattr(scope[_RAW_SEND], "__self__", None)
    return cast("_Transport | None", getattr(cycle, "transport", None))
