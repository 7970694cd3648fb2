"""Builds Arrow columns of a fixed schema from records, and collects what does not fit it."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from local_azure.cloud_files.inference import scalar_of
from local_azure.cloud_files.records import Number, json_text

INT_BITS: dict[type[DataType], int] = {ByteType: 8, ShortType: 16, IntegerType: 32, LongType: 64}
NOT_NUMBERS = {"NaN", "Infinity", "+Infinity", "-Infinity", "INF", "+INF", "-INF"}
NONE_TYPE = type(None)

# The Python types whose values Arrow can take at once, without a look at each.
DIRECT: dict[type[DataType], frozenset[type]] = {
    StringType: frozenset({str, NONE_TYPE}),
    LongType: frozenset({int, NONE_TYPE}),
    IntegerType: frozenset({int, NONE_TYPE}),
    DoubleType: frozenset({float, int, NONE_TYPE}),
    BooleanType: frozenset({bool, NONE_TYPE}),
}


class NeedsExactNumbers(Exception):  # noqa: N818  # not a fault: the records have to be read again with their texts
    """A string column met a number: the records have to be read again, keeping the text of numbers."""


class DoesNotFitError(Exception):
    """A value that its column cannot hold."""


class Place(Protocol):
    """Where values stand in the records; it takes those that the column there cannot hold."""

    def misfit(self, at: int, value: Any) -> None:
        """Value number `at` does not fit the column's type."""

    def unknown(self, at: int, name: str, value: Any) -> None:
        """Object number `at` has a member that the column lacks."""

    def whole(self, at: int, value: Any) -> None:
        """Value number `at` fits, but something within it is unknown and cannot be named by itself."""

    def row(self, at: int) -> int:
        """The record that holds value number `at`."""

    def member(self, name: str) -> "Place":
        """The place of a member of the objects here."""


