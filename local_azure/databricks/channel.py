"""Carries JSON messages, one a line, over the sockets between the service, the driver and its run processes."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any


class Channel:
    """One end of a socket pair."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._sending = threading.Lock()
        self._reader = sock.makefile("rb")

    def send(self, message: dict[str, Any]) -> bool:
        """Send one message; False when the other end is gone."""
        data = json.dumps(message).encode() + b"\n"
        with self._sending:
            try:
                self.socket.sendall(data)
            except OSError:
                return False
        return True

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the other end is gone."""
        try:
            line = self._reader.readline()
        except OSError:
            return None
        if not line.endswith(b"\n"):
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (message := self.receive()) is not None:
            yield message

    def close(self) -> None:
        """Close this end; a thread that waits in `receive` on it sees the end of the stream."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
