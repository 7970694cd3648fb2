"""The filters of Jinja and Airflow: a row each."""

import datetime
from collections.abc import Callable
from typing import Final

from adf_export.templating.kinds import INT
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import TEXT_METHODS
from adf_export.templating.moments import formatted, from_known, iso_without_dashes, isoformat, local, text_of
from adf_export.templating.terms import Instant, Known, Term, Undefined
from adf_export.templating.texts import as_text
from adf_export.templating.truth import choose, truth, without_falsy

Filter = Callable[..., Term]
_EMPTY: Final = Known(value="")
_NO: Final = Known(value=False)


def _of_moment(name: str, write: Callable[[Instant], Term]) -> Filter:
    """A filter of datetimes; None stays None."""

    def rule(lowering: Lowering, value: Term) -> Term:
        if isinstance(value, Known) and value.value is None:
            return value
        if isinstance(value, Known) and isinstance(value.value, datetime.date):
            value = from_known(value.value)
        if not isinstance(value, Instant):
            raise lowering.refusal(
                f"the filter '{name}' takes a datetime", hint="the names ds and ts are texts already"
            )
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
    def rule(lowering: Lowering, value: Term, *arguments: Term) -> Term:
        return TEXT_METHODS[name](lowering, as_text(lowering, value), *arguments)

    return rule


FILTERS: Final[dict[str, Filter]] = {
    "d": _default,
    "default": _default,
    "ds": _of_moment("ds", _pattern("yyyy-MM-dd")),
    "ds_nodash": _of_moment("ds_nodash", _pattern("yyyyMMdd")),
    "lower": _text("lower"),
    "replace": _text("replace"),
    "string": as_text,
    "trim": _text("strip"),
    "ts": _of_moment("ts", isoformat),
    "ts_nodash": _of_moment("ts_nodash", _pattern("yyyyMMddTHHmmss")),
    "ts_nodash_with_tz": _of_moment("ts_nodash_with_tz", iso_without_dashes),
    "upper": _text("upper"),
}
__all__ = ["FILTERS", "INT"]
