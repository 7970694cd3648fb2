"""Members of terms, as Jinja and Python take them."""

import datetime
from typing import Final

from adf_export.templating.items import item as plain_item
from adf_export.templating.kinds import INT
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import find_method, knows_method
from adf_export.templating.moments import epoch_seconds, from_known, local
from adf_export.templating.names import member
from adf_export.templating.operators import spread
from adf_export.templating.terms import (
    Instant,
    Known,
    Namespace,
    Symbolic,
    Term,
    Undefined,
)
from adf_lang.nodes import call, literal

_PARTS: Final = {
    "year": lambda node: call("int", call("formatDateTime", node, literal("yyyy"))),
    "month": lambda node: call("int", call("formatDateTime", node, literal("MM"))),
    "day": lambda node: call("dayOfMonth", node),
    "hour": lambda node: call("int", call("formatDateTime", node, literal("HH"))),
    "minute": lambda node: call("int", call("formatDateTime", node, literal("mm"))),
    "second": lambda node: call("int", call("formatDateTime", node, literal("ss"))),
    "microsecond": lambda node: call("int", call("formatDateTime", node, literal("ffffff"))),
    "day_of_year": lambda node: call("dayOfYear", node),
    "int_timestamp": epoch_seconds,
}
_DURATION_PARTS: Final = frozenset({"days", "seconds", "microseconds"})


def attribute(lowering: Lowering, term: Term, name: str, *, or_item: bool = True) -> Term:
    """term.name: a method or attribute, else an item, as Jinja reads it, or an error, as Python does.

    Raises:
        Refusal: it cannot be said.
    """
    return spread(term, lambda one: _attribute(lowering, one, name, or_item=or_item))


def _attribute(lowering: Lowering, term: Term, name: str, *, or_item: bool) -> Term:
    if isinstance(term, Namespace):
        return member(lowering, term, name)
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    if isinstance(term, Known) and isinstance(term.value, datetime.timedelta) and name in _DURATION_PARTS:
        return Known(value=getattr(term.value, name))
    moment = from_known(term.value) if isinstance(term, Known) and isinstance(term.value, datetime.date) else term
    if isinstance(moment, Instant) and name in _PARTS:
        if isinstance(term, Known) and hasattr(term.value, name):
            return Known(value=getattr(term.value, name))
        return Symbolic(node=_PARTS[name](moment.node if name == "int_timestamp" else local(moment)), kinds=INT)
    if knows_method(term, name):
        return find_method(lowering, term, name)
    if not or_item:
        raise lowering.refusal(f"the attribute '{name}' has no equal expression")
    return plain_item(lowering, term, Known(value=name))


def item(lowering: Lowering, term: Term, key: Term) -> Term:
    """term[key].

    Raises:
        Refusal: it cannot be said.
    """
    return spread(term, lambda one: _item(lowering, one, key))


def _item(lowering: Lowering, term: Term, key: Term) -> Term:
    if not isinstance(term, Namespace):
        return plain_item(lowering, term, key)
    if isinstance(key, Known) and isinstance(key.value, str):
        return member(lowering, term, key.value)
    raise lowering.refusal(f"the member of '{term.path}' must be known when the DAG is compiled")
