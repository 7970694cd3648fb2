"""Infers a schema from records, merges schemas, and finds what a schema lacks."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DecimalType,
    DoubleType,
    LongType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
)

from local_azure.cloud_files.errors import CloudFilesError

Hints = tuple[tuple[tuple[str, ...], DataType], ...]

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
MAX_PRECISION = 38
STRING, LONG, DOUBLE, BOOLEAN, NULL = StringType(), LongType(), DoubleType(), BooleanType(), NullType()


def infer_records(records: Sequence[dict[str, Any]], *, exact_types: bool) -> StructType:
    """The schema of some records, columns in the order of their names; without exact types all are strings."""
    if exact_types:
        return _infer_objects(records)
    names = sorted({name for record in records for name in record})
    return StructType([StructField(name, STRING) for name in names])


def infer_text(text: str) -> DataType:
    """The type of a CSV value."""
    value = scalar_of(text)
    return _infer([value]) if type(value) is not str else STRING


def scalar_of(text: str) -> Any:
    """A CSV value as the number or boolean that it spells, else its text."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if text[:1] in "+-.0123456789" and "_" not in text:
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text


def _infer_objects(objects: Sequence[dict[str, Any]]) -> StructType:
    columns: dict[str, list[Any]] = {}
    for item in objects:
        for name, value in item.items():
            if name in columns:
                columns[name].append(value)
            else:
                columns[name] = [value]
    return StructType([StructField(name, _infer(columns[name])) for name in sorted(columns)])


def _infer(values: Sequence[Any]) -> DataType:
    """The one type that holds all values."""
    result: DataType = NULL
    for kind in set(map(type, values)):
        if kind is str:
            # As Spark does: writers that know no null leave an empty text.
            found: DataType = STRING if any(v for v in values if type(v) is str) else NULL
        elif kind is bool:
            found = BOOLEAN
        elif kind is float:
            found = DOUBLE
        elif kind is int:
            found = _integers([v for v in values if type(v) is int])
        elif kind is dict:
            found = _infer_objects([v for v in values if type(v) is dict])
        elif kind is list:
            found = ArrayType(_infer([item for v in values if type(v) is list for item in v]))
        else:
            found = NULL
        result = merge(result, found)
    return result


def _integers(values: Sequence[int]) -> DataType:
    least, most = min(values), max(values)
    if least >= LONG_MIN and most <= LONG_MAX:
        return LONG
    digits = max(len(str(abs(least))), len(str(abs(most))))
    small = any(LONG_MIN <= value <= LONG_MAX for value in values)
    if digits > MAX_PRECISION:
        return DOUBLE
    # A long takes part as Spark widens it, as decimal(20, 0).
    return DecimalType(max(digits, 20) if small else digits, 0)


def merge(left: DataType, right: DataType) -> DataType:
    """The narrowest type that holds the values of both; a string if nothing else does."""
    if left == right or isinstance(right, NullType):
        return left
    if isinstance(left, NullType):
        return right
    if isinstance(left, StructType) and isinstance(right, StructType):
        return merge_structs(left, right)
    if isinstance(left, ArrayType) and isinstance(right, ArrayType):
        return ArrayType(merge(left.elementType, right.elementType))
    numbers = (LongType, DecimalType, DoubleType)
    if isinstance(left, numbers) and isinstance(right, numbers):
        if isinstance(left, DoubleType) or isinstance(right, DoubleType):
            return DOUBLE
        return DecimalType(max(_precision(left), _precision(right)), 0)
    return STRING


def _precision(number: DataType) -> int:
    return number.precision if isinstance(number, DecimalType) else 20


def merge_structs(left: StructType, right: StructType) -> StructType:
    """The fields of both, in the order of their names."""
    fields = {field.name: field.dataType for field in left}
    for field in right:
        known = fields.get(field.name)
        fields[field.name] = field.dataType if known is None else merge(known, field.dataType)
    return StructType([StructField(name, fields[name]) for name in sorted(fields)])


def settle(inferred: DataType) -> DataType:
    """The type as a column can have it: what was never seen is a string, of names equal but for case one is left."""
    if isinstance(inferred, StructType) and len(inferred):
        kept: dict[str, StructField] = {}
        for field in inferred:
            kept.setdefault(field.name.lower(), StructField(field.name, settle(field.dataType)))
        return StructType(list(kept.values()))
    if isinstance(inferred, ArrayType):
        return ArrayType(settle(inferred.elementType))
    return STRING if isinstance(inferred, NullType | StructType) else inferred


