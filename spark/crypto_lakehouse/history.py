"""What a Delta table's history tells: versions, metrics, and the notes that our own writers leave in their commits."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse.schemas import Table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
# Commits that leave every row as it is.
NEUTRAL_OPERATIONS = frozenset(
    {"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "CHANGE COLUMN"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit of a Delta table, as its history tells it."""

    version: int
    timestamp: datetime
    operation: str
    metrics: Mapping[str, str] = field(default_factory=dict)
    # What our own writer noted in the commit; empty for a commit of someone else.
    note: Mapping[str, Any] = field(default_factory=dict)

    def metric(self, name: str) -> int:
        return int(self.metrics.get(name, 0))


def newest_change(spark: SparkSession, catalog: str, table: Table) -> Commit:
    """The last commit that may have changed rows."""
    limit = 8
    while True:
        commits = _commits(spark, catalog, table, limit=limit)
        changes = [commit for commit in commits if commit.operation not in NEUTRAL_OPERATIONS]
        if changes or len(commits) < limit:
            return (changes or commits[-1:])[0]
        limit *= 8


def newest_commit(spark: SparkSession, catalog: str, table: Table) -> Commit:
    return _commits(spark, catalog, table, limit=1)[0]


def commits_since(spark: SparkSession, catalog: str, table: Table, version: int) -> list[Commit]:
    """The commits after `version`, newest first."""
    limit = 8
    while True:
        commits = _commits(spark, catalog, table, limit=limit)
        if len(commits) < limit or commits[-1].version <= version + 1:
            return [commit for commit in commits if commit.version > version]
        limit *= 8


@contextmanager
def noted(spark: SparkSession, note: Mapping[str, Any]) -> Iterator[None]:
    """Commits made inside carry the note; MERGE takes it from the session only."""
    spark.conf.set(USER_METADATA, json.dumps(note))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)


def _commits(spark: SparkSession, catalog: str, table: Table, *, limit: int) -> list[Commit]:
    rows = DeltaTable.forName(spark, table.qualified(catalog)).history(limit)
    chosen = rows.select(
        "version", F.unix_millis("timestamp").alias("millis"), "operation", "operationMetrics", "userMetadata"
    )
    return [_commit(row) for row in chosen.collect()]


def _commit(row: Row) -> Commit:
    return Commit(
        version=row["version"],
        timestamp=EPOCH + timedelta(milliseconds=row["millis"]),
        operation=row["operation"],
        metrics=row["operationMetrics"] or {},
        note=_note(row["userMetadata"]),
    )


def _note(text: str | None) -> Mapping[str, Any]:
    """Our note in a commit; anyone may write other text there."""
    try:
        note = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return note if isinstance(note, dict) else {}
