"""What loops in templates run over, and the functions that Jinja gives to every template."""

from collections.abc import Callable
from typing import Final

from adf_export.templating.lowering import Lowering
from adf_export.templating.terms import Known, Listing, Record, Term, Undefined, constant, known

_MAX_ITEMS: Final = 1000


def items_of(over: Term) -> list[Term] | None:
    """What a loop runs over; None: it is not known."""
    if isinstance(over, Listing):
        return list(over.items)
    if isinstance(over, Record):
        return [Known(value=name) for name, _ in over.members]
    if isinstance(over, Known) and isinstance(over.value, str):
        return [Known(value=char) for char in over.value]
    return None


def loop_variable(items: list[Term], index: int) -> Term:
    """`loop` in the body of a loop."""
    count = len(items)
    members = {
        "depth": 1,
        "depth0": 0,
        "first": index == 0,
        "index": index + 1,
        "index0": index,
        "last": index == count - 1,
        "length": count,
        "revindex": count - index,
        "revindex0": count - index - 1,
    }
    beside = {
        "nextitem": items[index + 1] if index + 1 < count else Undefined(name="loop.nextitem"),
        "previtem": items[index - 1] if index else Undefined(name="loop.previtem"),
    }
    return Record(members=(*((name, known(value)) for name, value in members.items()), *beside.items()), what="loop")


def _range(lowering: Lowering, *bounds: Term) -> Term:
    if not all(isinstance(bound, Known) and type(bound.value) is int for bound in bounds):
        raise lowering.refusal("range() takes constant whole numbers")
    found = range(*map(constant, bounds))
    if len(found) > _MAX_ITEMS:
        raise lowering.refusal(f"range() has {len(found):,} items, more than a pipeline can use")
    return known(list(found))


def _dict(_: Lowering, **members: Term) -> Term:
    return Record(members=tuple(members.items()))


GLOBALS: Final[dict[str, Callable[..., Term]]] = {"dict": _dict, "range": _range}
