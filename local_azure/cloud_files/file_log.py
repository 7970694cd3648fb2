"""Keeps, in the stream's checkpoint, which files were found and which batch takes each."""

import fcntl
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.folders import FileEntry

VERSION = "v1"
LOCK_SECONDS = 20.0
# Lists that Spark may still ask for are younger than this many; older ones are merged into one file.
KEPT_LISTS = 20
MERGE_AT = 100


class FileLog:
    """Numbered lists of files: list 0 holds what is never read, every other one belongs to one micro-batch.

    A list is on disk, whole, before its number becomes an offset; offsets name lists, never files. So a batch that
    Spark repeats after a crash holds the same files, and a list that no offset names yet is offered again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, int] = {}
        self.last = -1
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Take the log for this process and read it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        for number in self._numbers():
            self.seen.update((file.key, file.modified) for file in self.read(number))
            self.last = number

    def _take_lock(self) -> None:
        lock = (self.folder / ".lock").open("w")
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.close()
                    raise CloudFilesError(
                        f"checkpoint {self.folder.parents[2]} is in use by another running query; "
                        "give every query a checkpoint of its own"
                    ) from None
                time.sleep(0.05)
        self._lock = lock

    def close(self) -> None:
        """Leave the log to the next process."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _numbers(self) -> list[int]:
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit())

    def append(self, files: Iterable[FileEntry]) -> int:
        """Write the next list; it is durable when this returns its number."""
        files = list(files)
        number = self.last + 1
        self._write(number, files)
        self.last = number
        self.seen.update((file.key, file.modified) for file in files)
        return number

    def _write(self, number: int, files: Iterable[FileEntry]) -> None:
        lines = [json.dumps({"version": VERSION, "found": int(time.time() * 1000)})]
        lines += [json.dumps(file) for file in files]
        write_durably(self.folder / f"{number:08d}", "\n".join(lines))

    def found_at(self, number: int) -> int:
        """When a list was written, in milliseconds since 1970."""
        with (self.folder / f"{number:08d}").open() as file:
            return int(json.loads(file.readline())["found"])

    def read(self, number: int) -> list[FileEntry]:
        """The files of a list."""
        path = self.folder / f"{number:08d}"
        try:
            head, *lines = path.read_text().split("\n")
        except FileNotFoundError:
            raise CloudFilesError(
                f"{path} is missing, so the checkpoint is incomplete: restore it, or delete the whole checkpoint to "
                "read every file again"
            ) from None
        if json.loads(head)["version"] != VERSION:
            raise CloudFilesError(f"{path} was written by another version of local_azure (expected {VERSION})")
        return [FileEntry(*json.loads(line)) for line in lines]

    def between(self, start: int, end: int) -> list[FileEntry]:
        """The files of the lists after `start` up to and with `end`."""
        return [file for number in range(start + 1, end + 1) for file in self.read(number)]

    def merge_old(self, committed: int) -> None:
        """Fold lists that no batch will ask for again into list 0, so that the folder stays small."""
        numbers = [number for number in self._numbers() if number <= committed - KEPT_LISTS]
        if len(numbers) < MERGE_AT:
            return
        latest = {file.key: file for number in numbers for file in self.read(number)}
        self._write(0, latest.values())
        for number in numbers:
            if number:
                (self.folder / f"{number:08d}").unlink()


def write_durably(path: Path, text: str) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
