"""What a notebook tells the one who started it: rows, files, refusals and table versions, read from the histories."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession

from crypto_lakehouse.history import EPOCH, Commit, commits_since
from crypto_lakehouse.schemas import OBSERVATIONS, Table

Report = dict[str, Any]


def bronze_report(
    spark: SparkSession, catalog: str, table: Table, *, before: Commit, columns_before: Sequence[str], landed: bool
) -> Report:
    """Rows and files ingested, and the columns that the API has added."""
    name = table.qualified(catalog)
    commits = commits_since(spark, catalog, table, before.version)
    rows = sum(commit.metric("numOutputRows") for commit in commits)
    files = _count_files(spark, name, since=before) if rows else 0
    columns = spark.table(name).columns if commits else columns_before
    if not landed:
        message = "nothing has landed yet, so there is nothing to ingest: 0 files"
    else:
        message = f"{files} files, {rows} rows" if files else "nothing new: 0 files"
    return {
        "table": table.path,
        "rows": rows,
        "files": files,
        "new_columns": [column for column in columns if column not in columns_before],
        "message": message,
        "versions": _versions({table: before}, {table: commits}),
    }


def silver_report(spark: SparkSession, catalog: str, *, before: Mapping[Table, Commit]) -> Report:
    """Files read, rows inserted and updated, rows refused by reason."""
    commits = {table: commits_since(spark, catalog, table, commit.version) for table, commit in before.items()}
    notes = {c.note["batch"]: c.note for found in commits.values() for c in found if "batch" in c.note}
    reasons = Counter[str]()
    for note in notes.values():
        reasons.update(note["quarantined"])
    inserted = sum(commit.metric("numTargetRowsInserted") for commit in commits[OBSERVATIONS])
    updated = sum(commit.metric("numTargetRowsUpdated") for commit in commits[OBSERVATIONS])
    files = sum(note["files"] for note in notes.values())
    refused = ", ".join(f"{reason} {rows}" for reason, rows in sorted(reasons.items()))
    return {
        "rows": inserted + updated,
        "inserted": inserted,
        "updated": updated,
        "files": files,
        "quarantined": dict(sorted(reasons.items())),
        "message": f"{files} files, {inserted} rows inserted, {updated} updated, quarantined: {refused or 'none'}"
        if notes
        else "nothing new: 0 files",
        "versions": _versions(before, commits),
    }


def gold_report(
    spark: SparkSession,
    catalog: str,
    *,
    before: Mapping[Table, Commit],
    start: datetime | None,
    written: Mapping[Table, int],
) -> Report:
    """Rows replaced in each table, and from which UTC day on."""
    commits = {
        table: commits_since(spark, catalog, table, commit.version) if table in written else []
        for table, commit in before.items()
    }
    since = None if start is None else "the beginning" if start <= EPOCH else start.date().isoformat()
    tables = ", ".join(f"{table.name} {rows}" for table, rows in written.items())
    return {
        "rows": sum(written.values()),
        "rows_by_table": {table.path: rows for table, rows in written.items()},
        "computed_from": since,
        "message": f"rows since {since}: {tables}" if written else "nothing new",
        "versions": _versions(before, commits),
    }


def _count_files(spark: SparkSession, name: str, *, since: Commit) -> int:
    """Files of the batches after a commit: a batch begins after the one before it was committed."""
    mark = f"timestamp_millis({(since.timestamp - EPOCH) // timedelta(milliseconds=1)})"
    query = f"SELECT count(DISTINCT _source_file) AS files FROM {name} WHERE _ingested_at > {mark}"
    files: int = spark.sql(query).collect()[0]["files"]
    return files


def _versions(before: Mapping[Table, Commit], commits: Mapping[Table, Sequence[Commit]]) -> dict[str, dict[str, int]]:
    return {
        table.path: {"before": commit.version, "after": max([commit.version, *(c.version for c in commits[table])])}
        for table, commit in before.items()
    }
