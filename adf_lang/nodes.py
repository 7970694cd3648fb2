"""The tree of an expression: frozen nodes that compare by meaning, not by place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

# Letters, digits, underscores, dollar signs and accents that stand alone.
IDENTIFIER = re.compile(r"(?:[^\W\d]|\$)[\w$\u0300-\u036f]*")
INTEGERS = range(-(2**63), 2**63)
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def is_name(text: str) -> bool:
    """Whether a text can stand for a function or behind a dot."""
    return IDENTIFIER.fullmatch(text) is not None


class Span(NamedTuple):
    """Part of the text that was parsed, as slice bounds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression; `str(node)` is its canonical text, which parses to an equal node."""

    # None: the node was built, not parsed.
    span: Span | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        from adf_lang.printer import print_node

        return print_node(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A string without any expression in it."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Literal(Node):
    """A constant of the grammar: null, a boolean, a number or a string."""

    value: bool | int | float | str | None

    def __post_init__(self) -> None:
        value = self.value
        kind = type(value)
        if kind is str or value is None or kind is bool:
            return
        if kind is int:
            if value not in INTEGERS:
                raise ValueError(f"{value} does not fit into 64 bits")
        elif not isinstance(value, float):
            raise TypeError(f"{kind.__name__} is not a constant of the language")
        elif value - value != 0:
            raise ValueError(f"the language has no literal for {value}")

    def __eq__(self, other: object) -> bool:
        """1, 1.0 and true are three constants."""
        if type(other) is not Literal:
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function with its arguments; also `pipeline()`, `activity('x')` and `item()`."""

    name: str
    arguments: tuple[Node, ...] = ()

    def __post_init__(self) -> None:
        if not is_name(self.name) or self.name.lower() in CONSTANTS:
            raise ValueError(f"{self.name!r} is not a function's name")
        _forbid_whole(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Node):
    """`target.name`, or `target?.name` where `safe`: null instead of an error."""

    target: Node
    name: str
    safe: bool = False

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ValueError(f"{self.name!r} cannot stand behind a dot: use Index")
        _require_selectable(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """`target[index]`, or `target?[index]` where `safe`: null instead of an error."""

    target: Node
    index: Node
    safe: bool = False

    def __post_init__(self) -> None:
        _require_selectable(self.target)
        _forbid_whole((self.index,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpolation(Node):
    """A string with expressions in it, `text@{expression}text`: always a string.

    Made by `interpolate`, which knows what the syntax cannot hold.
    """

    parts: tuple[str | Node, ...]

    def __post_init__(self) -> None:
        if self.parts != _normal(self.parts):
            raise ValueError("the syntax cannot hold these parts: use interpolate()")


def interpolate(parts: Iterable[str | Node]) -> Text | Interpolation:
    """A string made of texts and expressions.

    Neighbouring texts become one. A text that begins the string with `@`, or that ends with `@` before an expression,
    has no escape in the syntax: there the `@` is written as an expression, `@{'@'}`.
    """
    normal = _normal(tuple(parts))
    if not any(isinstance(part, Node) for part in normal):
        return Text(value="".join(part for part in normal if isinstance(part, str)))
    return Interpolation(parts=normal)


def select(target: Node, *names: str) -> Node:
    """Property access through several names, in brackets where a dot cannot be used."""
    for name in names:
        if is_name(name):
            target = Property(target=target, name=name)
        else:
            target = Index(target=target, index=Literal(value=name))
    return target


def call(name: str, *arguments: Node) -> Call:
    """A call, for building expressions."""
    return Call(name=name, arguments=arguments)


def literal(value: bool | int | float | str | None) -> Literal:
    """A constant, for building expressions."""
    return Literal(value=value)


def _normal(parts: tuple[str | Node, ...]) -> tuple[str | Node, ...]:
    _forbid_whole(part for part in parts if isinstance(part, Node))
    merged: list[str | Node] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if len(merged) <= 1 and all(isinstance(part, str) for part in merged):
        return tuple(merged)
    normal: list[str | Node] = []
    for index, part in enumerate(merged):
        if not isinstance(part, str):
            normal.append(part)
            continue
        head = tail = 0
        if index == 0:
            head = len(part) - len(part.lstrip("@"))
        if index + 1 < len(merged):
            tail = len(part[head:]) - len(part[head:].rstrip("@"))
        normal.extend([Literal(value=part[:head])] if head else [])
        normal.extend([part[head : len(part) - tail]] if len(part) > head + tail else [])
        normal.extend([Literal(value=part[len(part) - tail :])] if tail else [])
    return tuple(normal)


def _forbid_whole(nodes: Iterable[Node]) -> None:
    for node in nodes:
        if type(node) is Text or type(node) is Interpolation:
            raise ValueError(f"{type(node).__name__} stands for a whole string and cannot be part of an expression")


def _require_selectable(target: Node) -> None:
    if type(target) not in (Call, Property, Index):
        raise ValueError(f"the grammar has no property access on {type(target).__name__}")


def visit_name(node: object) -> str:
    """The method of a visitor for this node, "visit_Call".

    Raises:
        TypeError: not a node of the language.
    """
    name = _VISITS.get(type(node))
    if name is None:
        raise TypeError(f"{type(node).__name__} is not a node of the language")
    return name


_VISITS: dict[type, str] = {
    kind: f"visit_{kind.__name__}" for kind in (Text, Literal, Call, Property, Index, Interpolation)
}
