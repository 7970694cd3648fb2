"""Values from elsewhere as terms: what stands in a document, and what the front-end read."""

import datetime
from typing import Final

from adf_export.ir.dag import Dag
from adf_export.ir.factory import Json, Object
from adf_export.ir.symbols import PARAM, RUN, VARIABLE, XCOM
from adf_export.ir.values import Constant, Duration, Items, Members, Moment, Template, Value
from adf_export.templating.building import inner
from adf_export.templating.kinds import ANY, TEXT, Kind, Kinds, kinds_of_param
from adf_export.templating.terms import NOTHING, Joined, Known, Listing, Record, Symbolic, Term
from adf_lang.nodes import Call, Interpolation, Literal, Node, Text
from adf_lang.registry import FUNCTIONS
from adf_lang.types import Type

_KINDS: Final[dict[Type, Kind]] = {
    Type.NULL: Kind.NONE,
    Type.BOOLEAN: Kind.BOOL,
    Type.INTEGER: Kind.INT,
    Type.FLOAT: Kind.FLOAT,
    Type.STRING: Kind.TEXT,
    Type.ARRAY: Kind.LIST,
    Type.OBJECT: Kind.DICT,
}


def term_of_json(value: Json, dag: Dag) -> Term:
    """A value of a document as a term."""
    if isinstance(value, tuple):
        return Listing(items=tuple(term_of_json(item, dag) for item in value))
    if isinstance(value, Object):
        return Record(members=tuple((name, term_of_json(member, dag)) for name, member in value.members))
    if isinstance(value, Interpolation):
        return Joined(parts=value.parts)
    if isinstance(value, Text | Literal):
        return Known(value=value.value)
    if isinstance(value, Node):
        return Symbolic(node=inner(value), kinds=kinds_of_node(value, dag), what=_what(value))
    return Known(value=value)


def kinds_of_node(node: Node, dag: Dag) -> Kinds:
    """What an expression may give."""
    if not isinstance(node, Call):
        return ANY
    if node.name in (RUN, VARIABLE):
        return TEXT
    if node.name == PARAM:
        name = node.arguments[0]
        found = [param for param in dag.params if isinstance(name, Literal) and param.name == name.value]
        return kinds_of_param(found[0]) if found else ANY
    if node.name == "if":
        return kinds_of_node(node.arguments[1], dag) | kinds_of_node(node.arguments[2], dag)
    function = FUNCTIONS.get(node.name)
    return frozenset(_KINDS[found] for found in function.returns) if function else ANY


def _what(node: Node) -> str:
    if isinstance(node, Call) and node.name == XCOM and isinstance(node.arguments[0], Literal):
        return f"the XCom of '{node.arguments[0].value}'"
    return "the value"


def term_of_value(value: Value) -> Term | None:
    """A constant that the front-end read; None: it is no constant."""
    if isinstance(value, Constant):
        return Known(value=value.value)
    if isinstance(value, Template):
        return Known(value=value.text)
    if isinstance(value, Moment):
        return Known(value=datetime.datetime.fromisoformat(value.iso))
    if isinstance(value, Duration):
        return Known(value=datetime.timedelta(seconds=value.seconds))
    if isinstance(value, Items):
        items = [term_of_value(item) for item in value.items]
        return None if None in items else Listing(items=tuple(item or NOTHING for item in items))
    if isinstance(value, Members):
        members = [(name, term_of_value(member)) for name, member in value.members]
        if any(member is None for _, member in members):
            return None
        return Record(members=tuple((name, member or NOTHING) for name, member in members))
    return None
