"""Texts with expressions in them, for parsers of other languages: an expression is a mark while the text is parsed."""

from collections.abc import Iterator
from typing import TypeAlias

from adf_export.ir.factory import Json
from adf_lang.nodes import Interpolation, Literal, Node, Text, interpolate

# Stand around the number of an expression: Unicode gives them to nobody.
_BEGIN, _END = "\ue000", "\ue001"
Part: TypeAlias = str | Node


def parts_of(value: Json) -> tuple[Part, ...]:
    """A text of a document in parts."""
    if isinstance(value, Interpolation):
        return value.parts
    if isinstance(value, Text):
        return (value.value,)
    if isinstance(value, Literal) and isinstance(value.value, str):
        return (value.value,)
    return (value if isinstance(value, str | Node) else str(value),)


def text_of(parts: tuple[Part, ...]) -> Json:
    """Parts as a text of a document."""
    made = interpolate(parts)
    return made.value if isinstance(made, Text) else made


def marked(parts: tuple[Part, ...]) -> str:
    """A plain text with marks."""
    return "".join(part if isinstance(part, str) else f"{_BEGIN}{index}{_END}" for index, part in enumerate(parts))


def unmarked(text: str, parts: tuple[Part, ...]) -> Iterator[Part]:
    """A piece of a marked text, in parts again."""
    first, *others = text.split(_BEGIN)
    yield first
    for other in others:
        number, _, rest = other.partition(_END)
        yield parts[int(number)]
        yield rest
