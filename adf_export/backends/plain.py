"""Turns values of the IR into plain JSON: expressions as their texts, literals escaped where they would read as one."""

from math import isfinite
from typing import Any, Final, TypeAlias

from adf_export.ir.factory import Json, Object
from adf_lang.nodes import Literal, Node, Text

Plain: TypeAlias = Any
# A null within data: Data Factory drops a JSON null from a document, but not an expression that gives one.
NULL: Final = "@null"


# Members that hold data of the user's, in which an expression stands as its bare text.
_DATA: Final = frozenset({"body", "content"})


def evaluated(value: Json, *, bare: bool = False) -> Plain:
    """A value that Data Factory evaluates: a literal that would read as an expression is escaped.

    Expressions that are members of an object have the form that Studio writes, {"value": "@..", "type": "Expression"};
    in arrays, and in data within a body, they are bare texts.
    """
    if isinstance(value, Object):
        return {name: _member(name, member, bare) for name, member in value.members}
    if isinstance(value, tuple):
        return [evaluated(item, bare=bare) for item in value]
    if isinstance(value, Literal | Text):
        return _constant(value.value)
    return str(value) if isinstance(value, Node) else _constant(value)


def verbatim(value: Json) -> Plain:
    """A value that Data Factory takes as it is: defaults of parameters and variables, global parameters."""
    if isinstance(value, Object):
        return {name: verbatim(member) for name, member in value.members}
    if isinstance(value, tuple):
        return [verbatim(item) for item in value]
    if isinstance(value, Literal | Text):
        return value.value
    assert not isinstance(value, Node), f"{value} stands where nothing is evaluated"
    return _number(value)


def expression_object(value: Json) -> Plain:
    """The object form of an expression, also of a constant: where Data Factory takes nothing else."""
    return {"value": str(value) if isinstance(value, Node) else evaluated(value), "type": "Expression"}


def _member(name: str, value: Json, bare: bool) -> Plain:
    if isinstance(value, Node) and not isinstance(value, Literal | Text):
        return str(value) if bare or name == "content" else expression_object(value)
    return evaluated(value, bare=bare or name in _DATA)


def _constant(value: bool | int | float | str | None) -> Plain:
    if value is None:
        return NULL
    return str(Text(value=value)) if isinstance(value, str) else _number(value)


def _number(value: Plain) -> Plain:
    assert not isinstance(value, float) or isfinite(value), f"JSON has no {value}"
    return value
