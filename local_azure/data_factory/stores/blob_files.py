"""Which blobs a source or a Delete activity means: a file, a folder, wildcards, a prefix, modification times."""

import datetime
from collections.abc import AsyncIterator
from dataclasses import dataclass

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.stores.blob import Blob, BlobAccount
from local_azure.data_factory.stores.wildcards import compile_wildcards, has_wildcard

NOT_THERE = "UserErrorSourceBlobNotExist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Blobs of one container; empty texts mean that nothing was said."""

    container: str
    folder: str = ""
    file: str = ""
    wildcard_folder: str = ""
    wildcard_file: str = ""
    prefix: str = ""
    recursive: bool = True
    # Half open: [start, end).
    modified_start: datetime.datetime | None = None
    modified_end: datetime.datetime | None = None

    @property
    def wildcards(self) -> bool:
        return bool(self.wildcard_folder or self.wildcard_file)

    @property
    def exact(self) -> bool:
        """Whether it names something that has to be there."""
        return not (self.wildcards or self.prefix or self.modified_start or self.modified_end)

    def modified_within(self, blob: Blob) -> bool:
        after = self.modified_start is None or blob.modified >= self.modified_start
        return after and (self.modified_end is None or blob.modified < self.modified_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFile:
    """A selected blob, and its path below the folder that the selection begins in."""

    blob: Blob
    relative: str


async def select(account: BlobAccount, selection: Selection) -> list[BlobFile]:
    """The blobs that are meant, sorted by name.

    Raises:
        DataError: what is named without wildcards is not there.
    """
    if selection.file and not selection.wildcards and not selection.prefix:
        return await _single(account, selection)
    found = [file async for file in _candidates(account, selection)]
    if not found and selection.exact:
        raise _missing(account, selection, selection.folder)
    return sorted((file for file in found if selection.modified_within(file.blob)), key=lambda file: file.blob.name)


async def _single(account: BlobAccount, selection: Selection) -> list[BlobFile]:
    name = _join(selection.folder, selection.file)
    blob = await account.find(selection.container, name)
    if blob is None:
        raise _missing(account, selection, name)
    return [BlobFile(blob=blob, relative=selection.file)] if selection.modified_within(blob) else []


async def _candidates(account: BlobAccount, selection: Selection) -> AsyncIterator[BlobFile]:
    if selection.prefix:
        start = selection.prefix.rpartition("/")[0]
        async for blob in account.blobs(selection.container, selection.prefix):
            # A prefix is of names and knows no folders, so `recursive` says nothing here.
            yield BlobFile(blob=blob, relative=_below(start, blob.name))
        return
    folder = selection.wildcard_folder or selection.folder
    fixed = _fixed(folder) if selection.wildcard_folder else folder
    async for blob in account.blobs(selection.container, f"{fixed}/" if fixed else ""):
        if _matches(blob.name, selection, folder):
            yield BlobFile(blob=blob, relative=_below(fixed, blob.name))


def _matches(name: str, selection: Selection, folder: str) -> bool:
    path, _, file = name.rpartition("/")
    if selection.wildcard_file and not compile_wildcards(selection.wildcard_file).fullmatch(file):
        return False
    if not selection.wildcard_folder:
        return selection.recursive or path == folder
    parts = path.split("/")
    depth = folder.count("/") + 1
    if len(parts) < depth or (len(parts) > depth and not selection.recursive):
        return False
    return compile_wildcards(folder).fullmatch("/".join(parts[:depth])) is not None


def _fixed(folder: str) -> str:
    """The folders before the first one with a wildcard."""
    parts: list[str] = []
    for part in folder.split("/"):
        if has_wildcard(part) or "^" in part:
            break
        parts.append(part)
    return "/".join(parts)


def _below(folder: str, name: str) -> str:
    return name.removeprefix(f"{folder}/") if folder else name


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _missing(account: BlobAccount, selection: Selection, path: str) -> DataError:
    return DataError(
        NOT_THERE,
        f"the required blob is missing: container '{selection.container}', path '{path}', account {account.shown}",
    )
