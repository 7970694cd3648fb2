"""The tree of an expression: frozen nodes that compare by meaning, not by place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

IDENTIFIER = re.compile(r"[^\W\d]\w*(?:\$\w*)*|\$\w*(?:\$\w*)*")
INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Span:
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
        if type(value) is int and value not in INTEGERS:
            raise ValueError(f"{value} does not fit into 64 bits")
        if type(value) is float and value - value != 0:
            raise ValueError(f"the language has no literal for {value}")
        if type(value) not in (type(None), bool, int, float, str):
            raise TypeError(f"{type(value).__name__} is not a constant of the language")

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
        if not IDENTIFIER.fullmatch(self.name) or self.name.lower() in ("true", "false", "null"):
            raise ValueError(f"{self.name!r} is not a function's name")
        _forbid_whole(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Node):
    """`target.name`, or `target?.name` where `safe`: null instead of an error."""

    target: Node
    name: str
    safe: bool = False

    def __post_init__(self) -> None:
        if not IDENTIFIER.fullmatch(self.name):
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
        if IDENTIFIER.fullmatch(name):
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
        if isinstance(node, Text | Interpolation):
            raise ValueError(f"{type(node).__name__} stands for a whole string and cannot be part of an expression")


def _require_selectable(target: Node) -> None:
    if not isinstance(target, Call | Property | Index):
        raise ValueError(f"the grammar has no property access on {type(target).__name__}")
