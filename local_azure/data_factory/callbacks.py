"""The callbacks that WebHook activities wait for: durable before they are acknowledged, so that no restart loses one.

A token is `<run id>.<unguessable part>`. What is known of it is kept in the memory of that run (its hash, never the
token): that it is expected, what was delivered, or that nobody waits for it any more.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from adf_lang.json_reader import read_json

Json = Any
MAX_BYTES = 4 * 1024 * 1024
_EXPECTED: Json = {"expected": True}
_CLOSED: Json = {"expected": False}


class Memory(Protocol):
    """What a RunStore remembers of a run."""

    def remember(self, run_id: str, key: str, value: Json) -> None:
        """Keeps a small JSON value of a run; durable when it returns."""

    def memory(self, run_id: str) -> Mapping[str, Json]:
        """All that was remembered of a run."""


def new_token(run_id: str) -> str:
    """A token that nobody can guess."""
    return f"{run_id}.{secrets.token_urlsafe(32)}"


class Callbacks:
    """Who waits for which callback."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    def expect(self, token: str) -> asyncio.Future[Json]:
        """The body of the callback, when it comes or if it came before; from now on it is taken, also over restarts."""
        run_id, key = _place(token)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        known = self._memory.memory(run_id).get(key)
        if known is None:
            self._memory.remember(run_id, key, _EXPECTED)
        if isinstance(known, Mapping) and "body" in known:
            future.set_result(known["body"])
        else:
            self._waiting[token] = future
        return future

    def deliver(self, token: str, body: Json) -> bool:
        """Takes a callback; False: nobody expects it. Of several the first counts."""
        run_id, key = _place(token)
        known = self._memory.memory(run_id).get(key)
        if not isinstance(known, Mapping) or known == _CLOSED:
            return False
        if "body" not in known:
            self._memory.remember(run_id, key, {"body": body})
            waiting = self._waiting.pop(token, None)
            if waiting is not None:
                waiting.get_loop().call_soon_threadsafe(_settle, waiting, body)
        return True

    def leave(self, token: str) -> None:
        """Nobody waits here now; a callback is still taken and kept for whoever expects it again."""
        self._waiting.pop(token, None)

    def close(self, token: str) -> None:
        """A callback is no longer taken."""
        self.leave(token)
        run_id, key = _place(token)
        self._memory.remember(run_id, key, _CLOSED)


def _place(token: str) -> tuple[str, str]:
    """The run of a token and the key of what is known of it there."""
    return token.partition(".")[0], f"callback:{hashlib.sha256(token.encode()).hexdigest()}"


def _settle(waiting: asyncio.Future[Json], body: Json) -> None:
    if not waiting.done():
        waiting.set_result(body)


def router(callbacks: Callbacks) -> APIRouter:
    """POST /callbacks/{token}: without a bearer token, since the one in the path says who may call."""
    routes = APIRouter()

    @routes.post("/callbacks/{token}")
    async def call_back(token: str, request: Request) -> JSONResponse:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return _refused(413, f"the body has more than {MAX_BYTES} bytes")
        try:
            document = read_json(body.decode("utf-8-sig"))
        except ValueError as error:
            return _refused(400, f"the body is not JSON: {error}")
        if not isinstance(document, dict | None):
            return _refused(400, "the body must be a JSON object")
        if not callbacks.deliver(token, document or {}):
            return _refused(404, "no WebHook activity waits for this callback")
        return JSONResponse({})

    return routes


def _refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": "InvalidCallback", "message": message}}, status_code=status)
