"""Reads files into Arrow batches of the stream's schema, with rescued data, malformed records and `_metadata`."""

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    BinaryType,
    DataType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from local_azure.cloud_files.columns import ColumnBuilder, NeedsExactNumbers
from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.folders import BlobFolder, FileEntry, LocalFolder
from local_azure.cloud_files.partitions import partition_value, values_of
from local_azure.cloud_files.plan import METADATA, StreamPlan, layout_of
from local_azure.cloud_files.records import Malformed, json_text, read_records, unpack

LOG = logging.getLogger("local_azure.cloud_files")

CHUNK_BYTES = 8 << 20
CHUNK_FILES = 500
BATCH_ROWS = 10_000

METADATA_TYPE = StructType(
    [
        StructField("file_path", StringType()),
        StructField("file_name", StringType()),
        StructField("file_size", LongType()),
        StructField("file_block_start", LongType()),
        StructField("file_block_length", LongType()),
        StructField("file_modification_time", TimestampType()),
    ]
)
BINARY_FILE = StructType(
    [
        StructField("path", StringType()),
        StructField("modificationTime", TimestampType()),
        StructField("length", LongType()),
        StructField("content", BinaryType()),
    ]
)
TEXT_FILE = StructType([StructField("value", StringType())])


class UnknownFieldsFound(Exception):  # noqa: N818  # a finding, made an error by who knows the evolution mode
    """Files hold fields that the schema lacks."""

    def __init__(self, fields: list[str], file: FileEntry) -> None:
        super().__init__(fields, file)
        self.fields = fields
        self.file = file


@dataclass(slots=True)
class Chunk:
    """Some files that become one Arrow batch."""

    files: list[FileEntry] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, file: FileEntry, content: bytes) -> None:
        """Take a file in."""
        self.files.append(file)
        self.contents.append(content)
        self.size += len(content)

    @property
    def full(self) -> bool:
        """Whether it is large enough."""
        return self.size >= CHUNK_BYTES or len(self.files) >= CHUNK_FILES


