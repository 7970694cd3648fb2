"""SQL as Airflow's hooks run it: split into statements, with its parameters written in as literals."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlparse

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import Json, Object
from adf_export.operators.marked_texts import Part, marked, parts_of, text_of, unmarked
from adf_export.operators.sql_services import Dialect
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import NULL, inner
from adf_export.templating.given import kinds_of_node
from adf_export.templating.kinds import INT, TEXT
from adf_lang.nodes import Interpolation, Literal, Node, Text, call, literal

_SELECT: Final = "SELECT"
_QUOTE: Final = {Dialect.POSTGRES: "'", Dialect.T_SQL: "N'"}
_BOOLEANS: Final = {Dialect.POSTGRES: ("false", "true"), Dialect.T_SQL: ("0", "1")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One text that a cursor executes; it may hold several statements of SQL where Airflow does not split it."""

    parts: tuple[Part, ...]

    @property
    def json(self) -> Json:
        """As it stands in a document."""
        return text_of(self.parts)

    def count(self) -> int:
        return len(sqlparse.split(marked(self.parts)))

    def selects(self) -> bool:
        """Whether it is one query, whose rows Airflow fetches."""
        parsed = sqlparse.parse(marked(self.parts))
        return len(parsed) == 1 and parsed[0].get_type() == _SELECT  # type: ignore[no-untyped-call]  # sqlparse's

    def ended(self) -> tuple[Part, ...]:
        """With a semicolon at its end, as one of several."""
        *before, last = self.parts
        if not isinstance(last, str):
            return (*self.parts, ";")
        last = last.rstrip()
        if last.endswith(";"):
            return (*before, last)
        # A comment would go on to the end of its line.
        return (*before, last, "\n;" if "--" in last else ";")

    def bare(self) -> tuple[Part, ...]:
        """Without semicolon and comments at its end."""
        text = sqlparse.format(marked(self.parts), strip_comments=True)
        (only,) = sqlparse.split(text, strip_semicolon=True)
        return tuple(unmarked(only, self.parts))


def statements(bench: Workbench, dialect: Dialect) -> tuple[Statement, ...]:
    """What Airflow executes one after the other.

    Raises:
        Refusal: there is nothing, or a parameter has no literal.
    """
    sql = bench.value("sql")
    splits = bench.has("split_statements") and bench.constant("split_statements") is True
    texts = [parts_of(item) for item in sql] if isinstance(sql, tuple) else [parts_of(sql)]
    if splits and not isinstance(sql, tuple):
        texts = [tuple(unmarked(piece, texts[0])) for piece in _split(marked(texts[0]))]
    found = tuple(Statement(parts=_bound(bench, text, dialect)) for text in texts if marked(text).strip())
    if not found:
        raise bench.invalid("sql", "has no statement")
    return found


def _split(text: str) -> list[str]:
    """As DbApiHook.split_sql_string does."""
    return [piece for piece in sqlparse.split(sqlparse.format(text, strip_comments=True)) if piece]


def _bound(bench: Workbench, parts: tuple[Part, ...], dialect: Dialect) -> tuple[Part, ...]:
    """The parameters written in, as psycopg2 and pymssql do it on their own side, by Python's % of texts."""
    given = bench.value("parameters")
    if given is None or given in ((), Object()):
        return parts
    if not isinstance(given, Object | tuple):
        raise bench.invalid("parameters", "must be a list or dict that is known when the DAG is compiled")
    source = _Source(bench, given, dialect)
    return tuple(piece for part in parts for piece in ([part] if isinstance(part, Node) else source.filled(part)))


class _Source:
    """Gives literals for %s and %(name)s."""

    def __init__(self, bench: Workbench, given: Object | tuple[Json, ...], dialect: Dialect) -> None:
        self._bench = bench
        self._by_name = dict(given.members) if isinstance(given, Object) else {}
        self._in_order = iter(given) if isinstance(given, tuple) else iter(())
        self._dialect = dialect

    def filled(self, text: str) -> Iterator[Part]:
        plain, *others = text.split("%")
        yield plain
        pieces = iter(others)
        for piece in pieces:
            if not piece:
                yield f"%{next(pieces, '')}"
            elif piece[0] == "s":
                yield from self._literal(next(self._in_order, _MISSING), "%s")
                yield piece[1:]
            else:
                name, _, rest = piece.removeprefix("(").partition(")")
                if piece[0] != "(" or rest[:1] != "s":
                    raise self._bench.invalid("sql", f"has '%{piece[:12]}', which is no place of a parameter")
                yield from self._literal(self._by_name.get(name, _MISSING), f"%({name})s")
                yield rest[1:]

    def _literal(self, value: Json, place: str) -> Iterator[Part]:
        quote = _QUOTE[self._dialect]
        if value is _MISSING:
            raise self._bench.invalid("parameters", f"has no value for {place}")
        if isinstance(value, Interpolation | Node) and value != NULL and not isinstance(value, Literal | Text):
            yield from self._expression(inner(value), place)
            return
        if isinstance(value, Literal | Text):
            value = value.value
        if isinstance(value, bool):
            yield _BOOLEANS[self._dialect][value]
        elif isinstance(value, str):
            yield f"{quote}{value.replace(chr(39), chr(39) * 2)}'"
        elif value is None or isinstance(value, int | float):
            yield "NULL" if value is None else str(value)
        else:
            raise self._bench.not_exported("parameters", f"{place} is a list or dict", hint="write it into sql")

    def _expression(self, node: Node, place: str) -> Iterator[Part]:
        kinds = kinds_of_node(node, self._bench.dag)
        if kinds <= INT:
            yield node
            return
        if not kinds <= TEXT:
            self._bench.tell(
                BEHAVIOUR_DIFFERS, f"{place} of '{self._bench.task.task_id}' is passed as a text", field="parameters"
            )
        yield _QUOTE[self._dialect]
        yield call("replace", node if kinds <= TEXT else call("string", node), literal("'"), literal("''"))
        yield "'"


_MISSING: Final = Object((("missing", None),))
