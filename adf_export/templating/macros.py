"""Airflow's `macros`: a row each."""

import datetime
from collections.abc import Callable
from typing import Final, NamedTuple

from adf_export.templating.filters import to_json
from adf_export.templating.kinds import TEXT
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import constant_text
from adf_export.templating.moments import formatted, pattern_of, strftime, text_of, to_pattern, unformatted
from adf_export.templating.results import node_of
from adf_export.templating.terms import Instant, Known, Symbolic, Term, constant, is_known, kinds, known
from adf_lang.nodes import call

# Formats of strptime whose texts .NET reads as the same time.
READABLE: Final = frozenset({"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y", "%Y/%m/%d"})


class Macro(NamedTuple):
    """One macro."""

    doc: str
    rule: Callable[..., Term]
    exported: bool = True


def _ds_add(lowering: Lowering, ds: Term, days: Term) -> Term:
    if is_known(ds) and is_known(days):
        return _constant(lowering, _python_ds_add, ds, days)
    if not kinds(ds) & TEXT:
        raise lowering.refusal("macros.ds_add takes a text such as 2026-01-31", hint="use macros.ds_add(x | ds, 1)")
    if days == Known(value=0):
        return ds
    node = node_of(lowering, ds)
    if pattern_of(node) == "yyyy-MM-dd":
        node = unformatted(node)
    return text_of(formatted(call("addDays", node, node_of(lowering, days)), "yyyy-MM-dd"))


def _python_ds_add(ds: str, days: int) -> str:
    read = datetime.datetime.strptime(ds, "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    return (read + datetime.timedelta(days=days)).strftime("%Y-%m-%d") if days else ds


def _ds_format(lowering: Lowering, ds: Term, input_format: Term, output_format: Term) -> Term:
    return strftime(
        lowering,
        parsed(lowering, ds, constant_text(lowering, input_format, "the input format of macros.ds_format")),
        constant_text(lowering, output_format, "the output format of macros.ds_format"),
    )


def parsed(lowering: Lowering, term: Term, format: str) -> Instant:
    """A text read by strptime(): a datetime without zone.

    Raises:
        Refusal: Data Factory cannot read such a text.
    """
    if not kinds(term) & TEXT:
        raise lowering.refusal("a date is read from a text")
    node = node_of(lowering, term)
    pattern = pattern_of(node)
    if pattern and pattern == to_pattern(format):
        only_date = not any(letter in pattern for letter in "Hhmsft")
        source = unformatted(node)
        return Instant(node=call("startOfDay", source) if only_date else source, offset=None)
    if format not in READABLE:
        raise lowering.refusal(f"Data Factory cannot read a date in the format '{format}'", hint="use %Y-%m-%d")
    return Instant(node=node, offset=None)


def _strptime(lowering: Lowering, text: Term, format: Term) -> Term:
    return parsed(lowering, text, constant_text(lowering, format, "the format of strptime()"))


def _constant(lowering: Lowering, python: Callable[..., object], *arguments: Term, **named: Term) -> Term:
    """A function that Python itself runs, over constants only."""
    if not all(map(is_known, (*arguments, *named.values()))):
        raise lowering.refusal("this function takes constants only")
    try:
        return known(python(*map(constant, arguments), **{key: constant(value) for key, value in named.items()}))
    except (TypeError, ValueError, ArithmeticError) as error:
        raise lowering.refusal(f"the call fails in Python: {error}") from error


def _of_constants(python: Callable[..., object]) -> Callable[..., Term]:
    def rule(lowering: Lowering, *arguments: Term, **named: Term) -> Term:
        return _constant(lowering, python, *arguments, **named)

    return rule


def _utcnow(_: Lowering) -> Term:
    return Instant(node=call("utcNow"), offset=None)


def _loads(lowering: Lowering, text: Term) -> Term:
    return Symbolic(node=call("json", node_of(lowering, text)), what="the JSON value")


def _refused(why: str) -> Macro:
    def rule(lowering: Lowering, *_: Term, **__: Term) -> Term:
        raise lowering.refusal(why)

    return Macro(why, rule, exported=False)


MACROS: Final[dict[str, Macro]] = {
    "datetime()": Macro("a constant datetime", _of_constants(datetime.datetime)),
    "datetime.fromisoformat()": Macro("a constant datetime", _of_constants(datetime.datetime.fromisoformat)),
    "datetime.now()": _refused("the local time of a worker is not known in Data Factory: use macros.datetime.utcnow()"),
    "datetime.strptime()": Macro("a datetime read from a text", _strptime),
    "datetime.utcnow()": Macro("the time when the activity starts", _utcnow),
    "datetime_diff_for_humans()": _refused("it depends on the time of the rendering and on the language"),
    "dateutil": _refused("a library of Python has no equal expression"),
    "ds_add()": Macro("a date so many days later", _ds_add),
    "ds_format()": Macro("a date in another format", _ds_format),
    "ds_format_locale()": _refused("Data Factory writes dates in English only"),
    "json.dumps()": Macro("a value as JSON", to_json),
    "json.loads()": Macro("a JSON text as a value", _loads),
    "random()": _refused("a random number differs at each rendering"),
    "time": _refused("the clock of a worker is not known in Data Factory"),
    "timedelta()": Macro("a constant duration", _of_constants(datetime.timedelta)),
    "uuid": _refused("a random id differs at each rendering"),
    "yaml": _refused("a library of Python has no equal expression"),
}
