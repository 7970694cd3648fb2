"""Writes facts.json for both judges of documents: what Microsoft's type table says of Data Factory, as data.

The compiler and the local Data Factory have a copy each: neither reads the other's files.

    python tools/adf_facts.py [../shared/adf/bicep-types.microsoft.datafactory.2018-06-01.json]

Kept are names, types, bounds, patterns, enumerations and discriminators of what a factory's pipelines, datasets, linked
services, triggers and parameters reach; nothing of the prose. Where the table says "anything" because an expression may
stand there, the type of the literal is told by a phrase in the description: that phrase becomes data.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "local_azure" / "data_factory" / "facts.json"
TARGETS = (TARGET, ROOT / "adf_export" / "validate" / "facts.json")
SOURCE = ROOT.parent / "shared" / "adf" / "bicep-types.microsoft.datafactory.2018-06-01.json"

# Kind of resource here -> resource type there.
KINDS = {
    "dataset": "Microsoft.DataFactory/factories/datasets",
    "factory": "Microsoft.DataFactory/factories",
    "globalParameters": "Microsoft.DataFactory/factories/globalParameters",
    "linkedService": "Microsoft.DataFactory/factories/linkedservices",
    "pipeline": "Microsoft.DataFactory/factories/pipelines",
    "trigger": "Microsoft.DataFactory/factories/triggers",
}
REQUIRED, READ_ONLY = 1, 2
# What a description calls a type -> what it is here.
SPOKEN = {
    "array": "array",
    "bool": "boolean",
    "boolean": "boolean",
    "double": "number",
    "int": "integer",
    "integer": "integer",
    "key": "object",  # "key value pairs"
    "number": "number",
    "object": "object",
    "string": "string",
}
TYPE = re.compile(r"Type: ?(\w+)([^.]*)")
RESULT = re.compile(r"resultType (\w+)")
MINIMUM = re.compile(r"minimum: ?(\d+)")
PATTERN = re.compile(r"pattern: (.+)$")

Fact = dict[str, Any]


class Facts:
    """Numbers the types that are reached; equal simple ones have one number."""

    def __init__(self, types: list[Mapping[str, Any]]) -> None:
        self._source = types
        self._by_source: dict[int, int] = {}
        self._by_content: dict[str, int] = {}
        self.types: list[Fact] = []

    def number(self, reference: Mapping[str, str]) -> int:
        """The number of a type of the source."""
        at = int(reference["$ref"].removeprefix("#/"))
        source = self._source[at]
        simple = _SIMPLE.get(source["$type"])
        if simple is not None:
            return self.intern(simple(source))
        if source["$type"] == "UnionType":
            return self.intern(self._union(source))
        if at not in self._by_source:
            self._by_source[at] = len(self.types)
            self.types.append({})
            self.types[self._by_source[at]].update(self._compound(source))
        return self._by_source[at]

    def intern(self, fact: Fact) -> int:
        """The number of a simple type."""
        key = json.dumps(fact, sort_keys=True)
        if key not in self._by_content:
            self._by_content[key] = len(self.types)
            self.types.append(fact)
        return self._by_content[key]

    def _compound(self, source: Mapping[str, Any]) -> Fact:
        if source["$type"] == "ArrayType":
            return {"array": self.number(source["itemType"])}
        if source["$type"] == "ObjectType":
            return self._object(source["name"], source["properties"], source.get("additionalProperties"))
        return {
            "family": source["name"],
            "discriminator": source["discriminator"],
            **self._object(None, source["baseProperties"], None),
            "members": {name: self.number(item) for name, item in source["elements"].items()},
        }

    def _object(self, name: str | None, properties: Mapping[str, Any], further: Mapping[str, str] | None) -> Fact:
        fact: Fact = {"object": name} if name is not None else {}
        fact["properties"] = {key: self._property(item) for key, item in properties.items()}
        for word, flag in (("required", REQUIRED), ("readOnly", READ_ONLY)):
            listed = [key for key, item in properties.items() if item["flags"] & flag]
            if listed:
                fact[word] = listed
        if further is not None:
            fact["further"] = self.number(further)
        return fact

    def _property(self, item: Mapping[str, Any]) -> int:
        at = int(item["type"]["$ref"].removeprefix("#/"))
        if self._source[at]["$type"] == "AnyType":
            return self.intern(spoken(item.get("description", "")))
        return self.number(item["type"])

    def _union(self, source: Mapping[str, Any]) -> Fact:
        members = [self._source[int(item["$ref"].removeprefix("#/"))] for item in source["elements"]]
        return {"enum": [member["value"] for member in members if "value" in member]}


def _bounds(**words: str) -> Any:
    def simple(source: Mapping[str, Any]) -> Fact:
        kind = source["$type"].removesuffix("Type").lower()
        return {kind: {ours: source[theirs] for theirs, ours in words.items() if theirs in source}}

    return simple


_SIMPLE = {
    "AnyType": lambda source: {"any": "any"},
    "BooleanType": _bounds(),
    "IntegerType": _bounds(minValue="minimum", maxValue="maximum"),
    "StringType": _bounds(minLength="shortest", maxLength="longest", pattern="pattern"),
    "StringLiteralType": lambda source: {"enum": [source["value"]]},
}


def spoken(description: str) -> Fact:
    """What a description says of a value for which an expression may stand; "any" where it says nothing certain."""
    found = list(TYPE.finditer(description))
    if not found:
        return {"any": "any"}
    word, rest = found[-1].groups()
    kind = SPOKEN.get(word.lower(), "any")
    result = RESULT.search(rest)
    if result and SPOKEN.get(result[1].lower(), kind) != kind:
        return {"any": "any"}
    if "SecureString" in rest:
        kind = "secret"
    fact: Fact = {"any": kind}
    minimum = MINIMUM.search(rest)
    if minimum and kind in ("integer", "number"):
        fact["minimum"] = int(minimum[1])
    pattern = PATTERN.search(description)
    if pattern and kind == "string":
        fact["pattern"] = _balanced(pattern[1])
    return fact


def _balanced(pattern: str) -> str:
    """A pattern without the full stops and brackets of the sentence around it."""
    pattern = pattern.rstrip(".")
    while pattern.count(")") > pattern.count("("):
        pattern = pattern[:-1].rstrip(".")
    return pattern


def collect(types: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of a type table."""
    facts = Facts(types)
    resources = {item["name"].partition("@")[0]: item for item in types if item["$type"] == "ResourceType"}
    kinds = {}
    for kind, name in KINDS.items():
        body = types[int(resources[name]["body"]["$ref"].removeprefix("#/"))]["properties"]
        kinds[kind] = {key: facts.number(body[key]["type"]) for key in ("name", "properties")}
    return {"kinds": kinds, "types": facts.types}


def render(source: Path) -> str:
    """The text of facts.json: one type a line, so that a new version of the table can be read as a difference."""
    facts = collect(json.loads(source.read_text(encoding="utf-8")))
    types = ",\n".join(_line(item) for item in facts["types"])
    return f'{{"kinds": {_line(facts["kinds"])},\n"types": [\n{types}\n]}}\n'


def _line(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"))


if __name__ == "__main__":
    written = render(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE)
    for target in TARGETS:
        target.write_text(written, encoding="utf-8")
