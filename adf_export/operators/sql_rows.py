"""Rows of a query as Airflow gives them, lists of cells: PostgreSQL makes JSON of them, as a Script's output has none.

A Script's own rows are objects, without the order of columns.
"""

from typing import Final

from adf_export.operators.marked_texts import Part
from adf_export.operators.sql_services import Database, Dialect
from adf_export.operators.sql_statements import Statement
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Index, Node, call, literal, select

_COLUMN: Final = "rows"
_BEFORE: Final = f"""SELECT coalesce(json_agg(r.cells), '[]')::text AS {_COLUMN} FROM (
SELECT (
SELECT json_agg(c.value ORDER BY c.n) FROM json_each(row_to_json(q)) WITH ORDINALITY AS c(name, value, n)
) AS cells FROM (
"""
_AFTER: Final = "\n) AS q) AS r"
_FIRST: Final = "SELECT * FROM (\n"
_LIMIT: Final = "\n) AS p LIMIT 1"


def as_rows(query: Statement) -> tuple[Part, ...]:
    """The query that gives all rows of another one as one JSON text."""
    return (_BEFORE, *query.bare(), _AFTER)


def first_row(bench: Workbench, at: Database, query: Statement) -> tuple[Part, ...]:
    """Likewise with the first row alone.

    Raises:
        Refusal: the database is not PostgreSQL.
    """
    if at.dialect is not Dialect.POSTGRES:
        raise bench.not_exported("sql", "the cells of a row have an order in PostgreSQL's JSON alone")
    return (_BEFORE, _FIRST, *query.bare(), _LIMIT, _AFTER)


def rows_of(activity: str) -> Node:
    """What such a query gave."""
    sets = select(call("activity", literal(activity)), "output", "resultSets")
    first = Index(target=sets, index=literal(0))
    row = Index(target=select(first, "rows"), index=literal(0))
    return call("json", select(row, _COLUMN))
