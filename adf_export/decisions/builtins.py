"""Functions of Python and Airflow that a decision may call: a row each."""

import datetime
import json
from collections.abc import Callable
from typing import Final

from adf_export.ir.symbols import variable
from adf_export.templating.building import all_of, any_of
from adf_export.templating.filters import as_float, as_int, length
from adf_export.templating.kinds import TEXT
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import constant_text
from adf_export.templating.operators import boolean
from adf_export.templating.results import node_of
from adf_export.templating.terms import (
    NOTHING,
    Known,
    Listing,
    Namespace,
    Symbolic,
    Term,
    constant,
    is_known,
    kinds,
    known,
)
from adf_export.templating.texts import as_text
from adf_export.templating.truth import truth
from adf_lang.nodes import call

Builtin = Callable[..., Term]


def _bool(lowering: Lowering, value: Term) -> Term:
    return boolean(truth(lowering, value))


def _context(_: Lowering) -> Term:
    return Namespace(path="")


def _all(lowering: Lowering, items: Term) -> Term:
    return boolean(all_of(*(truth(lowering, item) for item in _listing(lowering, items))))


def _any(lowering: Lowering, items: Term) -> Term:
    return boolean(any_of(*(truth(lowering, item) for item in _listing(lowering, items))))


def _listing(lowering: Lowering, items: Term) -> tuple[Term, ...]:
    if isinstance(items, Listing):
        return items.items
    raise lowering.refusal("all() and any() take a list of known length")


def _constant(name: str, python: Callable[..., object]) -> Builtin:
    """A function that Python itself runs, over constants only."""

    def rule(lowering: Lowering, *arguments: Term, **named: Term) -> Term:
        if not all(map(is_known, (*arguments, *named.values()))):
            raise lowering.refusal(f"{name}() takes constants only")
        try:
            return known(python(*map(constant, arguments), **{key: constant(value) for key, value in named.items()}))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise lowering.refusal(f"{name}() fails in Python: {error}") from error

    return rule


def _variable(lowering: Lowering, key: Term, default: Term = NOTHING, deserialize_json: Term = NOTHING) -> Term:
    name = constant_text(lowering, key, "the key of Variable.get()")
    if deserialize_json not in (NOTHING, Known(value=False)):
        raise lowering.refusal("Variable.get() of JSON has no equal expression")
    return Symbolic(node=variable(name), kinds=TEXT, what=f"Variable '{name}'")


def _loads(lowering: Lowering, text: Term) -> Term:
    """json.loads()."""
    if isinstance(text, Known):
        return _constant("json.loads", json.loads)(lowering, text)
    if kinds(text) != TEXT:
        raise lowering.refusal("json.loads() takes a text")
    return Symbolic(node=call("json", node_of(lowering, text)), what="the JSON")


BUILTINS: Final[dict[str, Builtin]] = {
    "Variable.get": _variable,
    "abs": _constant("abs", abs),
    "all": _all,
    "any": _any,
    "bool": _bool,
    "datetime.datetime": _constant("datetime", datetime.datetime),
    "datetime.timedelta": _constant("timedelta", datetime.timedelta),
    "float": as_float,
    "get_current_context": _context,
    "int": as_int,
    "json.loads": _loads,
    "len": length,
    "list": _constant("list", list),
    "max": _constant("max", max),
    "min": _constant("min", min),
    "range": _constant("range", lambda *bounds: list(range(*bounds))),
    "round": _constant("round", round),
    "sorted": _constant("sorted", sorted),
    "str": as_text,
    "sum": _constant("sum", sum),
    "timedelta": _constant("timedelta", datetime.timedelta),
}
