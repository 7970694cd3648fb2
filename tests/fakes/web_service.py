"""A web service with the answers that activities must cope with; it keeps the requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Json = Any
JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)


@dataclass(slots=True)
class WebService:
    """Paths it has no answer for are answered with what was sent."""

    # Path -> status, body, headers; of a list one after the other, the last for ever.
    answers: dict[str, list[tuple[int, bytes, dict[str, str]]]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def answer(self, path: str, status: int, body: Json = b"", **headers: str) -> None:
        """Adds an answer; `Retry_After="0"` becomes the header `Retry-After: 0`."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(path, []).append((status, content, {"Content-Type": JSON_TYPE} | named))

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def paths(self) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.seen]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen = Seen(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=await request.body(),
        )
        self.seen.append(seen)
        if seen.path == "/hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        scripted = self.answers.get(seen.path)
        if scripted is None:
            status, body, headers = 200, _echo(seen), {"Content-Type": JSON_TYPE}
        else:
            status, body, headers = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        await Response(body, status_code=status, headers=headers)(scope, receive, send)


def _echo(seen: Seen) -> bytes:
    document = {
        "method": seen.method,
        "path": seen.path,
        "query": seen.query,
        "headers": dict(seen.headers),
        "body": seen.body.decode(),
    }
    return json.dumps(document).encode()
