"""Times 10,000 small JSON files into Delta through cloudFiles and through Spark's own JSON stream, in one session."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from local_azure.cloud_files import install
from local_azure.spark_jars import delta_jars

FILES_PER_TRIGGER = 1000


def write_files(folder: Path, count: int, *, first: int = 0) -> None:
    """Price snapshots, five coins a file, one JSON object a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        rows = [
            {
                "id": coin,
                "symbol": coin[:3],
                "current_price": 1000.5 + number + place,
                "market_cap": 10**9 + number,
                "total_volume": number * 1.25,
                "last_updated": "2021-05-01T00:00:00.000Z",
                "roi": {"times": 1.5, "currency": "btc", "percentage": number / 7},
            }
            for place, coin in enumerate(("bitcoin", "ethereum", "tether", "solana", "cardano"))
        ]
        (folder / f"{number:06d}.json").write_text("\n".join(map(json.dumps, rows)))


@contextmanager
def session(home: Path) -> Iterator[SparkSession]:
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", ",".join(map(str, delta_jars())))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.databricks.delta.snapshotPartitions", "2")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(home / "warehouse"))
        .config("spark.driver.memory", "1500m")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={home}")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def run(frame: DataFrame, home: Path) -> float:
    """Seconds from start to end of an availableNow query into a new Delta table."""
    began = time.perf_counter()
    query = (
        frame.writeStream.format("delta")
        .option("checkpointLocation", str(home / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(home / "table"))
    )
    query.awaitTermination()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bench-cloud-files-"))
    try:
        with session(home) as spark:
            compare(spark, home, arguments.files, arguments.rounds)
    finally:
        shutil.rmtree(home)


def compare(spark: SparkSession, home: Path, files: int, rounds: int) -> None:
    install(spark)
    source, warm = home / "source", home / "warm"
    write_files(source, files)
    write_files(warm, 50)
    schema = spark.read.json(str(warm)).schema

    def ours(path: Path) -> DataFrame:
        return (
            spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "json")
            .option("cloudFiles.maxFilesPerTrigger", FILES_PER_TRIGGER)
            .schema(schema)
            .load(str(path))
        )

    def theirs(path: Path) -> DataFrame:
        return spark.readStream.schema(schema).option("maxFilesPerTrigger", FILES_PER_TRIGGER).json(str(path))

    readers: dict[str, Callable[[Path], DataFrame]] = {"cloudFiles": ours, "spark json": theirs}
    seconds: dict[str, float] = {}
    for name, reader in readers.items():
        run(reader(warm), home / f"warm {name}")
        seconds[name] = min(run(reader(source), home / f"{name} {i}") for i in range(rounds))
    tables = [spark.read.format("delta").load(str(home / f"{name} 0" / "table")) for name in readers]
    rows = [table.count() for table in tables]
    equal = rows[0] == rows[1] and tables[0].exceptAll(tables[1]).isEmpty()
    for name, took in seconds.items():
        print(f"{name:>10}: {took:6.2f} s")  # noqa: T201  # a benchmark's result is its output
    ratio = seconds["spark json"] / seconds["cloudFiles"]
    print(f"{files} files, {rows[0]} rows, equal: {equal}, ratio {ratio:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
