"""The Parquet format, by pyarrow, which is imported when the first file is met: it costs a third of a second."""

import datetime
import importlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import IO, Any

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.rows import BATCH, Batch, Column, ColumnType, Table, Value

# A file of up to so many bytes is read in memory, a larger one from disk: Parquet is read from its end.
IN_MEMORY = 16 * 1024 * 1024
MAX_PRECISION = 38
NONE = "none"
# compressionCodec of a dataset -> pyarrow's.
CODECS = {"snappy": "snappy", "gzip": "gzip", NONE: "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFormat:
    """Parquet with the options of a dataset."""

    # Key of CODECS; of written files, read ones say it themselves.
    codec: str = "snappy"

    @property
    def extension(self) -> str:
        return ".parquet"

    @property
    def typed(self) -> bool:
        return True

    @property
    def tabular(self) -> bool:
        return True

    async def read(self, chunks: AsyncIterator[bytes], *, source: str) -> Table:
        """The rows of the file.

        Raises:
            DataError: it is no Parquet file, or it has columns of lists, structs or maps.
        """
        pa, pq = _arrow_library()
        with ExitStack() as stack:
            spool: IO[bytes] = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
            async for chunk in chunks:
                spool.write(chunk)
            if not spool.tell():
                return Table(columns=(), batches=_empty())
            spool.seek(0)
            try:
                file = stack.enter_context(pq.ParquetFile(spool, coerce_int96_timestamp_unit="us"))
            except (pa.ArrowException, OSError) as error:
                raise DataError("ParquetInvalidFile", f"'{source}' is not a Parquet file: {error}") from error
            columns = tuple(_column(field, source) for field in file.schema_arrow)
            return Table(columns=columns, batches=_batches(file, columns, source), close=stack.pop_all().close)

    def writer(self, columns: Sequence[Column] | None) -> "ParquetWriter":
        if columns is None:
            raise DataError("UserErrorUnknownColumns", "Parquet needs columns, not objects")
        return ParquetWriter(self, columns)


@cache
def _arrow_library() -> tuple[Any, Any]:
    """pyarrow and its Parquet part, which have no types."""
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")


async def _empty() -> AsyncIterator[Batch]:
    return
    yield


async def _batches(file: Any, columns: Sequence[Column], source: str) -> AsyncIterator[Batch]:
    pa, _ = _arrow_library()
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            yield [dict(zip(batch.schema.names, row, strict=True)) for row in _rows(batch, columns)]
    except (pa.ArrowException, OSError) as error:
        raise DataError("ParquetInvalidFile", f"'{source}' cannot be read to its end: {error}") from error


def _rows(batch: Any, columns: Sequence[Column]) -> Iterator[tuple[Value, ...]]:
    made = [[_value(value) for value in array.to_pylist()] for array in batch.columns]
    return zip(*made, strict=True) if columns else iter([()] * batch.num_rows)


def _value(value: Value) -> Value:
    match value:
        case datetime.datetime():
            # pandas' own class comes with nanoseconds, which Data Factory has not either: it counts 100 of them.
            return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
        case datetime.date():
            return datetime.datetime.combine(value, datetime.time())
        case datetime.time():
            return datetime.timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
            )
        case _:
            return value


def _column(field: Any, source: str) -> Column:
    pa, _ = _arrow_library()
    kind: Any = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_decimal(kind):
        return Column(name=field.name, type=ColumnType.DECIMAL, precision=kind.precision, scale=kind.scale)
    if pa.types.is_timestamp(kind):
        return Column(name=field.name, type=ColumnType.DATETIME_OFFSET if kind.tz else ColumnType.DATETIME)
    for test, type_ in _tests():
        if test(kind):
            return Column(name=field.name, type=type_)
    raise DataError(
        "ParquetUnsupportedType",
        f"column '{field.name}' of '{source}' is of type {kind}, which a Copy activity does not read: leave it out "
        "when the file is written, or write it as text",
    )


