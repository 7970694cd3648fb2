"""What str() of a value gives, and so what a template writes."""

from typing import Final

from adf_export.templating.building import concat, if_, is_null
from adf_export.templating.kinds import BOOL, FLOAT, INT, NONE, TEXT, Kind
from adf_export.templating.lowering import Lowering
from adf_export.templating.moments import isoformat
from adf_export.templating.terms import (
    Callee,
    Choice,
    Instant,
    Joined,
    Known,
    Listing,
    Namespace,
    Record,
    Symbolic,
    Term,
    Undefined,
    constant,
    is_known,
)
from adf_lang.nodes import Index, Node, call, literal

Part = str | Node
_SHOWN: Final = {Listing: "a list", Record: "a dict", Namespace: "an object of Airflow", Callee: "a function"}


def text_parts(lowering: Lowering, term: Term) -> tuple[Part, ...]:
    """A value as text: texts and expressions that string() writes as str() does.

    Raises:
        Refusal: no expression writes it as Python does.
    """
    if isinstance(term, Known) or is_known(term):
        return (str(constant(term)),)
    if isinstance(term, Joined):
        return term.parts
    if isinstance(term, Instant):
        return text_parts(lowering, isoformat(term, " "))
    if isinstance(term, Choice):
        return (if_(term.condition, text_node(lowering, term.yes), text_node(lowering, term.no)),)
    if isinstance(term, Symbolic):
        return (_symbolic(lowering, term),)
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    raise lowering.refusal(f"{_shown(term)} has no text in Data Factory that equals Python's")


def text_node(lowering: Lowering, term: Term) -> Node:
    """str(term) as one expression that gives a text."""
    found = as_text(lowering, term)
    if isinstance(found, Symbolic):
        return found.node
    parts = text_parts(lowering, found)
    if len(parts) == 1 and isinstance(parts[0], Node):
        return call("string", parts[0])
    return concat(parts)


def as_text(lowering: Lowering, term: Term) -> Term:
    """str(term)."""
    if isinstance(term, Symbolic) and term.kinds == TEXT:
        return Symbolic(node=term.shown, kinds=TEXT) if term.shown else term
    if isinstance(term, Instant):
        return isoformat(term, " ")
    parts = text_parts(lowering, term)
    if all(isinstance(part, str) for part in parts):
        return Known(value="".join(str(part) for part in parts))
    if isinstance(term, Choice) and isinstance(parts[0], Node):
        return Symbolic(node=parts[0], kinds=TEXT)
    return Joined(parts=parts)


def joined(lowering: Lowering, terms: "tuple[Term, ...] | list[Term]") -> Term:
    """The texts of the terms, one behind the other."""
    if len(terms) == 1:
        return as_text(lowering, terms[0])
    parts = [part for term in terms for part in text_parts(lowering, term)]
    if all(isinstance(part, str) for part in parts):
        return Known(value="".join(str(part) for part in parts))
    return Joined(parts=tuple(parts))


def _symbolic(lowering: Lowering, term: Symbolic) -> Node:
    node, kinds = term.shown or term.node, term.kinds
    if kinds <= TEXT | INT | BOOL:
        return node
    if kinds == NONE:
        return literal("None")
    if kinds == FLOAT:
        return _float(node)
    if kinds <= TEXT | INT | BOOL | NONE:
        return if_(is_null(node), literal("None"), node if kinds <= TEXT | NONE else call("string", node))
    if kinds <= frozenset({Kind.LIST, Kind.DICT, Kind.NONE}):
        raise lowering.refusal(
            f"{term.what} is a list or dict, which Python and Data Factory write differently",
            hint="write {{ value | tojson }}, or a part of it",
        )
    if isinstance(node, Index) and node.safe:
        # What get() does not find is None, and that is no rare case.
        without = Symbolic(node=call("string", node), kinds=kinds - NONE, what=term.what)
        return if_(is_null(node), literal("None"), _symbolic(lowering, without))
    lowering.warn(f"{term.what} may be of any type: {_differences(kinds)}")
    return node


def _differences(kinds: frozenset[Kind]) -> str:
    found = []
    if Kind.NONE in kinds:
        found.append("None gives an empty text here")
    if Kind.FLOAT in kinds:
        found.append("a whole float as 1.0 gives '1'")
    if kinds & {Kind.LIST, Kind.DICT}:
        found.append("a list or dict gives JSON instead of Python's notation")
    return ", ".join(found)


def _float(node: Node) -> Node:
    """repr() of a float: a point where there is none, a small e in an exponent."""
    text = call("string", node)
    return call(
        "if",
        call("contains", text, literal("E")),
        call("replace", text, literal("E"), literal("e")),
        if_(call("contains", text, literal(".")), text, call("concat", text, literal(".0"))),
    )


def _shown(term: Term) -> str:
    return _SHOWN.get(type(term), "this value")
