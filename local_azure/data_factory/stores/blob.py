"""Blob Storage over REST: lists, reads, writes and deletes blobs of one account."""

import asyncio
import base64
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from typing import Self
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import httpx

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.errors import FailureType
from local_azure.data_factory.stores.blob_access import BlobAccess

VERSION = "2021-12-02"
PAGE = 5000
CHUNK = 256 * 1024
# A blob of up to so many bytes is written at once, a larger one in blocks of this size, which show when all are there.
BLOCK = 4 * 1024 * 1024
# Blocks a blob may have.
MAX_BLOCKS = 50_000
# What a busy service answers. Every call here may be made twice: a block or a blob is the same when it is sent again.
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
ATTEMPTS = 4
PAUSE_SECONDS = 0.25
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
MISSING_BLOB, MISSING_CONTAINER = "BlobNotFound", "ContainerNotFound"
# How folders are marked by tools that need empty ones.
FOLDER_MARK = "hdi_isfolder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One blob as a list shows it."""

    name: str
    size: int
    modified: datetime.datetime
    # base64, empty where the service does not know it: a blob written in blocks.
    md5: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a folder holds directly, sorted by name; folders end in a slash."""

    blobs: tuple[Blob, ...]
    folders: tuple[str, ...]


class BlobError(DataError):
    """The service refuses, or gives no answer; `code` is its own word, such as BlobNotFound."""

    def __init__(self, code: str, message: str, *, failure_type: FailureType = FailureType.USER) -> None:
        super().__init__("UserErrorAzureBlobOperationFailed", message, failure_type=failure_type)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobAccount:
    """One storage account."""

    # Where it is served, and how people know it.
    url: str
    shown: str
    access: BlobAccess
    http: httpx.AsyncClient = field(repr=False)

    async def blobs(self, container: str, prefix: str) -> AsyncIterator[Blob]:
        """The blobs whose names begin so, sorted by name, without the marks of folders.

        Raises:
            BlobError: no such container, or the service refuses.
        """
        async for page in self._pages(container, prefix, ""):
            for blob in _blobs(page):
                yield blob

    async def list_folder(self, container: str, prefix: str) -> Listing:
        """What the folder holds directly; prefix is empty or ends in a slash."""
        blobs: list[Blob] = []
        folders: list[str] = []
        async for page in self._pages(container, prefix, "/"):
            blobs += (blob for blob in _blobs(page) if blob.name != prefix)
            folders += (_name(node) for node in page.iterfind("Blobs/BlobPrefix"))
        # A mark of a folder and the folder itself have the same name but for the slash.
        marks = {folder.removesuffix("/") for folder in folders}
        return Listing(
            blobs=tuple(blob for blob in blobs if not (blob.size == 0 and blob.name in marks)),
            folders=tuple(dict.fromkeys(folders)),
        )

    async def find(self, container: str, name: str) -> Blob | None:
        """One blob, None where there is none (or no container)."""
        try:
            response = await self._ask("HEAD", container, name)
        except BlobError as error:
            if error.code in (MISSING_BLOB, MISSING_CONTAINER):
                return None
            raise
        headers = response.headers
        if headers.get(f"x-ms-meta-{FOLDER_MARK}") == "true":
            return None
        return Blob(
            name=name,
            size=int(headers.get("content-length", "0")),
            modified=parsedate_to_datetime(headers["last-modified"]),
            md5=headers.get("content-md5", ""),
        )

    async def is_folder(self, container: str, name: str) -> bool:
        """Whether an empty folder of this name was made: a blob that marks it."""
        try:
            response = await self._ask("HEAD", container, name)
        except BlobError as error:
            if error.code in (MISSING_BLOB, MISSING_CONTAINER):
                return False
            raise
        return bool(response.headers.get(f"x-ms-meta-{FOLDER_MARK}") == "true")

    async def container_modified(self, container: str) -> datetime.datetime | None:
        """When a container was last modified, None where there is none."""
        try:
            response = await self._ask("HEAD", container, "", {"restype": "container"})
        except BlobError as error:
            if error.code == MISSING_CONTAINER:
                return None
            raise
        return parsedate_to_datetime(response.headers["last-modified"])

    async def read(self, container: str, name: str) -> AsyncIterator[bytes]:
        """The bytes of a blob as they are stored.

        Raises:
            BlobError: there is none, or the connection breaks on the way.
        """
        response = await self._open("GET", container, name)
        try:
            # Raw: a Content-Encoding is a property of the blob and not of this connection.
            async for chunk in response.aiter_raw(CHUNK):
                yield chunk
        except httpx.HTTPError as error:
            raise self._no_answer(error) from error
        finally:
            await response.aclose()

    def writer(self, container: str, name: str, *, block: int = BLOCK) -> "BlobWriter":
        """A writer of one blob, which shows when it is closed without an error."""
        return BlobWriter(account=self, container=container, name=name, block=block)

    async def put(self, container: str, name: str, data: bytes) -> None:
        """Writes a small blob at once."""
        await self._ask("PUT", container, name, headers={"x-ms-blob-type": "BlockBlob"}, content=data)

    async def put_block(self, container: str, name: str, block_id: str, data: bytes) -> None:
        """Sends a part of a blob that does not show yet."""
        await self._ask("PUT", container, name, {"comp": "block", "blockid": block_id}, content=data)

    async def put_block_list(self, container: str, name: str, block_ids: list[str]) -> None:
        """Makes a blob of the parts that were sent."""
        items = "".join(f"<Latest>{block_id}</Latest>" for block_id in block_ids)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{items}</BlockList>'.encode()
        await self._ask("PUT", container, name, {"comp": "blocklist"}, content=body)

    async def create_container(self, container: str) -> None:
        """Makes a container unless it is there."""
        try:
            await self._ask("PUT", container, "", {"restype": "container"})
        except BlobError as error:
            if error.code != "ContainerAlreadyExists":
                raise

    async def delete(self, container: str, name: str) -> bool:
        """Deletes a blob with its snapshots; False where there is none."""
        try:
            await self._ask("DELETE", container, name, headers={"x-ms-delete-snapshots": "include"})
        except BlobError as error:
            if error.code in (MISSING_BLOB, MISSING_CONTAINER):
                return False
            raise
        return True

    async def _pages(self, container: str, prefix: str, delimiter: str) -> AsyncIterator[ElementTree.Element]:
        query = {"restype": "container", "comp": "list", "include": "metadata", "maxresults": str(PAGE)}
        query |= {name: text for name, text in (("prefix", prefix), ("delimiter", delimiter)) if text}
        while True:
            response = await self._ask("GET", container, "", query)
            try:
                page = ElementTree.fromstring(response.content)
            except ElementTree.ParseError as error:
                raise BlobError(
                    "InvalidXml", f"the list of '{container}' at {self.shown} is not XML: {error}"
                ) from error
            yield page
            marker = page.findtext("NextMarker")
            if not marker:
                return
            query["marker"] = marker

    async def _ask(
        self,
        method: str,
        container: str,
        name: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        response = await self._open(method, container, name, query, headers=headers, content=content)
        try:
            await response.aread()
        except httpx.HTTPError as error:
            raise self._no_answer(error) from error
        finally:
            await response.aclose()
        return response

    async def _open(
        self,
        method: str,
        container: str,
        name: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        """The answer, its body not read yet."""
        url = self._url(container, name, query or {})
        failure = BlobError("NoAnswer", f"{self.shown} gives no answer", failure_type=FailureType.SYSTEM)
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            request = await self._request(method, url, headers or {}, content)
            try:
                response = await self.http.send(request, stream=True, follow_redirects=False)
            except httpx.HTTPError as error:
                failure = self._no_answer(error)
                continue
            if response.is_success:
                return response
            failure = await self._refused(response, container, name)
            if response.status_code not in RETRIED:
                break
        raise failure

    async def _request(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes) -> httpx.Request:
        sent = {
            "x-ms-date": format_datetime(datetime.datetime.now(datetime.UTC), usegmt=True),
            "x-ms-version": VERSION,
            **headers,
        }
        if method == "PUT":
            sent["content-length"] = str(len(content))
        sent["authorization"] = await self.access.authorization(method, url, sent)
        return httpx.Request(method, url, headers=sent, content=content, extensions={"timeout": TIMEOUT.as_dict()})

    def _url(self, container: str, name: str, query: Mapping[str, str]) -> httpx.URL:
        if any(segment in (".", "..") for segment in name.split("/")):
            raise BlobError("InvalidName", f"'{name}' is not the name of a blob: it has a part '.' or '..'")
        if not container or "/" in container:
            raise BlobError("InvalidName", f"'{container}' is not the name of a container")
        path = f"{self.url}/{quote(container, safe='$')}" + (f"/{quote(name)}" if name else "")
        text = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
        return httpx.URL(f"{path}?{text}" if text else path)

    async def _refused(self, response: httpx.Response, container: str, name: str) -> BlobError:
        try:
            await response.aread()
        except httpx.HTTPError:
            pass
        finally:
            await response.aclose()
        code = response.headers.get("x-ms-error-code") or _code(response)
        if not code and response.status_code == httpx.codes.NOT_FOUND:
            code = MISSING_BLOB if name else MISSING_CONTAINER
        where = f"{self.shown}/{container}" + (f"/{name}" if name else "")
        system = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        return BlobError(
            code or str(response.status_code),
            f"'{where}' answers {response.status_code} {code or response.reason_phrase}{_HINTS.get(code, '')}",
            failure_type=FailureType.SYSTEM if system else FailureType.USER,
        )

    def _no_answer(self, error: httpx.HTTPError) -> BlobError:
        reason = str(error) or type(error).__name__
        return BlobError(
            "NoAnswer",
            f"{self.shown} (served at {self.url}) gives no answer: {reason}",
            failure_type=FailureType.SYSTEM,
        )


_Call = Callable[..., Awaitable[None]]
# What to do about a refusal.
_HINTS: Mapping[str, str] = {
    "AuthenticationFailed": ": the account key of the linked service is not this account's",
    "AuthorizationFailure": ": the identity or the account key of the linked service may not do this, or is not right",
    "ContainerNotFound": ": create the container",
}


@dataclass(slots=True, kw_only=True)
class BlobWriter:
    """Writes one blob. Used as a context manager: an error inside leaves the blob as it was before."""

    account: BlobAccount
    container: str
    name: str
    block: int
    written: int = 0
    _waiting: bytearray = field(default_factory=bytearray, repr=False)
    _blocks: list[str] = field(default_factory=list, repr=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            await self._commit()

    async def write(self, data: bytes) -> None:
        """Takes bytes, and sends them when they make a block."""
        self._waiting += data
        self.written += len(data)
        while len(self._waiting) >= self.block:
            await self._send(bytes(self._waiting[: self.block]))
            del self._waiting[: self.block]

    async def _send(self, data: bytes) -> None:
        if len(self._blocks) == MAX_BLOCKS:
            raise BlobError("TooManyBlocks", f"'{self.name}' needs more than {MAX_BLOCKS} blocks: raise blockSizeInMB")
        block_id = base64.b64encode(f"{len(self._blocks):08}".encode()).decode()
        await self._making_container(self.account.put_block, block_id, data)
        self._blocks.append(block_id)

    async def _commit(self) -> None:
        if not self._blocks:
            await self._making_container(self.account.put, bytes(self._waiting))
            return
        if self._waiting:
            await self._send(bytes(self._waiting))
        await self.account.put_block_list(self.container, self.name, self._blocks)

    async def _making_container(self, call: _Call, *arguments: str | bytes) -> None:
        """Data Factory makes the container of a sink where it is missing."""
        try:
            await call(self.container, self.name, *arguments)
        except BlobError as error:
            if error.code != MISSING_CONTAINER:
                raise
            await self.account.create_container(self.container)
            await call(self.container, self.name, *arguments)


def _blobs(page: ElementTree.Element) -> list[Blob]:
    found: list[Blob] = []
    for node in page.iterfind("Blobs/Blob"):
        if node.findtext(f"Metadata/{FOLDER_MARK}") == "true":
            continue
        found.append(
            Blob(
                name=_name(node),
                size=int(node.findtext("Properties/Content-Length") or 0),
                modified=parsedate_to_datetime(node.findtext("Properties/Last-Modified") or ""),
                md5=node.findtext("Properties/Content-MD5") or "",
            )
        )
    return found


def _name(node: ElementTree.Element) -> str:
    name = node.find("Name")
    if name is None:
        return ""
    text = name.text or ""
    # Names that XML cannot hold.
    return unquote(text) if name.get("Encoded") == "true" else text


def _code(response: httpx.Response) -> str:
    try:
        return ElementTree.fromstring(response.content).findtext("Code") or ""
    except (ElementTree.ParseError, httpx.ResponseNotRead):
        return ""
