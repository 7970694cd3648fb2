"""Reads evaluated settings of sources, sinks and stores."""

import datetime
from collections.abc import Mapping
from typing import Any

from adf_lang.dotnet_date_parts import NotADateError
from adf_lang.dotnet_date_reader import read as read_date
from adf_lang.dotnet_dates import TICKS_PER_MICROSECOND
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.timespans import read as read_timespan

Json = Any
INVALID = "UserErrorInvalidSettings"
_EPOCH = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)


def moment(value: Json, name: str) -> datetime.datetime | None:
    """A time as .NET reads it; one without offset is UTC. None where there is none.

    Raises:
        DataError: it is no time.
    """
    if value is None or value == "":
        return None
    try:
        found = read_date(str(value).strip(), _no_today)
    except NotADateError as error:
        raise DataError(INVALID, f"{name}: '{value}' is not a date and time") from error
    return _EPOCH + datetime.timedelta(microseconds=found.ticks // TICKS_PER_MICROSECOND)


def _no_today() -> datetime.date:
    raise NotADateError


def seconds(value: Json, default: float) -> float:
    """The length of a timespan that was checked."""
    return default if value is None else read_timespan(value).total_seconds()


def headers(value: Json) -> dict[str, str]:
    """additionalHeaders: an object, or lines of `name: value`, as the authoring UI has it for HTTP.

    Raises:
        DataError: neither of the two.
    """
    if value is None or value == "":
        return {}
    if isinstance(value, Mapping):
        return {str(name): _header(name, text) for name, text in value.items() if text is not None}
    if not isinstance(value, str):
        raise DataError(INVALID, "additionalHeaders must be an object, or lines of 'name: value'")
    found: dict[str, str] = {}
    for line in value.splitlines():
        name, colon, text = line.partition(":")
        if line.strip() and not (colon and name.strip()):
            # Not the line itself: it may be a secret.
            raise DataError(INVALID, "additionalHeaders has a line that is not 'name: value'")
        if line.strip():
            found[name.strip()] = text.strip()
    return found


def _header(name: str, text: Json) -> str:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise DataError(INVALID, f"additionalHeaders '{name}' must be a text")
    return str(text)
