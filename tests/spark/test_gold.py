"""Candles, indicators and dominance against hand-computed cases and the recorded bitcoin month."""

import json
import math
import statistics
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse.schemas import BRONZE_MARKET_CHART_RANGE
from crypto_lakehouse.transforms import (
    accepted,
    dominance,
    indicators_daily,
    judge_charts,
    ohlcv_daily,
    ohlcv_hourly,
)
from tests.spark.notebook import read_landing
from tests.spark.rows import candle, candles, observation, observations

HOUR, DAY = 3600, 86400
RECORDED = "coingecko/recorded/coins_id_market_chart/hourly_historical_prices_for_one_coin_0_0d95e3.json"


def test_candles_open_and_close_by_time(spark: SparkSession) -> None:
    rows = [
        observation("2021-05-15T10:59:59.999", 7.0, total_volume=None, market_cap=None),
        observation("2021-05-15T10:00:00", 5.0, total_volume=100.0, market_cap=50.0),
        observation("2021-05-15T10:30:00", 9.0, total_volume=110.0, market_cap=90.0),
        observation("2021-05-15T10:40:00", 4.0, total_volume=105.0, market_cap=None),
        observation("2021-05-15T11:00:00", 8.0, total_volume=120.0, market_cap=80.0),
        observation("2021-05-15T10:30:00", 1.0, vs_currency="eur"),
    ]
    hourly = ohlcv_hourly(observations(spark, *rows)).cache()
    values = ("open", "high", "low", "close", "volume_24h", "market_cap", "points")
    found = {
        (row.vs_currency, row.start % DAY // HOUR): tuple(row[name] for name in values)
        for row in _epoch_seconds(hourly, "hour")
    }
    assert found == {
        ("usd", 10): (5.0, 9.0, 4.0, 7.0, 105.0, 90.0, 4),
        ("usd", 11): (8.0, 8.0, 8.0, 8.0, 120.0, 80.0, 1),
        ("eur", 10): (1.0, 1.0, 1.0, 1.0, None, None, 1),
    }
    daily = {row.vs_currency: tuple(row[name] for name in values) for row in ohlcv_daily(hourly).collect()}
    assert daily == {"usd": (5.0, 9.0, 4.0, 8.0, 120.0, 80.0, 5), "eur": (1.0, 1.0, 1.0, 1.0, None, None, 1)}


@pytest.mark.integration
def test_recorded_month_equals_plain_python(spark: SparkSession, shared_dir: Path, tmp_path: Path) -> None:
    text = (shared_dir / RECORDED).read_text()
    file = tmp_path / "bitcoin.usd" / "recorded.json"
    file.parent.mkdir()
    file.write_text(text)
    silver = accepted(judge_charts(read_landing(spark, BRONZE_MARKET_CHART_RANGE, file))).cache()
    recorded = json.loads(text)
    points = list(zip(*(recorded[name] for name in ("prices", "market_caps", "total_volumes")), strict=True))
    assert silver.count() == len(points) == 722
    hourly = ohlcv_hourly(silver).cache()
    for rows, bucket_name, seconds in ((hourly, "hour", HOUR), (ohlcv_daily(hourly), "day", DAY)):
        found = {row.start: row for row in _epoch_seconds(rows, bucket_name)}
        expected: dict[int, list[tuple[int, float, float, float]]] = defaultdict(list)
        for (stamp, price), (_, cap), (_, volume) in points:
            expected[stamp // 1000 // seconds * seconds].append((stamp, price, cap, volume))
        assert found.keys() == expected.keys()
        for start, bucket in expected.items():
            bucket.sort()
            prices = [price for _, price, _, _ in bucket]
            row = found[start]
            assert (row.open, row.high, row.low, row.close) == (prices[0], max(prices), min(prices), prices[-1])
            assert (row.market_cap, row.volume_24h, row.points) == (bucket[-1][2], bucket[-1][3], len(bucket))


def test_indicators_of_an_unbroken_month(spark: SparkSession) -> None:
    closes = [100.0 + 7 * math.sin(day) + day for day in range(32)]
    first = date(2021, 4, 1)
    rows = [candle((first + timedelta(days=place)).isoformat(), close) for place, close in enumerate(closes)]
    found = sorted(indicators_daily(candles(spark, *rows)).collect(), key=lambda row: row.day)
    logs = [math.log(after / before) for before, after in pairwise(closes)]
    for place, row in enumerate(found):
        assert row.log_return == (None if place == 0 else pytest.approx(logs[place - 1]))
        assert row.simple_return == (None if place == 0 else pytest.approx(closes[place] / closes[place - 1] - 1))
        for days in (7, 30):
            whole = place + 1 >= days
            mean = pytest.approx(statistics.fmean(closes[place + 1 - days : place + 1])) if whole else None
            assert row[f"moving_average_{days}d"] == mean
            spread = (
                pytest.approx(statistics.stdev(logs[place - days : place]) * math.sqrt(365)) if place >= days else None
            )
            assert row[f"volatility_{days}d"] == spread


def test_a_missing_day_makes_null_what_needs_it(spark: SparkSession) -> None:
    days = [*range(1, 11), *range(12, 20)]
    rows = [candle(f"2021-05-{day:02}", float(100 + day)) for day in days]
    found = {row.day.day: row for row in indicators_daily(candles(spark, *rows)).collect()}
    assert [day for day in days if found[day].simple_return is None] == [1, 12]
    assert [day for day in days if found[day].moving_average_7d is not None] == [7, 8, 9, 10, 18, 19]
    assert [day for day in days if found[day].volatility_7d is not None] == [8, 9, 10, 19]


def test_dominance_is_over_the_coins_seen_that_day(spark: SparkSession) -> None:
    rows = [
        candle("2021-05-01", 1.0, market_cap=60.0),
        candle("2021-05-01", 1.0, coin_id="ethereum", market_cap=30.0),
        candle("2021-05-01", 1.0, coin_id="solana", market_cap=10.0),
        candle("2021-05-01", 1.0, coin_id="unknown", market_cap=None),
        candle("2021-05-01", 1.0, vs_currency="eur", market_cap=5.0),
        candle("2021-05-02", 1.0, market_cap=0.0),
    ]
    found = {
        (row.day.day, row.vs_currency, row.coin_id): (row.share, row.total_market_cap, row.coins)
        for row in dominance(candles(spark, *rows)).collect()
    }
    assert found == {
        (1, "usd", "bitcoin"): (0.6, 100.0, 3),
        (1, "usd", "ethereum"): (0.3, 100.0, 3),
        (1, "usd", "solana"): (0.1, 100.0, 3),
        (1, "eur", "bitcoin"): (1.0, 5.0, 1),
        (2, "usd", "bitcoin"): (None, 0.0, 1),
    }


def _epoch_seconds(rows: DataFrame, bucket: str) -> list[Row]:
    """The rows with their bucket's start in seconds: Python would show a timestamp in the zone of the machine."""
    start = F.unix_seconds("hour") if bucket == "hour" else F.unix_date("day").cast("bigint") * DAY
    return rows.withColumn("start", start).collect()
