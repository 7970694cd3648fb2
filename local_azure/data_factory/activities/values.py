"""Reads evaluated properties as the type that an activity needs."""

from collections.abc import Sequence
from typing import Any

from adf_lang.types import type_of
from local_azure.data_factory.activities.base import Flow
from local_azure.data_factory.errors import ActivityError

Json = Any
# Where a property has no value, or one of another type.
INVALID = "InvalidTemplate"


def integer(value: Json, name: str, *, least: int = 0) -> int:
    """A whole number; real files also write it as a text."""
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unfit(value, name, "an Integer")
    if value < least:
        raise ActivityError(INVALID, f"'{name}' must be {least} or more, but is {value}")
    return value


def boolean(value: Json, name: str) -> bool:
    """A boolean; real files also write it as a text."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _unfit(value, name, "a Boolean")
    return value


def string(value: Json, name: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise _unfit(value, name, "a String")
    return value


def array(value: Json, name: str) -> Sequence[Json]:
    """An array."""
    if not isinstance(value, list):
        raise _unfit(value, name, "an Array")
    return value


def flow_of(flow: Flow | None) -> Flow:
    """The flow of a control activity, which the interpreter always gives it."""
    if flow is None:
        raise TypeError("a control activity needs a flow")
    return flow


def _unfit(value: Json, name: str, wanted: str) -> ActivityError:
    shown = f"{value!r}"
    return ActivityError(
        INVALID,
        f"'{name}' must be {wanted}, but is {type_of(value)} {shown if len(shown) <= 60 else shown[:57] + '...'}",
    )
