"""The methods of texts, dicts, lists and datetimes: a row each."""

import datetime
import inspect
from collections.abc import Callable, Mapping
from typing import Final

from adf_export.templating.kinds import BOOL, DICT, FLOAT, INT, LIST, TEXT
from adf_export.templating.lowering import Lowering
from adf_export.templating.moments import (
    ENDS,
    EPOCH_TICKS,
    STARTS,
    fixed_offset,
    formatted,
    from_known,
    isoformat,
    local,
    replacing,
    shift,
    strftime,
    text_of,
    weekday,
)
from adf_export.templating.operators import compare
from adf_export.templating.results import node_of
from adf_export.templating.terms import (
    NOTHING,
    Callee,
    Instant,
    Joined,
    Known,
    Listing,
    Record,
    Symbolic,
    Term,
    constant,
    is_known,
    kinds,
    known,
)
from adf_export.templating.text_formats import braces
from adf_export.templating.texts import joined
from adf_export.templating.truth import choose
from adf_lang.nodes import Index, Node, call, literal, select

Method = Callable[..., Term]
_T: Final = Known(value="T")


def invoke(
    lowering: Lowering, name: str, rule: Callable[..., Term], arguments: list[Term], named: Mapping[str, Term]
) -> Term:
    """Calls a rule with the arguments of a template.

    Raises:
        Refusal: the arguments do not fit; what the rule refuses.
    """
    try:
        bound = inspect.signature(rule).bind(lowering, *arguments, **named)
    except TypeError as error:
        raise lowering.refusal(f"{name}: {error}") from error
    return rule(*bound.args, **bound.kwargs)


def constant_text(lowering: Lowering, term: Term, what: str) -> str:
    """An argument that must be a text known at compile time."""
    if isinstance(term, Known) and isinstance(term.value, str):
        return term.value
    raise lowering.refusal(f"{what} must be a constant text")


def constant_int(lowering: Lowering, term: Term, what: str) -> int:
    if isinstance(term, Known) and type(term.value) is int:
        return term.value
    raise lowering.refusal(f"{what} must be a constant whole number")


# Texts


def _upper(lowering: Lowering, target: Term) -> Term:
    return text_of(call("toUpper", node_of(lowering, target)))


def _lower(lowering: Lowering, target: Term) -> Term:
    return text_of(call("toLower", node_of(lowering, target)))


def _capitalize(lowering: Lowering, target: Term) -> Term:
    node = node_of(lowering, target)
    first = call("toUpper", call("take", node, literal(1)))
    return Joined(parts=(first, call("toLower", call("skip", node, literal(1)))))


def _strip(lowering: Lowering, target: Term) -> Term:
    return text_of(call("trim", node_of(lowering, target)))


def _replace(lowering: Lowering, target: Term, old: Term, new: Term) -> Term:
    if isinstance(old, Known) and not old.value:
        raise lowering.refusal("replace() of an empty text has no equal expression")
    return text_of(call("replace", *(node_of(lowering, term) for term in (target, old, new))))


def _split(lowering: Lowering, target: Term, sep: Term = NOTHING) -> Term:
    if sep == NOTHING or (isinstance(sep, Known) and not sep.value):
        raise lowering.refusal(
            "split() at any white space has no equal expression", hint="give the separator: split(' ')"
        )
    return Symbolic(node=call("split", node_of(lowering, target), node_of(lowering, sep)), kinds=LIST, items=TEXT)


def _startswith(lowering: Lowering, target: Term, prefix: Term) -> Term:
    head = call("take", node_of(lowering, target), _length(lowering, prefix))
    return Symbolic(node=call("equals", head, node_of(lowering, prefix)), kinds=BOOL)


def _endswith(lowering: Lowering, target: Term, suffix: Term) -> Term:
    node = node_of(lowering, target)
    before = call("max", literal(0), call("sub", call("length", node), _length(lowering, suffix)))
    return Symbolic(node=call("equals", call("skip", node, before), node_of(lowering, suffix)), kinds=BOOL)


def _length(lowering: Lowering, term: Term) -> Node:
    if isinstance(term, Known) and isinstance(term.value, str):
        return literal(len(term.value))
    return call("length", node_of(lowering, term))


def _join(lowering: Lowering, target: Term, iterable: Term) -> Term:
    if isinstance(iterable, Listing):
        pieces: list[Term] = []
        for index, one in enumerate(iterable.items):
            pieces += [target, one] if index else [one]
        return joined(lowering, pieces)
    if not (isinstance(iterable, Symbolic) and iterable.items <= TEXT | INT | BOOL):
        lowering.warn("join() writes None as an empty text, whole floats without .0, and lists as JSON")
    return text_of(call("join", node_of(lowering, iterable), node_of(lowering, target)))


def _format(lowering: Lowering, target: Term, *arguments: Term, **named: Term) -> Term:
    return braces(lowering, constant_text(lowering, target, "the format"), list(arguments), named)


