"""Describes one cloudFiles stream completely, in a form that travels to Spark's Python workers as text."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyspark.sql.types import StructType

from local_azure.cloud_files.folders import BlobFolder, LocalFolder, open_folder
from local_azure.cloud_files.inference import Hints, hints_from_json
from local_azure.cloud_files.options import OptionReader
from local_azure.cloud_files.records import Layout
from local_azure.storage import StorageMap

# The one option of the data source; it names the file with the accounts' keys, never a key.
PLAN_OPTION = "plan"
METADATA = "_metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """Everything a worker needs to list, read and parse the files of one stream."""

    token: str  # binds the stream to its checkpoint
    bindings: str  # folder with one file a token
    url: str
    storage_file: str | None
    options: Mapping[str, str]  # lower-cased names, no credentials
    data_schema: str  # JSON; without partition columns, rescued data and _metadata
    partition_schema: str  # JSON
    rescued: str | None  # name of the rescued data column
    metadata: bool  # whether the schema ends with _metadata
    evolution: str
    schema_location: str | None
    hints: list[Any]
    time_zone: str
    parallelism: int

    def to_text(self) -> str:
        """The plan as one option value."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "StreamPlan":
        """What `to_text` wrote."""
        return cls(**json.loads(text))

    @property
    def reader(self) -> OptionReader:
        """The user's options."""
        return OptionReader(self.options)

    @property
    def data(self) -> StructType:
        """The columns that come from the files."""
        return StructType.fromJson(json.loads(self.data_schema))

    @property
    def partitions(self) -> StructType:
        """The columns that come from the path."""
        return StructType.fromJson(json.loads(self.partition_schema))

    @property
    def parsed_hints(self) -> Hints:
        """The schema hints."""
        return hints_from_json(self.hints)

    def folder(self, excluded: tuple[str, ...] = ()) -> LocalFolder | BlobFolder:
        """Where the files are."""
        storage = StorageMap.load(Path(self.storage_file)) if self.storage_file else StorageMap()
        return open_folder(self.url, storage, excluded)


def layout_of(options: OptionReader) -> Layout:
    """How the files are written."""
    separator = options.text("sep") if options.has("sep") else options.text("delimiter")
    encoding = options.text("encoding") if options.has("encoding") else None
    return Layout(
        form=options.file_format(),
        multi_line=options.flag("multiLine"),
        encoding=options.text("charset") if options.has("charset") else encoding,
        separator=separator or ",",
        quote=options.text("quote") or '"',
        escape=options.text("escape") or "\\",
        header=options.flag("header"),
        comment=options.text("comment"),
        null_value=options.text("nullValue") or "",
        whole_text=options.flag("wholeText"),
    )
