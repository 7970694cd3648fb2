"""Whether Python takes a value for true."""

from adf_export.templating.building import FALSE, TRUE, if_, not_
from adf_export.templating.kinds import BOOL, FALSY, NONE, NUMBER, Kind, Kinds
from adf_export.templating.lowering import Lowering
from adf_export.templating.terms import (
    Choice,
    Joined,
    Known,
    Listing,
    Record,
    Symbolic,
    Term,
    Undefined,
)
from adf_lang.nodes import Node, call, literal

_EMPTY_IF_FALSE = frozenset({Kind.NONE, Kind.TEXT, Kind.LIST, Kind.DICT})


def truth(lowering: Lowering, term: Term) -> Node:
    """bool(term), as a boolean expression.

    Raises:
        Refusal: it cannot be told.
    """
    if isinstance(term, Symbolic):
        return not_(_falsy(term.node, term.kinds))
    if isinstance(term, Known):
        return TRUE if term.value else FALSE
    if isinstance(term, Choice):
        return if_(term.condition, truth(lowering, term.yes), truth(lowering, term.no))
    if isinstance(term, Listing | Record):
        return TRUE if (term.items if isinstance(term, Listing) else term.members) else FALSE
    if isinstance(term, Joined):
        if any(isinstance(part, str) and part for part in term.parts):
            return TRUE
        return not_(call("empty", call("concat", *(part for part in term.parts if isinstance(part, Node)))))
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    return TRUE


def _falsy(node: Node, kinds: Kinds) -> Node:
    if kinds == BOOL:
        return not_(node)
    if kinds == NONE:
        return TRUE
    if kinds <= _EMPTY_IF_FALSE:
        return call("empty", node)
    if kinds <= NUMBER:
        return call("equals", node, literal(0))
    if kinds == BOOL | NONE:
        return not_(call("equals", node, TRUE))
    # By type and value: the items of an array are compared strictly.
    values = [value for kind in Kind if kind in kinds for value in FALSY[kind]]
    return call("contains", call("createArray", *values), node)


def without_falsy(term: Term) -> Term:
    """A term where it is known to be true."""
    if isinstance(term, Symbolic) and term.kinds != NONE:
        return Symbolic(node=term.node, kinds=term.kinds - NONE, what=term.what)
    if isinstance(term, Choice):
        return Choice(condition=term.condition, yes=without_falsy(term.yes), no=without_falsy(term.no))
    return term


def choose(condition: Node, yes: Term, no: Term) -> Term:
    """One term or the other."""
    if condition == TRUE or yes == no:
        return yes
    if condition == FALSE:
        return no
    return Choice(condition=condition, yes=yes, no=no)
