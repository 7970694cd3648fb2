"""Keeps resources and runs in SQLite or PostgreSQL: one connection, used by one thread at a time, written as it goes.

Each call is durable when it returns, against a kill -9 of this process: SQLite's write-ahead log is with the operating
system then (against a power cut it is not always). What is written per activity goes through statements that are
compiled once; only the queries of people and clients are built anew.
"""

import datetime
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_azure.data_factory import queries
from local_azure.data_factory.database import Database, StoreError
from local_azure.data_factory.queries import Page, RunQuery
from local_azure.data_factory.records import ActivityRun, Json, PipelineRun
from local_azure.data_factory.rows import (
    Definition,
    activity_from_row,
    activity_to_row,
    definition_of,
    from_micros,
    has_secret,
    run_from_row,
    run_to_row,
    to_json,
    to_micros,
)
from local_azure.data_factory.sealing import Seal
from local_azure.data_factory.services import utc_now
from local_azure.data_factory.statements import Statements

__all__ = ["FACTORIES", "Resource", "SqlStore", "StoreError"]

# Where a factory's own document is filed.
FACTORIES = "factories"
_DEFINITIONS_REMEMBERED = 256
# A linked service may hold a password in a plain text, such as a connection string.
_SEALED_KINDS = ("linkedservices",)
_RESOURCES_REMEMBERED = 5_000
# As a limit: more rows than there can be.
_ALL = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A document of a factory, as it was PUT."""

    # FactoryId.key.
    factory: str
    # The segment of its ARM path, in small letters: pipelines, datasets, linkedservices, triggers ...
    kind: str
    # As it was first written; found whatever its case.
    name: str
    document: Mapping[str, Json]
    # New at each write.
    etag: str
    created: datetime.datetime
    changed: datetime.datetime


class SqlStore:
    """`records.RunStore` and the resources, in `url`: a file of SQLite or a database of PostgreSQL.

    The key encrypts what holds a SecureString.
    """

    def __init__(self, url: str | Path, *, key: bytes, now: Callable[[], datetime.datetime] = utc_now) -> None:
        self._seal = Seal(key)
        self._now = now
        # Definitions by the identity of the object in the run (kept here, so that the id stays its own) and by hash.
        self._hashed: dict[int, tuple[Mapping[str, Json], Definition]] = {}
        self._definitions: dict[str, Json] = {}
        # This process is the only one that writes: what it has read once is still so.
        self._resource_cache: dict[tuple[str, str, str], Resource] = {}
        self._db = Database(url, on_rollback=self._forget_cached)
        self._statements = Statements(self._db.dialect)

    def close(self) -> None:
        self._db.close()

    def claim(self) -> None:
        """Makes this process the only one that runs what is in the store, until it ends or the store is closed.

        Raises:
            StoreError: another process has claimed it: both would take up the same unfinished runs.
        """
        self._db.claim()

    def seal(self, text: str) -> str:
        """The text, encrypted with the store's key."""
        return self._seal.seal(text)

    def unseal(self, sealed: str) -> str:
        """The text that `seal` encrypted; LocalAzureError when it was another store's."""
        return self._seal.unseal(sealed)

    def transaction(self) -> AbstractContextManager[None]:
        """What is saved inside becomes durable together, or not at all; an inner transaction joins the outer one."""
        return self._db.transaction()

    def _forget_cached(self) -> None:
        """What was written in a transaction that failed is gone."""
        self._definitions.clear()
        self._resource_cache.clear()

    # -- runs ------------------------------------------------------------------------------------------------------

    def save_run(self, run: PipelineRun) -> None:
        """Inserts a run, or replaces the one of the same id."""
        definition = self._definition_of(run)
        row = run_to_row(run, definition, self._seal)
        if definition.hash in self._definitions:
            self._db.write(self._statements.save_run, row)
            return
        text = self.seal(definition.text) if definition.sealed else definition.text
        shared = {"hash": definition.hash, "sealed": definition.sealed, "document": text}
        with self.transaction():
            self._db.write(self._statements.add_definition, shared)
            self._db.write(self._statements.save_run, row)
        self._remember_definition(definition.hash, run.definition)

    def run(self, run_id: str) -> PipelineRun | None:
        """A run by its id."""
        found = self._runs(self._db.read(self._statements.run, {"run_id": run_id}))
        return found[0] if found else None

    def runs_of_group(self, factory: str, group_id: str) -> Sequence[PipelineRun]:
        """A run with all its reruns, oldest first."""
        return self._runs(self._db.read(self._statements.group, {"factory": factory, "group_id": group_id}))

    def unfinished_runs(self) -> Sequence[PipelineRun]:
        """The runs of all factories that have no final status, in the order they were created."""
        return self._runs(self._db.read(self._statements.unfinished, {}))

    def save_activities(self, runs: Iterable[ActivityRun]) -> None:
        """Inserts activity runs, or replaces those of the same id."""
        rows = [activity_to_row(run) for run in runs]
        if len(rows) == 1:
            self._db.write(self._statements.save_activity, rows[0])
        elif rows:
            with self.transaction():
                self._db.write_many(self._statements.save_activity, rows)

    def activities(self, run_id: str) -> Sequence[ActivityRun]:
        """The activity runs of a run, in the order they were first saved."""
        return [activity_from_row(row) for row in self._db.read(self._statements.activities, {"run_id": run_id})]

    def remember(self, run_id: str, key: str, value: Json) -> None:
        """Keeps a small JSON value of a run: items of a ForEach, the branch of an If, a checkpoint."""
        # The key may quote a name with any character in it: kept as ASCII.
        self._db.write(self._statements.remember, {"run_id": run_id, "key": to_json(key), "value": to_json(value)})

    def memory(self, run_id: str) -> Mapping[str, Json]:
        """All that was remembered of a run."""
        rows = self._db.read(self._statements.memory, {"run_id": run_id})
        return {json.loads(row["key"]): json.loads(row["value"]) for row in rows}

    def query_runs(self, factory: str, query: RunQuery) -> Page[PipelineRun]:
        """A page of a factory's runs."""
        rows = self._db.select(queries.runs_statement(factory, query))
        following = queries.sort_values(rows[query.limit - 1], query) if len(rows) > query.limit else ()
        return Page(rows=self._runs(rows[: query.limit]), next=following)

    def newest_runs(self, limit: int) -> Sequence[PipelineRun]:
        """The newest runs of all factories, the newest first."""
        return self._runs(self._db.select(queries.newest_statement(limit)))

    def query_activities(self, run_id: str, query: RunQuery) -> Page[ActivityRun]:
        """A page of a run's activity runs."""
        rows = self._db.select(queries.activities_statement(run_id, query))
        following = queries.sort_values(rows[query.limit - 1], query) if len(rows) > query.limit else ()
        return Page(rows=[activity_from_row(row) for row in rows[: query.limit]], next=following)

    # -- resources -------------------------------------------------------------------------------------------------

    def put_resource(self, factory: str, kind: str, name: str, document: Mapping[str, Json]) -> Resource:
        """Adds a document or replaces the one of this name, which keeps its case and time of creation."""
        text = to_json(dict(document))
        sealed = kind in _SEALED_KINDS or has_secret(text)
        now = to_micros(self._now())
        row = {
            "factory": factory,
            "kind": kind,
            "name_key": name.lower(),
            "name": name,
            "document": self.seal(text) if sealed else text,
            "sealed": sealed,
            "etag": str(uuid.uuid4()),
            "created": now,
            "changed": now,
        }
        with self.transaction():
            self._db.write(self._statements.put_resource, row)
            self._resource_cache.pop((factory, kind, name.lower()), None)
            written = self.resource(factory, kind, name)
        assert written is not None
        return written

    def resource(self, factory: str, kind: str, name: str) -> Resource | None:
        """The document of this name, whatever its case."""
        key = (factory, kind, name.lower())
        known = self._resource_cache.get(key)
        if known is not None:
            return known
        row = {"factory": factory, "kind": kind, "name_key": name.lower()}
        found = self._resources(self._db.read(self._statements.resource, row))
        if not found:
            return None
        if len(self._resource_cache) >= _RESOURCES_REMEMBERED:
            self._resource_cache.clear()
        self._resource_cache[key] = found[0]
        return found[0]

    def resources(self, factory: str, kind: str, *, after: str = "", limit: int | None = None) -> Sequence[Resource]:
        """The documents of a kind in the order of their names; those after a name, at most so many."""
        given = {"factory": factory, "kind": kind, "behind": after.lower(), "many": _ALL if limit is None else limit}
        return self._resources(self._db.read(self._statements.resources, given))

    def factories(self, prefix: str, *, after: str = "", limit: int | None = None) -> Sequence[Resource]:
        """The documents of the factories whose key starts with `<subscription>/` or `<subscription>/<group>/`."""
        # "0" follows "/" in the alphabet of keys: this is the range of what starts with the prefix.
        many = _ALL if limit is None else limit
        given = {"kind": FACTORIES, "low": max(prefix, after), "high": prefix[:-1] + "0", "many": many}
        return self._resources(self._db.read(self._statements.factories, given))

    def delete_resource(self, factory: str, kind: str, name: str) -> bool:
        """Deletes a document; whether there was one."""
        self._resource_cache.pop((factory, kind, name.lower()), None)
        key = {"factory": factory, "kind": kind, "name_key": name.lower()}
        return self._db.write(self._statements.delete_resource, key) > 0

    def delete_factory(self, factory: str) -> bool:
        """Deletes a factory with its documents and runs; whether there was one."""
        self._resource_cache.clear()
        with self.transaction():
            found = self._db.write(self._statements.delete_resources, {"factory": factory}) > 0
            for statement in self._statements.forget_runs:
                self._db.write(statement, {"factory": factory})
        return found

    def _resources(self, rows: Iterable[Mapping[str, Any]]) -> list[Resource]:
        return [
            Resource(
                factory=row["factory"],
                kind=row["kind"],
                name=row["name"],
                document=json.loads(self.unseal(row["document"]) if row["sealed"] else row["document"]),
                etag=row["etag"],
                created=from_micros(row["created"]),
                changed=from_micros(row["changed"]),
            )
            for row in rows
        ]

    # -- definitions -----------------------------------------------------------------------------------------------

    def _definition_of(self, run: PipelineRun) -> Definition:
        known = self._hashed.get(id(run.definition))
        if known is not None and known[0] is run.definition:
            return known[1]
        definition = definition_of(run)
        if len(self._hashed) >= _DEFINITIONS_REMEMBERED:
            self._hashed.clear()
        self._hashed[id(run.definition)] = (run.definition, definition)
        return definition

    def _remember_definition(self, hash_: str, document: Json) -> None:
        if len(self._definitions) >= _DEFINITIONS_REMEMBERED:
            self._definitions.clear()
        self._definitions.setdefault(hash_, document)

    def _runs(self, rows: Iterable[Mapping[str, Any]]) -> list[PipelineRun]:
        return [run_from_row(row, self._definition(row["definition"]), self._seal) for row in rows]

    def _definition(self, hash_: str) -> Json:
        if hash_ not in self._definitions:
            row = self._db.read(self._statements.definition, {"hash": hash_})[0]
            text = self.unseal(row["document"]) if row["sealed"] else row["document"]
            self._remember_definition(hash_, json.loads(text))
        return self._definitions[hash_]
