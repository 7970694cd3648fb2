"""Reads the part of Bicep that we write, strictly, and evaluates it to names, properties and dependencies."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
TOKENS = re.compile(
    r"""(?P<text>'(?:[^'\\\n]|\\.)*') | (?P<number>-?\d+) | (?P<name>[A-Za-z_]\w*)
    | (?P<mark>[{}\[\]():=@.]) | (?P<line>\n) | (?P<blank>[ ]+)""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\", "$": "$"}
TYPES = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


@dataclass
class Bicep:
    """What a file declares."""

    parameters: dict[str, Json] = field(default_factory=dict)
    secure: set[str] = field(default_factory=set)
    # symbolic name -> (type, name, properties, symbolic names that it depends on)
    resources: dict[str, tuple[str, str, Json, list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Symbol:
    name: str


def read_values(text: str) -> dict[str, Json]:
    """A .bicepparam file."""
    first, _, rest = text.partition("\n")
    assert first == "using './factory.bicep'"
    reader = Reader(rest)
    found = {}
    while not reader.at_end():
        reader.take("param")
        name = reader.name()
        reader.take("=")
        found[name] = reader.value()
        reader.take("\n")
    return found


def read_bicep(text: str, values: Mapping[str, Json]) -> Bicep:
    """A .bicep file, with values for its parameters."""
    return Reader(text).file(values)


class Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = TOKENS.match(text, at)
            assert match, f"not Bicep: {text[at : at + 40]!r}"
            at = match.end()
            if match.lastgroup != "blank":
                self.tokens.append((str(match.lastgroup), match[0]))
        self.at = 0

    def at_end(self) -> bool:
        self.skip_lines()
        return self.at >= len(self.tokens)

    def skip_lines(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "line":
            self.at += 1

    def peek(self) -> str:
        return self.tokens[self.at][1]

    def take(self, wanted: str) -> None:
        found = self.peek()
        assert found == wanted, f"{wanted!r} expected, {found!r} met"
        self.at += 1

    def name(self) -> str:
        kind, found = self.tokens[self.at]
        assert kind == "name", found
        self.at += 1
        return found

    def file(self, values: Mapping[str, Json]) -> Bicep:
        found = Bicep()
        factories: set[str] = set()
        while not self.at_end():
            secure = False
            while self.peek() == "@":
                self.take("@")
                decorator = self.name()
                self.take("(")
                if decorator == "description":
                    assert isinstance(self.value(), str)
                else:
                    assert decorator == "secure"
                    secure = True
                self.take(")")
                self.take("\n")
            word = self.name()
            if word == "param":
                self.parameter(found, values, secure=secure)
            else:
                assert word == "resource"
                self.resource(found, factories)
        return found

    def parameter(self, found: Bicep, values: Mapping[str, Json], *, secure: bool) -> None:
        name, type = self.name(), self.name()
        assert name not in found.parameters
        default = None
        if self.peek() == "=":
            self.take("=")
            default = self.value()
            assert not secure
            assert isinstance(default, TYPES[type])
        self.take("\n")
        found.parameters[name] = values.get(name, default)
        assert isinstance(found.parameters[name], TYPES[type])
        found.secure |= {name} if secure else set()

    def resource(self, found: Bicep, factories: set[str]) -> None:
        symbol = self.name()
        assert symbol not in found.parameters
        assert symbol not in found.resources
        kind = self.value()
        existing = self.peek() == "existing"
        if existing:
            self.take("existing")
        self.take("=")
        body = self.value()
        self.take("\n")
        type, _, version = kind.partition("@")
        assert version == "2018-06-01"
        if existing:
            assert body == {"name": Symbol("factoryName")}
            factories.add(symbol)
            return
        assert body.pop("parent").name in factories
        depends_on = [item.name for item in body.pop("dependsOn", [])]
        assert all(name in found.resources for name in depends_on), "a name is used before it is declared"
        name, properties = body.pop("name"), body.pop("properties")
        assert body == {}
        found.resources[symbol] = (type, name, self.evaluate(properties, found.parameters), depends_on)

    def evaluate(self, value: Json, parameters: Mapping[str, Json]) -> Json:
        if isinstance(value, Symbol):
            return parameters[value.name]
        if isinstance(value, dict):
            return {key: self.evaluate(item, parameters) for key, item in value.items()}
        return [self.evaluate(item, parameters) for item in value] if isinstance(value, list) else value

    def value(self) -> Json:
        kind, found = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            return self.unescape(found[1:-1])
        if kind == "number":
            return int(found)
        if found == "{":
            return self.object()
        if found == "[":
            return self.array()
        assert kind == "name", found
        if found in ("true", "false"):
            return found == "true"
        if found == "json":
            self.take("(")
            value = json.loads(self.value())
            self.take(")")
            return value
        return Symbol(found)

    def object(self) -> Json:
        found: dict[str, Json] = {}
        if self.peek() != "}":
            self.take("\n")
        while self.peek() != "}":
            key = self.value() if self.tokens[self.at][0] == "text" else self.name()
            assert key not in found
            self.take(":")
            found[key] = self.value()
            self.take("\n")
        self.take("}")
        return found

    def array(self) -> Json:
        found = []
        if self.peek() != "]":
            self.take("\n")
        while self.peek() != "]":
            found.append(self.value())
            self.take("\n")
        self.take("]")
        return found

    def unescape(self, text: str) -> str:
        assert "${" not in re.sub(r"\\.", " ", text), "an interpolation"

        def one(match: re.Match[str]) -> str:
            return chr(int(match[1], 16)) if match[1] else ESCAPES[match[2]]

        return re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", one, text)
