"""Writes JSON values, also those that JSON has no type for: times, decimals, bytes."""

import base64
import datetime
import json
import uuid
from decimal import Decimal

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.rows import Value
from local_azure.data_factory.formats.text import iso_text, timespan_text


def write(value: Value, *, separators: tuple[str, str] = (",", ":")) -> str:
    """The value as JSON text on one line.

    Raises:
        DataError: a number that JSON does not have.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=separators, default=plain, allow_nan=False)
    except ValueError as error:
        raise DataError("UserErrorInvalidJsonValue", f"JSON has no NaN and no Infinity: {error}") from error
    except _DecimalError:
        return _with_decimals(value, separators)
    return text if _is_unicode(text) else json.dumps(value, separators=separators, default=plain, allow_nan=False)


class _DecimalError(Exception):
    """A decimal was met: json.dumps could only write it as text or as a float."""


def plain(value: Value) -> Value:
    """A value that JSON has no type for, as one that it has."""
    match value:
        case datetime.datetime():
            return iso_text(value)
        case datetime.timedelta():
            return timespan_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case uuid.UUID():
            return str(value)
        case Decimal():
            raise _DecimalError
        case _:
            raise DataError("UserErrorUnknownType", f"a value of type {type(value).__name__} cannot be written as JSON")


def _with_decimals(value: Value, separators: tuple[str, str]) -> str:
    item, key = separators
    match value:
        case dict():
            return (
                "{" + item.join(f"{write(name)}{key}{_with_decimals(v, separators)}" for name, v in value.items()) + "}"
            )
        case list():
            return "[" + item.join(_with_decimals(v, separators) for v in value) + "]"
        case Decimal():
            if not value.is_finite():
                raise DataError("UserErrorInvalidJsonValue", "JSON has no NaN and no Infinity")
            return f"{value:f}"
        case _:
            return write(value, separators=separators)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can write escaped only.
        return False
    return True
