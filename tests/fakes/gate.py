"""An HTTP server whose one answer waits until a test opens the gate: what asks it is running until then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Ends a test that forgot to open the gate.
_PATIENCE_SECONDS = 60


class Gate:
    """The gate of one server."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.url = ""

    def open(self) -> None:
        self._open.set()

    def wait(self) -> bool:
        return self._open.wait(_PATIENCE_SECONDS)


@contextmanager
def gate() -> Iterator[Gate]:
    """A closed gate; it is opened at the end, so that nothing waits on."""
    found = Gate()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.wait()
            body = b'{"open": true}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # Who asked may have been cancelled meanwhile.
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found
        finally:
            found.open()
            server.shutdown()
            thread.join()