TEXT_METHODS: Final[dict[str, Method]] = {
    "capitalize": _capitalize,
    "endswith": _endswith,
    "format": _format,
    "join": _join,
    "lower": _lower,
    "replace": _replace,
    "split": _split,
    "startswith": _startswith,
    "strip": _strip,
    "upper": _upper,
}

# Dicts


def _get(lowering: Lowering, target: Term, key: Term, default: Term = NOTHING) -> Term:
    if isinstance(target, Record):
        return _get_known(lowering, target, key, default)
    name = constant_text(lowering, key, "the key of get()")
    node = node_of(lowering, target)
    what = f"{target.what} at '{name}'" if isinstance(target, Symbolic) else "the member"
    if default == NOTHING:
        return Symbolic(node=safe_member(node, name), what=what)
    return choose(call("contains", node, literal(name)), Symbolic(node=select(node, name), what=what), default)


def _get_known(lowering: Lowering, target: Record, key: Term, default: Term) -> Term:
    if isinstance(key, Known):
        return target.get(str(key.value)) or default
    found = default
    for name, member in reversed(target.members):
        found = choose(compare(lowering, "==", key, Known(value=name)), member, found)
    return found


def safe_member(node: Node, name: str) -> Node:
    """A member, null where there is none."""
    return Index(target=node, index=literal(name), safe=True)


def _items(_: Lowering, target: Term) -> Term:
    assert isinstance(target, Record)
    return Listing(items=tuple(Listing(items=(Known(value=name), member)) for name, member in target.members))


def _keys(_: Lowering, target: Term) -> Term:
    assert isinstance(target, Record)
    return Listing(items=tuple(Known(value=name) for name, _member in target.members))


def _values(_: Lowering, target: Term) -> Term:
    assert isinstance(target, Record)
    return Listing(items=tuple(member for _name, member in target.members))


DICT_METHODS: Final[dict[str, Method]] = {"get": _get}
RECORD_METHODS: Final[dict[str, Method]] = {"get": _get, "items": _items, "keys": _keys, "values": _values}

# Datetimes


def _strftime(lowering: Lowering, target: Term, format: Term) -> Term:
    return strftime(lowering, _instant(target), constant_text(lowering, format, "the format of strftime()"))


def _isoformat(lowering: Lowering, target: Term, sep: Term = _T) -> Term:
    return isoformat(_instant(target), constant_text(lowering, sep, "the separator of isoformat()"))


def _date(_: Lowering, target: Term) -> Term:
    return Instant(node=local(_instant(target)), offset=None, is_date=True)


def _weekday(_: Lowering, target: Term) -> Term:
    return Symbolic(node=weekday(local(_instant(target))), kinds=INT)


def _isoweekday(_: Lowering, target: Term) -> Term:
    return Symbolic(node=call("add", weekday(local(_instant(target))), literal(1)), kinds=INT)


def _instant(target: Term) -> Instant:
    if isinstance(target, Known):
        return from_known(target.value)
    assert isinstance(target, Instant)
    return target


def _add(lowering: Lowering, target: Term, **units: Term) -> Term:
    return _move(lowering, target, units, 1)


def _subtract(lowering: Lowering, target: Term, **units: Term) -> Term:
    return _move(lowering, target, units, -1)


def _move(lowering: Lowering, target: Term, units: Mapping[str, Term], sign: int) -> Term:
    """pendulum's add() and subtract(): years and months first, the day cut to the month's last one."""
    counts = {name: sign * constant_int(lowering, count, f"'{name}'") for name, count in units.items()}
    instant = _instant(target)
    months = 12 * counts.pop("years", 0) + counts.pop("months", 0)
    if months:
        node = call("addToTime", instant.node, literal(months), literal("Month"))
        instant = Instant(node=node, offset=instant.offset, is_date=instant.is_date)
    try:
        rest = datetime.timedelta(**counts)
    except TypeError as error:
        raise lowering.refusal(f"add() and subtract(): {error}") from error
    return shift(lowering, instant, rest)


def _timestamp(_: Lowering, target: Term) -> Term:
    ticks = call("sub", call("ticks", _instant(target).node), literal(EPOCH_TICKS))
    microseconds = call("div", ticks, literal(10))
    return Symbolic(node=call("div", microseconds, literal(1_000_000.0)), kinds=FLOAT)


def _in_timezone(lowering: Lowering, target: Term, timezone: Term) -> Term:
    """In a zone whose clock is never changed; the rules of others differ between Python and Windows."""
    instant = _instant(target)
    name = constant_text(lowering, timezone, "the time zone")
    offset = fixed_offset(name)
    if offset is None or instant.offset is None:
        raise lowering.refusal(
            f"the time zone '{name}' changes its clock: Data Factory's rules differ from Python's",
            hint="use UTC, or a zone without daylight saving time",
        )
    return Instant(node=instant.node, offset=offset)