class ColumnBuilder:
    """Builds the columns of one chunk of records."""

    def __init__(self, records: Sequence[dict[str, Any]], *, zone: tzinfo, exact: bool, from_text: bool) -> None:
        self.records = records
        self.zone = zone
        self.exact = exact  # numbers carry their text
        self.from_text = from_text  # values are texts, as in CSV
        self.rescued: dict[int, dict[str, Any]] = {}
        self.misfits: set[int] = set()  # rows with a value of the wrong type
        self.unknown: set[tuple[str, ...]] = set()
        self.unknown_row = -1  # the first row with a field that is new

    def build(self, schema: StructType, arrow: pa.Schema, *, elsewhere: frozenset[str] = frozenset()) -> list[pa.Array]:
        """The columns of the schema, in its order; fields named `elsewhere` are other columns' and ignored."""
        self._note_unknown(schema, self.records, _RecordPlace(self, ()), (), elsewhere)
        return [
            self._column(
                [record.get(field.name) for record in self.records],
                field.dataType,
                arrow.field(i).type,
                _RecordPlace(self, (field.name,)),
                (field.name,),
            )
            for i, field in enumerate(schema)
        ]

    def _note_unknown(
        self,
        schema: StructType,
        objects: Sequence[dict[str, Any] | None],
        place: Place,
        path: tuple[str, ...],
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        """Rescue the members that the schema does not have; remember those whose names are new, not just in case."""
        known = elsewhere.union(schema.names)
        lower: set[str] | None = None
        for at, item in enumerate(objects):
            if not item or item.keys() <= known:
                continue
            lower = lower or {name.lower() for name in known}
            for name in item.keys() - known:
                if name.lower() not in lower:
                    self.unknown.add((*path, name))
                    if self.unknown_row < 0:
                        self.unknown_row = place.row(at)
                place.unknown(at, name, item[name])

    def rescue(self, row: int, path: tuple[str, ...], value: Any) -> None:
        """Keep a value for the row's rescued data."""
        at = self.rescued.setdefault(row, {})
        for step in path[:-1]:
            at = at.setdefault(step, {})
        at[path[-1]] = value

    def _column(
        self, values: list[Any], kind: DataType, arrow: pa.DataType, place: Place, path: tuple[str, ...]
    ) -> pa.Array:
        if isinstance(kind, StructType):
            return self._struct(values, kind, arrow, place, path)
        if isinstance(kind, ArrayType):
            return self._list(values, kind, arrow, place, path)
        if isinstance(kind, MapType):
            return self._map(values, kind, arrow, place, path)
        direct = DIRECT.get(type(kind))
        if direct is not None and direct.issuperset(map(type, values)):
            try:
                return pa.array(values, arrow)
            except (OverflowError, pa.ArrowInvalid, UnicodeEncodeError):
                pass  # one of the values is out of range: find which
        return self._checked(values, kind, arrow, place)

    def _checked(self, values: list[Any], kind: DataType, arrow: pa.DataType, place: Place) -> pa.Array:
        convert = self._converter(kind)
        out: list[Any] = []
        for at, value in enumerate(values):
            if value is None:
                out.append(None)
                continue
            try:
                out.append(convert(scalar_of(value) if self.from_text and type(kind) in FROM_SCALAR else value))
            except DoesNotFitError:
                place.misfit(at, value)
                out.append(None)
        return pa.array(out, arrow)

    def _struct(
        self, values: list[Any], kind: StructType, arrow: pa.DataType, place: Place, path: tuple[str, ...]
    ) -> pa.Array:
        objects = _only(values, dict, place)
        self._note_unknown(kind, objects, place, path)
        children = [
            self._column(
                [None if item is None else item.get(field.name) for item in objects],
                field.dataType,
                arrow.field(i).type,
                place.member(field.name),
                (*path, field.name),
            )
            for i, field in enumerate(kind)
        ]
        return pa.StructArray.from_arrays(children, fields=list(arrow), mask=_nulls(objects))

    def _list(
        self, values: list[Any], kind: ArrayType, arrow: pa.DataType, place: Place, path: tuple[str, ...]
    ) -> pa.Array:
        lists = _only(values, list, place)
        inner = _ItemPlace(lists, place)
        flat = [item for items in lists if items for item in items]
        items = self._column(flat, kind.elementType, arrow.value_type, inner, path)
        return pa.ListArray.from_arrays(_offsets(lists), items, type=arrow, mask=_nulls(lists))

    def _map(
        self, values: list[Any], kind: MapType, arrow: pa.DataType, place: Place, path: tuple[str, ...]
    ) -> pa.Array:
        maps = _only(values, dict, place)
        inner = _ItemPlace(maps, place)
        keys = self._column([k for m in maps if m for k in m], kind.keyType, arrow.key_type, inner, path)
        items = self._column([v for m in maps if m for v in m.values()], kind.valueType, arrow.item_type, inner, path)
        return pa.MapArray.from_arrays(_offsets(maps), keys, items, type=arrow, mask=_nulls(maps))

    def _converter(self, kind: DataType) -> Callable[[Any], Any]:
        match kind:
            case StringType():
                return self._to_string
            case ByteType() | ShortType() | IntegerType() | LongType():
                limit = 1 << (INT_BITS[type(kind)] - 1)
                return lambda value: _to_int(value, limit)
            case DoubleType() | FloatType():
                return _to_float
            case BooleanType():
                return _to_bool
            case DecimalType():
                quantum = Decimal(1).scaleb(-kind.scale)
                bound = Decimal(10) ** (kind.precision - kind.scale)
                return lambda value: _to_decimal(value, quantum, bound)
            case DateType():
                return _to_date
            case TimestampType():
                return self._to_timestamp
            case TimestampNTZType():
                return _to_local_time
            case BinaryType():
                return _to_binary
            case _:
                raise DoesNotFitError(f"type {kind.simpleString()} is not read here")

    def _to_string(self, value: Any) -> str:
        kind = type(value)
        if kind is str:
            return str(value).encode(errors="replace").decode()  # a lone surrogate is no text; Spark writes ? too
        if kind is bool:
            return "true" if value else "false"
        if not self.exact:
            raise NeedsExactNumbers
        return json_text(value)

    def _to_timestamp(self, value: Any) -> datetime:
        if type(value) in (int, Number) and not isinstance(value, bool):
            try:
                return datetime.fromtimestamp(_to_int(value, 1 << 53), UTC)
            except (OverflowError, ValueError, OSError) as error:
                raise DoesNotFitError from error
        time = _parse_time(value)
        return time if time.tzinfo is not None else time.replace(tzinfo=self.zone)


class _RecordPlace:
    """A path of members from the record: value number n belongs to record n."""

    def __init__(self, builder: ColumnBuilder, path: tuple[str, ...]) -> None:
        self._builder, self._path = builder, path

    def misfit(self, at: int, value: Any) -> None:
        self._builder.misfits.add(at)
        self._builder.rescue(at, self._path, value)

    def unknown(self, at: int, name: str, value: Any) -> None:
        self._builder.rescue(at, (*self._path, name), value)

    def whole(self, at: int, value: Any) -> None:
        self._builder.rescue(at, self._path, value)

    def row(self, at: int) -> int:
        return at

    def member(self, name: str) -> "_RecordPlace":
        return _RecordPlace(self._builder, (*self._path, name))


class _ItemPlace:
    """The items of lists or maps: the whole that an item belongs to is rescued, so that its place is not lost."""

    def __init__(self, wholes: list[Any], outer: Place) -> None:
        self._wholes, self._outer = wholes, outer
        self._owners = [at for at, whole in enumerate(wholes) if whole for _ in whole]

    def misfit(self, at: int, value: Any) -> None:
        owner = self._owners[at]
        self._outer.misfit(owner, self._wholes[owner])

    def unknown(self, at: int, name: str, value: Any) -> None:
        owner = self._owners[at]
        self._outer.whole(owner, self._wholes[owner])

    def whole(self, at: int, value: Any) -> None:
        owner = self._owners[at]
        self._outer.whole(owner, self._wholes[owner])

    def row(self, at: int) -> int:
        return self._outer.row(self._owners[at])

    def member(self, name: str) -> "_ItemPlace":
        return self


def _only(values: list[Any], kind: type, place: Place) -> list[Any]:
    if {kind, NONE_TYPE}.issuperset(map(type, values)):
        return values
    out: list[Any] = []
    for at, value in enumerate(values):
        if value is None or type(value) is kind:
            out.append(value)
        else:
            place.misfit(at, value)
            out.append(None)
    return out


FROM_SCALAR = frozenset({*INT_BITS, DoubleType, FloatType, BooleanType})


def _offsets(wholes: list[Any]) -> pa.Array:
    offsets, end = [0], 0
    for whole in wholes:
        end += len(whole) if whole else 0
        offsets.append(end)
    return pa.array(offsets, pa.int32())


def _nulls(wholes: list[Any]) -> pa.Array:
    return pa.array([whole is None for whole in wholes], pa.bool_())


def _to_int(value: Any, limit: int) -> int:
    if type(value) is Number:
        try:
            value = int(value)
        except ValueError as error:
            raise DoesNotFitError from error
    if type(value) is not int or not -limit <= value < limit:
        raise DoesNotFitError
    return value


def _to_float(value: Any) -> float:
    if type(value) in (int, float, Number) or (type(value) is str and value in NOT_NUMBERS):
        try:
            return float(value)
        except OverflowError as error:
            raise DoesNotFitError from error
    raise DoesNotFitError


def _to_bool(value: Any) -> bool:
    if type(value) is not bool:
        raise DoesNotFitError
    return value


def _to_decimal(value: Any, quantum: Decimal, bound: Decimal) -> Decimal:
    if type(value) not in (int, float, Number, str):
        raise DoesNotFitError
    try:
        number = Decimal(str(value)).quantize(quantum, ROUND_HALF_UP)
    except InvalidOperation as error:
        raise DoesNotFitError from error
    if not number.is_finite() or abs(number) >= bound:
        raise DoesNotFitError
    return number


def _to_date(value: Any) -> date:
    return _parse_time(value).date()


def _to_local_time(value: Any) -> datetime:
    time = _parse_time(value)
    if time.tzinfo is not None:
        raise DoesNotFitError
    return time


def _parse_time(value: Any) -> datetime:
    if type(value) is not str or "-" not in value[1:8]:
        raise DoesNotFitError
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise DoesNotFitError from error


def _to_binary(value: Any) -> bytes:
    if type(value) is not str:
        raise DoesNotFitError
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise DoesNotFitError from error
