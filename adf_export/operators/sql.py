"""SQL operators: Script activities on the linked service of their connection."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import RESULT_DIFFERS
from adf_export.ir.factory import Activity, Object, Role, obj
from adf_export.ir.unit import Unit
from adf_export.ir.values import Constant, Function
from adf_export.operators.marked_texts import Part
from adf_export.operators.registry import Operator
from adf_export.operators.sql_rows import as_rows, rows_of
from adf_export.operators.sql_services import Database, Dialect, database
from adf_export.operators.sql_statements import Statement, statements
from adf_export.operators.workbench import Workbench
from adf_export.operators.xcom_readers import may_be_read
from adf_lang.nodes import Index, Node, call, literal

_HANDLERS: Final = "airflow.providers.common.sql.hooks."
_ALL: Final = "fetch_all_handler"
_FIRST: Final = "fetch_one_handler"
# An activity's own timeout ends a block that takes longer.
_BLOCK_TIMEOUT: Final = "1.00:00:00"
_TRANSACTIONS: Final = {
    Dialect.POSTGRES: ("BEGIN;\n", "COMMIT;"),
    Dialect.T_SQL: ("SET XACT_ABORT ON;\nBEGIN TRANSACTION;\n", "COMMIT TRANSACTION;"),
}


def execute_query(bench: Workbench) -> Unit:
    """SQLExecuteQueryOperator."""
    at = database(bench)
    found = statements(bench, at.dialect)
    handler = _handler(bench)
    query = found[0]
    # Only where something reads them: else the query stays as it is.
    if handler and at.dialect is Dialect.POSTGRES and len(found) == 1 and query.selects() and may_be_read(bench):
        return _with_rows(bench, at, query, first_only=handler == _FIRST)
    autocommit = bench.has("autocommit") and bench.constant("autocommit") is True
    for name in ("return_last", "handler"):
        bench.field(name)
    return bench.unit(script(bench, at, bench.name(), *_blocks(found, at.dialect, autocommit=autocommit)))


def script(bench: Workbench, at: Database, name: str, *blocks: Object, role: Role = Role.TASK) -> Activity:
    """A Script of blocks that run one after the other."""
    return bench.activity(
        name,
        "Script",
        obj(scripts=blocks, scriptBlockExecutionTimeout=_BLOCK_TIMEOUT),
        role=role,
        linked_service=at.service,
    )


def block(statement: Statement, *, fetches: bool = False) -> Object:
    """A block; rows that nobody reads are not fetched: a Script takes no two columns of one name."""
    return obj(type="Query" if fetches else "NonQuery", text=statement.json)


def ask(bench: Workbench, at: Database, query: tuple[Part, ...]) -> Activity:
    """A Script of one query, whose rows are fetched."""
    return script(bench, at, bench.name(), block(Statement(parts=query), fetches=True))


def only_query(bench: Workbench, at: Database) -> Statement:
    """The one query of a check or sensor.

    Raises:
        Refusal: it is no SELECT.
    """
    first, *more = statements(bench, at.dialect)
    if more or not first.selects():
        raise bench.not_exported("sql", "it is not known to be one SELECT, whose rows can be asked for")
    return first


def _with_rows(bench: Workbench, at: Database, query: Statement, *, first_only: bool) -> Unit:
    bench.tell(
        RESULT_DIFFERS,
        f"the rows of '{bench.task.task_id}' come as JSON: dates and times as texts, decimals as numbers",
        field="sql",
        detail="They are at most 4 MB; beyond that the task that reads them fails.",
    )
    name = bench.name()
    rows = rows_of(name)
    result: Node = Index(target=rows, index=literal(0), safe=True) if first_only else rows
    returned = result if _returns_one(bench) else call("createArray", result)
    step = script(bench, at, name, block(Statement(parts=as_rows(query)), fetches=True))
    return bench.unit(step, results={"return_value": returned}, never_empty=not _returns_one(bench))


def _returns_one(bench: Workbench) -> bool:
    """Whether Airflow returns the result of one statement, not a list of results."""
    last = not bench.has("return_last") or bench.constant("return_last") is True
    whole = bench.has("split_statements") and bench.constant("split_statements") is False
    return not isinstance(bench.value("sql"), tuple) and (last or whole)


def _blocks(found: tuple[Statement, ...], dialect: Dialect, *, autocommit: bool) -> tuple[Object, ...]:
    """One for each statement, or all in one transaction."""
    # PostgreSQL takes the statements of one text as one transaction anyway.
    together = len(found) > 1 or (dialect is Dialect.T_SQL and found[0].count() > 1)
    if autocommit or not together:
        return tuple(block(statement) for statement in found)
    begin, commit = _TRANSACTIONS[dialect]
    parts = tuple(part for statement in found for part in (*statement.ended(), "\n"))
    return (block(Statement(parts=(begin, *parts, commit))),)


def _handler(bench: Workbench) -> str:
    """Name of the handler that makes the result; empty: nothing is fetched.

    Raises:
        Refusal: it is Python of the user's.
    """
    if bench.has("output_processor"):
        raise bench.not_exported("output_processor", "it is Python")
    if "handler" not in bench.task.given:
        return _ALL
    given = bench.field("handler")
    if given == Constant(value=None):
        return ""
    name = given.name.rpartition(".")[2] if isinstance(given, Function) else ""
    if not isinstance(given, Function) or name not in (_ALL, _FIRST) or not given.name.startswith(_HANDLERS):
        raise bench.not_exported("handler", "it is Python", hint=f"leave it out, or use {_ALL} or {_FIRST}")
    return name


SQL: Final[Mapping[str, Operator]] = {
    "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator": Operator(
        translate=execute_query,
        ignored={
            "requires_result_fetch": "an activity always reads the results",
            "retry_on_failure": "it is about checks",
            "show_return_value_in_logs": "the rows are shown in the monitoring page",
        },
        activities=("Script",),
    ),
}
