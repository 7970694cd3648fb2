"""`dbutils.fs`: files of dbfs:/, file:/ and abfss:// under one set of verbs."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from local_azure.databricks.dbutils.blob import BlobFiles
from local_azure.databricks.dbutils.local_files import LocalFiles
from local_azure.storage import StorageMap


class FileInfo(NamedTuple):
    """One entry of `ls`; a folder's path and name end in a slash."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 - Databricks' name

    def isDir(self) -> bool:  # noqa: N802
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802
        """Whether it is a file."""
        return not self.isDir()


class Files(Protocol):
    """One kind of storage, addressed by whole URLs."""

    def entries(self, url: str) -> "list[tuple[str, int, int]]":
        """Name (a folder's ends in a slash), size and modification time in ms, of a folder's entries or of the file."""

    def is_folder(self, url: str) -> bool:
        """Whether the URL is a folder; FileNotFoundError when there is nothing."""

    def read(self, url: str, limit: int | None = None) -> bytes:
        """The first bytes of a file."""

    def write(self, url: str, data: bytes, *, overwrite: bool) -> None:
        """Write a whole file."""

    def delete(self, url: str, *, recurse: bool) -> bool:
        """Delete; False when there was nothing."""

    def make_folder(self, url: str) -> None:
        """Make a folder and what is above it."""


class FileSystems:
    """Files: ls, head, put, cp, mv, rm, mkdirs"""

    def __init__(self, dbfs: Path, storage: StorageMap) -> None:
        self._dbfs = LocalFiles("dbfs:", dbfs)
        self._local = LocalFiles("file:", Path("/"))
        self._blob = BlobFiles(storage)

    def ls(self, dir: str) -> list[FileInfo]:
        """The entries of a folder."""
        files, url = self._find(dir)
        folder = files.is_folder(url)
        base = url.rstrip("/") + "/" if folder else url.rpartition("/")[0] + "/"
        return [FileInfo(base + name, name, size, modified) for name, size, modified in files.entries(url)]

    def head(self, file: str, max_bytes: int = 65536) -> str:
        """The beginning of a file as text."""
        files, url = self._find(file)
        return files.read(url, max_bytes).decode("utf-8", errors="replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text to a file."""
        files, url = self._find(file)
        data = contents.encode()
        files.write(url, data, overwrite=overwrite)
        sys.stdout.write(f"Wrote {len(data)} bytes.\n")
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and what is above it."""
        files, url = self._find(dir)
        files.make_folder(url)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Delete a file, or with recurse a folder."""
        files, url = self._find(dir)
        return files.delete(url, recurse=recurse)

    def cp(self, source: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or with recurse a folder, also between storages."""
        self._copy(source, to, recurse=recurse)
        return True

    def mv(self, source: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or with recurse a folder, also between storages."""
        self._copy(source, to, recurse=recurse)
        return self.rm(source, recurse=recurse)

    def _copy(self, source: str, to: str, *, recurse: bool) -> None:
        source_files, source_url = self._find(source)
        target_files, target_url = self._find(to)
        if not source_files.is_folder(source_url):
            if to.endswith("/") or _is_folder(target_files, target_url):
                target_url = target_url.rstrip("/") + "/" + source_url.rpartition("/")[2]
            target_files.write(target_url, source_files.read(source_url), overwrite=True)
            return
        if not recurse:
            raise IsADirectoryError(f"{source} is a folder: pass recurse=True")
        for name, _, _ in _list(source_files, source_url):
            self._copy(
                f"{source_url.rstrip('/')}/{name.rstrip('/')}",
                f"{target_url.rstrip('/')}/{name.rstrip('/')}",
                recurse=True,
            )

    def _find(self, path: str) -> tuple[Files, str]:
        scheme, colon, _ = path.partition(":")
        if not colon or "/" in scheme:
            if path.startswith("/Volumes/"):
                raise ValueError(f"{path}: volumes are not offered here: use an abfss:// URL")
            return self._dbfs, f"dbfs:/{path.lstrip('/')}"
        if scheme == "dbfs":
            return self._dbfs, path
        if scheme == "file":
            return self._local, path
        if scheme in ("abfs", "abfss", "wasb", "wasbs"):
            return self._blob, path
        raise ValueError(f"{path}: dbutils.fs knows dbfs:/, file:/, abfss:// and wasbs://, not {scheme}:")


def _is_folder(files: Files, url: str) -> bool:
    try:
        return files.is_folder(url)
    except FileNotFoundError:
        return False


def _list(files: Files, url: str) -> Iterable[tuple[str, int, int]]:
    return files.entries(url)
