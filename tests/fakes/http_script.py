"""A tiny HTTP server that plays a script of raw answers, one a request, and keeps the requests."""

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire."""

    target: str
    headers: Mapping[str, str]  # names in lower case

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


def reply(status: int, document: object, **headers: str) -> bytes:
    """An answer with a JSON body; `Retry_After="3"` becomes the header `Retry-After: 3`."""
    return raw(status, json.dumps(document).encode(), **headers)


def raw(status: int, body: bytes, **headers: str) -> bytes:
    """An answer with these very bytes as its body."""
    given = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


HANG_UP = b""
"""Closes the connection without an answer."""


@dataclass(slots=True)
class HttpScript:
    """Use it as a context manager; the last answer of the script is repeated for ever."""

    answers: list[bytes]
    requests: list[Request] = field(default_factory=list)
    _listener: socket.socket = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _play(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed by __exit__
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (got := connection.recv(65536)):
                    head += got
                if head:
                    self.requests.append(_parse(head))
                    place = min(len(self.requests), len(self.answers)) - 1
                    connection.sendall(self.answers[place])


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(target=first.split(" ")[1], headers={name.lower(): value for name, value in headers.items()})
