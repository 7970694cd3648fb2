"""The statements that runs are written with, compiled once for the database in use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from local_azure.data_factory.records import RunStatus
from local_azure.data_factory.tables import (
    ACTIVITY_RUNS,
    DEFINITIONS,
    MEMORY,
    PIPELINE_RUNS,
    RESOURCES,
)

_UNFINISHED = tuple(str(status) for status in RunStatus if not status.final)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL as the driver takes it."""

    sql: str
    # The order of its parameters; None where the driver takes them by name.
    names: Sequence[str] | None
    # Parameters with a fixed value.
    fixed: Mapping[str, Any]

    def bind(self, row: Mapping[str, Any]) -> Any:
        """What the driver wants beside the SQL."""
        given = {**self.fixed, **row} if self.fixed else row
        return given if self.names is None else tuple([given[name] for name in self.names])


class Statements:
    """One attribute a statement. None is built anew for a row: building costs more than SQLite does."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.add_definition = self._upsert(DEFINITIONS, ["hash"], changes=[])
        self.definition = self._compile(select(DEFINITIONS).where(DEFINITIONS.c.hash == bindparam("hash")))
        self._build_runs()
        self._build_activities()
        self._build_resources()

    def _build_runs(self) -> None:
        runs = PIPELINE_RUNS.c
        self.save_run = self._upsert(PIPELINE_RUNS, ["run_id"])
        self.run = self._compile(select(PIPELINE_RUNS).where(runs.run_id == bindparam("run_id")))
        same_group = (runs.factory == bindparam("factory"), runs.group_id == bindparam("group_id"))
        self.group = self._compile(select(PIPELINE_RUNS).where(*same_group).order_by(runs.position))
        unfinished = select(PIPELINE_RUNS).where(runs.status.in_(_UNFINISHED)).order_by(runs.position)
        self.unfinished = self._compile(unfinished)
        of_factory = select(runs.run_id).where(runs.factory == bindparam("factory")).scalar_subquery()
        self.forget_runs = (
            self._compile(delete(MEMORY).where(MEMORY.c.run_id.in_(of_factory))),
            self._compile(delete(ACTIVITY_RUNS).where(ACTIVITY_RUNS.c.run_id.in_(of_factory))),
            self._compile(delete(PIPELINE_RUNS).where(runs.factory == bindparam("factory"))),
        )

    def _build_activities(self) -> None:
        rows = ACTIVITY_RUNS.c
        self.save_activity = self._upsert(ACTIVITY_RUNS, ["activity_run_id"])
        of_run = select(ACTIVITY_RUNS).where(rows.run_id == bindparam("run_id"))
        self.activities = self._compile(of_run.order_by(rows.position))
        self.remember = self._upsert(MEMORY, ["run_id", "key"])
        self.memory = self._compile(select(MEMORY).where(MEMORY.c.run_id == bindparam("run_id")))

    def _build_resources(self) -> None:
        rows = RESOURCES.c
        # The name stays as it was first written, and so does the time.
        changes = ["document", "sealed", "etag", "changed"]
        self.put_resource = self._upsert(RESOURCES, ["factory", "kind", "name_key"], changes=changes)
        of_kind = (rows.factory == bindparam("factory"), rows.kind == bindparam("kind"))
        this = (*of_kind, rows.name_key == bindparam("name_key"))
        self.resource = self._compile(select(RESOURCES).where(*this))
        self.delete_resource = self._compile(delete(RESOURCES).where(*this))
        self.delete_resources = self._compile(delete(RESOURCES).where(rows.factory == bindparam("factory")))
        behind = select(RESOURCES).where(*of_kind, rows.name_key > bindparam("behind")).order_by(rows.name_key)
        self.resources = self._compile(behind.limit(bindparam("many")))
        factories = select(RESOURCES).where(
            rows.kind == bindparam("kind"), rows.factory > bindparam("low"), rows.factory < bindparam("high")
        )
        self.factories = self._compile(factories.order_by(rows.factory).limit(bindparam("many")))

    def _upsert(self, table: Table, key: Sequence[str], *, changes: Sequence[str] | None = None) -> Statement:
        """An insert that replaces these columns (all by default) of the row that has the same key."""
        columns = [column.name for column in table.columns if column.name != "position"]
        changed = [name for name in columns if name not in key] if changes is None else changes
        make = sqlite.insert if self._dialect.name == "sqlite" else postgresql.insert
        insert = make(table).values({name: bindparam(name) for name in columns})
        if not changed:
            return self._compile(insert.on_conflict_do_nothing(index_elements=list(key)))
        new = {name: insert.excluded[name] for name in changed}
        return self._compile(insert.on_conflict_do_update(index_elements=list(key), set_=new))

    def _compile(self, statement: Executable) -> Statement:
        compiled = statement.compile(  # type: ignore[attr-defined]  # every statement here is a ClauseElement too
            dialect=self._dialect, compile_kwargs={"render_postcompile": True}
        )
        assert isinstance(compiled, SQLCompiler)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        names = compiled.positiontup if compiled.positional else None
        return Statement(sql=str(compiled), names=names, fixed=fixed)
