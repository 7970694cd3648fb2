"""The filters of Jinja and Airflow: a row each. Of constants, Jinja itself calculates all of its filters."""

import datetime
import json
from collections.abc import Callable
from typing import Final

from adf_export.templating.building import if_
from adf_export.templating.items import item
from adf_export.templating.json_text import json_text
from adf_export.templating.kinds import BOOL, FLOAT, INT, LIST, NONE, NUMBER, TEXT, Kind
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import TEXT_METHODS, constant_text
from adf_export.templating.moments import (
    formatted,
    from_known,
    iso_without_dashes,
    isoformat,
    local,
    pattern_of,
    text_of,
)
from adf_export.templating.operators import arithmetic
from adf_export.templating.results import as_json, node_of
from adf_export.templating.terms import (
    NOTHING,
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
)
from adf_export.templating.text_formats import percent
from adf_export.templating.texts import as_text, text_node
from adf_export.templating.truth import choose, truth, without_falsy
from adf_lang.nodes import call, literal

Filter = Callable[..., Term]
_EMPTY: Final = Known(value="")
_NO: Final = Known(value=False)
_ZERO: Final = Known(value=0)
_TEN: Final = Known(value=10)
_ESCAPES: Final = (("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ('"', "&#34;"))


def _of_moment(name: str, write: Callable[[Instant], Term]) -> Filter:
    """A filter of datetimes; None stays None."""

    def rule(lowering: Lowering, value: Term) -> Term:
        if value == NOTHING:
            return value
        if isinstance(value, Known) and isinstance(value.value, datetime.date):
            value = from_known(value.value)
        if not isinstance(value, Instant):
            raise lowering.refusal(f"the filter '{name}' takes a datetime", hint="names as ds and ts are texts already")
        return write(value)

    return rule


def _pattern(pattern: str) -> Callable[[Instant], Term]:
    return lambda instant: text_of(formatted(local(instant), pattern))


def _default(lowering: Lowering, value: Term, default_value: Term = _EMPTY, boolean: Term = _NO) -> Term:
    if isinstance(value, Undefined):
        return default_value
    if isinstance(boolean, Known) and not boolean.value:
        return value
    return choose(truth(lowering, value), without_falsy(value), default_value)


def _text(name: str) -> Filter:
    """A method of texts, of the value as text."""

    def rule(lowering: Lowering, value: Term, *arguments: Term) -> Term:
        return TEXT_METHODS[name](lowering, as_text(lowering, value), *arguments)

    return rule


def _join(lowering: Lowering, value: Term, d: Term = _EMPTY) -> Term:
    return TEXT_METHODS["join"](lowering, as_text(lowering, d), value)


def length(lowering: Lowering, value: Term) -> Term:
    """The number of items or characters."""
    if isinstance(value, Listing | Record):
        return Known(value=len(value.items if isinstance(value, Listing) else value.members))
    if not kinds(value) & (TEXT | LIST):
        raise lowering.refusal("length of this value has no equal expression: Data Factory counts items and characters")
    return Symbolic(node=call("length", node_of(lowering, value)), kinds=INT)


def as_int(lowering: Lowering, value: Term) -> Term:
    """int(value)."""
    found = kinds(value)
    node = node_of(lowering, value)
    if found == INT:
        return value
    if found == BOOL:
        return Symbolic(node=if_(node, literal(1), literal(0)), kinds=INT)
    if found <= NUMBER and found:
        whole = call("sub", node, call("mod", node, literal(1)))
        return Symbolic(node=call("int", whole), kinds=INT)
    if not found & (TEXT | NUMBER):
        raise lowering.refusal("int() of this value has no equal expression")
    return Symbolic(node=call("int", node), kinds=INT)


def as_float(lowering: Lowering, value: Term) -> Term:
    """float(value)."""
    found = kinds(value)
    if found == FLOAT:
        return value
    if not found & (TEXT | NUMBER | BOOL):
        raise lowering.refusal("float() of this value has no equal expression")
    return Symbolic(node=call("float", node_of(lowering, value)), kinds=FLOAT)


def _int(lowering: Lowering, value: Term, default: Term = _ZERO, base: Term = _TEN) -> Term:
    if base != _TEN:
        raise lowering.refusal("the filter 'int' with another base has no equal expression")
    _warn_of_texts(lowering, value, default, "a whole number")
    return as_int(lowering, value)


def _float(lowering: Lowering, value: Term, default: Term = _ZERO) -> Term:
    _warn_of_texts(lowering, value, default, "a number")
    return as_float(lowering, value)


def _warn_of_texts(lowering: Lowering, value: Term, default: Term, wanted: str) -> None:
    if kinds(value) & (TEXT | NONE):
        shown = default.value if isinstance(default, Known) else "its default"
        lowering.warn(f"what is not {wanted} fails here, where Airflow takes {shown}")


def _abs(lowering: Lowering, value: Term) -> Term:
    node = node_of(lowering, value)
    negated = arithmetic(lowering, "-", _ZERO, value)
    return choose(call("less", node, literal(0)), negated, value)


def _first(lowering: Lowering, value: Term) -> Term:
    return _item_at(lowering, value, _ZERO)


def _last(lowering: Lowering, value: Term) -> Term:
    return _item_at(lowering, value, Known(value=-1))


def _item_at(lowering: Lowering, value: Term, index: Term) -> Term:
    return item(lowering, value, index)


def _extreme(name: str) -> Filter:
    def rule(lowering: Lowering, value: Term) -> Term:
        if isinstance(value, Listing) and all(kinds(item) == INT for item in value.items):
            return Symbolic(node=call(name, *(node_of(lowering, item) for item in value.items)), kinds=INT)
        if isinstance(value, Symbolic) and value.items == INT:
            return Symbolic(node=call(name, value.node), kinds=INT)
        raise lowering.refusal(f"'{name}' takes whole numbers only")

    return rule


def _list(lowering: Lowering, value: Term) -> Term:
    if isinstance(value, Listing) or kinds(value) == LIST:
        return value
    raise lowering.refusal("the filter 'list' takes a list only")


def to_json(lowering: Lowering, value: Term) -> Term:
    """json.dumps(value)."""
    if is_known(value):
        return Known(value=json.dumps(constant(value)))
    return _json(lowering, value)


def _json(lowering: Lowering, value: Term) -> Term:
    found = kinds(value)
    if isinstance(value, Symbolic):
        if found == INT:
            return text_of(call("string", value.node))
        if found == BOOL:
            return text_of(call("toLower", call("string", value.node)))
        if found == TEXT and pattern_of(value.node):
            return Joined(parts=('"', value.node, '"'))
    lowering.warn(
        "the JSON is the same, but without blanks, in the order of its members, and without escapes as \\u003c"
    )
    if isinstance(value, Symbolic) and found <= frozenset({Kind.LIST, Kind.DICT}):
        return text_of(call("string", value.node))
    return Joined(parts=json_text(as_json(lowering, value)))


def _escape(lowering: Lowering, value: Term) -> Term:
    node = text_node(lowering, value)
    for plain, escaped in _ESCAPES:
        node = call("replace", node, literal(plain), literal(escaped))
    return text_of(node)


def _urlencode(lowering: Lowering, value: Term) -> Term:
    node = call("uriComponent", text_node(lowering, value))
    return text_of(call("replace", node, literal("%2F"), literal("/")))


def _format(lowering: Lowering, value: Term, *arguments: Term) -> Term:
    """'%s and %s' % (a, b); %d of whole numbers."""
    return percent(lowering, constant_text(lowering, value, "the format"), list(arguments))


FILTERS: Final[dict[str, Filter]] = {
    "abs": _abs,
    "capitalize": _text("capitalize"),
    "count": length,
    "d": _default,
    "default": _default,
    "ds": _of_moment("ds", _pattern("yyyy-MM-dd")),
    "ds_nodash": _of_moment("ds_nodash", _pattern("yyyyMMdd")),
    "e": _escape,
    "escape": _escape,
    "first": _first,
    "float": _float,
    "format": _format,
    "int": _int,
    "join": _join,
    "last": _last,
    "length": length,
    "list": _list,
    "lower": _text("lower"),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "replace": _text("replace"),
    "safe": as_text,
    "string": as_text,
    "tojson": _json,
    "trim": _text("strip"),
    "ts": _of_moment("ts", isoformat),
    "ts_nodash": _of_moment("ts_nodash", _pattern("yyyyMMddTHHmmss")),
    "ts_nodash_with_tz": _of_moment("ts_nodash_with_tz", iso_without_dashes),
    "upper": _text("upper"),
    "urlencode": _urlencode,
}
# Filters of Airflow, which Jinja does not calculate for constants.
AIRFLOW: Final = frozenset({"ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz"})
