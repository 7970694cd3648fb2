"""Items and slices of terms, as Python takes them."""

from adf_export.templating.kinds import ANY, DICT, LIST, TEXT, Kinds
from adf_export.templating.lowering import Lowering
from adf_export.templating.operators import spread
from adf_export.templating.results import node_of
from adf_export.templating.terms import (
    Instant,
    Joined,
    Known,
    Listing,
    Record,
    Symbolic,
    Term,
    Undefined,
    constant,
    is_known,
    kinds,
    known,
)
from adf_lang.nodes import Call, Index, Node, Property, call, literal, select


def item(lowering: Lowering, term: Term, key: Term) -> Term:
    """term[key].

    Raises:
        Refusal: it cannot be said.
    """
    return spread(term, lambda one: spread(key, lambda name: _item(lowering, one, name)))


def _item(lowering: Lowering, term: Term, key: Term) -> Term:
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    if isinstance(term, Record | Listing) and is_known(key):
        return _known_item(term, constant(key))
    if isinstance(term, Known) and isinstance(term.value, str) and is_known(key):
        try:
            return known(term.value[constant(key)])
        except (IndexError, TypeError):
            return Undefined(name=f"[{constant(key)!r}]")
    if isinstance(term, Symbolic | Record | Listing | Joined | Known):
        return _symbolic_item(lowering, term, key)
    if isinstance(term, Instant) and isinstance(key, Known):
        return Undefined(name=str(key.value))
    raise lowering.refusal(f"an item of a {type(term).__name__.lower()} has no equal expression")


def _known_item(term: Record | Listing, key: object) -> Term:
    if isinstance(term, Record):
        found = term.get(key) if isinstance(key, str) else None
        start = f"{term.what}." if term.what else ""
        return found or Undefined(name=f"{start}{key}", known=tuple(f"{start}{name}" for name, _ in term.members))
    if type(key) is int and -len(term.items) <= key < len(term.items):
        return term.items[key]
    return Undefined(name=f"[{key!r}]")


def _symbolic_item(lowering: Lowering, term: Term, key: Term) -> Term:
    node, found = node_of(lowering, term), kinds(term)
    what = f"{term.what} at {_shown(key)}" if isinstance(term, Symbolic) else "the item"
    if not found & (LIST | DICT | TEXT):
        if isinstance(key, Known) and isinstance(key.value, str):
            return Undefined(name=key.value)
        raise lowering.refusal("this value has no items")
    if isinstance(key, Known) and isinstance(key.value, str):
        return Symbolic(node=_selectable(node, key.value), what=what)
    if isinstance(term, Record):
        return Symbolic(node=Index(target=node, index=node_of(lowering, key)), kinds=_members(term), what=what)
    index = _index(lowering, node, key)
    items = term.items if isinstance(term, Symbolic) else ANY
    if found == TEXT:
        return Symbolic(node=call("substring", node, index, literal(1)), kinds=TEXT)
    if found >= TEXT and found != ANY:
        raise lowering.refusal("the item of a value that may be a text has no equal expression")
    return Symbolic(node=Index(target=_target(node), index=index), kinds=items, what=what)


def _members(term: Record) -> Kinds:
    """What the members of a dict may be."""
    found = [kinds(member) for _, member in term.members]
    return frozenset().union(*found) if all(found) else ANY


def _index(lowering: Lowering, node: Node, key: Term) -> Node:
    if isinstance(key, Known) and type(key.value) is int and key.value < 0:
        return call("sub", call("length", node), literal(-key.value))
    if isinstance(key, Known) and type(key.value) is not int:
        raise lowering.refusal(f"{key.value!r} is no index")
    return node_of(lowering, key)


def _selectable(node: Node, name: str) -> Node:
    return select(_target(node), name)


def _target(node: Node) -> Node:
    """Behind constants the grammar has no brackets."""
    return node if isinstance(node, Call | Property | Index) else call("coalesce", node)


def _shown(key: Term) -> str:
    return repr(key.value) if isinstance(key, Known) else "an index"


def cut(lowering: Lowering, term: Term, start: Term, stop: Term, step: Term) -> Term:
    """term[start:stop:step].

    Raises:
        Refusal: it cannot be said.
    """
    if not all(isinstance(bound, Known) and type(bound.value) in (int, type(None)) for bound in (start, stop, step)):
        raise lowering.refusal("the bounds of a slice must be constant")
    first, last, stride = (bound.value if isinstance(bound, Known) else None for bound in (start, stop, step))
    if isinstance(term, Listing):
        return Listing(items=term.items[first:last:stride])
    if is_known(term):
        return known(constant(term)[first:last:stride])
    if stride not in (None, 1) or not kinds(term) & (TEXT | LIST) or ((first or 0) < 0 <= (last or 0) and last):
        raise lowering.refusal("this slice has no equal expression")
    result = kinds(term) & (TEXT | LIST)
    node = node_of(lowering, term)
    if first:
        node = call("skip", node, literal(first) if first > 0 else _from_end(node, -first))
    if last is not None:
        if first and (first < 0 or last < 0):
            raise lowering.refusal("this slice has no equal expression", hint="give only one of its bounds")
        count = literal(max(0, last - (first or 0))) if last >= 0 else _from_end(node, -last)
        node = call("take", node, count)
    return Symbolic(node=node, kinds=result)


def _from_end(node: Node, count: int) -> Node:
    return call("max", literal(0), call("sub", call("length", node), literal(count)))
