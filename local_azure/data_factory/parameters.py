"""Parameters and variables: declared types, defaults, and what a value must be to fit."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from adf_lang.text import to_text, write_json
from adf_lang.types import Value, type_of
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.errors import ArmError

Json = Any
MASK = "**********"


class UnfitError(ValueError):
    """A value that is not of the declared type."""


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnfitError
    number = float(value) if not isinstance(value, int) else value
    if number != int(number):
        raise UnfitError
    return int(number)


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnfitError
    return float(value)


def _boolean(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise UnfitError


def _string(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise UnfitError


def _json_of(kind: type) -> Callable[[Json], Json]:
    def read(value: Json) -> Json:
        found = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, kind):
            raise UnfitError
        return found

    return read


# Declared type, in small letters (the authoring UI writes them so) -> what makes a value of it. Real files hold numbers
# and booleans as texts, and ExecutePipeline hands arrays on as texts, so those are read.
TYPES: dict[str, Callable[[Json], Json]] = {
    "string": _string,
    "securestring": _string,
    "int": _whole,
    "integer": _whole,
    "float": _number,
    "bool": _boolean,
    "boolean": _boolean,
    "array": _json_of(list),
    "object": _json_of(dict),
}


def bind(
    declared: Mapping[str, Mapping[str, Json]], given: Mapping[str, Json], pipeline: str, choices: Choices
) -> dict[str, Json]:
    """The parameters of a run: what is given, then the defaults; names are found whatever their case.

    Raises:
        ArmError: one has no value, is not declared, or is of another type; the message names them all.
    """
    by_name = {name.lower(): value for name, value in given.items()}
    wrong: list[str] = []
    found: dict[str, Json] = {}
    for name, document in declared.items():
        value = by_name.pop(name.lower(), document.get("defaultValue"))
        if value is None:
            wrong.append(f"parameter '{name}' has no value and no default")
            continue
        try:
            found[name] = fit(value, str(document.get("type", "String")))
        except UnfitError as error:
            wrong.append(f"parameter '{name}' {error}")
    unknown = [name for name in given if name.lower() in by_name]
    if unknown and choices.refuse_unknown_parameters:
        known = ", ".join(declared) or "none"
        wrong.extend(f"parameter '{name}' is not declared (declared: {known})" for name in unknown)
    if wrong:
        raise ArmError(400, "BadRequest", f"pipeline '{pipeline}' cannot run: {'; '.join(wrong)}", target=pipeline)
    return found


def fit(value: Json, declared: str) -> Json:
    """The value as one of the declared type.

    Raises:
        UnfitError: it cannot be one.
    """
    read = TYPES.get(declared.lower())
    if read is None:
        raise UnfitError(f"is declared with the unknown type '{declared}'")
    try:
        return read(value)
    except (ValueError, OverflowError) as error:
        raise UnfitError(f"must be {declared}, but is {type_of(value)} {_excerpt(value)}") from error


def reported(declared: Mapping[str, Mapping[str, Json]], values: Mapping[str, Json]) -> dict[str, str]:
    """The parameters as a pipeline run reports them: texts, secrets masked."""
    secret = {name for name, document in declared.items() if str(document.get("type", "")).lower() == "securestring"}
    return {name: MASK if name in secret else _report(value) for name, value in values.items()}


def initial_variables(declared: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """The variables at the start of a run: their defaults, else the empty value of their type."""
    empty: dict[str, Json] = {"string": "", "array": [], "bool": False, "boolean": False, "integer": 0, "int": 0}
    found: dict[str, Json] = {}
    for name, document in declared.items():
        default = document.get("defaultValue")
        kind = str(document.get("type", "String")).lower()
        found[name] = empty.get(kind) if default is None else default
    return found


def _report(value: Value) -> str:
    return write_json(value) if isinstance(value, dict | list) else to_text(value)


def _excerpt(value: Json) -> str:
    text = write_json(value)
    return text if len(text) <= 60 else text[:57] + "..."
