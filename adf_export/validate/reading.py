"""Finds names and constants in expressions."""

from collections.abc import Iterator
from functools import lru_cache

from adf_lang import Node, ParseError, parse
from adf_lang.nodes import Call, Index, Interpolation, Literal, Property, Text


def names_in(text: str, function: str) -> tuple[str, ...]:
    """The names that `activity('x')` or `variables('x')` has in an expression; none of an expression that is none."""
    try:
        node = _parsed(text)
    except ParseError:
        return ()
    found = (inner.arguments[0] for inner in _below(node) if isinstance(inner, Call) and _is(inner, function))
    return tuple(named.value for named in found if isinstance(named, Literal) and isinstance(named.value, str))


def constants_in(text: str) -> tuple[str, ...]:
    """The texts that an expression has in it; of one that cannot be parsed, the whole."""
    try:
        node = _parsed(text)
    except ParseError:
        return (text,)
    found: list[str] = []
    for inner in _below(node):
        if isinstance(inner, Literal | Text) and isinstance(inner.value, str):
            found.append(inner.value)
        elif isinstance(inner, Interpolation):
            found += [part for part in inner.parts if isinstance(part, str)]
    return tuple(found)


_parsed = lru_cache(maxsize=1024)(parse)


def _is(call: Call, function: str) -> bool:
    return call.name.lower() == function and len(call.arguments) == 1


def _below(node: Node) -> Iterator[Node]:
    pending: list[object] = [node]
    while pending:
        found = pending.pop()
        if not isinstance(found, Node):
            continue
        yield found
        if isinstance(found, Call):
            pending.extend(found.arguments)
        elif isinstance(found, Property):
            pending.append(found.target)
        elif isinstance(found, Index):
            pending.extend((found.target, found.index))
        elif isinstance(found, Interpolation):
            pending.extend(found.parts)
