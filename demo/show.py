"""Prints the first rows of a Delta table, opened by its path: `python -m demo.show PATH`."""

import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from local_azure.spark_jars import QUICK_START, plain_spark


def main() -> None:
    """Opens the table in a Spark of its own, which needs no running demo and changes nothing."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "_delta_log").is_dir():
        raise SystemExit("usage: python -m demo.show PATH, the folder of a Delta table (it holds _delta_log)")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory() as scratch:
        settings = plain_spark(Path(scratch), memory="1g", java_options=QUICK_START)
        spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        table = spark.read.format("delta").load(sys.argv[1])
        table.printSchema()
        table.show(20, truncate=False)
        spark.stop()


if __name__ == "__main__":
    main()
