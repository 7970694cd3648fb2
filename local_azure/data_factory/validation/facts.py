"""The facts of facts.json as types that a value can be held against; read once."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from local_azure.data_factory.validation.differences import LITERALS, PROPERTIES, VALUES

# Families whose members may carry properties that the table does not know: Azure keeps them and does nothing with them.
# In the other families (sources, sinks, settings ...) such a property would mean something to somebody: it is refused.
OPEN_FAMILIES = frozenset({"Activity", "Dataset", "LinkedService", "Trigger"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A literal of this kind, or an expression: any, array, boolean, integer, number, object, secret, string."""

    kind: str
    minimum: int | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string; no expression."""

    shortest: int | None = None
    longest: int | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An integer; no expression."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A boolean; no expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of these strings."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """An array of one type, given by its number."""

    item: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object; its properties are given by the numbers of their types."""

    name: str
    properties: Mapping[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    read_only: frozenset[str] = frozenset()
    # Type of properties that are not listed; None: there are none.
    further: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """An object of one of several types, told apart by one property."""

    name: str
    discriminator: str
    # What all members have.
    common: Record
    members: Mapping[str, Record]


Fact = Value | Text | Whole | Flag | Choice | Items | Record | Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All types by their number, families by name, the type of `name` and `properties` of each kind of resource."""

    types: Sequence[Fact]
    families: Mapping[str, Family]
    kinds: Mapping[str, Mapping[str, int]]


@cache
def facts() -> Facts:
    """The facts, read when first asked for."""
    text = files("local_azure.data_factory").joinpath("facts.json").read_text(encoding="utf-8")
    document = json.loads(text)
    raw = document["types"]
    anything = next(index for index, item in enumerate(raw) if item == {"any": "any"})
    for item in tuple(raw):
        _follow_files(item, raw, anything)
    types = tuple(_read(item, raw, anything) for item in raw)
    families = {item.name: item for item in types if isinstance(item, Family)}
    return Facts(types=types, families=families, kinds=document["kinds"])


def _follow_files(item: dict[str, Any], raw: list[dict[str, Any]], anything: int) -> None:
    """Widens an object of the table to what real files hold (`differences`)."""
    name = item.get("object", "")
    for key in (*LITERALS.get(name, ()), *PROPERTIES.get(name, ())):
        item["properties"][key] = anything
    for key, values in VALUES.get(name, {}).items():
        known = raw[item["properties"][key]]["enum"]
        item["properties"][key] = len(raw)
        raw.append({"enum": [*known, *values]})


def _read(item: Mapping[str, Any], raw: Sequence[Mapping[str, Any]], anything: int) -> Fact:
    if "family" in item:
        return _read_family(item, raw, anything)
    if "properties" in item:
        return _read_record(item)
    if "array" in item:
        return Items(item=item["array"])
    if "enum" in item:
        return Choice(values=tuple(item["enum"]))
    if "any" in item:
        return Value(kind=item["any"], minimum=item.get("minimum"), pattern=_compiled(item))
    if "integer" in item:
        return Whole(**item["integer"])
    if "boolean" in item:
        return Flag()
    bounds = item["string"]
    return Text(shortest=bounds.get("shortest"), longest=bounds.get("longest"), pattern=_compiled(bounds))


def _read_record(item: Mapping[str, Any], further: int | None = None) -> Record:
    return Record(
        name=item.get("object", ""),
        properties=item["properties"],
        required=tuple(item.get("required", ())),
        read_only=frozenset(item.get("readOnly", ())),
        further=item.get("further", further),
    )


def _read_family(item: Mapping[str, Any], raw: Sequence[Mapping[str, Any]], anything: int) -> Family:
    common = _read_record(item, anything)
    further = anything if item["family"] in OPEN_FAMILIES else None

    def merge(member: Mapping[str, Any]) -> Record:
        own = _read_record(member, further)
        return Record(
            name=own.name,
            properties={**common.properties, **own.properties},
            required=(*common.required, *own.required),
            read_only=common.read_only | own.read_only,
            further=own.further,
        )

    return Family(
        name=item["family"],
        discriminator=item["discriminator"],
        common=common,
        members={name: merge(raw[number]) for name, number in item["members"].items()},
    )


def _compiled(item: Mapping[str, Any]) -> re.Pattern[str] | None:
    pattern = item.get("pattern")
    return re.compile(pattern) if pattern else None
