"""What formats and mappings hand each other: columns with Data Factory's interim types, rows in batches."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# None, bool, int, float, Decimal, str, bytes, datetime (with an offset or without), timedelta, UUID; in hierarchical
# rows also lists and dicts.
Value = Any
Row = dict[str, Value]
Batch = list[Row]

# Rows handed on at once.
BATCH = 1000


class ColumnType(StrEnum):
    """Data Factory's interim types."""

    BOOLEAN = "Boolean"
    BYTE = "Byte"
    SBYTE = "SByte"
    INT16 = "Int16"
    UINT16 = "UInt16"
    INT32 = "Int32"
    UINT32 = "UInt32"
    INT64 = "Int64"
    UINT64 = "UInt64"
    SINGLE = "Single"
    DOUBLE = "Double"
    DECIMAL = "Decimal"
    STRING = "String"
    DATETIME = "DateTime"
    DATETIME_OFFSET = "DateTimeOffset"
    TIMESPAN = "TimeSpan"
    GUID = "Guid"
    BYTES = "Byte[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column."""

    name: str
    # None: only the values tell.
    type: ColumnType | None = None
    # Of a Decimal; None: the values tell.
    precision: int | None = None
    scale: int | None = None


def _nothing() -> None:
    """Nothing to let go of."""


@dataclass(slots=True, kw_only=True)
class Table:
    """Rows that are read once, from the front.

    `columns` is None where rows are JSON objects, each with what names it has; else every row has exactly these names.
    """

    columns: Sequence[Column] | None
    batches: AsyncIterator[Batch] = field(repr=False)
    # Lets go of what the rows are read from; `with closing(table)` also where no row was read.
    close: Callable[[], None] = field(default=_nothing, repr=False)

    @property
    def hierarchical(self) -> bool:
        return self.columns is None


def column_type(name: str) -> ColumnType | None:
    """An interim type by its name in a mapping, whatever its case; None for an unknown one."""
    return _BY_NAME.get(name.lower())


_BY_NAME = {kind.value.lower(): kind for kind in ColumnType} | {"byte array": ColumnType.BYTES}
