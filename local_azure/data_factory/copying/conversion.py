"""Converts values between Data Factory's interim types, as far as its table of conversions goes."""

import base64
import binascii
import datetime
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from adf_lang.dotnet_date_parts import NotADateError
from adf_lang.dotnet_date_reader import read as read_date
from adf_lang.dotnet_dates import TICKS_PER_MICROSECOND, Kind, Moment
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.rows import Column, ColumnType, Value
from local_azure.data_factory.formats.text import TextFormats, to_text
from local_azure.data_factory.timespans import TimespanError
from local_azure.data_factory.timespans import read as read_timespan

_EPOCH = datetime.datetime(1, 1, 1)  # noqa: DTZ001 the zero of .NET's clock, which has no zone
# Integer type -> its least and greatest value.
RANGES: Mapping[ColumnType, tuple[int, int]] = {
    ColumnType.BYTE: (0, 2**8 - 1),
    ColumnType.SBYTE: (-(2**7), 2**7 - 1),
    ColumnType.INT16: (-(2**15), 2**15 - 1),
    ColumnType.UINT16: (0, 2**16 - 1),
    ColumnType.INT32: (-(2**31), 2**31 - 1),
    ColumnType.UINT32: (0, 2**32 - 1),
    ColumnType.INT64: (-(2**63), 2**63 - 1),
    ColumnType.UINT64: (0, 2**64 - 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`typeConversionSettings`; without them what Data Factory does by default."""

    # A decimal may lose its fraction, a time its offset.
    allow_truncation: bool = True
    # A boolean becomes the text 1 or 0.
    boolean_as_number: bool = False
    texts: TextFormats = field(default_factory=TextFormats)


class _UnfitError(ValueError):
    """The value is none of the type; the message says why where that is not plain."""


def convert(value: Value, column: Column, settings: Settings) -> Value:
    """The value as one of the column's type; null stays null.

    Raises:
        DataError: it cannot be one; the message names the column and quotes the value.
    """
    if value is None or column.type is None:
        return value
    try:
        return _CONVERSIONS[column.type](value, column.type, settings)
    except (_UnfitError, ValueError, OverflowError, InvalidOperation) as error:
        shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
        reason = f": {error}" if isinstance(error, _UnfitError) and str(error) else ""
        raise DataError(
            "TypeConversionFailure", f"column '{column.name}': {shown} cannot be converted to {column.type}{reason}"
        ) from error


def _boolean(value: Value, kind: ColumnType, settings: Settings) -> bool:
    match value:
        case bool():
            return value
        case int() | float() | Decimal():
            return value != 0
        case str() if value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
    raise _UnfitError


def _integer(value: Value, kind: ColumnType, settings: Settings) -> int:
    match value:
        case bool() | int():
            number = int(value)
        case float() | Decimal():
            if not math.isfinite(value):
                raise _UnfitError
            number = int(value)
            if number != value and not settings.allow_truncation:
                raise _UnfitError("it has a fraction, and allowDataTruncation is false")
        case str():
            number = int(value.strip())
        case _:
            raise _UnfitError
    least, greatest = RANGES[kind]
    if not least <= number <= greatest:
        raise _UnfitError(f"it is not between {least} and {greatest}")
    return number


def _float(value: Value, kind: ColumnType, settings: Settings) -> float:
    match value:
        case bool() | int() | float() | Decimal():
            return float(value)
        case str():
            return float(value.strip())
    raise _UnfitError


def _decimal(value: Value, kind: ColumnType, settings: Settings) -> Decimal:
    match value:
        case bool() | int():
            found = Decimal(int(value))
        case Decimal():
            found = value
        case float():
            found = Decimal(repr(value))
        case str():
            found = Decimal(value.strip())
        case _:
            raise _UnfitError
    if not found.is_finite():
        raise _UnfitError
    return found


def _string(value: Value, kind: ColumnType, settings: Settings) -> str:
    if isinstance(value, bool) and settings.boolean_as_number:
        return "1" if value else "0"
    try:
        return to_text(value, settings.texts)
    except DataError as error:
        raise _UnfitError(error.message) from error


def _datetime(value: Value, kind: ColumnType, settings: Settings) -> datetime.datetime:
    if isinstance(value, str):
        value = _read_time(value, settings)
    if not isinstance(value, datetime.datetime):
        raise _UnfitError
    if kind is ColumnType.DATETIME_OFFSET:
        return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    if value.tzinfo is not None and not settings.allow_truncation:
        raise _UnfitError("it has an offset, and allowDataTruncation is false")
    return value.replace(tzinfo=None)


def _read_time(text: str, settings: Settings) -> datetime.datetime:
    try:
        moment = read_date(text.strip(), _no_today)
    except NotADateError as error:
        raise _UnfitError from error
    if moment.ticks % TICKS_PER_MICROSECOND and not settings.allow_truncation:
        raise _UnfitError("it has parts of a microsecond, and allowDataTruncation is false")
    return _from_moment(moment)


def _from_moment(moment: Moment) -> datetime.datetime:
    found = _EPOCH + datetime.timedelta(microseconds=moment.ticks // TICKS_PER_MICROSECOND)
    return found if moment.kind is Kind.UNSPECIFIED else found.replace(tzinfo=datetime.UTC)


def _no_today() -> datetime.date:
    raise _UnfitError("it has no date")


def _timespan(value: Value, kind: ColumnType, settings: Settings) -> datetime.timedelta:
    if isinstance(value, datetime.timedelta):
        return value
    if isinstance(value, str):
        try:
            return read_timespan(value)
        except TimespanError as error:
            raise _UnfitError from error
    raise _UnfitError


def _guid(value: Value, kind: ColumnType, settings: Settings) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str):
        return uuid.UUID(value.strip())
    raise _UnfitError


def _bytes(value: Value, kind: ColumnType, settings: Settings) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise _UnfitError("it is not base64") from error
    raise _UnfitError


_CONVERSIONS: Mapping[ColumnType, Callable[[Value, ColumnType, Settings], Value]] = {
    **dict.fromkeys(RANGES, _integer),
    ColumnType.BOOLEAN: _boolean,
    ColumnType.BYTES: _bytes,
    ColumnType.DATETIME: _datetime,
    ColumnType.DATETIME_OFFSET: _datetime,
    ColumnType.DECIMAL: _decimal,
    ColumnType.DOUBLE: _float,
    ColumnType.GUID: _guid,
    ColumnType.SINGLE: _float,
    ColumnType.STRING: _string,
    ColumnType.TIMESPAN: _timespan,
}
