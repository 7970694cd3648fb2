"""The side effects on Delta tables: create, merge batches into silver, replace what changed in gold."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse import transforms
from crypto_lakehouse.history import EPOCH, NEUTRAL_OPERATIONS, Commit, commits_since, noted
from crypto_lakehouse.quality import Expectation, measuring_query
from crypto_lakehouse.schemas import (
    BRONZE_COINS_MARKETS,
    BRONZE_MARKET_CHART_RANGE,
    DOMINANCE,
    INDICATORS_DAILY,
    INGESTION_FIELDS,
    OBSERVATIONS,
    OHLCV_DAILY,
    OHLCV_HOURLY,
    QUARANTINE,
    Table,
)

Transform = Callable[[DataFrame], DataFrame]

# What silver reads of each bronze table and how it judges it; the rest of bronze may change without silver noticing.
JUDGES: Mapping[Table, tuple[tuple[str, ...], Transform]] = {
    BRONZE_COINS_MARKETS: (
        ("id", "symbol", "current_price", "market_cap", "total_volume", "last_updated"),
        transforms.judge_markets,
    ),
    BRONZE_MARKET_CHART_RANGE: (("prices", "market_caps", "total_volumes"), transforms.judge_charts),
}
ALWAYS_READ = ("status", "error", "_corrupt_record", *(column.name for column in INGESTION_FIELDS))


def create_missing(spark: SparkSession, catalog: str, tables: Sequence[Table]) -> None:
    """Create the schemas and tables that are not there yet, with types, units and meanings."""
    missing = [table for table in tables if not spark.catalog.tableExists(table.qualified(catalog))]
    for layer in sorted({table.layer for table in missing}):
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{catalog}`.`{layer}`")
    for table in missing:
        columns = ", ".join(f"`{c.name}` {c.type} COMMENT {_quoted(c.meaning)}" for c in table.columns)
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {table.qualified(catalog)} ({columns}) "
            f"USING DELTA COMMENT {_quoted(table.meaning)}"
        )


def read_bronze_stream(spark: SparkSession, catalog: str) -> DataFrame:
    """Both bronze tables as one stream: what they have got since the checkpoint, with the columns that silver reads."""
    parts = [
        spark.readStream.table(table.qualified(catalog)).select(
            F.lit(table.name).alias("source"), *columns, *ALWAYS_READ
        )
        for table, (columns, _) in JUDGES.items()
    ]
    return parts[0].unionByName(parts[1], allowMissingColumns=True)


def judge(bronze: DataFrame) -> DataFrame:
    """The judged rows of a batch of both bronze tables."""
    parts = [
        judge_table(bronze.where(F.col("source") == table.name).select(*columns, *ALWAYS_READ))
        for table, (columns, judge_table) in JUDGES.items()
    ]
    return parts[0].unionByName(parts[1])


def write_silver(bronze: DataFrame, batch: int, catalog: str) -> None:
    """Merge one batch of bronze into observations and quarantine; the same batch again changes nothing."""
    judged = judge(bronze).persist()
    try:
        note = _batch_note(judged, batch)
        with noted(bronze.sparkSession, note):
            if "observed_from" in note:
                _merge_observations(transforms.accepted(judged), catalog, note)
            if note["quarantined"]:
                _merge_quarantine(transforms.rejected(judged), catalog)
    finally:
        judged.unpersist()


def stale_since(spark: SparkSession, catalog: str, gold: Sequence[Commit], silver: Commit) -> datetime | None:
    """The UTC day from which gold is out of date: None if nowhere, the epoch if the histories cannot tell."""
    marks = [(commit.note.get("silver_version", -1), commit.note.get("silver_timestamp")) for commit in gold]
    mark, _ = min(marks)
    if mark < 0 or mark > silver.version:
        return EPOCH
    commits = [silver] if mark == silver.version else commits_since(spark, catalog, OBSERVATIONS, mark - 1)
    seen = {commit.version: commit.timestamp.isoformat() for commit in commits}
    # Another table under the same name (dropped and made again) has other times, and starts gold anew.
    if any(seen.get(version) != timestamp for version, timestamp in marks):
        return EPOCH
    changes = [c for c in commits if c.version > mark and c.operation not in NEUTRAL_OPERATIONS]
    if not changes:
        return None
    earliest = EPOCH + timedelta(microseconds=min(c.note.get("observed_from", 0) for c in changes))
    return earliest.replace(hour=0, minute=0, second=0, microsecond=0)


def write_gold(spark: SparkSession, catalog: str, start: datetime, silver: Commit) -> dict[Table, int]:
    """Compute gold from `start` on and replace each table that differs; gives the rows replaced by table."""
    observations = read(spark, catalog, OBSERVATIONS, since=start)
    hourly = transforms.ohlcv_hourly(observations).persist()
    daily = transforms.ohlcv_daily(hourly).persist()
    try:
        lookback = read(spark, catalog, OHLCV_DAILY, since=start - timedelta(days=transforms.LONGEST_LOOKBACK))
        earlier = lookback.where(F.col("day") < F.lit(start.date()))
        indicators = transforms.indicators_daily(earlier.unionByName(daily))
        computed = {
            INDICATORS_DAILY: indicators.where(F.col("day") >= F.lit(start.date())),
            DOMINANCE: transforms.dominance(daily),
            OHLCV_HOURLY: hourly,
            OHLCV_DAILY: daily,
        }
        note = {"silver_version": silver.version, "silver_timestamp": silver.timestamp.isoformat()}
        return _replace_changed(spark, catalog, computed, start=start, note=note)
    finally:
        daily.unpersist()
        hourly.unpersist()


def read(spark: SparkSession, catalog: str, table: Table, *, since: datetime) -> DataFrame:
    """The rows of a table whose time or bucket is not before `since`."""
    rows = spark.table(table.qualified(catalog)).select(*table.column_names)
    return rows if since <= EPOCH else rows.where(_not_before(table, since))


def measure(spark: SparkSession, catalog: str, expectations: Sequence[Expectation]) -> dict[str, float | None]:
    """The measured value of each expectation, from one query."""
    if not expectations:
        return {}
    rows = spark.sql(measuring_query(expectations, catalog)).collect()
    return {name: value for row in rows for name, value in row["measures"].items()}


def _not_before(table: Table, since: datetime) -> str:
    """The condition in SQL; the time as a number, so that no time zone of a session changes it."""
    moment = f"timestamp_micros({(since - EPOCH) // timedelta(microseconds=1)})"
    column = table.bucket or "observed_at"
    return f"{column} >= {f'DATE {since.date().isoformat()!r}' if column == 'day' else moment}"


def _replace_changed(
    spark: SparkSession, catalog: str, computed: Mapping[Table, DataFrame], *, start: datetime, note: Mapping[str, Any]
) -> dict[Table, int]:
    changed = _changed(spark, catalog, computed, start=start)
    for table in changed:
        writer = computed[table].write.format("delta").mode("overwrite").option("userMetadata", json.dumps(note))
        if start > EPOCH:
            writer = writer.option("replaceWhere", _not_before(table, start))
        writer.saveAsTable(table.qualified(catalog))
    return changed


def _changed(
    spark: SparkSession, catalog: str, computed: Mapping[Table, DataFrame], *, start: datetime
) -> dict[Table, int]:
    """The tables whose stored rows from `start` on differ from the computed ones, with the number of computed rows."""
    sides = [
        transforms.row_hashes(rows).select(F.lit(table.path).alias("path"), F.lit(side).alias("side"), "hash")
        for table, frame in computed.items()
        for side, rows in (("computed", frame), ("stored", read(spark, catalog, table, since=start)))
    ]
    # Keys are unique, so no two equal hashes cancel each other out.
    totals = reduce(DataFrame.union, sides).groupBy("path", "side").agg(F.count("*"), F.bit_xor("hash")).collect()
    found = {(path, side): (rows, content) for path, side, rows, content in totals}
    return {
        table: found.get((table.path, "computed"), (0, 0))[0]
        for table in computed
        if found.get((table.path, "computed")) != found.get((table.path, "stored"))
    }


def _batch_note(judged: DataFrame, batch: int) -> dict[str, Any]:
    """What a batch holds, from one pass over it: files, the span of its good rows, its bad rows by reason."""
    rows = (
        judged.groupBy("reason_code")
        .agg(
            F.count("*").alias("rows"),
            F.unix_micros(F.min("observed_at")).alias("observed_from"),
            F.unix_micros(F.max("observed_at")).alias("observed_to"),
            F.collect_set(F.xxhash64("source_file")).alias("files"),
        )
        .collect()
    )
    note: dict[str, Any] = {
        "batch": batch,
        "files": len({file for row in rows for file in row["files"]}),
        "quarantined": {row["reason_code"]: row["rows"] for row in rows if row["reason_code"] is not None},
    }
    for row in rows:
        if row["reason_code"] is None:
            note |= {"observed_from": row["observed_from"], "observed_to": row["observed_to"]}
    return note


def _merge_observations(newest: DataFrame, catalog: str, note: Mapping[str, Any]) -> None:
    same_key = " AND ".join(f"stored.{name} = new.{name}" for name in OBSERVATIONS.key)
    # The span lets Delta skip every file outside it.
    span = " AND ".join(
        f"stored.observed_at {comparison} timestamp_micros({note[end]})"
        for comparison, end in ((">=", "observed_from"), ("<=", "observed_to"))
    )
    newer = " > ".join(
        f"struct({', '.join(f'{side}.{name}' for name in transforms.NEWNESS)})" for side in ("new", "stored")
    )
    (
        DeltaTable.forName(newest.sparkSession, OBSERVATIONS.qualified(catalog))
        .alias("stored")
        .merge(newest.alias("new"), f"{same_key} AND {span}")
        .whenMatchedUpdateAll(condition=newer)
        .whenNotMatchedInsertAll()
        .execute()
    )


def _merge_quarantine(rejects: DataFrame, catalog: str) -> None:
    (
        DeltaTable.forName(rejects.sparkSession, QUARANTINE.qualified(catalog))
        .alias("stored")
        .merge(rejects.alias("new"), "stored.reject_id = new.reject_id")
        .whenNotMatchedInsertAll()
        .execute()
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
