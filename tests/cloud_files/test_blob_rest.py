"""How the blob reader meets a service that is slow to answer, answers in pages, or is not there."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_azure.cloud_files import blob_rest
from local_azure.cloud_files.blob_rest import BlobReader, BlobServiceError
from local_azure.storage import BlobAccount

BLOB = (
    "<Blob><Name>{0}</Name><Properties><Last-Modified>Sat, 01 May 2021 00:00:00 GMT</Last-Modified>"
    "<Content-Length>7</Content-Length></Properties></Blob>"
)
Answer = tuple[int, str]
Serve = Callable[[list[Answer]], BlobReader]


def page(names: list[str], marker: str) -> str:
    blobs = "".join(BLOB.format(name) for name in names)
    return f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"


@pytest.fixture
def asked() -> list[str]:
    """The request lines that the service saw."""
    return []


@pytest.fixture
def serve(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A service on a free port that gives the answers in turn."""
    monkeypatch.setattr(blob_rest, "PAUSE_SECONDS", 0)
    answers: list[Answer] = []

    class Service(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the base class's name
            asked.append(self.path)
            status, text = answers.pop(0)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        readers: list[BlobReader] = []

        def start(given: list[Answer]) -> BlobReader:
            answers.extend(given)
            account = BlobAccount("lake", f"http://127.0.0.1:{server.server_port}/lake", "a2V5")
            readers.append(BlobReader(account, "landing"))
            return readers[-1]

        try:
            yield start
        finally:
            for reader in readers:
                reader.close()
            server.shutdown()
            thread.join()


def test_pages_are_followed_and_names_unquoted(serve: Serve, asked: list[str]) -> None:
    reader = serve([(200, page(["a&amp;b.json"], "next page")), (200, page(["é c.json"], ""))])
    assert [name for name, _, _ in reader.list("x/")] == ["a&b.json", "é c.json"]
    assert "prefix=x%2F" in asked[0]
    assert "marker=next%20page" in asked[1]


def test_a_busy_service_is_asked_again(serve: Serve, asked: list[str]) -> None:
    reader = serve([(503, ""), (429, ""), (200, "content")])
    assert reader.read("a b.json") == b"content"
    assert asked == ["/lake/landing/a%20b.json"] * 3


def test_a_refusal_is_not_repeated(serve: Serve, asked: list[str]) -> None:
    reader = serve([(403, "")])
    with pytest.raises(BlobServiceError, match="answered 403") as error:
        reader.read("a.json")
    assert error.value.status == 403
    assert len(asked) == 1


def test_a_service_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_rest, "PAUSE_SECONDS", 0)
    reader = BlobReader(BlobAccount("lake", "http://127.0.0.1:9/lake", "a2V5"), "landing")
    with pytest.raises(BlobServiceError, match=r"no answer from http://127\.0\.0\.1:9/lake"):
        list(reader.list(""))
