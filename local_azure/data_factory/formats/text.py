"""Values as text, the way .NET prints them in the invariant culture."""

import base64
import datetime
import math
import uuid
from dataclasses import dataclass
from decimal import Decimal

from adf_lang.dotnet_date_writer import BadFormatError, write
from adf_lang.dotnet_dates import TICKS_PER_DAY, TICKS_PER_MICROSECOND, Kind, Moment, ticks_of
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.rows import Value

DATETIME = "yyyy-MM-dd HH:mm:ss.fffffff"
# A custom format has no sign for the offset of an aware time but zzz, which is written here.
DATETIME_OFFSET = "yyyy-MM-dd HH:mm:ss.fffffff zzz"
COMPLEX = (
    "a JSON object or array has no place in a column of text: map what is inside it, or set mapComplexValuesToString"
)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormats:
    """How times are written as text: .NET formats."""

    datetime: str = DATETIME
    datetime_offset: str = DATETIME_OFFSET


def to_text(value: Value, formats: TextFormats) -> str:
    """A value that is not null as text.

    Raises:
        DataError: an object or array, or a format that is none.
    """
    match value:
        case str():
            return value
        case bool():
            return "True" if value else "False"
        case int():
            return str(value)
        case float():
            return float_text(value)
        case Decimal():
            return f"{value:f}"
        case datetime.datetime():
            return _time(value, formats)
        case datetime.timedelta():
            return timespan_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case uuid.UUID():
            return str(value)
        case dict() | list():
            raise DataError("UserErrorComplexValue", COMPLEX)
        case _:
            raise DataError("UserErrorUnknownType", f"a value of type {type(value).__name__} cannot be written as text")


def float_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if text == "nan":
        return "NaN"
    mantissa, mark, exponent = text.partition("e")
    if mark:
        return f"{mantissa.removesuffix('.0')}E{exponent[0] if exponent[0] in '+-' else '+'}{exponent.lstrip('+-')}"
    return text.removesuffix(".0") if text != "-0.0" else "-0"


def timespan_text(value: datetime.timedelta) -> str:
    """As .NET's format `c`: [-][d.]hh:mm:ss[.fffffff]."""
    micros = abs(value) // _MICROSECOND
    seconds, fraction = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    text = (f"{days}." if days else "") + clock + (f".{fraction:06}0" if fraction else "")
    return f"-{text}" if value < datetime.timedelta() else text


def iso_text(value: datetime.datetime) -> str:
    """A time as JSON has it: 2026-05-18T12:34:56.78+02:00, Z for UTC, nothing for a time without offset."""
    text = value.replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    offset = value.utcoffset()
    if offset is None:
        return text
    return f"{text}Z" if not offset else text + _offset(offset)


def moment(value: datetime.datetime) -> Moment:
    """The wall clock of a time, which .NET formats print."""
    plain = value.replace(tzinfo=None)
    ticks = (
        ticks_of(plain.date())
        + (plain - datetime.datetime.combine(plain.date(), datetime.time())) // (_MICROSECOND) * TICKS_PER_MICROSECOND
    )
    return Moment(min(ticks, ticks_of(plain.date()) + TICKS_PER_DAY - 1), Kind.UNSPECIFIED)


def _time(value: datetime.datetime, formats: TextFormats) -> str:
    offset = value.utcoffset()
    pattern = formats.datetime if offset is None else formats.datetime_offset
    try:
        if offset is not None and "zzz" in pattern:
            # The writer knows no offsets; its quotes keep what stands between them.
            pattern = pattern.replace("zzz", f"'{_offset(offset)}'")
        return write(moment(value), pattern)
    except BadFormatError as error:
        raise DataError("UserErrorInvalidFormat", f"'{pattern}' is not a format of dates: {error}") from error


def _offset(offset: datetime.timedelta) -> str:
    minutes = offset // datetime.timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
