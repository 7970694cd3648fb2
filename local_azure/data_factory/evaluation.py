"""Evaluates expressions wherever they stand in the JSON of a factory."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import adf_lang
from local_azure.data_factory.errors import ActivityError

Json = Any
Compiled = Callable[[adf_lang.Scope], adf_lang.Value]
INVALID = "InvalidTemplate"


@lru_cache(maxsize=8192)
def compiled(text: str) -> Compiled:
    """The expression as a function; expressions of loops are read once."""
    return adf_lang.compile(text)


def is_expression(value: Json) -> bool:
    """Whether a JSON value is an expression object, {"value": "@..", "type": "Expression"}."""
    return isinstance(value, Mapping) and value.get("type") == "Expression" and set(value) <= {"type", "value"}


def evaluate(value: Json, scope: adf_lang.Scope, *, path: str = "$") -> Json:
    """The value with every expression in it evaluated.

    Raises:
        ActivityError: an expression has no value; the message names its path and quotes it.
    """
    if isinstance(value, str):
        return _text(value, scope, path) if "@" in value else value
    if isinstance(value, list):
        return [evaluate(item, scope, path=f"{path}[{index}]") for index, item in enumerate(value)]
    if is_expression(value):
        inner = value["value"]
        return _text(inner, scope, path) if isinstance(inner, str) else evaluate(inner, scope, path=path)
    if isinstance(value, Mapping):
        return {key: evaluate(item, scope, path=f"{path}.{key}") for key, item in value.items()}
    return value


def _text(text: str, scope: adf_lang.Scope, path: str) -> Json:
    try:
        return compiled(text)(scope)
    except adf_lang.AdfLangError as error:
        raise ActivityError(INVALID, f"{path}: {error}") from error