def _start_of(lowering: Lowering, target: Term, unit: Term) -> Term:
    return _bound(lowering, target, constant_text(lowering, unit, "the unit of start_of()"), STARTS)


def _end_of(lowering: Lowering, target: Term, unit: Term) -> Term:
    return _bound(lowering, target, constant_text(lowering, unit, "the unit of end_of()"), ENDS)


def _bound(lowering: Lowering, target: Term, unit: str, bounds: Mapping[str, Callable[[Node], Node]]) -> Term:
    instant = _instant(target)
    if unit not in bounds or instant.offset:
        raise lowering.refusal(f"the unit '{unit}' has no equal expression", hint=f"there are {', '.join(bounds)}")
    return Instant(node=bounds[unit](instant.node), offset=instant.offset)


def _replace_parts(lowering: Lowering, target: Term, **parts: Term) -> Term:
    instant = _instant(target)
    counts = {name: constant_int(lowering, count, f"'{name}'") for name, count in parts.items()}
    pattern = replacing(counts)
    if pattern is None or instant.offset:
        raise lowering.refusal("replace() takes year, month, day (to 28), hour, minute, second and microsecond")
    return Instant(node=formatted(instant.node, pattern), offset=instant.offset)


def _written(pattern: str) -> Method:
    return lambda _, target: text_of(formatted(local(_instant(target)), pattern))


MOMENT_METHODS: Final[dict[str, Method]] = {
    "add": _add,
    "astimezone": _in_timezone,
    "date": _date,
    "end_of": _end_of,
    "in_timezone": _in_timezone,
    "in_tz": _in_timezone,
    "isoformat": _isoformat,
    "isoweekday": _isoweekday,
    "replace": _replace_parts,
    "start_of": _start_of,
    "strftime": _strftime,
    "subtract": _subtract,
    "timestamp": _timestamp,
    "to_date_string": _written("yyyy-MM-dd"),
    "to_datetime_string": _written("yyyy-MM-dd HH:mm:ss"),
    "to_time_string": _written("HH:mm:ss"),
    "weekday": _weekday,
}
DATE_METHODS: Final = {name: MOMENT_METHODS[name] for name in ("isoformat", "isoweekday", "strftime", "weekday")}
# Methods of constants that Python itself runs, by type.
CONSTANT_METHODS: Final[dict[type, frozenset[str]]] = {
    str: frozenset(
        [
            "capitalize",
            "casefold",
            "center",
            "count",
            "endswith",
            "find",
            "format",
            "index",
            "isalnum",
            "isalpha",
            "isdigit",
            "islower",
            "isnumeric",
            "isspace",
            "istitle",
            "isupper",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
            "zfill",
        ]
    ),
    datetime.datetime: frozenset({"date", "isoformat", "isoweekday", "replace", "strftime", "timestamp", "weekday"}),
    datetime.date: frozenset({"isoformat", "isoweekday", "replace", "strftime", "weekday"}),
    datetime.timedelta: frozenset({"total_seconds"}),
}


def _rules(term: Term) -> Mapping[str, Method]:
    if isinstance(term, Instant):
        return DATE_METHODS if term.is_date else MOMENT_METHODS
    if isinstance(term, Record):
        return RECORD_METHODS
    found = kinds(term)
    return {**(TEXT_METHODS if found & TEXT else {}), **(DICT_METHODS if found & DICT else {})}


def _constant_methods(term: Term) -> frozenset[str]:
    return CONSTANT_METHODS.get(type(term.value), frozenset()) if isinstance(term, Known) else frozenset()


def knows_method(term: Term, name: str) -> bool:
    """Whether a value like this has such a method."""
    python = {kind: dir(kind) for kind in (str, dict, list)}
    if name in _rules(term) or name in _constant_methods(term):
        return True
    found = kinds(term)
    return (
        any(kind & found and name in python[kind_type] for kind, kind_type in ((TEXT, str), (DICT, dict), (LIST, list)))
        and not name.startswith("_")
    ) or (isinstance(term, Instant) and hasattr(datetime.datetime, name))


def find_method(lowering: Lowering, term: Term, name: str) -> Callee:
    """A method, ready to be called."""

    def call_it(*arguments: Term, **named: Term) -> Term:
        if name in _constant_methods(term) and all(map(is_known, (*arguments, *named.values()))):
            return _run(lowering, term, name, arguments, named)
        rule = _rules(term).get(name)
        if rule is None:
            raise lowering.refusal(f"the method {name}() has no equal expression")
        return invoke(lowering, f"{name}()", rule, [term, *arguments], named)

    return Callee(name=f"{name}()", call=call_it)


def _run(lowering: Lowering, term: Term, name: str, arguments: tuple[Term, ...], named: Mapping[str, Term]) -> Term:
    try:
        return known(
            getattr(constant(term), name)(*map(constant, arguments), **{key: constant(v) for key, v in named.items()})
        )
    except (TypeError, ValueError, LookupError) as error:
        raise lowering.refusal(f"{name}() fails in Python: {error}") from error
