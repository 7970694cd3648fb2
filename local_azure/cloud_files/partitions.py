"""Reads partition columns from the key=value folders of a path."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import unquote

from pyspark.sql.types import DataType, DateType, DoubleType, IntegerType, LongType, StringType, StructField, StructType

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"


def values_of(key: str) -> dict[str, str | None]:
    """The columns and values that a file's folders name.

    >>> values_of("ingest_date=2021-05-01/page-0001.usd/a=b.json")
    {'ingest_date': '2021-05-01'}
    """
    found: dict[str, str | None] = {}
    for folder in key.split("/")[:-1]:
        name, equals, value = folder.partition("=")
        if equals and name:
            text = unquote(value)
            found[unquote(name)] = None if text == NULL_VALUE else text
    return found


def infer_partitions(keys: Sequence[str], wanted: str | None, *, exact_types: bool) -> StructType:
    """The partition columns of some paths: those asked for, else those that all paths have in the same order."""
    found = [values_of(key) for key in keys]
    if wanted is not None:
        names = [name.strip() for name in wanted.split(",") if name.strip()]
    else:
        orders = {tuple(values) for values in found}
        names = list(orders.pop()) if len(orders) == 1 else []
    kinds = [_type_of([values.get(name) for values in found]) if exact_types else StringType() for name in names]
    return StructType([StructField(name, kind) for name, kind in zip(names, kinds, strict=True)])


def _type_of(values: Sequence[str | None]) -> DataType:
    texts = [value for value in values if value is not None]
    for kind in (IntegerType(), LongType(), DoubleType(), DateType()):
        if texts and all(_fits(text, kind) for text in texts):
            return kind
    return StringType()


def _fits(text: str, kind: DataType) -> bool:
    return partition_value(text, kind) is not None


def partition_value(text: str | None, kind: DataType) -> Any:
    """A folder's text as a value of its column; None when it is not one."""
    if text is None:
        return None
    try:
        match kind:
            case IntegerType() | LongType():
                bound = 1 << (31 if isinstance(kind, IntegerType) else 63)
                number = int(text) if text.isascii() and text.lstrip("-").isdigit() else None
                return number if number is not None and -bound <= number < bound else None
            case DoubleType():
                return float(text) if text[:1] in "-.0123456789" and text.isascii() else None
            case DateType():
                return date.fromisoformat(text) if len(text) == 10 else None
            case _:
                return text
    except ValueError:
        return None
