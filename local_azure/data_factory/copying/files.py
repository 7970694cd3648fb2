"""The files that a source reads: blobs, or one file over HTTP."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.settings import INVALID, headers, moment, seconds
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.datasets import BlobLocation, HttpLocation, Location
from local_azure.data_factory.refusing import as_flag
from local_azure.data_factory.services import Services
from local_azure.data_factory.stores import http_files
from local_azure.data_factory.stores.blob import BlobAccount
from local_azure.data_factory.stores.blob_files import Selection, select
from local_azure.data_factory.stores.http_files import HttpRequest

Json = Any
BLOB, HTTP = "AzureBlobStorageReadSettings", "HttpReadSettings"
TIMEOUT_SECONDS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file: what its store calls it, and its path below where the source begins."""

    name: str
    relative: str


class FileSource(Protocol):
    """Files that can be listed and read."""

    async def list(self) -> list[SourceFile]:
        """The files that are meant, sorted by name."""

    def read(self, file: SourceFile) -> AsyncIterator[bytes]:
        """The bytes of a file."""

    async def delete(self, file: SourceFile) -> None:
        """Deletes a file that was copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFiles:
    """Blobs."""

    account: BlobAccount
    selection: Selection

    async def list(self) -> list[SourceFile]:
        found = await select(self.account, self.selection)
        return [SourceFile(name=file.blob.name, relative=file.relative) for file in found]

    def read(self, file: SourceFile) -> AsyncIterator[bytes]:
        return self.account.read(self.selection.container, file.name)

    async def delete(self, file: SourceFile) -> None:
        await self.account.delete(self.selection.container, file.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFiles:
    """One file over HTTP."""

    request: HttpRequest
    services: Services = field(repr=False)

    async def list(self) -> list[SourceFile]:
        last = unquote(urlsplit(self.request.url).path.rpartition("/")[2])
        return [SourceFile(name=last or "answer", relative="")]

    def read(self, file: SourceFile) -> AsyncIterator[bytes]:
        return http_files.read(self.request, self.services)

    async def delete(self, file: SourceFile) -> None:
        raise DataError(INVALID, "a file on an HTTP server cannot be deleted")


def open_files(location: Location, settings: Mapping[str, Json], context: ActivityContext) -> FileSource:
    """The files of a dataset's location with evaluated `storeSettings`, which may be empty.

    Raises:
        DataError: location and settings do not belong together.
    """
    kind = settings.get("type")
    if isinstance(location, BlobLocation) and kind in (BLOB, None):
        return BlobFiles(account=open_account(location.service, context), selection=selection_of(location, settings))
    if isinstance(location, HttpLocation) and kind in (HTTP, None):
        return HttpFiles(request=_http_request(location, settings), services=context.services)
    if isinstance(location, BlobLocation | HttpLocation):
        raise DataError(INVALID, f"storeSettings of type {kind} do not fit the location of the dataset")
    raise DataError(INVALID, "the dataset has no files: this source needs one with a location")


def selection_of(location: BlobLocation, settings: Mapping[str, Json], *, recursive: bool = True) -> Selection:
    """Which blobs are meant; `recursive` is the default of who asks.

    Raises:
        DataError: wildcards and prefix together, or a time that is none.
    """
    prefix = settings.get("prefix") or ""
    wildcard_folder = (settings.get("wildcardFolderPath") or "").strip("/")
    wildcard_file = settings.get("wildcardFileName") or ""
    if prefix and (wildcard_folder or wildcard_file or location.folder or location.file):
        raise DataError(INVALID, "prefix goes with the container alone: leave out wildcards, folderPath and fileName")
    return Selection(
        container=location.container,
        folder=location.folder,
        file=location.file,
        wildcard_folder=wildcard_folder,
        wildcard_file=wildcard_file or (location.file if wildcard_folder else ""),
        prefix=prefix,
        recursive=as_flag(settings.get("recursive", recursive)),
        modified_start=moment(settings.get("modifiedDatetimeStart"), "modifiedDatetimeStart"),
        modified_end=moment(settings.get("modifiedDatetimeEnd"), "modifiedDatetimeEnd"),
    )


def _http_request(location: HttpLocation, settings: Mapping[str, Json]) -> HttpRequest:
    service = location.service
    return HttpRequest(
        method=(settings.get("requestMethod") or "GET").upper(),
        url=join_url(service.url, location.relative_url),
        headers={**headers(settings.get("additionalHeaders")), **service.headers},
        body=(settings.get("requestBody") or "").encode(),
        timeout_seconds=seconds(settings.get("requestTimeout"), TIMEOUT_SECONDS),
        verify=service.verify,
    )


def join_url(base: str, relative: str) -> str:
    """`[URL of the linked service]/[relative URL]`, as the page of the connector joins them."""
    if not relative:
        return base
    if relative.startswith("?") or base.endswith("/"):
        return base + relative.removeprefix("/")
    return f"{base}/{relative.removeprefix('/')}"
