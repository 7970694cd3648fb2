"""Reads JSON documents from outside: contexts to evaluate in, and pipelines whose expressions are checked.

A document that cannot be used is an InputError: one line with the file and the line or the JSON path in it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from adf_lang.checker import ANY, Names
from adf_lang.scope import Scope
from adf_lang.types import Type, Value, type_of

# What the expression at this place of an activity must give: (type of the activity, its property) -> type.
EXPECTED = {
    ("Filter", "condition"): Type.BOOLEAN,
    ("Filter", "items"): Type.ARRAY,
    ("ForEach", "items"): Type.ARRAY,
    ("IfCondition", "expression"): Type.BOOLEAN,
    ("Until", "expression"): Type.BOOLEAN,
}
# Where item() has a meaning: (type of the activity, its property).
ITERATED = {("Filter", "condition"), ("ForEach", "activities")}
# Functions without a meaning in a pipeline -> where they stand, as the end of a sentence.
ELSEWHERE = {
    "dataset": "in a pipeline: only in a dataset",
    "linkedService": "in a pipeline: only in a linked service",
    "trigger": "in a pipeline: pass it as a parameter of the trigger",
    "triggerBody": "in a pipeline: pass it as a parameter of the trigger",
}
NO_ITEM = {**ELSEWHERE, "item": "outside of a ForEach or a Filter"}
# Stands for a key where an item of an array has none.
ITEM = ""
# Properties of a pipeline that Data Factory does not evaluate: declarations and words for people.
NOT_EVALUATED = ("annotations", "description", "folder", "parameters", "variables")


class InputError(Exception):
    """A file that cannot be read or used: one line that names the file and the place in it."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}") from error


def read_document(path: Path) -> Value:
    """The JSON value in a file.

    Raises:
        InputError: it cannot be read, or is not JSON; with line and column.
    """
    return parse_document(read_text(path), str(path))


def parse_document(text: str, name: str, *, line: int = 1) -> Value:
    """The JSON value of a text, which begins at this line of the file of this name."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}:{line + error.lineno - 1}:{error.colno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{name}:{line}: nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{name}:{line}: {error}") from error


def read_scope(document: Value, place: str, *, path: str = "$") -> Scope:
    """The scope that a document describes, in the shape of `Scope.from_dict`.

    Raises:
        InputError: an unknown key or a wrong type, with its JSON path.
    """
    if not isinstance(document, dict):
        raise InputError(f"{place}: {path}: expected an object with parameters, variables ..., not {type_of(document)}")
    for key, value in document.items():
        if key == "activities" and isinstance(value, dict):
            for name, activity in value.items():
                _probe({key: {name: activity}}, place, member(member(path, key), name))
        else:
            _probe({key: value}, place, member(path, key))
    return Scope.from_dict(document)


def _probe(part: Mapping[str, Value], place: str, path: str) -> None:
    """The scope knows what is wrong, but not where: it is asked about one member after the other."""
    try:
        Scope.from_dict(part)
    except ValueError as error:
        raise InputError(f"{place}: {path}: {error}") from error


def read_names(context: Mapping[str, Value]) -> Names:
    """The names that a context knows; about keys that it does not have nothing is known."""
    return Names(
        parameters=context.get("parameters"),
        global_parameters=context.get("globalParameters"),
        variables=context.get("variables"),
        activities=context.get("activities"),
    )


def member(path: str, key: str) -> str:
    """The JSON path of a member: `$.a`, or `$['Copy data']` where the key is not a plain word."""
    if key.isidentifier():
        return f"{path}.{key}"
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A string of a document that Data Factory evaluates, with what is known where it stands."""

    path: str
    text: str
    names: Names
    # The types that its value may have.
    expected: frozenset[Type]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What is known about a part of a document."""

    names: Names
    expected: frozenset[Type] = ANY
    # Key of the member that this is; None: the whole document; ITEM: no member.
    key: str | None = None
    # Type of the activity whose typeProperties these are; None: they are not.
    activity: str | None = None


def find_expressions(document: Value, names: Names | None = None) -> Iterator[Found]:
    """All strings with expressions in a JSON document, in their order: of a pipeline, a template, anything.

    In a pipeline the names are known: parameters, variables and activities are its own, `item()` has a meaning in loops
    only. In an ARM template a text in brackets is a function of ARM, not of Data Factory, and is passed over.
    """
    template = isinstance(document, dict) and "deploymentTemplate" in str(document.get("$schema"))
    # A stack of what is still to be looked at, last first: nesting costs no recursion.
    pending: list[tuple[str, Value, _Place]] = [("$", document, _Place(names=names or Names()))]
    while pending:
        path, value, place = pending.pop()
        if isinstance(value, str):
            arm = template and value.startswith("[") and not value.startswith("[[")
            if not arm and (_is_expression(value) or place.expected != ANY):
                yield Found(path=path, text=value, names=place.names, expected=place.expected)
        elif isinstance(value, list):
            inner = replace(place, expected=ANY, key=ITEM, activity=None)
            pending.extend((f"{path}[{index}]", value[index], inner) for index in range(len(value) - 1, -1, -1))
        elif isinstance(value, dict):
            pending.extend(reversed([(member(path, key), value[key], inner) for key, inner in _members(value, place)]))


def _is_expression(text: str) -> bool:
    return "@{" in text or (text.startswith("@") and text[1:2] not in ("", "@"))


def _members(node: dict[str, Value], place: _Place) -> Iterator[tuple[str, _Place]]:
    """The members of an object that are evaluated, and what is known about each."""
    names = place.names
    skipped: tuple[str, ...] = ()
    if _is_pipeline(node, place):
        names, skipped = _pipeline_names(node, names), NOT_EVALUATED
    activity = str(node.get("type")) if isinstance(node.get("typeProperties"), dict) else None
    if activity is not None:
        skipped = ("description",)
    for key in node:
        if key in skipped:
            continue
        inner = _Place(names=names, key=key, activity=activity if key == "typeProperties" else None)
        if place.activity is not None:
            where = (place.activity, key)
            if where in EXPECTED:
                inner = replace(inner, expected=frozenset({EXPECTED[where]}))
            if where in ITERATED and names.absent is NO_ITEM:
                inner = replace(inner, names=replace(names, absent=ELSEWHERE))
        if key == "value" and node.get("type") == "Expression":
            inner = replace(inner, expected=place.expected)
        yield key, inner


def _is_pipeline(node: dict[str, Value], place: _Place) -> bool:
    """Whether these are the properties of a pipeline; those of a dataset, a trigger ... have a type."""
    if isinstance(node.get("activities"), list):
        return place.key in (None, "properties") and place.activity is None and "typeProperties" not in node
    return place.key == "properties" and "type" not in node and ("parameters" in node or "variables" in node)


def _pipeline_names(node: dict[str, Value], names: Names) -> Names:
    # In a template they may be a text for ARM to fill in: then they are not known.
    declared = {key: node.get(key, {}) for key in ("parameters", "variables")}
    declared = {key: found if isinstance(found, dict) else None for key, found in declared.items()}
    activities = list(_activity_names(node.get("activities")))
    return replace(names, **declared, activities=activities, absent=NO_ITEM)


def _activity_names(activities: Value) -> Iterator[str]:
    """The names of all activities, those inside of others too."""
    pending = [activities]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            if isinstance(value.get("name"), str) and "type" in value:
                yield value["name"]
            pending.extend(item for item in value.values() if isinstance(item, dict | list))
