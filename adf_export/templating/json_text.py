"""Values with expressions in them as one expression: arrays by createArray(), objects by json() of their text."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from adf_export.ir.factory import Json, Object
from adf_export.templating.building import concat, inner
from adf_lang.nodes import Call, Literal, Node, call, literal

_ONE: Final = literal(1)
# Functions whose text never has a character that JSON escapes, with any pattern without quotes.
_PLAIN: Final = frozenset({"formatDateTime", "addDays", "addHours", "addMinutes", "addSeconds", "utcNow"})


def as_node(value: Json) -> Node:
    """A value as one expression.

    >>> str(as_node((1, "a")))
    "@createArray(1, 'a')"
    """
    if isinstance(value, Node):
        return inner(value)
    if isinstance(value, tuple):
        return call("createArray", *map(as_node, value)) if value else call("json", literal("[]"))
    if isinstance(value, Object):
        return call("json", concat(tuple(_merged(value))))
    return Literal(value=value)


def json_text(value: Json) -> tuple[str | Node, ...]:
    """The JSON text of a value, in parts."""
    return tuple(_merged(value))


def _merged(value: Json) -> Iterator[str | Node]:
    for is_text, parts in groupby(_pieces(value), lambda part: isinstance(part, str)):
        if is_text:
            yield "".join(str(part) for part in parts)
        else:
            yield from parts


def _pieces(value: Json) -> Iterator[str | Node]:
    if isinstance(value, Object):
        yield "{"
        for index, (name, member) in enumerate(value.members):
            yield f"{',' if index else ''}{json.dumps(name, ensure_ascii=False)}:"
            yield from _pieces(member)
        yield "}"
    elif isinstance(value, tuple):
        yield "["
        for index, item in enumerate(value):
            yield "," if index else ""
            yield from _pieces(item)
        yield "]"
    elif isinstance(value, Node) and not isinstance(value, Literal):
        yield from _expression(inner(value))
    else:
        yield json.dumps(value.value if isinstance(value, Literal) else value, ensure_ascii=False)


def _expression(node: Node) -> Iterator[str | Node]:
    """The JSON text of what an expression gives: as the only item of an array, without the brackets."""
    if isinstance(node, Call) and node.name in _PLAIN:
        yield '"'
        yield node
        yield '"'
        return
    text = call("string", call("createArray", node))
    yield call("substring", text, _ONE, call("sub", call("length", text), literal(2)))
