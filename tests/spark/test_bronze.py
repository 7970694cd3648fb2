"""The bronze notebook on the local cloudFiles: files once, nothing new, nothing landed, corrupt files, a new column."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession

from crypto_lakehouse.schemas import BRONZE_COINS_MARKETS, BRONZE_MARKET_CHART_RANGE
from local_azure import cloud_files
from tests.spark.notebook import CATALOG, drop_lakehouse, run_notebook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

MARKET = {"id": "bitcoin", "symbol": "btc", "current_price": 49053, "market_cap": 9.1e11, "total_volume": None}


@pytest.fixture
def autoloader(spark: SparkSession) -> Iterator[SparkSession]:
    drop_lakehouse(spark)
    cloud_files.install(spark)
    yield spark
    drop_lakehouse(spark)


def land(root: Path, dataset: str, folder: str, name: str, text: str) -> None:
    path = root / "landing" / dataset / "ingest_date=2021-05-16" / folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run_bronze(spark: SparkSession, root: Path, dataset: str) -> dict[str, object]:
    return run_notebook(
        spark, "bronze", dataset=dataset, landing_url=str(root / "landing"), checkpoint_root=str(root / "checkpoints")
    )


def test_markets_land_once_and_a_new_column_after_one_retry(autoloader: SparkSession, tmp_path: Path) -> None:
    spark = autoloader
    nothing = run_bronze(spark, tmp_path, "coins_markets")
    assert (nothing["files"], nothing["message"]) == (
        0,
        "nothing has landed yet, so there is nothing to ingest: 0 files",
    )

    land(
        tmp_path,
        "coins_markets",
        "page-0001.usd",
        "one",
        json.dumps([MARKET, MARKET | {"current_price": "much"}], indent=1),
    )
    land(tmp_path, "coins_markets", "page-0002.usd", "one", '{"status": {"error_code": 429}}')
    land(tmp_path, "coins_markets", "page-0003.usd", "one", '[{"id": "bitc')
    first = run_bronze(spark, tmp_path, "coins_markets")
    assert (first["rows"], first["files"], first["new_columns"]) == (4, 3, [])
    rows = spark.table(BRONZE_COINS_MARKETS.qualified(CATALOG)).collect()
    assert set(rows[0].asDict()) == set(BRONZE_COINS_MARKETS.column_names)
    good, odd = sorted((row for row in rows if row.id), key=lambda row: row.current_price is None)
    assert (good.current_price, good.market_cap, good._rescued_data) == (49053.0, 9.1e11, None)
    assert json.loads(odd._rescued_data)["current_price"] == "much"
    assert good._source_file.endswith("/coins_markets/ingest_date=2021-05-16/page-0001.usd/one.json")
    assert good._file_modified_at <= good._ingested_at
    assert [json.loads(row.status) for row in rows if row.status] == [{"error_code": 429}]
    assert [row._corrupt_record for row in rows if row._corrupt_record] == ['[{"id": "bitc']

    again = run_bronze(spark, tmp_path, "coins_markets")
    assert (again["message"], again["versions"]) == (
        "nothing new: 0 files",
        {"bronze.coins_markets": {"before": 1, "after": 1}},
    )

    land(tmp_path, "coins_markets", "page-0001.usd", "two", json.dumps([MARKET | {"brand_new": 1}]))
    with pytest.raises(StreamingQueryException, match="brand_new"):
        run_bronze(spark, tmp_path, "coins_markets")
    retried = run_bronze(spark, tmp_path, "coins_markets")
    assert (retried["rows"], retried["files"], retried["new_columns"]) == (1, 1, ["brand_new"])
    silver = run_notebook(spark, "silver", checkpoint_root=str(tmp_path / "checkpoints"))
    assert silver["quarantined"] == {"BAD_TIMESTAMP": 2, "CORRUPT_JSON": 1, "ERROR_BODY": 1, "RESCUED_TYPE_MISMATCH": 1}


def test_charts_land_as_arrays_of_doubles(autoloader: SparkSession, tmp_path: Path) -> None:
    body = {"prices": [[1621066793712, 48460], [1621067085626, 1.5e-9]], "market_caps": [[1621066793712, None]]}
    land(tmp_path, "market_chart_range", "bitcoin.usd", "run.1-2", json.dumps(body | {"total_volumes": []}))
    assert run_bronze(autoloader, tmp_path, "market_chart_range")["rows"] == 1
    row = autoloader.table(BRONZE_MARKET_CHART_RANGE.qualified(CATALOG)).collect()[0]
    assert row.prices == [[1621066793712.0, 48460.0], [1621067085626.0, 1.5e-9]]
    assert (row.market_caps, row.total_volumes) == ([[1621066793712.0, None]], [])
