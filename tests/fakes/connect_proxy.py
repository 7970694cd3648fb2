"""A tiny HTTP proxy that knows CONNECT alone: leads the hosts of its table to this machine, refuses all others."""

import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_BLOCK = 65536


@dataclass(frozen=True, kw_only=True)
class ConnectProxy:
    """A running proxy."""

    url: str
    # Every `host:port` that was asked for.
    asked: list[str] = field(default_factory=list)


@contextmanager
def connect_proxy(ports: Mapping[str, int]) -> Iterator[ConnectProxy]:
    """Serves `host:port` -> port on loopback."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, _ = self.rfile.readline().decode("ascii").split(" ", 2)
            while self.rfile.readline().strip():
                pass
            asked.append(target)
            if method != "CONNECT" or target not in ports:
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", ports[target])) as upstream:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(upstream, self.connection))
                back.start()
                _pump(self.connection, upstream)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield ConnectProxy(url=f"http://127.0.0.1:{server.server_address[1]}", asked=asked)
        finally:
            server.shutdown()
            thread.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Passes on what comes, until one side ends."""
    try:
        while data := source.recv(_BLOCK):
            sink.sendall(data)
    except OSError:
        pass
    for end, how in ((source, socket.SHUT_RD), (sink, socket.SHUT_WR)):
        with suppress(OSError):
            end.shutdown(how)
