"""Times 10,000 small JSON files into Delta through cloudFiles and through Spark's own JSON stream, in one session."""

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from pyspark.sql import DataFrame, SparkSession

from local_azure.cloud_files import install
from local_azure.spark_jars import plain_spark

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
    spark = SparkSession.builder.master("local[2]").config(map=plain_spark(home, memory="1500m")).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


@dataclass
class Timing:
    """The best of some runs; processor time is told too, because it holds on a busy machine."""

    wall: float = math.inf
    processor: float = math.inf


def processor_seconds() -> float:
    """What the JVM and its Python workers have used so far."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def run(frame: DataFrame, home: Path, timing: Timing | None = None) -> None:
    """An availableNow query into a new Delta table."""
    began, used = time.perf_counter(), processor_seconds()
    query = (
        frame.writeStream.format("delta")
        .option("checkpointLocation", str(home / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(home / "table"))
    )
    query.awaitTermination()
    if timing is not None:
        timing.wall = min(timing.wall, time.perf_counter() - began)
        timing.processor = min(timing.processor, processor_seconds() - used)


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
    write_files(warm, 60)
    schema = spark.read.json(str(warm)).schema

    def ours(path: Path, cap: int) -> DataFrame:
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema(schema)
        return reader.option("cloudFiles.maxFilesPerTrigger", cap).load(str(path))

    def theirs(path: Path, cap: int) -> DataFrame:
        return spark.readStream.schema(schema).option("maxFilesPerTrigger", cap).json(str(path))

    readers: dict[str, Callable[[Path, int], DataFrame]] = {"cloudFiles": ours, "spark json": theirs}
    timings = {name: Timing() for name in readers}
    for name, reader in readers.items():
        run(reader(warm, 10), home / f"warm {name}")
    for round_ in range(rounds):
        for name, reader in readers.items():
            run(reader(source, FILES_PER_TRIGGER), home / f"{name} {round_}", timings[name])
    tables = [spark.read.format("delta").load(str(home / f"{name} 0" / "table")) for name in readers]
    rows = [table.count() for table in tables]
    equal = rows[0] == rows[1] and tables[0].exceptAll(tables[1]).isEmpty()
    for name, timing in timings.items():
        print(f"{name:>10}: {timing.wall:7.2f} s, {timing.processor:7.2f} s of processor")  # noqa: T201  # the result
    mine, other = timings["cloudFiles"], timings["spark json"]
    print(  # noqa: T201  # the result
        f"{files} files, {rows[0]} rows, equal: {equal}; cloudFiles is {other.wall / mine.wall:.2f} times as fast "
        f"({other.processor / mine.processor:.2f} by processor time)"
    )


if __name__ == "__main__":
    main()
