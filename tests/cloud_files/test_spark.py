"""cloudFiles in a real Spark session with Delta: the notebook's text, unchanged."""

import json
import os
import stat
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, current_timestamp, expr

from local_azure.cloud_files import CloudFilesError, CloudFilesWarning, UnknownFieldException, install
from local_azure.cloud_files.driver import FOLDER_PREFIX, _Process
from local_azure.storage import BlobAccount, StorageMap

pytestmark = pytest.mark.integration

KEY = "c2VjcmV0LWtleS1vZi1sYWtl"


class Lake:
    """A source folder, a checkpoint and a Delta table of one test."""

    def __init__(self, spark: SparkSession, home: Path) -> None:
        self.spark = spark
        self.home = home
        self.source = home / "src"
        self.source.mkdir()
        self.table = f"t_{home.name}".replace("-", "_")

    def put(self, name: str, content: Any) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def read(self, **options: Any) -> DataFrame:
        return (
            self.spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "json")
            .option("cloudFiles.schemaLocation", str(self.home / "cp"))
            .option("cloudFiles.inferColumnTypes", True)
            .options(**options)
            .load(str(self.source))
        )

    def write(self, frame: DataFrame) -> None:
        query = (
            frame.writeStream.option("checkpointLocation", str(self.home / "cp"))
            .option("mergeSchema", "true")
            .trigger(availableNow=True)
            .toTable(self.table)
        )
        query.awaitTermination()

    def rows(self, columns: str = "*", order: str = "n") -> list[tuple[Any, ...]]:
        frame = self.spark.table(self.table).selectExpr(*columns.split(";")).orderBy(expr(order))
        return [tuple(row) for row in frame.collect()]


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    before = spark.conf.get("spark.sql.sources.default")
    spark.conf.set("spark.sql.sources.default", "delta")  # as on Databricks
    install(spark)
    lake = Lake(spark, tmp_path)
    yield lake
    spark.sql(f"DROP TABLE IF EXISTS {lake.table}")
    spark.conf.set("spark.sql.sources.default", str(before))


def test_the_bronze_idiom_through_a_new_column(lake: Lake) -> None:
    lake.put("day=2021-05-01/1.json", {"n": 1, "price": 1})
    lake.put("day=2021-05-01/2.json", {"n": 2, "price": 2.5})

    def bronze() -> DataFrame:
        frame = lake.read(**{"cloudFiles.schemaHints": "price DOUBLE, seen TIMESTAMP"})
        return frame.withColumn("_ingested_at", current_timestamp()).selectExpr(
            "*", "_metadata.file_path as _source_file"
        )

    assert bronze().columns == [
        "n", "price", "seen", "day", "_rescued_data", "_ingested_at", "_source_file"
    ]  # fmt: skip
    lake.write(bronze())
    lake.put("day=2021-05-02/3.json", {"n": "x", "price": 3, "extra": True})
    with pytest.raises(UnknownFieldException) as error:
        lake.write(bronze())
    assert str(error.value).startswith(
        "[UNKNOWN_FIELD_EXCEPTION.NEW_FIELDS_IN_RECORD_WITH_FILE_PATH] Encountered unknown fields during parsing: "
        f"extra, which can be fixed by an automatic retry: true\nUnknown fields inside file path: "
        f"file:{lake.source}/day=2021-05-02/3.json\n"
    )
    lake.write(bronze())
    lake.write(bronze())
    rescued = json.dumps({"n": "x", "_file_path": f"file:{lake.source}/day=2021-05-02/3.json"}, separators=(",", ":"))
    assert lake.rows("price;string(day);extra;_rescued_data;_source_file like 'file:/%.json'", "price") == [
        (1.0, "2021-05-01", None, None, True),
        (2.5, "2021-05-01", None, None, True),
        (3.0, "2021-05-02", True, rescued, True),
    ]
    assert lake.spark.table(lake.table).columns[-1] == "extra"
    state = lake.spark.sql(f"SELECT * FROM cloud_files_state('{lake.home}/cp')")
    assert [row.path for row in state.orderBy("path").collect()] == [
        "day=2021-05-01/1.json", "day=2021-05-01/2.json", "day=2021-05-02/3.json"
    ]  # fmt: skip


def test_metadata_is_hidden_and_equal_to_that_of_sparks_own_source(lake: Lake) -> None:
    lake.put("a b/é+%.json", {"n": 1})
    frame = lake.read()
    assert frame.columns == frame.select("*").columns == ["n", "_rescued_data"]
    later = frame.withColumn("m", col("n") + 1).withColumn("k", col("_metadata.file_name"))
    assert later.columns == ["n", "_rescued_data", "m", "k"]
    lake.write(later.select("*", "_metadata"))
    (ours,) = lake.rows("_metadata")
    plain = lake.spark.read.option("recursiveFileLookup", "true").schema("n bigint").json(str(lake.source))
    (theirs,) = [tuple(row) for row in plain.select("_metadata").collect()]
    assert ours[0].asDict() == theirs[0].asDict()