class FileParser:
    """Parses the files of one stream."""

    def __init__(self, plan: StreamPlan, schema: StructType) -> None:
        self._folder: LocalFolder | BlobFolder = plan.folder()
        options = plan.reader
        self._layout = layout_of(options)
        self._data = plan.data
        self._partitions = plan.partitions
        self._rescued = plan.rescued
        self._metadata = plan.metadata
        self._stop_on_unknown = plan.evolution in {"addNewColumns", "failOnNewColumns"}
        self._arrow: pa.Schema = to_arrow_schema(schema, timezone="UTC")
        self._arrow_data: pa.Schema = to_arrow_schema(self._data, timezone="UTC")
        self._columns = tuple(self._data.names)
        corrupt = options.text("columnNameOfCorruptRecord")
        self._corrupt = corrupt if corrupt in self._data.names else None
        self._mode = options.choice("mode", ("PERMISSIVE", "DROPMALFORMED", "FAILFAST"))
        self._bad_records = options.text("badRecordsPath")
        self._skip_missing = options.flag("ignoreMissingFiles")
        self._skip_corrupt = options.flag("ignoreCorruptFiles")
        self._zone = ZoneInfo(options.text("timeZone") or plan.time_zone)
        kinds = [f.dataType for f in self._data if f.name != self._corrupt]
        # Only text keeps a number exactly; without number columns it costs nothing to read it so at once.
        self._exact = _has_decimal(self._data) or all(isinstance(kind, StringType) for kind in kinds)

    def parse(
        self, files: Sequence[FileEntry], evolve: Callable[[UnknownFieldsFound], None]
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the files; `evolve` hears of new fields; when it returns they are rescued."""
        for chunk in self.chunks(files):
            try:
                batch = self._binary(chunk) if self._layout.form == "binaryFile" else self._parsed(chunk)
            except UnknownFieldsFound as found:
                evolve(found)
                self._stop_on_unknown = False
                batch = self._parsed(chunk)
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)

    def records(self, files: Sequence[FileEntry]) -> Iterator[list[dict[str, Any]]]:
        """The well-formed records of the files, chunk by chunk, for inference."""
        for chunk in self.chunks(files):
            found: list[dict[str, Any]] = []
            for content in chunk.contents:
                records = read_records(content, self._layout, exact=False, columns=self._columns)
                found += [record for record in records if type(record) is dict]
            yield found

    def chunks(self, files: Sequence[FileEntry]) -> Iterator[Chunk]:
        """The files' bytes, some files at a time."""
        chunk = Chunk()
        for file, content in zip(files, self._folder.read([file.key for file in files]), strict=True):
            data = self._checked(file, content)
            if data is not None:
                chunk.add(file, data)
            if chunk.full:
                yield chunk
                chunk = Chunk()
        if chunk.files:
            yield chunk

    def _checked(self, file: FileEntry, content: bytes | OSError) -> bytes | None:
        if isinstance(content, bytes):
            try:
                return content if self._layout.form == "binaryFile" else unpack(file.key, content)
            except OSError as error:
                content = error
        url = self._folder.url(file.key)
        missing = isinstance(content, FileNotFoundError)
        if (self._skip_missing and missing) or (self._skip_corrupt and not missing):
            LOG.warning("cloudFiles skips %s: %s", url, content)
            return None
        if missing:
            raise CloudFilesError(
                f"[FAILED_READ_FILE.FILE_NOT_EXIST] {url} "
                "was listed and is gone: put it back, or set ignoreMissingFiles"
            )
        raise CloudFilesError(f"[FAILED_READ_FILE] {url} cannot be read: {content}; ignoreCorruptFiles skips it")

    def _parsed(self, chunk: Chunk) -> pa.RecordBatch:
        if not self._exact:
            try:
                return self._build(chunk, exact=False)
            except NeedsExactNumbers:
                pass
        return self._build(chunk, exact=True)

    def _build(self, chunk: Chunk, *, exact: bool) -> pa.RecordBatch:
        records: list[dict[str, Any]] = []
        owners: list[int] = []
        malformed: dict[int, Malformed] = {}
        for at, content in enumerate(chunk.contents):
            found = read_records(content, self._layout, exact=exact, columns=self._columns)
            for record in found:
                if isinstance(record, dict):
                    records.append(record)
                elif self._keeps(record, chunk.files[at]):
                    malformed[len(records)] = record
                    records.append({})
                else:
                    continue
                owners.append(at)
        builder = ColumnBuilder(records, zone=self._zone, exact=exact, from_text=self._layout.form == "csv")
        columns = builder.build(self._data, self._arrow_data, elsewhere=frozenset(self._partitions.names))
        if builder.unknown and self._stop_on_unknown:
            names = sorted(".".join(path) for path in builder.unknown)
            raise UnknownFieldsFound(names, chunk.files[owners[builder.unknown_row]])
        dropped = self._settle_misfits(builder, malformed, chunk, owners)
        if self._corrupt is not None:
            at = self._columns.index(self._corrupt)
            columns[at] = _sparse(len(records), {row: item.text for row, item in malformed.items()})
        columns += self._partition_columns(chunk, owners)
        if self._rescued is not None:
            columns.append(self._rescued_column(builder, malformed, chunk, owners))
        if self._metadata:
            columns.append(self._metadata_column(chunk, owners))
        batch = pa.RecordBatch.from_arrays(columns, schema=self._arrow)
        if dropped:
            batch = batch.filter(pa.array([row not in dropped for row in range(len(records))]))
        return batch

    def _keeps(self, record: Malformed, file: FileEntry) -> bool:
        """What becomes of a malformed record: a row, nothing, a line among the bad records, or the stream's end."""
        url = self._folder.url(file.key)
        if self._mode == "FAILFAST":
            raise CloudFilesError(
                f"[MALFORMED_RECORD_IN_PARSING] {url} holds a malformed record ({record.reason}): {record.text[:200]}"
            )
        if self._bad_records is not None:
            self._write_bad_record(url, record)
            return False
        LOG.warning("cloudFiles met a malformed record in %s: %s", url, record.reason)
        return self._mode != "DROPMALFORMED"

    def _write_bad_record(self, url: str, record: Malformed) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        folder = Path(str(self._bad_records).removeprefix("file:")) / stamp / "bad_records"
        folder.mkdir(parents=True, exist_ok=True)
        line = {"path": url, "reason": record.reason, "record": record.text}
        (folder / f"part-{uuid.uuid4()}.json").write_text(json.dumps(line) + "\n")

    def _settle_misfits(
        self, builder: ColumnBuilder, malformed: dict[int, Malformed], chunk: Chunk, owners: list[int]
    ) -> set[int]:
        """Without a rescued data column, a value that does not fit makes its whole record malformed; rows to drop."""
        if self._rescued is not None:
            return set()
        dropped: set[int] = set()
        for row in builder.misfits:
            record = Malformed(json_text(builder.records[row]), "a value does not fit its column")
            if self._keeps(record, chunk.files[owners[row]]):
                malformed[row] = record
            else:
                dropped.add(row)
        return dropped

    def _partition_columns(self, chunk: Chunk, owners: list[int]) -> list[pa.Array]:
        if not len(self._partitions):
            return []
        indices = pa.array(owners, pa.int32())
        found = [values_of(file.key) for file in chunk.files]
        return [
            pa.array(
                [partition_value(values.get(column.name), column.dataType) for values in found],
                self._arrow.field(len(self._data) + i).type,
            ).take(indices)
            for i, column in enumerate(self._partitions)
        ]

    def _rescued_column(
        self, builder: ColumnBuilder, malformed: dict[int, Malformed], chunk: Chunk, owners: list[int]
    ) -> pa.Array:
        rows: dict[int, dict[str, Any]] = dict(builder.rescued)
        if self._corrupt is None:
            # Databricks has no place for it then; here nothing is lost.
            rows |= {row: {"_corrupt_record": item.text} for row, item in malformed.items()}
        texts = {
            row: json_text(values | {"_file_path": self._folder.url(chunk.files[owners[row]].key)})
            for row, values in rows.items()
        }
        return _sparse(len(owners), texts)

    def _metadata_column(self, chunk: Chunk, owners: list[int]) -> pa.Array:
        urls = [self._folder.url(file.key) for file in chunk.files]
        sizes = [file.size for file in chunk.files]
        values: list[list[Any]] = [
            urls,
            [url.rpartition("/")[2] for url in urls],
            sizes,
            [0] * len(urls),
            sizes,
            [file.modified // 1000 * 1000 for file in chunk.files],  # Spark tells milliseconds
        ]
        kind = self._arrow.field(METADATA).type
        columns = [pa.array(column, kind.field(i).type) for i, column in enumerate(values)]
        return pa.StructArray.from_arrays(columns, fields=list(kind)).take(pa.array(owners, pa.int32()))

    def _binary(self, chunk: Chunk) -> pa.RecordBatch:
        owners = list(range(len(chunk.files)))
        values: list[list[Any]] = [
            [self._folder.url(file.key) for file in chunk.files],
            [file.modified for file in chunk.files],
            [file.size for file in chunk.files],
            chunk.contents,
        ]
        columns = [pa.array(column, self._arrow.field(i).type) for i, column in enumerate(values)]
        columns += self._partition_columns(chunk, owners)
        if self._metadata:
            columns.append(self._metadata_column(chunk, owners))
        return pa.RecordBatch.from_arrays(columns, schema=self._arrow)


def _sparse(rows: int, texts: dict[int, str]) -> pa.Array:
    if not texts:
        return pa.nulls(rows, pa.string())
    return pa.array([texts.get(row) for row in range(rows)], pa.string())


def _has_decimal(kind: DataType) -> bool:
    return "decimal" in kind.simpleString()
