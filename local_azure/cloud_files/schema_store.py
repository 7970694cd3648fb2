"""Keeps the versions of an inferred schema in the `_schemas` folder of cloudFiles.schemaLocation."""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyspark.sql.types import StructType

from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.file_log import write_durably

VERSION = "v1"
OWNER = ".owner"


class SchemaStore:
    """Numbered files, each a version line and one JSON document, as Databricks writes them."""

    def __init__(self, location: Path) -> None:
        self.location = location
        self.folder = location / "_schemas"

    def latest(self) -> tuple[StructType, StructType] | None:
        """The newest data schema and partition schema."""
        numbers = self._numbers()
        if not numbers:
            return None
        path = self.folder / str(numbers[-1])
        version, _, document = path.read_text().partition("\n")
        if version != VERSION:
            raise CloudFilesError(f"{path} has version '{version}', expected {VERSION}")
        parts = json.loads(document)
        data, partitions = (
            StructType.fromJson(json.loads(parts[name])) for name in ("dataSchemaJson", "partitionSchemaJson")
        )
        return data, partitions

    def update(self, change: Callable[[tuple[StructType, StructType] | None], tuple[StructType, StructType]]) -> None:
        """Write what `change` makes of the newest version, if it differs; writers take turns."""
        with self._locked():
            old = self.latest()
            new = change(old)
            if new == old:
                return
            document = {
                "dataSchemaJson": new[0].json(),
                "partitionSchemaJson": new[1].json(),
            }
            number = (self._numbers() or [-1])[-1] + 1
            write_durably(self.folder / str(number), f"{VERSION}\n{json.dumps(document)}")

    def claim(self, owner: str, checkpoint: Path) -> None:
        """Bind the location to one stream for good, or refuse: a location serves one source."""
        with self._locked():
            path = self.folder / OWNER
            if path.exists():
                held = json.loads(path.read_text())
                if held["owner"] != owner and _is_used(held):
                    raise CloudFilesError(
                        f"cloudFiles.schemaLocation {self.location} belongs to the stream with checkpoint "
                        f"{held['checkpoint']}; give every stream a schema location of its own "
                        f"(or delete that checkpoint if its stream is gone)"
                    )
            document = {"owner": owner, "checkpoint": str(checkpoint), "process": os.getpid()}
            write_durably(path, json.dumps(document))

    def release(self, owner: str, checkpoint: Path) -> None:
        """Take back a claim whose stream did not start."""
        with self._locked():
            path = self.folder / OWNER
            if not path.exists() or (checkpoint / "sources").is_dir():
                return
            if json.loads(path.read_text())["owner"] == owner:
                path.unlink()

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_used(held: dict[str, Any]) -> bool:
    """Whether the stream that holds a location has read anything, or is about to."""
    return (Path(held["checkpoint"]) / "sources").is_dir() or is_alive(held["process"])


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