def _tests() -> list[tuple[Any, ColumnType]]:
    pa, _ = _arrow_library()
    types = pa.types
    return [
        (types.is_boolean, ColumnType.BOOLEAN),
        (types.is_int8, ColumnType.SBYTE),
        (types.is_uint8, ColumnType.BYTE),
        (types.is_int16, ColumnType.INT16),
        (types.is_uint16, ColumnType.UINT16),
        (types.is_int32, ColumnType.INT32),
        (types.is_uint32, ColumnType.UINT32),
        (types.is_int64, ColumnType.INT64),
        (types.is_uint64, ColumnType.UINT64),
        (types.is_float32, ColumnType.SINGLE),
        (types.is_float16, ColumnType.SINGLE),
        (types.is_float64, ColumnType.DOUBLE),
        (types.is_date, ColumnType.DATETIME),
        (types.is_time, ColumnType.TIMESPAN),
        (lambda kind: types.is_string(kind) or types.is_large_string(kind), ColumnType.STRING),
        (
            lambda kind: types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind),
            ColumnType.BYTES,
        ),
        (types.is_null, ColumnType.STRING),
    ]


def _arrow(column: Column) -> Any:
    pa, _ = _arrow_library()
    if column.type is None:
        raise DataError("UserErrorUnknownColumns", f"the type of column '{column.name}' is not known")
    if column.type is ColumnType.DECIMAL:
        return pa.decimal128(column.precision or MAX_PRECISION, 18 if column.scale is None else column.scale)
    types: dict[ColumnType, Any] = {
        ColumnType.BOOLEAN: pa.bool_(),
        ColumnType.BYTE: pa.uint8(),
        ColumnType.SBYTE: pa.int8(),
        ColumnType.INT16: pa.int16(),
        ColumnType.UINT16: pa.uint16(),
        ColumnType.INT32: pa.int32(),
        ColumnType.UINT32: pa.uint32(),
        ColumnType.INT64: pa.int64(),
        ColumnType.UINT64: pa.uint64(),
        ColumnType.SINGLE: pa.float32(),
        ColumnType.DOUBLE: pa.float64(),
        ColumnType.STRING: pa.string(),
        ColumnType.DATETIME: pa.timestamp("us"),
        ColumnType.DATETIME_OFFSET: pa.timestamp("us", tz="UTC"),
        ColumnType.GUID: pa.string(),
        ColumnType.BYTES: pa.binary(),
    }
    found = types.get(column.type)
    if found is None:
        raise DataError(
            "ParquetUnsupportedType",
            f"column '{column.name}' is a {column.type}, which Parquet does not have: map it to a String",
        )
    return found


class _Outlet:
    """A file that pyarrow writes and that is emptied after every batch."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing to flush."""

    def close(self) -> None:
        """Nothing to close."""

    def take(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class ParquetWriter:
    """Writes row groups of GROUP rows."""

    GROUP = 50_000

    def __init__(self, format_: ParquetFormat, columns: Sequence[Column]) -> None:
        pa, pq = _arrow_library()
        if not columns:
            raise DataError("ParquetNoColumns", "a Parquet file needs at least one column, and there is none")
        self._columns = columns
        self._schema = pa.schema([pa.field(column.name, _arrow(column)) for column in columns])
        self._outlet = _Outlet()
        self._rows: Batch = []
        self._writer = pq.ParquetWriter(self._outlet, self._schema, compression=CODECS[format_.codec])

    def write(self, rows: Batch) -> bytes:
        self._rows += rows
        if len(self._rows) >= self.GROUP:
            self._write_group()
        return self._outlet.take()

    def finish(self) -> bytes:
        if self._rows:
            self._write_group()
        self._writer.close()
        return self._outlet.take()

    def _write_group(self) -> None:
        pa, _ = _arrow_library()
        arrays = [self._array(column, kind) for column, kind in zip(self._columns, self._schema.types, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows = []

    def _array(self, column: Column, kind: Any) -> Any:
        pa, _ = _arrow_library()
        values = [row[column.name] for row in self._rows]
        if column.type is ColumnType.GUID:
            values = [None if value is None else str(value) for value in values]
        try:
            return pa.array(values, type=kind)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                "ParquetInvalidValue", f"column '{column.name}' has a value that is not a {column.type}: {error}"
            ) from error


def decimal_size(values: Sequence[Decimal]) -> tuple[int, int]:
    """The precision and scale that hold all the values.

    Raises:
        DataError: no decimal of 38 digits holds them.
    """
    whole, scale = 1, 0
    for value in values:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise DataError("ParquetInvalidValue", f"{value} is not a decimal number")
        scale = max(scale, -exponent)
        whole = max(whole, len(digits) + exponent)
    if whole + scale > MAX_PRECISION:
        raise DataError("ParquetInvalidValue", f"a decimal with {whole + scale} digits: Parquet has {MAX_PRECISION}")
    return whole + scale, scale
