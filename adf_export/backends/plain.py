"""Turns values of the IR into plain JSON: expressions as their texts, literals escaped where they would read as one."""

from typing import Any, Final, TypeAlias

from adf_export.ir.factory import Json, Object
from adf_lang.nodes import Literal, Node, Text

Plain: TypeAlias = Any
# A null within data: Data Factory drops a JSON null from a document, but not an expression that gives one.
NULL: Final = "@null"


def evaluated(value: Json) -> Plain:
    """A value that Data Factory evaluates: `@...` is an expression, and a literal like it is escaped."""
    if isinstance(value, Object):
        return {name: evaluated(member) for name, member in value.members}
    if isinstance(value, tuple):
        return [evaluated(item) for item in value]
    if value is None or isinstance(value, Literal):
        return _constant(value.value if isinstance(value, Literal) else value)
    if isinstance(value, Node):
        return str(value)
    return _constant(value)


def verbatim(value: Json) -> Plain:
    """A value that Data Factory takes as it is: defaults of parameters and variables, global parameters."""
    if isinstance(value, Object):
        return {name: verbatim(member) for name, member in value.members}
    if isinstance(value, tuple):
        return [verbatim(item) for item in value]
    if isinstance(value, Literal | Text):
        return value.value
    assert not isinstance(value, Node), f"{value} stands where nothing is evaluated"
    return value


def expression_object(value: Json) -> Plain:
    """The object form of an expression, where Data Factory takes no other one."""
    return {"value": str(value) if isinstance(value, Node) else evaluated(value), "type": "Expression"}


def _constant(value: bool | int | float | str | None) -> Plain:
    if value is None:
        return NULL
    return str(Text(value=value)) if isinstance(value, str) else value
