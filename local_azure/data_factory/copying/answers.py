"""Rows as the output of an activity holds them."""

import json
import math
from decimal import Decimal
from typing import Any

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.json_text import plain
from local_azure.data_factory.formats.rows import Row, Value
from local_azure.data_factory.formats.text import float_text

Json = Any
MAX_ROWS = 5000
# Bytes of JSON that the output of an activity may have.
MAX_BYTES = 4 * 1024 * 1024
RUNTIME = "AutoResolveIntegrationRuntime (Local)"


def to_json(row: Row, *, decimal_as_text: bool) -> Json:
    """The row as JSON; a decimal is a number, as exact as JSON's readers take it, or a text."""
    return {name: _value(value, decimal_as_text) for name, value in row.items()}


def _value(value: Value, decimal_as_text: bool) -> Json:
    match value:
        case dict():
            return {name: _value(inner, decimal_as_text) for name, inner in value.items()}
        case list():
            return [_value(inner, decimal_as_text) for inner in value]
        case Decimal():
            return _decimal(value, decimal_as_text)
        case float():
            # JSON has no such numbers; .NET's writer makes texts of them.
            return value if math.isfinite(value) else float_text(value)
        case None | bool() | int() | str():
            return value
        case _:
            return plain(value)


def _decimal(value: Decimal, as_text: bool) -> Json:
    if as_text or not value.is_finite():
        return f"{value:f}" if value.is_finite() else str(value)
    return int(value) if value.as_tuple().exponent == 0 else float(value)


def size_of(value: Json) -> int:
    """Bytes of the value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def check_size(value: Json) -> None:
    """Refuses an output that is larger than an activity may have.

    Raises:
        DataError: it is.
    """
    size = size_of(value)
    if size > MAX_BYTES:
        raise DataError(
            "LengthOfExecutionOutputOverLimit",
            f"The length of execution output is over limit (around 4MB currently): it has {size} bytes. Ask for fewer "
            "columns or rows",
        )


def common(duration_seconds: float) -> dict[str, Json]:
    """What the outputs of activities that an integration runtime does have besides."""
    return {
        "effectiveIntegrationRuntime": RUNTIME,
        "executionDuration": math.ceil(duration_seconds),
        "durationInQueue": {"integrationRuntimeQueue": 0},
    }