def settle_columns(inferred: StructType) -> StructType:
    """`settle` for the columns of a table."""
    settled = settle(inferred)
    return settled if isinstance(settled, StructType) else StructType([])


def widen(known: StructType, found: StructType) -> StructType:
    """`known` with the fields that only `found` has at the end, also within nested ones; known types stay."""
    columns = list(known)
    places = {field.name: i for i, field in enumerate(columns)}
    lower = {field.name.lower() for field in columns}
    for field in found:
        if field.name in places:
            at = places[field.name]
            columns[at] = StructField(field.name, _widen(columns[at].dataType, field.dataType), columns[at].nullable)
        elif field.name.lower() not in lower:
            columns.append(field)
    return StructType(columns)


def _widen(known: DataType, found: DataType) -> DataType:
    if isinstance(known, StructType) and isinstance(found, StructType):
        return widen(known, found)
    if isinstance(known, ArrayType) and isinstance(found, ArrayType):
        return ArrayType(_widen(known.elementType, found.elementType), known.containsNull)
    return known


def apply_hints(schema: StructType, hints: Hints) -> StructType:
    """The schema with the hinted types; what it lacks is added at the end."""
    for path, kind in hints:
        hinted = _hinted(schema, path, kind)
        assert isinstance(hinted, StructType)
        schema = hinted
    return schema


def _hinted(known: DataType, path: tuple[str, ...], kind: DataType) -> DataType:
    if not path:
        return kind
    step, rest = path[0], path[1:]
    if isinstance(known, ArrayType) and step == "element":
        return ArrayType(_hinted(known.elementType, rest, kind), known.containsNull)
    if isinstance(known, MapType) and step in {"key", "value"}:
        if step == "key":
            return MapType(_hinted(known.keyType, rest, kind), known.valueType)
        return MapType(known.keyType, _hinted(known.valueType, rest, kind), known.valueContainsNull)
    fields = list(known) if isinstance(known, StructType) else []
    for i, field in enumerate(fields):
        if field.name.lower() == step.lower():
            fields[i] = StructField(field.name, _hinted(field.dataType, rest, kind))
            return StructType(fields)
    return StructType([*fields, StructField(step, _hinted(StructType([]), rest, kind))])


def split_hints(text: str) -> list[tuple[tuple[str, ...], str]]:
    """The paths of schema hints with the text of their types.

    >>> split_hints("price DOUBLE, roi.times DECIMAL(10, 2)")
    [(('price',), 'DOUBLE'), (('roi', 'times'), 'DECIMAL(10, 2)')]
    """
    hints = []
    for part in _split_outside(text, ","):
        path: list[str] = []
        rest = part.strip()
        while True:
            name, rest = _identifier(rest, part)
            path.append(name)
            if not rest.startswith("."):
                break
            rest = rest[1:]
        if not rest.strip():
            raise CloudFilesError(f"cloudFiles.schemaHints: '{part.strip()}' has no type")
        hints.append((tuple(path), rest.strip().removeprefix(":").strip()))
    return hints


def _identifier(text: str, part: str) -> tuple[str, str]:
    if text.startswith("`"):
        end = text.find("`", 1)
        if end > 1:
            return text[1:end], text[end + 1 :]
    end = next((i for i, char in enumerate(text) if char in ". \t\n:"), len(text))
    if end == 0 or text.startswith("`"):
        raise CloudFilesError(f"cloudFiles.schemaHints: expected '<column> <type>', found '{part.strip()}'")
    return text[:end], text[end:]


def _split_outside(text: str, separator: str) -> Iterable[str]:
    depth, start, quoted = 0, 0, False
    for i, char in enumerate(text):
        quoted ^= char == "`"
        if not quoted:
            depth += (char in "(<") - (char in ")>")
            if char == separator and depth == 0:
                yield text[start:i]
                start = i + 1
    if text[start:].strip():
        yield text[start:]


def hints_to_json(hints: Hints) -> list[Any]:
    """Hints for the plan of a stream."""
    return [[list(path), kind.jsonValue()] for path, kind in hints]


def hints_from_json(document: list[Any]) -> Hints:
    """What `hints_to_json` wrote."""
    hints = []
    for path, kind in document:
        wrapped = {"type": "struct", "fields": [{"name": "x", "type": kind, "nullable": True, "metadata": {}}]}
        hints.append((tuple(path), StructType.fromJson(json.loads(json.dumps(wrapped)))["x"].dataType))
    return tuple(hints)
