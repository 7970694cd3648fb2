"""Answers `SELECT * FROM cloud_files_state('<checkpoint>')` from the logs of a checkpoint."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.file_log import FileLog
from local_azure.cloud_files.folders import local_path

COLUMNS = (
    "path STRING, size BIGINT, create_time TIMESTAMP, discovery_time TIMESTAMP, commit_time TIMESTAMP, "
    "source_id STRING, batch_id BIGINT"
)


def read_state(checkpoint: Path) -> Iterator[tuple[Any, ...]]:
    """Every file that a stream has found, with the batch that took it and when that was committed."""
    if not (checkpoint / "sources").is_dir():
        raise CloudFilesError(f"{checkpoint} is not the checkpoint of a stream that has started")
    for source in sorted((checkpoint / "sources").iterdir()):
        folder = source / "cloudFiles"
        if not folder.is_dir():
            continue
        batches = _batches(checkpoint, int(source.name))
        log = FileLog(folder)
        for number in sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()):
            found = datetime.fromtimestamp(log.found_at(number) / 1000, UTC)
            batch = batches.get(number)
            commit = _commit_time(checkpoint, batch)
            for file in log.read(number):
                created = datetime.fromtimestamp(file.modified / 1_000_000, UTC)
                yield file.key, file.size, created, found, commit, source.name, batch


def _batches(checkpoint: Path, source: int) -> dict[int, int]:
    """Which batch took which list: an offset names the last list of its batch."""
    taken: dict[int, int] = {}
    last = 0
    offsets = checkpoint / "offsets"
    numbers = sorted(int(path.name) for path in offsets.iterdir() if path.name.isdigit()) if offsets.is_dir() else []
    for batch in numbers:
        lines = (offsets / str(batch)).read_text().splitlines()[2:]
        if source >= len(lines) or lines[source] == "-":
            continue
        end = json.loads(lines[source])["list"]
        taken |= dict.fromkeys(range(last + 1, end + 1), batch)
        last = end
    return taken


def _commit_time(checkpoint: Path, batch: int | None) -> datetime | None:
    path = checkpoint / "commits" / str(batch)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if batch is not None and path.exists() else None


class CloudFilesState:
    """The table function; times of commits are those of Spark's own commit log."""

    def eval(self, checkpoint: str) -> Iterator[tuple[Any, ...]]:
        yield from read_state(local_path(checkpoint, "cloud_files_state"))
