"""Python's operators over terms."""

import datetime
import operator
from collections.abc import Callable
from typing import Any, Final

from adf_export.templating.building import FALSE, TRUE, any_of, if_, is_null, not_
from adf_export.templating.kinds import ANY, BOOL, FLOAT, INT, LIST, NONE, NUMBER, TEXT, kinds_of
from adf_export.templating.lowering import Lowering
from adf_export.templating.moments import from_known, local, pattern_of, shift
from adf_export.templating.results import node_of
from adf_export.templating.terms import (
    Choice,
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
from adf_export.templating.text_formats import percent
from adf_export.templating.texts import joined
from adf_export.templating.truth import choose
from adf_lang.nodes import Call, Literal, Node, call, literal

# What constants may become: beyond it is no use in a pipeline.
_MAX_SIZE: Final = 100_000
_PYTHON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_ORDERS: Final[dict[str, tuple[str, Callable[[Any, Any], Any]]]] = {
    "<": ("less", operator.lt),
    "<=": ("lessOrEquals", operator.le),
    ">": ("greater", operator.gt),
    ">=": ("greaterOrEquals", operator.ge),
}
# Functions whose values are 0 or greater.
_NOT_NEGATIVE: Final = frozenset({"length", "dayOfWeek", "dayOfMonth", "dayOfYear", "ticks"})
_WHOLE_TEXTS: Final = frozenset("yMdHhmsf")


def boolean(node: Node) -> Term:
    """A condition as a value."""
    return Known(value=node.value) if isinstance(node, Literal) else Symbolic(node=node, kinds=BOOL)


def spread(term: Term, apply: Callable[[Term], Term]) -> Term:
    """An operation on each side of a choice."""
    if isinstance(term, Choice):
        return choose(term.condition, spread(term.yes, apply), spread(term.no, apply))
    return apply(term)


def arithmetic(lowering: Lowering, sign: str, left: Term, right: Term) -> Term:
    """left + right and the like.

    Raises:
        Refusal: no expression gives the same.
    """
    return spread(left, lambda one: spread(right, lambda other: _arithmetic(lowering, sign, one, other)))


def _arithmetic(lowering: Lowering, sign: str, left: Term, right: Term) -> Term:
    for term in (left, right):
        if isinstance(term, Undefined):
            raise lowering.unknown(term)
    if is_known(left) and is_known(right):
        return _calculated(lowering, sign, left, right)
    if isinstance(left, Instant) or isinstance(right, Instant):
        return _moved(lowering, sign, left, right)
    if sign == "+":
        if isinstance(left, Listing) and isinstance(right, Listing):
            return Listing(items=left.items + right.items)
        if kinds(left) == TEXT or kinds(right) == TEXT:
            return joined(lowering, [_believed_text(left), _believed_text(right)])
    if sign == "%" and isinstance(left, Known) and isinstance(left.value, str):
        return percent(lowering, left.value, list(right.items) if isinstance(right, Listing) else [right])
    number = NUMBER | BOOL
    if not (kinds(left) & number and kinds(right) & number) or (kinds(left) == ANY and kinds(right) == ANY):
        raise lowering.refusal(
            f"'{sign}' of these values has no equal expression", hint="convert them: x | int, x | float"
        )
    return _numeric(lowering, sign, left, right)


def _believed_text(term: Term) -> Term:
    """Behind or before a text + takes texts only, so that it is one."""
    return Symbolic(node=term.node, kinds=TEXT, what=term.what) if isinstance(term, Symbolic) else term


def _calculated(lowering: Lowering, sign: str, left: Term, right: Term) -> Term:
    one, other = constant(left), constant(right)
    sizes = [len(value) for value in (one, other) if isinstance(value, str | list)]
    if (sign == "**" and abs(other) > 64) or (sign == "*" and sizes and max(sizes) > _MAX_SIZE // 100):
        raise lowering.refusal(f"the result of '{sign}' is too large")
    try:
        return known(_PYTHON[sign](one, other))
    except (TypeError, ValueError, ArithmeticError) as error:
        raise lowering.refusal(f"'{sign}' fails in Python: {error}") from error


def _moved(lowering: Lowering, sign: str, left: Term, right: Term) -> Term:
    if sign == "+" and isinstance(right, Instant):
        left, right = right, left
    duration = right.value if isinstance(right, Known) else None
    if isinstance(left, Instant) and isinstance(duration, datetime.timedelta) and sign in "+-":
        return shift(lowering, left, duration if sign == "+" else -duration)
    raise lowering.refusal(f"'{sign}' of a datetime takes a constant timedelta")


def _numeric(lowering: Lowering, sign: str, left: Term, right: Term) -> Term:
    one, other = _number(lowering, left), _number(lowering, right)
    both = (kinds(left) & NUMBER or INT) | (kinds(right) & NUMBER or INT)
    result = FLOAT if FLOAT in (kinds(left), kinds(right)) else both
    if sign in ("+", "-", "*"):
        return Symbolic(node=call({"+": "add", "-": "sub", "*": "mul"}[sign], one, other), kinds=result)
    if sign == "/":
        dividend = one if FLOAT in (kinds(left), kinds(right)) else call("float", one)
        return Symbolic(node=call("div", dividend, other), kinds=FLOAT)
    if sign in ("//", "%") and both == INT:
        rest = _modulo(one, other)
        if sign == "%":
            return Symbolic(node=rest, kinds=INT)
        exact = one if _not_negative(one) and _positive(other) else call("sub", one, rest)
        return Symbolic(node=call("div", exact, other), kinds=INT)
    raise lowering.refusal(
        f"'{sign}' of values that may be floats or unknown has no equal expression", hint="use x | int"
    )


def _modulo(one: Node, other: Node) -> Node:
    """Python's remainder has the sign of the divisor."""
    rest = call("mod", one, other)
    if _not_negative(one) and _positive(other):
        return rest
    return call("mod", call("add", rest, other), other)


def _not_negative(node: Node) -> bool:
    if isinstance(node, Call):
        if node.name == "int":
            return isinstance(node.arguments[0], Call) and node.arguments[0].name == "formatDateTime"
        if node.name in ("add", "mul", "div", "mod"):
            return all(_not_negative(argument) for argument in node.arguments)
        return node.name in _NOT_NEGATIVE
    return isinstance(node, Literal) and type(node.value) is int and node.value >= 0


def _positive(node: Node) -> bool:
    return isinstance(node, Literal) and type(node.value) is int and node.value > 0


def _number(lowering: Lowering, term: Term) -> Node:
    node = node_of(lowering, term)
    return if_(node, literal(1), literal(0)) if kinds(term) == BOOL else node


def negative(lowering: Lowering, term: Term) -> Term:
    return arithmetic(lowering, "-", Known(value=0), term)


def compare(lowering: Lowering, sign: str, left: Term, right: Term) -> Node:
    """left < right and the like, as a boolean expression.

    Raises:
        Refusal: no expression gives the same.
    """
    for term, other, swapped in ((left, right, False), (right, left, True)):
        if isinstance(term, Choice):
            pair = [(other, way) if swapped else (way, other) for way in (term.yes, term.no)]
            return if_(term.condition, *(compare(lowering, sign, one, two) for one, two in pair))
    if sign in ("==", "!="):
        same = _equal(lowering, left, right)
        return same if sign == "==" else not_(same)
    if sign in ("in", "not in"):
        found = _contains(lowering, right, left)
        return found if sign == "in" else not_(found)
    if sign in ("is", "is not"):
        if not (isinstance(right, Known) and (right.value is None or type(right.value) is bool)):
            raise lowering.refusal("'is' is known for None, True and False only")
        same = _identical(lowering, left, right.value)
        return same if sign == "is" else not_(same)
    return _ordered(lowering, sign, left, right)


def _identical(lowering: Lowering, term: Term, value: bool | None) -> Node:
    if isinstance(term, Known):
        return literal(term.value is value)
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    if not kinds(term) & (NONE if value is None else BOOL):
        return FALSE
    node = node_of(lowering, term)
    if kinds(term) == BOOL:
        return node if value else not_(node)
    return call("equals", node, literal(value))


def _ordered(lowering: Lowering, sign: str, left: Term, right: Term) -> Node:
    name, python = _ORDERS[sign]
    if is_known(left) and is_known(right):
        try:
            return literal(bool(python(constant(left), constant(right))))
        except TypeError as error:
            raise lowering.refusal(f"'{sign}' fails in Python: {error}") from error
    one, other = _moment(left), _moment(right)
    if one and other:
        if not _comparable(one, other):
            raise lowering.refusal("Python does not order datetimes with and without a zone, nor dates with datetimes")
        return call(name, _ticks(lowering, one), _ticks(lowering, other))
    number = NUMBER | BOOL
    if kinds(left) & number and kinds(right) & number and (kinds(left) | kinds(right)) != ANY:
        return call(name, _number(lowering, left), _number(lowering, right))
    if ANY in (kinds(left), kinds(right)) and number & kinds(left) & kinds(right) and kinds(left) != kinds(right):
        return call(name, _number(lowering, left), _number(lowering, right))
    shapes = _shape(left), _shape(right)
    if shapes[0] and shapes[0] == shapes[1]:
        return call(name, node_of(lowering, left), node_of(lowering, right))
    raise lowering.refusal(
        f"'{sign}' of these values has no equal expression: Data Factory orders texts by language, Python by code",
        hint="compare numbers, datetimes, or dates that are written alike",
    )


def _comparable(one: Instant, other: Instant) -> bool:
    return (one.offset is None) == (other.offset is None) and one.is_date == other.is_date


def _moment(term: Term) -> Instant | None:
    if isinstance(term, Known) and isinstance(term.value, datetime.date):
        return from_known(term.value)
    return term if isinstance(term, Instant) else None


def _ticks(lowering: Lowering, instant: Instant) -> Node:
    if instant.is_date:
        return call("ticks", call("startOfDay", local(instant)))
    return call("ticks", instant.node)


def _shape(term: Term) -> str:
    """A text's form where it is made of digits in fixed places, "dddd-dd-dd": such texts are ordered alike."""
    if isinstance(term, Known) and isinstance(term.value, str):
        return "".join("d" if char.isdigit() else char for char in term.value)
    pattern = _pattern(term)
    if not pattern:
        return ""
    groups = {"yyyy", "MM", "dd", "HH", "mm", "ss", "ffffff", "fffffff"}
    shape, index = "", 0
    while index < len(pattern):
        char = pattern[index]
        end = index
        while end < len(pattern) and pattern[end] == char:
            end += 1
        if char in _WHOLE_TEXTS:
            if pattern[index:end] not in groups:
                return ""
            shape += "d" * (end - index)
        elif (char.isalpha() and char not in "TZ") or char in "\\'\"%":
            return ""
        else:
            shape += pattern[index:end]
        index = end
    return shape


def _pattern(term: Term) -> str:
    return pattern_of(term.node) if isinstance(term, Symbolic) and term.kinds == TEXT else ""


def _equal(lowering: Lowering, left: Term, right: Term) -> Node:
    for term in (left, right):
        if isinstance(term, Undefined):
            raise lowering.unknown(term)
    if is_known(left) and is_known(right):
        return literal(bool(constant(left) == constant(right)))
    one, other = _moment(left), _moment(right)
    if one and other:
        if not _comparable(one, other):
            return FALSE
        return call("equals", _ticks(lowering, one), _ticks(lowering, other))
    if one or other:
        return FALSE
    if is_known(left):
        left, right = right, left
    if isinstance(right, Known) and kinds_of(right.value) <= NONE | BOOL | NUMBER | TEXT and kinds_of(right.value):
        return _equals_constant(lowering, left, right.value)
    return _equals_term(lowering, left, right)


def _equals_constant(lowering: Lowering, term: Term, value: Any) -> Node:
    found, mine = kinds(term), kinds_of(value)
    numeric = BOOL | NUMBER
    if not found & (numeric if mine <= numeric else mine):
        return FALSE
    node = node_of(lowering, term)
    if mine == NONE:
        return TRUE if found == NONE else is_null(node)
    if not mine <= numeric:
        return call("equals", node, literal(value))
    # Python takes True for 1 and False for 0, Data Factory does not.
    ways: list[Node] = []
    if value in (0, 1) and found & BOOL:
        way = node if value else not_(node)
        ways.append(way if found == BOOL else call("equals", node, literal(bool(value))))
    if found & NUMBER:
        number = int(value) if type(value) is bool else value
        ways.append(call("equals", node, literal(number)))
    return any_of(*ways) if ways else FALSE


def _equals_term(lowering: Lowering, left: Term, right: Term) -> Node:
    numeric = BOOL | NUMBER
    ours, theirs = kinds(left), kinds(right)
    if not ours or not theirs:
        if isinstance(left, Record) or isinstance(right, Record) or isinstance(left, Listing | Symbolic):
            return call("equals", node_of(lowering, left), node_of(lowering, right))
        raise lowering.refusal("'==' of these values has no equal expression")
    if not ours & theirs and not (ours & numeric and theirs & numeric):
        return FALSE
    mixed = (ours & BOOL and theirs & NUMBER) or (ours & NUMBER and theirs & BOOL)
    if mixed:
        lowering.warn("True == 1 holds in Python, and does not in Data Factory")
    return call("equals", node_of(lowering, left), node_of(lowering, right))


def _contains(lowering: Lowering, container: Term, item: Term) -> Node:
    """item in container."""
    if isinstance(container, Undefined):
        raise lowering.unknown(container)
    if is_known(container) and is_known(item):
        try:
            return literal(bool(constant(item) in constant(container)))
        except TypeError as error:
            raise lowering.refusal(f"'in' fails in Python: {error}") from error
    if isinstance(container, Record):
        container = Listing(items=tuple(Known(value=name) for name, _ in container.members))
    if isinstance(container, Listing):
        if all(isinstance(one, Known) and isinstance(one.value, str | None) for one in container.items):
            return call("contains", node_of(lowering, container), node_of(lowering, item))
        if kinds(item) in (INT, TEXT) and all(kinds(one) == kinds(item) for one in container.items):
            return call("contains", node_of(lowering, container), node_of(lowering, item))
        return any_of(*(compare(lowering, "==", item, one) for one in container.items))
    if isinstance(container, Symbolic | Joined | Known):
        if kinds(item) & (BOOL | FLOAT) and kinds(container) & LIST:
            lowering.warn("1, 1.0 and True are the same item of a list in Python, and are not in Data Factory")
        return call("contains", node_of(lowering, container), node_of(lowering, item))
    raise lowering.refusal("'in' of this value has no equal expression")
