"""Jinja's tests, `x is defined`: a row each; each gives a boolean."""

from collections.abc import Callable
from typing import Final

from adf_export.templating.building import FALSE, not_
from adf_export.templating.kinds import BOOL, DICT, FLOAT, INT, LIST, NONE, NUMBER, TEXT, Kinds
from adf_export.templating.lowering import Lowering
from adf_export.templating.operators import arithmetic, boolean, compare
from adf_export.templating.results import node_of
from adf_export.templating.terms import Known, Term, Undefined, kinds
from adf_export.templating.truth import truth
from adf_lang.nodes import Node, call, literal

Check = Callable[..., Term]
_ZERO: Final = Known(value=0)
_NONE: Final = Known(value=None)


def _defined(_: Lowering, value: Term) -> Term:
    return Known(value=not isinstance(value, Undefined))


def _undefined(_: Lowering, value: Term) -> Term:
    return Known(value=isinstance(value, Undefined))


def _is(value: bool | None) -> Check:
    return lambda lowering, term: boolean(compare(lowering, "is", term, Known(value=value)))


def _of_kind(wanted: Kinds) -> Check:
    def rule(lowering: Lowering, value: Term) -> Term:
        return boolean(judge(lowering, value))

    def judge(lowering: Lowering, value: Term) -> Node:
        found = kinds(value)
        if found <= wanted:
            return literal(bool(found))
        if not found & wanted:
            return FALSE
        node = node_of(lowering, value)
        if wanted == TEXT:
            return call("equals", node, call("string", node))
        if found - wanted == NONE:
            return not_(call("equals", node, literal(None)))
        raise lowering.refusal("the type of this value is not known when the DAG is compiled")

    return rule


def _compared(sign: str) -> Check:
    return lambda lowering, value, other: boolean(compare(lowering, sign, value, other))


def _even(lowering: Lowering, value: Term) -> Term:
    return _divisible(lowering, value, Known(value=2))


def _odd(lowering: Lowering, value: Term) -> Term:
    return boolean(not_(truth(lowering, _even(lowering, value))))


def _divisible(lowering: Lowering, value: Term, num: Term) -> Term:
    return boolean(compare(lowering, "==", arithmetic(lowering, "%", value, num), _ZERO))


def _same(lowering: Lowering, value: Term, other: Term) -> Term:
    return boolean(compare(lowering, "is", value, other))


CHECKS: Final[dict[str, Check]] = {
    "!=": _compared("!="),
    "<": _compared("<"),
    "<=": _compared("<="),
    "==": _compared("=="),
    ">": _compared(">"),
    ">=": _compared(">="),
    "boolean": _of_kind(BOOL),
    "defined": _defined,
    "divisibleby": _divisible,
    "eq": _compared("=="),
    "equalto": _compared("=="),
    "even": _even,
    "false": _is(False),
    "float": _of_kind(FLOAT),
    "ge": _compared(">="),
    "greaterthan": _compared(">"),
    "gt": _compared(">"),
    "in": _compared("in"),
    "integer": _of_kind(INT),
    "iterable": _of_kind(TEXT | LIST | DICT),
    "le": _compared("<="),
    "lessthan": _compared("<"),
    "lt": _compared("<"),
    "mapping": _of_kind(DICT),
    "ne": _compared("!="),
    "none": _is(None),
    "number": _of_kind(NUMBER | BOOL),
    "odd": _odd,
    "sameas": _same,
    "sequence": _of_kind(TEXT | LIST | DICT),
    "string": _of_kind(TEXT),
    "true": _is(True),
    "undefined": _undefined,
}
