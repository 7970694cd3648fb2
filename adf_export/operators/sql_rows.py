"""Rows of a query as Airflow gives them, lists of cells: PostgreSQL makes JSON of them, as a Script's output has none.

A Script's own rows are objects, without the order of columns.
"""

from typing import Final

from adf_export.operators.sql_statements import Part
from adf_lang.nodes import Index, Node, call, literal, select

_COLUMN: Final = "rows"
_BEFORE: Final = f"""SELECT coalesce(json_agg(r.cells), '[]')::text AS {_COLUMN} FROM (
SELECT (
SELECT json_agg(c.value ORDER BY c.n) FROM json_each(row_to_json(q)) WITH ORDINALITY AS c(name, value, n)
) AS cells FROM (
"""
_AFTER: Final = "\n) AS q) AS r"


def as_rows(query: tuple[Part, ...]) -> tuple[Part, ...]:
    """The query that gives all rows of another one as one JSON text."""
    return (_BEFORE, *query, _AFTER)


def rows_of(activity: str) -> Node:
    """What such a query gave."""
    sets = select(call("activity", literal(activity)), "output", "resultSets")
    first = Index(target=sets, index=literal(0))
    row = Index(target=select(first, "rows"), index=literal(0))
    return call("json", select(row, _COLUMN))
