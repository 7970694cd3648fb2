"""Holds a document against the facts: types, required properties, bounds, enumerations, and nothing unknown.

One walk also collects the expressions and the references, because only the facts say where they may stand.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from adf_export.validate.facts import Fact, Facts
from adf_export.validate.paths import Path
from adf_lang import Type
from adf_lang.checker import ANY
from adf_lang.errors import nearest
from adf_lang.types import type_of

Json: TypeAlias = Any

# What an expression may give where the facts want a literal of this kind; texts are read at run time.
_RESULTS: Final = {
    "boolean": frozenset({Type.BOOLEAN, Type.STRING}),
    "integer": frozenset({Type.INTEGER, Type.FLOAT, Type.STRING}),
    "number": frozenset({Type.INTEGER, Type.FLOAT, Type.STRING}),
}
_LITERALS: Final[Mapping[str, tuple[type, ...]]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "secret": (str, dict),
    "string": (str,),
}
_REFERENCES: Final = ("DatasetReference", "LinkedServiceReference", "PipelineReference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A text that Data Factory evaluates."""

    path: Path
    text: str
    expected: frozenset[Type] = ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An object that names another document."""

    path: Path
    # DatasetReference, LinkedServiceReference or PipelineReference
    type: str
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Shape:
    """What one walk found."""

    facts: Facts
    # (path, what is wrong there)
    faults: list[tuple[Path, str]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def visit(self, number: int, value: Json, path: Path) -> None:
        """Holds a value against the type of this number."""
        fact = self.facts.types[number]
        for word, judge in _JUDGES.items():
            if word in fact:
                judge(self, fact, value, path)
                return
        raise AssertionError(f"facts.json has a type without a word that we know: {fact}")

    def wrong(self, path: Path, what: str) -> None:
        self.faults.append((path, what))


def is_expression(text: str) -> bool:
    """Whether Data Factory evaluates a text: `@...`, or `@{...}` somewhere in it."""
    if text.startswith("@"):
        return len(text) > 1 and text[1] != "@"
    return "@{" in text.replace("@@{", "")


def _value(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    kind = fact["any"]
    if isinstance(value, str) and is_expression(value):
        shape.sites.append(Site(path=path, text=value, expected=_RESULTS.get(kind, ANY)))
    elif _is_expression_object(value):
        shape.sites.append(Site(path=(*path, "value"), text=value["value"], expected=_RESULTS.get(kind, ANY)))
    elif kind != "any" and type(value) not in _LITERALS[kind]:
        shape.wrong(path, f"must be {kind} or an expression, but is {type_of(value)}")
    elif kind == "secret" and isinstance(value, dict):
        _family(shape, _family_of(shape.facts, "SecretBase"), value, path)
    elif isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in members:
            _value(shape, {"any": "any"}, item, (*path, key))
    else:
        _bounds(shape, fact, value, path)


def _text(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if type(value) is not str:
        shape.wrong(path, f"must be a string, but is {type_of(value)}")
        return
    bounds = fact["string"]
    if "typeProperties" in path and is_expression(value):
        shape.wrong(path, "is an expression, but Data Factory takes none here")
    if not bounds.get("shortest", 0) <= len(value) <= bounds.get("longest", len(value)):
        shape.wrong(path, f"has {len(value)} characters, {bounds.get('longest')} are allowed")
    _bounds(shape, bounds, value, path)


def _whole(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if type(value) is not int:
        shape.wrong(path, f"must be a whole number, but is {_shown(value)}")
    else:
        _bounds(shape, fact["integer"], value, path)


def _flag(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if type(value) is not bool:
        shape.wrong(path, f"must be true or false, but is {_shown(value)}")


def _choice(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if value not in fact["enum"]:
        shape.wrong(path, f"must be {' or '.join(fact['enum'])}, but is {_shown(value)}")


def _items(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if not isinstance(value, list):
        shape.wrong(path, f"must be an array, but is {type_of(value)}")
        return
    for index, item in enumerate(value):
        shape.visit(fact["array"], item, (*path, index))


def _family(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if not isinstance(value, dict):
        shape.wrong(path, f"must be an object, but is {type_of(value)}")
        return
    kind = value.get(fact["discriminator"])
    number = fact["members"].get(kind)
    if number is None:
        hint = nearest(str(kind), fact["members"])
        shape.wrong((*path, fact["discriminator"]), f"{fact['family']} has no type '{kind}'" + _because(hint))
    else:
        _record(shape, shape.facts.types[number], value, path)


def _record(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    name = fact.get("object", "")
    if not isinstance(value, dict):
        shape.wrong(path, f"must be an object, but is {type_of(value)}")
        return
    if name == "Expression":
        _expression(shape, value, path)
        return
    if name in _REFERENCES:
        shape.references.append(Reference(path=path, type=name, document=value))
    for key, item in value.items():
        number = fact["properties"].get(key)
        if number is not None:
            shape.visit(number, item, (*path, key))
        elif "further" in fact and not fact["properties"]:
            shape.visit(fact["further"], item, (*path, key))
        else:
            shape.wrong((*path, key), f"{name or 'the object'} has no property '{key}'" + _because(_near(key, fact)))
    for key in fact.get("required", ()):
        if key not in value:
            shape.wrong(path, f"the required property '{key}' is missing")


def _expression(shape: Shape, value: Mapping[str, Json], path: Path) -> None:
    if not _is_expression_object(value):
        shape.wrong(path, 'must be {"value": "@...", "type": "Expression"}')
    else:
        shape.sites.append(Site(path=(*path, "value"), text=value["value"]))


def _bounds(shape: Shape, fact: Fact, value: Json, path: Path) -> None:
    if "minimum" in fact and value < fact["minimum"]:
        shape.wrong(path, f"must be at least {fact['minimum']}, but is {value}")
    if "maximum" in fact and value > fact["maximum"]:
        shape.wrong(path, f"must be at most {fact['maximum']}, but is {value}")
    if "pattern" in fact and not re.fullmatch(fact["pattern"], value):
        shape.wrong(path, f"must have the form {fact['pattern']}")


def _is_expression_object(value: Json) -> bool:
    return isinstance(value, dict) and value.get("type") == "Expression" and isinstance(value.get("value"), str)


def _family_of(facts: Facts, name: str) -> Fact:
    return next(fact for fact in facts.types if fact.get("family") == name)


def _near(key: str, fact: Fact) -> str | None:
    return nearest(key, fact["properties"])


def _because(hint: str | None) -> str:
    return f": {hint}" if hint else ""


def _shown(value: Json) -> str:
    return f"'{value}'" if isinstance(value, str) and len(value) <= 40 else type_of(value)


_JUDGES: Final[Mapping[str, Callable[[Shape, Fact, Json, Path], None]]] = {
    "any": _value,
    "string": _text,
    "integer": _whole,
    "boolean": _flag,
    "enum": _choice,
    "array": _items,
    "family": _family,
    "properties": _record,
}
