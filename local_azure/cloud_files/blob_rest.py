"""Lists and reads blobs over REST: two calls, without the second that importing the Azure SDK costs every worker."""

import base64
import hashlib
import hmac
import http.client
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from local_azure.storage import BlobAccount

VERSION = "2021-12-02"
SECONDS = 60.0
ATTEMPTS = 4
PAUSE_SECONDS = 0.5
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
# The header fields that a Shared Key signature holds between the verb and our two: a GET leaves them all empty.
# https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
EMPTY_FIELDS = "\n" * 12


class BlobServiceError(OSError):
    """An answer that is not the data; `status` is 0 when there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BlobReader:
    """Reads one container; threads may share it, each has a connection of its own."""

    def __init__(self, account: BlobAccount, container: str) -> None:
        self._account = account
        self._container = container
        self._endpoint = urlsplit(account.endpoint)
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def list(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        """Name, size and modification time of the blobs whose names begin with the prefix."""
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, "marker": marker, "maxresults": "5000"}
            document = ElementTree.fromstring(self._get("", {name: text for name, text in query.items() if text}))
            for blob in document.iterfind("Blobs/Blob"):
                size = int(blob.findtext("Properties/Content-Length") or 0)
                modified = parsedate_to_datetime(blob.findtext("Properties/Last-Modified") or "")
                yield blob.findtext("Name") or "", size, modified
            marker = document.findtext("NextMarker") or ""
            if not marker:
                return

    def read(self, name: str) -> bytes:
        """The content of a blob."""
        return self._get("/" + quote(name), {})

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        target = f"{self._endpoint.path.rstrip('/')}/{self._container}{path}"
        failure = BlobServiceError(0, "no answer")
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_SECONDS * attempt)
            try:
                status, body, code = self._ask(target, query)
            except (OSError, http.client.HTTPException) as error:
                self._local.connection = None
                failure = BlobServiceError(0, f"no answer from {self._account.endpoint}: {error}")
                continue
            if status == http.HTTPStatus.OK:
                return body
            failure = BlobServiceError(status, f"{self._account.endpoint} answered {status} {code}")
            if status not in RETRIED:
                break
        raise failure

    def _ask(self, target: str, query: dict[str, str]) -> tuple[int, bytes, str]:
        date = format_datetime(datetime.now(UTC), usegmt=True)
        headers = {"x-ms-date": date, "x-ms-version": VERSION}
        resource = f"/{self._account.name}{target}" + "".join(f"\n{name}:{query[name]}" for name in sorted(query))
        signed = f"GET{EMPTY_FIELDS}x-ms-date:{date}\nx-ms-version:{VERSION}\n{resource}"
        digest = hmac.digest(base64.b64decode(self._account.key), signed.encode(), hashlib.sha256)
        headers["Authorization"] = f"SharedKey {self._account.name}:{base64.b64encode(digest).decode()}"
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        connection = self._connection()
        connection.request("GET", f"{target}?{text}" if text else target, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("x-ms-error-code", response.reason)

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._endpoint.scheme == "https" else http.client.HTTPConnection
            connection = kind(self._endpoint.hostname or "", self._endpoint.port, timeout=SECONDS)
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._opened:
            connection.close()
