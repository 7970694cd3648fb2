"""The notebooks one after the other on real Delta tables: counts, second runs, repainting, refusals, the gate."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse import tables
from crypto_lakehouse.errors import LakehouseError
from crypto_lakehouse.schemas import (
    BRONZE_COINS_MARKETS,
    BRONZE_MARKET_CHART_RANGE,
    GOLD,
    OBSERVATIONS,
    OHLCV_DAILY,
    QUARANTINE,
    TABLES,
    Table,
)
from tests.spark.notebook import CATALOG, append_bronze, drop_lakehouse, run_notebook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

HOUR = 3_600_000
START = 1621036800000  # 2021-05-15T00:00:00Z
Land = Callable[..., Path]


@pytest.fixture
def lakehouse(spark: SparkSession) -> Iterator[SparkSession]:
    drop_lakehouse(spark)
    tables.create_missing(spark, CATALOG, [BRONZE_COINS_MARKETS, BRONZE_MARKET_CHART_RANGE])
    yield spark
    drop_lakehouse(spark)


@pytest.fixture
def land(tmp_path: Path) -> Land:
    def write(dataset: str, folder: str, run: str, body: object) -> Path:
        path = tmp_path / "landing" / dataset / "ingest_date=2021-05-16" / folder / f"{run}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body if isinstance(body, str) else json.dumps(body))
        return path

    return write


def chart(prices: Sequence[float | None], first_hour: int = 0) -> dict[str, list[list[float | None]]]:
    """A chart with one point an hour, its market capitalisation a hundred times the price."""
    stamps = [START + HOUR * (first_hour + place) for place in range(len(prices))]
    points = list(zip(stamps, prices, strict=True))
    return {
        "prices": [[stamp, price] for stamp, price in points],
        "market_caps": [[stamp, price and price * 100] for stamp, price in points],
        "total_volumes": [[stamp, 7] for stamp, _ in points],
    }


def content(spark: SparkSession, table: Table) -> list[str]:
    return sorted(map(str, spark.table(table.qualified(CATALOG)).collect()))


def test_two_days_run_twice_then_repainted(lakehouse: SparkSession, land: Land, tmp_path: Path) -> None:
    spark, checkpoint = lakehouse, str(tmp_path / "checkpoints")
    market = {"id": "ethereum", "symbol": "eth", "current_price": 4, "market_cap": None, "total_volume": 1e3}
    good = market | {"last_updated": "2021-05-16T01:00:00.123Z"}
    append_bronze(
        spark,
        BRONZE_MARKET_CHART_RANGE,
        land("market_chart_range", "bitcoin.usd", "one", chart([1.5, 2, None, *[5.0] * 25])),
        land("market_chart_range", "solana.usd", "one", {"status": {"error_code": 429}}),
    )
    append_bronze(
        spark,
        BRONZE_COINS_MARKETS,
        land("coins_markets", "page-0001.usd", "one", [good, market | {"id": "cut"}]),
        land("coins_markets", "page-0002.usd", "one", '[{"id": "bitc'),
    )

    first = run_notebook(spark, "silver", checkpoint_root=checkpoint)
    assert (first["rows"], first["inserted"], first["updated"], first["files"]) == (28, 28, 0, 4)
    assert first["quarantined"] == {"BAD_TIMESTAMP": 1, "CORRUPT_JSON": 1, "ERROR_BODY": 1, "NULL_PRICE": 1}
    assert first["versions"]["silver.observations"] == {"before": 0, "after": 1}

    again = run_notebook(spark, "silver", checkpoint_root=checkpoint)
    assert again["message"] == "nothing new: 0 files"
    assert again["versions"]["silver.observations"] == {"before": 1, "after": 1}

    gold = run_notebook(spark, "gold")
    assert gold["computed_from"] == "the beginning"
    assert gold["rows_by_table"] == {
        "gold.indicators_daily": 3,
        "gold.dominance": 2,
        "gold.ohlcv_hourly": 28,
        "gold.ohlcv_daily": 3,
    }
    gold_again = run_notebook(spark, "gold")
    assert (gold_again["message"], gold_again["rows"]) == ("nothing new", 0)
    assert all(version["before"] == version["after"] for version in gold_again["versions"].values())

    # The second day is read again: the same moments with other values, and two new ones.
    append_bronze(
        spark, BRONZE_MARKET_CHART_RANGE, land("market_chart_range", "bitcoin.usd", "two", chart([6.0] * 6, 24))
    )
    repaint = run_notebook(spark, "silver", checkpoint_root=checkpoint)
    assert (repaint["inserted"], repaint["updated"], repaint["quarantined"]) == (2, 4, {})
    bitcoin = spark.table(OBSERVATIONS.qualified(CATALOG)).where("coin_id = 'bitcoin'")
    counted = bitcoin.agg(F.count("*"), F.count_distinct("observed_at")).collect()[0]
    assert tuple(counted) == (29, 29)
    assert run_notebook(spark, "gold")["computed_from"] == "2021-05-16"
    days = spark.table(OHLCV_DAILY.qualified(CATALOG)).where("coin_id = 'bitcoin'").orderBy("day").collect()
    assert [(row.open, row.high, row.low, row.close, row.points) for row in days] == [
        (1.5, 5.0, 1.5, 5.0, 23),
        (6.0, 6.0, 6.0, 6.0, 6),
    ]

    # What was computed step by step is what a computation of everything gives.
    stepwise = {table: content(spark, table) for table in GOLD}
    for table in GOLD:
        spark.sql(f"DROP TABLE {table.qualified(CATALOG)}")
    assert run_notebook(spark, "gold")["computed_from"] == "the beginning"
    assert {table: content(spark, table) for table in GOLD} == stepwise

    # A lost checkpoint reads everything again and changes nothing; maintenance changes no row.
    before = {table: content(spark, table) for table in (OBSERVATIONS, QUARANTINE)}
    shutil.rmtree(checkpoint)
    replay = run_notebook(spark, "silver", checkpoint_root=checkpoint)
    assert (replay["inserted"], replay["updated"]) == (0, 0)
    assert {table: content(spark, table) for table in (OBSERVATIONS, QUARANTINE)} == before
    assert set(run_notebook(spark, "optimize")) == {table.path for table in TABLES}
    assert run_notebook(spark, "gold")["message"] == "nothing new"

    with pytest.raises(LakehouseError) as failure:
        run_notebook(spark, "quality", mode="fail")
    assert str(failure.value).startswith("2 of 10 expectations do not hold:\n- freshness_hours on silver.observations")
    warned = run_notebook(spark, "quality", mode="warn")
    assert [e["name"] for e in warned["expectations"] if not e["held"]] == ["freshness_hours", "quarantine_ratio"]
    bounds = '{"freshness_hours": false, "quarantine_ratio": 0.2}'
    assert run_notebook(spark, "quality", mode="fail", expectations=bounds)["passed"] is True


def test_empty_tables_say_nothing_new_and_fail_the_gate(lakehouse: SparkSession, tmp_path: Path) -> None:
    silver = run_notebook(lakehouse, "silver", checkpoint_root=str(tmp_path))
    assert silver["message"] == "nothing new: 0 files"
    assert run_notebook(lakehouse, "gold")["rows"] == 0
    with pytest.raises(LakehouseError, match=r"observations_present on silver\.observations"):
        run_notebook(lakehouse, "quality", mode="fail")


def test_a_missing_folder_widget_is_named(lakehouse: SparkSession) -> None:
    with pytest.raises(LakehouseError, match="widget checkpoint_root is empty"):
        run_notebook(lakehouse, "silver")
    with pytest.raises(LakehouseError, match="widget landing_url is empty"):
        run_notebook(lakehouse, "bronze")
    with pytest.raises(LakehouseError, match="widget dataset is 'coins'; expected coins_markets or market_chart_range"):
        run_notebook(lakehouse, "bronze", dataset="coins")
