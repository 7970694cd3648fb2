"""Finds the columns of rows that are objects, and types that nobody declared: by reading all rows once before."""

import datetime
import pickle
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import IO

from local_azure.data_factory.copying.conversion import RANGES
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.parquet_file import decimal_size
from local_azure.data_factory.formats.rows import Batch, Column, ColumnType, Table, Value

# Rows of up to so many bytes wait in memory, more of them on disk.
IN_MEMORY = 8 * 1024 * 1024
# What holds them all -> kinds of values that may stand together in one column.
TOGETHER: tuple[tuple[ColumnType, frozenset[ColumnType]], ...] = (
    (ColumnType.DOUBLE, frozenset({ColumnType.INT64, ColumnType.DOUBLE})),
    (ColumnType.DECIMAL, frozenset({ColumnType.INT64, ColumnType.DECIMAL})),
)


async def settle(table: Table, *, typed: bool) -> Table:
    """The same rows with their columns known: the names in the order in which they were met, null where one is missing.

    `typed`: types must be known too.

    Raises:
        DataError: a column holds values of types that do not go together.
    """
    if table.columns is not None and (not typed or all(_known(column) for column in table.columns)):
        return table
    seen = {column.name: _Seen(column=column) for column in table.columns or ()}
    with ExitStack() as stack:
        spool: IO[bytes] = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        async for batch in table.batches:
            for row in batch:
                for name, value in row.items():
                    if name not in seen:
                        seen[name] = _Seen(column=Column(name=name))
                    seen[name].add(value)
            pickle.dump(batch, spool)
        spool.seek(0)
        columns = tuple(entry.settled(typed=typed) for entry in seen.values())
        close = stack.pop_all().close

    def close_both() -> None:
        close()
        table.close()

    return Table(columns=columns, batches=_again(spool, list(seen)), close=close_both)


def _known(column: Column) -> bool:
    return column.type is not None and (column.type is not ColumnType.DECIMAL or column.precision is not None)


async def _again(spool: IO[bytes], names: list[str]) -> AsyncIterator[Batch]:
    while True:
        try:
            # Our own rows, from our own file.
            batch: Batch = pickle.load(spool)
        except EOFError:
            return
        yield [{name: row.get(name) for name in names} for row in batch]


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What one column holds."""

    column: Column
    kinds: set[ColumnType] = field(default_factory=set)
    complex: bool = False
    # Of its decimals, as one number that is as large as all of them; of its whole numbers.
    decimals: Decimal | None = None
    largest: int = 0

    def add(self, value: Value) -> None:
        if value is None:
            return
        if isinstance(value, dict | list):
            self.complex = True
            return
        self.kinds.add(_kind(value))
        if isinstance(value, Decimal):
            precision, scale = decimal_size([value] if self.decimals is None else [self.decimals, value])
            self.decimals = Decimal((0, (9,) * precision, -scale))
        elif isinstance(value, int) and not isinstance(value, bool):
            self.largest = max(self.largest, abs(value))

    def settled(self, *, typed: bool) -> Column:
        if not typed:
            return self.column
        name = self.column.name
        if self.complex:
            raise DataError(
                "UserErrorComplexValue",
                f"column '{name}' holds objects or arrays: map what is inside them, or set mapComplexValuesToString",
            )
        kind = self.column.type or self._together()
        if kind is not ColumnType.DECIMAL:
            return replace(self.column, type=kind)
        numbers = [Decimal(self.largest)] if self.decimals is None else [self.decimals, Decimal(self.largest)]
        precision, scale = decimal_size(numbers)
        return replace(self.column, type=kind, precision=precision, scale=scale)

    def _together(self) -> ColumnType:
        if not self.kinds:
            return ColumnType.STRING
        if len(self.kinds) == 1:
            return next(iter(self.kinds))
        found = next((kind for kind, members in TOGETHER if self.kinds <= members), None)
        if found is None:
            kinds = " and ".join(sorted(self.kinds))
            raise DataError(
                "UserErrorTypeMismatch",
                f"column '{self.column.name}' holds values of type {kinds}: map it to one type with typeConversion",
            )
        return found


def _kind(value: Value) -> ColumnType:
    match value:
        case bool():
            return ColumnType.BOOLEAN
        case int():
            least, greatest = RANGES[ColumnType.INT64]
            return ColumnType.INT64 if least <= value <= greatest else ColumnType.DECIMAL
        case float():
            return ColumnType.DOUBLE
        case Decimal():
            return ColumnType.DECIMAL
        case str():
            return ColumnType.STRING
        case datetime.datetime():
            return ColumnType.DATETIME_OFFSET if value.tzinfo else ColumnType.DATETIME
        case datetime.timedelta():
            return ColumnType.TIMESPAN
        case uuid.UUID():
            return ColumnType.GUID
        case _:
            return ColumnType.BYTES
