"""What is asked of the recorded runs: a time window, filters, an order and a page; turned into SQL in one place."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from local_azure.data_factory.rows import to_micros
from local_azure.data_factory.tables import ACTIVITY_RUNS, PIPELINE_RUNS

T = TypeVar("T")


class Operator(StrEnum):
    """Of a filter, as Azure spells it."""

    EQUALS = "Equals"
    NOT_EQUALS = "NotEquals"
    IN = "In"
    NOT_IN = "NotIn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Keeps the rows whose column is (or is not) one of the values."""

    column: str
    operator: Operator
    # Of the column's own type: text, microseconds, or 0 and 1.
    values: Sequence[str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sort key; rows without a value come last in rising order and first in falling order."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """A page of runs whose last change lies in the window, the borders included."""

    after: datetime.datetime
    before: datetime.datetime
    filters: Sequence[Filter] = ()
    orders: Sequence[Order] = ()
    limit: int
    # The sort values of the last row of the page before; empty for the first page.
    last: Sequence[str | int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Rows, and where the next page starts; empty after the last page."""

    rows: Sequence[T]
    next: Sequence[str | int] = ()


# Larger than any time: how a missing one sorts.
_NEVER = 2**62

_RUN_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "pipeline": PIPELINE_RUNS.c.pipeline_key,
    "start": func.coalesce(PIPELINE_RUNS.c.run_start, _NEVER),
    "end": func.coalesce(PIPELINE_RUNS.c.run_end, _NEVER),
    "status": PIPELINE_RUNS.c.status,
    "group": PIPELINE_RUNS.c.group_id,
    "latest": PIPELINE_RUNS.c.is_latest,
    "run": PIPELINE_RUNS.c.run_id,
    "updated": PIPELINE_RUNS.c.last_updated,
    "position": PIPELINE_RUNS.c.position,
}
_ACTIVITY_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": ACTIVITY_RUNS.c.name,
    "type": ACTIVITY_RUNS.c.type,
    "start": ACTIVITY_RUNS.c.run_start,
    "end": func.coalesce(ACTIVITY_RUNS.c.run_end, _NEVER),
    "status": ACTIVITY_RUNS.c.status,
    "run": ACTIVITY_RUNS.c.activity_run_id,
    "updated": func.coalesce(ACTIVITY_RUNS.c.run_end, ACTIVITY_RUNS.c.run_start),
    "position": ACTIVITY_RUNS.c.position,
}


def runs_statement(factory: str, query: RunQuery) -> Select[Any]:
    """The pipeline runs of a factory, one more than asked for when another page follows."""
    return _statement(select(PIPELINE_RUNS).where(PIPELINE_RUNS.c.factory == factory), query, _RUN_COLUMNS)


def newest_statement(limit: int) -> Select[Any]:
    """The runs of all factories, the newest first."""
    return select(PIPELINE_RUNS).order_by(PIPELINE_RUNS.c.position.desc()).limit(limit)


def activities_statement(run_id: str, query: RunQuery) -> Select[Any]:
    """The activity runs of a run, one more than asked for when another page follows."""
    return _statement(select(ACTIVITY_RUNS).where(ACTIVITY_RUNS.c.run_id == run_id), query, _ACTIVITY_COLUMNS)


def sort_values(row: Mapping[str, Any], query: RunQuery) -> Sequence[str | int]:
    """Where the page after this row starts."""
    return [row[f"sort_{index}"] for index in range(len(query.orders) + 1)]


def _statement(base: Select[Any], query: RunQuery, columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    # The position makes the order total, or a page would repeat or miss rows that sort alike.
    keys = [(columns[order.column], order.descending) for order in query.orders] + [(columns["position"], False)]
    updated = columns["updated"]
    statement = base.where(updated >= to_micros(query.after), updated <= to_micros(query.before))
    statement = statement.where(*(_condition(columns[each.column], each) for each in query.filters))
    if query.last:
        statement = statement.where(_behind(keys, query.last))
    statement = statement.add_columns(*(key.label(f"sort_{index}") for index, (key, _) in enumerate(keys)))
    orders = (key.desc() if descending else key.asc() for key, descending in keys)
    return statement.order_by(*orders).limit(query.limit + 1)


def _condition(column: ColumnElement[Any], filter_: Filter) -> ColumnElement[bool]:
    found = column.in_(filter_.values)
    return found if filter_.operator in (Operator.EQUALS, Operator.IN) else ~found


def _behind(keys: Sequence[tuple[ColumnElement[Any], bool]], last: Sequence[str | int]) -> ColumnElement[bool]:
    """Rows that sort behind the given values: the first key that differs decides."""
    choices = []
    for index, (key, descending) in enumerate(keys):
        same = [before == value for (before, _), value in zip(keys[:index], last[:index], strict=True)]
        choices.append(and_(*same, key < last[index] if descending else key > last[index]))
    return or_(*choices)
