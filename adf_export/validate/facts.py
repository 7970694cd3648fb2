"""Microsoft's type table, as tools/adf_facts.py wrote it into facts.json, with our corrections; read once.

A type is a small object: {"any": kind} takes a literal of the kind or an expression; "string", "integer", "boolean" and
"enum" take no expression; "array", "object" and "family" refer to other types by their numbers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from adf_export.validate.corrections import TYPES

Fact: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All types by their number, and the number of `properties` of each kind of document."""

    types: Sequence[Fact]
    kinds: Mapping[str, Mapping[str, int]]


@cache
def facts() -> Facts:
    """The facts; reading them takes a few milliseconds."""
    document = json.loads(files("adf_export.validate").joinpath("facts.json").read_text(encoding="utf-8"))
    types: list[Fact] = document["types"]
    for fact in tuple(types):
        _correct(fact, types)
    for fact in types:
        if "family" in fact:
            _spread(fact, types)
    return Facts(types=types, kinds=document["kinds"])


def _correct(fact: Fact, types: list[Fact]) -> None:
    for (name, key), wanted in TYPES.items():
        if fact.get("object") == name:
            fact["properties"][key] = len(types)
            types.append(dict(wanted))


def _spread(family: Fact, types: Sequence[Fact]) -> None:
    """Gives the members of a family what all of them have."""
    for number in family["members"].values():
        member = types[number]
        member["properties"] = {**family["properties"], **member["properties"]}
        member["required"] = [*family.get("required", ()), *member.get("required", ())]
