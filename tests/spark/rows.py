"""Builds bronze rows and observations for tests, with defaults for all that a case does not speak about."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from crypto_lakehouse.schemas import BRONZE_COINS_MARKETS, BRONZE_MARKET_CHART_RANGE, OBSERVATIONS, OHLCV_DAILY, Table

INGESTED = datetime(2021, 5, 16, 12, tzinfo=UTC)
LANDING = "abfss://landing@cryptolake.dfs.core.windows.net/coingecko"
CHART = f"{LANDING}/market_chart_range/ingest_date=2021-05-16"
MARKETS = f"{LANDING}/coins_markets/ingest_date=2021-05-16"


def millis(moment: str) -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


def table_rows(spark: SparkSession, table: Table, rows: Sequence[dict[str, Any]]) -> DataFrame:
    """Rows of a table; a column that a row leaves out is null, a name that the table lacks is refused."""
    for row in rows:
        assert set(row) <= set(table.column_names), set(row) - set(table.column_names)
    schema = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    return spark.createDataFrame([tuple(row.get(name) for name in table.column_names) for row in rows], schema)


def market(**given: Any) -> dict[str, Any]:
    """A row of bronze.coins_markets that silver accepts, but for what is given."""
    row = {
        "id": "bitcoin",
        "symbol": "btc",
        "current_price": 49053.0,
        "market_cap": 917825524991.0,
        "total_volume": 61679663434.0,
        "last_updated": "2021-05-15T15:59:43.867Z",
        "_source_file": f"{MARKETS}/page-0001.usd/run.json",
    }
    return row | {"_ingested_at": INGESTED, "_file_modified_at": INGESTED} | given


def chart(text: str | None = None, **given: Any) -> dict[str, Any]:
    """A row of bronze.market_chart_range from the JSON of a file, with what is given on top."""
    body = json.loads(text) if text else {}
    arrays = {name: [p and [x if x is None else float(x) for x in p] for p in points] for name, points in body.items()}
    row = {"_source_file": f"{CHART}/bitcoin.usd/run.1-2.json", "_ingested_at": INGESTED, "_file_modified_at": INGESTED}
    return row | arrays | given


def markets(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return table_rows(spark, BRONZE_COINS_MARKETS, rows)


def charts(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return table_rows(spark, BRONZE_MARKET_CHART_RANGE, rows)


def observation(observed_at: str, price: float, **given: Any) -> dict[str, Any]:
    row = {
        "coin_id": "bitcoin",
        "vs_currency": "usd",
        "observed_at": datetime.fromisoformat(observed_at).replace(tzinfo=UTC),
        "price": price,
        "source": "market_chart_range",
        "source_file": f"{CHART}/bitcoin.usd/run.1-2.json",
        "file_modified_at": INGESTED,
        "ingested_at": INGESTED,
    }
    return row | given


def observations(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return table_rows(spark, OBSERVATIONS, rows)


def candle(day: str, close: float, **given: Any) -> dict[str, Any]:
    row = {"coin_id": "bitcoin", "vs_currency": "usd", "day": datetime.fromisoformat(day).date(), "close": close}
    return row | dict.fromkeys(("open", "high", "low"), close) | {"points": 1} | given


def candles(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return table_rows(spark, OHLCV_DAILY, rows)
