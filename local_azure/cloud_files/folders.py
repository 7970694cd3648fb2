"""Lists and reads the files of a source: a local folder, or a path in a container of blob storage."""

import contextlib
import http
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from local_azure.cloud_files.blob_rest import BlobReader, BlobServiceError
from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.globs import compile_glob, is_glob
from local_azure.storage import HADOOP_SCHEMES, BlobAccount, StorageMap

# What java.net.URI quotes in a path; letters of other alphabets stay as they are.
URI_QUOTES = {
    code: f"%{code:02X}" for code in range(128) if not (chr(code).isalnum() or chr(code) in "/:@!$&'()*+,;=~-._")
}
BLOB_READERS = 8
# So many blobs may be in memory before they are parsed.
BLOBS_AHEAD = 64


class FileEntry(NamedTuple):
    """A file as it was listed: its path within the source's root, and its state then."""

    key: str
    size: int
    modified: int  # microseconds since 1970


class Folder(Protocol):
    """Where the files of one source are."""

    def files(self) -> list[FileEntry]:
        """Every file below the root that the path's pattern allows, in no order."""

    def read(self, keys: Sequence[str]) -> Iterator[bytes | OSError]:
        """The bytes of each file, in order; an error in their place where a file cannot be read."""

    def url(self, key: str) -> str:
        """The file's name as `_metadata.file_path` gives it."""


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine; `patterns` are the components of the path from the first one that is a pattern."""

    root: str
    patterns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def files(self) -> list[FileEntry]:
        if os.path.isfile(self.root) and not self.patterns:
            return [_local_entry(os.path.basename(self.root), os.stat(self.root))]
        if not os.path.isdir(self.root):
            raise CloudFilesError(f"[PATH_NOT_FOUND] Path does not exist: file:{self.root}")
        try:
            return list(self._walk(self.root, ""))
        except OSError as error:
            raise CloudFilesError(f"{self.root} cannot be listed: {error}") from error

    def _walk(self, folder: str, prefix: str) -> Iterator[FileEntry]:
        depth = prefix.count("/")
        pattern = compile_glob(self.patterns[depth]) if depth < len(self.patterns) else None
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if is_hidden(name) or (pattern is not None and not pattern.fullmatch(name)):
                    continue
                if entry.is_dir():
                    if entry.path not in self.excluded:
                        yield from self._walk(entry.path, f"{prefix}{name}/")
                elif depth + 1 >= len(self.patterns):
                    try:
                        yield _local_entry(prefix + name, entry.stat())
                    except FileNotFoundError:  # deleted, or a temporary name renamed, between the two calls
                        continue

    def read(self, keys: Sequence[str]) -> Iterator[bytes | OSError]:
        for key in keys:
            try:
                with open(self._path(key), "rb", buffering=0) as file:
                    yield file.read()
            except OSError as error:
                yield error

    def url(self, key: str) -> str:
        return "file:" + self._path(key).translate(URI_QUOTES)

    def _path(self, key: str) -> str:
        path = f"{self.root}/{key}" if self.root != "/" else f"/{key}"
        return self.root if os.path.basename(self.root) == key and not os.path.isdir(self.root) else path


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """A path in a container."""

    account: BlobAccount
    container: str
    root: str
    patterns: tuple[str, ...] = ()

    def files(self) -> list[FileEntry]:
        prefix = self.root + "/" if self.root else ""
        where = f"container '{self.container}' of account '{self.account.name}'"
        try:
            return self._entries(prefix)
        except BlobServiceError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                raise CloudFilesError(f"[PATH_NOT_FOUND] {where} does not exist") from error
            raise CloudFilesError(f"{where} cannot be listed: {error}") from error

    def _entries(self, prefix: str) -> list[FileEntry]:
        with contextlib.closing(BlobReader(self.account, self.container)) as client:
            found = [
                FileEntry(name.removeprefix(prefix), size, _micros(modified))
                for name, size, modified in client.list(prefix)
                if self._wanted(name.removeprefix(prefix))
            ]
            if not found and self.root:  # the path may name one blob
                found = [
                    FileEntry("", size, _micros(modified))
                    for name, size, modified in client.list(self.root)
                    if name == self.root
                ]
        return found

    def _wanted(self, key: str) -> bool:
        parts = key.split("/")
        if not parts[-1] or any(is_hidden(part) for part in parts) or len(parts) < len(self.patterns):
            return False
        return all(compile_glob(pattern).fullmatch(part) for pattern, part in zip(self.patterns, parts, strict=False))

    def read(self, keys: Sequence[str]) -> Iterator[bytes | OSError]:
        client = BlobReader(self.account, self.container)

        def fetch(key: str) -> bytes | OSError:
            try:
                return client.read(self._name(key))
            except BlobServiceError as error:
                if error.status == http.HTTPStatus.NOT_FOUND:
                    return FileNotFoundError(f"{self.url(key)} is gone")
                return error

        with (
            contextlib.closing(client),
            ThreadPoolExecutor(min(BLOB_READERS, len(keys) or 1), thread_name_prefix="blob-reader") as pool,
        ):
            for start in range(0, len(keys), BLOBS_AHEAD):
                yield from pool.map(fetch, keys[start : start + BLOBS_AHEAD])

    def url(self, key: str) -> str:
        host = f"{self.container}@{self.account.name}.dfs.core.windows.net"
        return f"abfss://{host}/{self._name(key).translate(URI_QUOTES)}"

    def _name(self, key: str) -> str:
        return f"{self.root}/{key}".strip("/")


def open_folder(url: str, storage: StorageMap, excluded: tuple[str, ...] = ()) -> LocalFolder | BlobFolder:
    """The folder that a notebook's path names."""
    scheme = urlsplit(url).scheme if "://" in url or url.startswith(("file:", "dbfs:")) else ""
    if scheme in HADOOP_SCHEMES or scheme in {"http", "https"}:
        place = storage.locate(url)
        root, patterns = _split_patterns(place.path)
        return BlobFolder(place.account, place.container, root, patterns)
    if scheme not in {"", "file"}:
        raise CloudFilesError(
            f"{url}: {scheme}: paths are not read here; use a local folder, or abfss:// for a known storage account"
        )
    path = unquote(url[len("file:") :]).replace("//", "", 1) if scheme == "file" else url
    if scheme == "file" and not path.startswith("/"):
        raise CloudFilesError(f"{url}: a file: URL needs an absolute path, such as file:/data/landing")
    root, patterns = _split_patterns(os.path.abspath(path))
    return LocalFolder(root, patterns, excluded)


def is_hidden(name: str) -> bool:
    """Whether Spark leaves out a file or folder of this name."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("._COPYING_")


def local_path(url: str, option: str) -> Path:
    """The path of a folder that has to be on this machine, such as a checkpoint."""
    scheme = urlsplit(url).scheme if ":" in url else ""
    if scheme not in {"", "file"}:
        raise CloudFilesError(f"{option} '{url}' must be a local folder: {scheme}: paths are not written here")
    path = unquote(urlsplit(url).path) if scheme else url
    return Path(os.path.abspath(path))


def _split_patterns(path: str) -> tuple[str, tuple[str, ...]]:
    parts = path.split("/")
    first = next((i for i, part in enumerate(parts) if is_glob(part)), len(parts))
    return "/".join(parts[:first]) or ("/" if path.startswith("/") else ""), tuple(parts[first:])


def _local_entry(key: str, stat: os.stat_result) -> FileEntry:
    return FileEntry(key, stat.st_size, stat.st_mtime_ns // 1000)


def _micros(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000