def test_metadata_survives_filters_aliases_and_is_gone_where_spark_says_so(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    frame = lake.read()
    assert frame.where("_metadata.file_size > 0").columns == ["n", "_rescued_data"]
    assert frame.filter(col("_metadata.file_name") == "1.json").select("n", "_metadata.file_size").columns == [
        "n", "file_size"
    ]  # fmt: skip


def test_a_column_of_the_data_named_metadata_wins(lake: Lake) -> None:
    lake.put("1.json", {"n": 1, "_metadata": "mine"})
    lake.write(lake.read())
    assert lake.rows("_metadata") == [("mine",)]


def test_foreach_batch_and_processing_time(lake: Lake) -> None:
    for n in range(3):
        lake.put(f"{n}.json", {"n": n})
    seen: list[list[int]] = []

    def take(batch: DataFrame, _: int) -> None:
        seen.append(sorted(row.n for row in batch.collect()))

    query = (
        lake.read(**{"cloudFiles.maxFilesPerTrigger": 2})
        .writeStream.option("checkpointLocation", str(lake.home / "cp"))
        .trigger(processingTime="100 milliseconds")
        .foreachBatch(take)
        .start()
    )
    try:
        query.processAllAvailable()
        lake.put("9.json", {"n": 9})
        query.processAllAvailable()
    finally:
        query.stop()
    assert sorted(n for batch in seen for n in batch) == [0, 1, 2, 9]
    assert max(map(len, seen)) == 2


def test_two_queries_on_one_schema_location_are_told_apart(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    frame = lake.read()
    lake.write(frame)
    with pytest.raises(CloudFilesError, match=r"schemaLocation .*/cp belongs to the stream with checkpoint .*/cp;"):
        frame.writeStream.option("checkpointLocation", str(lake.home / "other")).toTable(lake.table)


def test_one_frame_may_feed_two_queries(lake: Lake) -> None:
    """Each query has a checkpoint of its own, so each reads every file; the schema is given, not inferred."""
    for n in range(3):
        lake.put(f"{n}.json", {"n": n})
    frame = lake.spark.readStream.load(str(lake.source), "cloudFiles", "n BIGINT", **{"cloudFiles.format": "json"})
    queries = [
        frame.writeStream.format("memory").queryName(f"{lake.table}_{i}").trigger(availableNow=True).start()
        for i in range(2)
    ]
    for query in queries:
        query.awaitTermination()
    for i in range(2):
        assert lake.spark.table(f"{lake.table}_{i}").count() == 3


def test_a_union_of_two_sources_keeps_their_files_apart(lake: Lake) -> None:
    lake.put("a/1.json", {"n": 1})
    lake.put("b/2.json", {"n": 2})
    reader = {"cloudFiles.format": "json"}
    a, b = (
        lake.spark.readStream.format("cloudFiles").options(**reader).schema("n BIGINT").load(f"{lake.source}/{name}")
        for name in "ab"
    )
    lake.write(a.union(b))
    lake.put("b/3.json", {"n": 3})
    lake.write(a.union(b))
    assert lake.rows() == [(1,), (2,), (3,)]


def test_a_malformed_file_is_neither_lost_nor_fatal(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    lake.put("2.json", '{"n": ')
    lake.write(lake.read(**{"cloudFiles.schemaHints": "_corrupt_record STRING", "multiLine": True}))
    assert lake.rows("n;_corrupt_record", "n IS NULL") == [(1, None), (None, '{"n": ')]


def test_binary_files(lake: Lake) -> None:
    lake.put("x/1.bin", "hello")
    frame = lake.spark.readStream.format("cloudFiles").option("cloudFiles.format", "binaryFile").load(str(lake.source))
    lake.write(frame)
    assert lake.rows("path like '%/x/1.bin';length;string(content)", "length") == [(True, 5, "hello")]


def test_errors_of_a_running_stream_are_one_line(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    lake.put("2.json", "{")
    frame = lake.read(mode="FAILFAST")
    with pytest.raises(Exception, match=r"^\[MALFORMED_RECORD_IN_PARSING\] file:/.*/2\.json holds") as error:
        lake.write(frame)
    assert "\n" not in str(error.value)


def test_a_batch_read_is_refused(lake: Lake) -> None:
    with pytest.raises(Exception, match=r"format cloudFiles is a streaming source: use spark\.readStream"):
        lake.spark.read.format("cloudFiles").schema("n BIGINT").load(str(lake.source)).collect()


def test_other_formats_are_untouched(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    frame = lake.spark.readStream.schema("n BIGINT").json(str(lake.source))
    query = frame.writeStream.format("memory").queryName(f"{lake.table}_plain").trigger(availableNow=True).start()
    query.awaitTermination()
    assert lake.spark.table(f"{lake.table}_plain").count() == 1


def test_keys_and_secrets_stay_out_of_plans_and_checkpoints(lake: Lake) -> None:
    account = BlobAccount("lake", "http://127.0.0.1:9/lake", KEY)
    install(lake.spark, StorageMap((account,)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CloudFilesWarning)
        frame = (
            lake.spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "json")
            .option("cloudFiles.clientSecret", "hush-secret")
            .option("cloudFiles.connectionString", "hush-string")
            .option("cloudFiles.partitionColumns", "")
            .schema("n BIGINT")
            .load("abfss://landing@lake.dfs.core.windows.net/x")
        )
    plan = frame._jdf.queryExecution().toString() + str(frame._jdf.queryExecution().analyzed().toJSON())
    assert KEY not in plan
    assert "hush" not in plan
    assert _Process.installation is not None
    stored = _Process.installation.storage_file
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700


def test_a_new_session_of_this_process_can_read_too(lake: Lake) -> None:
    lake.put("1.json", {"n": 1})
    other = lake.spark.newSession()
    install(other)
    frame = other.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema("n BIGINT")
    assert frame.load(str(lake.source)).columns == ["n"]


def test_folders_of_killed_processes_are_removed(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / f"{FOLDER_PREFIX}{int(child.stdout)}-x"
    alive = tmp_path / f"{FOLDER_PREFIX}{os.getpid()}-x"
    for folder in (dead, alive):
        folder.mkdir()
    monkeypatch.setattr(_Process, "installation", None)
    install(lake.spark)
    assert not dead.exists()
    assert alive.exists()
