"""Drives the data source as the micro-batch engine does, without a JVM: offsets, commits and rows in one process."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql.types import DataType, StructField, StructType, _parse_datatype_json_value

from local_azure.cloud_files.driver import Installation
from local_azure.cloud_files.options import check_options
from local_azure.cloud_files.planning import DescribedStream, Surroundings, describe_stream
from local_azure.cloud_files.stream import CloudFilesReader
from local_azure.storage import StorageMap

JSON = {"cloudFiles.format": "json"}


def parse_type(text: str) -> DataType:
    """A type by its JSON name: enough for hints such as `price double`."""
    return _parse_datatype_json_value(text.lower())


def columns(text: str) -> StructType:
    """Columns as `id bigint, price double`, or nothing."""
    names = {"bigint": "long", "int": "integer"}
    pairs = [part.split() for part in text.split(",") if part.strip()]
    return StructType([StructField(name, parse_type(names.get(kind, kind))) for name, kind in pairs])


@dataclass
class Stream:
    """One stream over a folder: its options, its checkpoint and all rows of its committed batches."""

    home: Path
    options: dict[str, Any] = field(default_factory=dict)
    schema: StructType | None = None
    pattern: str = ""
    storage: StorageMap = field(default_factory=StorageMap)
    source: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    offset: dict[str, int] = field(default_factory=lambda: {"list": 0})
    planned: dict[str, int] | None = None  # an offset that was logged and not committed

    def put(self, name: str, content: Any) -> Path:
        """Write a file into the source: text, bytes, or anything else as JSON."""
        path = self.home / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def describe(self) -> DescribedStream:
        """Decide the columns, as load() does."""
        given = {name: str(value) for name, value in self.options.items()}
        check_options(given)
        installation = Installation(self.storage)
        try:
            storage_file = self.home / "storage.json"
            self.storage.save(storage_file)
        finally:
            installation.remove()
        bindings = self.home / "bindings"
        bindings.mkdir(exist_ok=True)
        around = Surroundings(
            storage=self.storage,
            storage_file=storage_file,
            bindings=bindings,
            time_zone="UTC",
            parallelism=2,
            parse_type=parse_type,
        )
        source = self.source or f"{self.home}/src{self.pattern}"
        return describe_stream(source, given, self.schema, around)

    def reader(self) -> CloudFilesReader:
        """A reader that knows its checkpoint, as after start()."""
        described = self.describe()
        (Path(described.plan.bindings) / described.plan.token).write_text(str(self.home / "cp" / "sources" / "0"))
        return CloudFilesReader(described.plan, described.schema)

    def run(self) -> list[int]:
        """One availableNow query: the number of rows of each batch."""
        return [len(batch) for batch in self.batches()]

    def batches(self, *, now: bool = True) -> Iterator[list[dict[str, Any]]]:
        """The batches of one query; each is committed when the next one is asked for."""
        reader = self.reader()
        try:
            reader.initialOffset()
            if now:
                reader.prepareForTriggerAvailableNow()
            while True:
                end = self.planned or reader.latestOffset(self.offset, reader.getDefaultReadLimit())
                if end == self.offset:
                    return
                self.planned = end
                batch: list[dict[str, Any]] = []
                for partition in reader.partitions(self.offset, end):
                    for arrow in reader.read(partition):
                        batch += arrow.to_pylist()
                yield batch
                self.rows += batch
                self.offset, self.planned = end, None
                reader.commit(end)
        finally:
            reader.stop()
