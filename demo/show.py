"""Prints the first rows of a Delta table, opened by its path: `python -m demo.show PATH`."""

import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from local_azure.spark_jars import delta_jars


def main() -> None:
    """Opens the table in a Spark of its own, which needs no running demo and changes nothing."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "_delta_log").is_dir():
        raise SystemExit("usage: python -m demo.show PATH, the folder of a Delta table (it holds _delta_log)")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory() as scratch:
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.jars", ",".join(map(str, delta_jars())))
            .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
            .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .config("spark.databricks.delta.snapshotPartitions", "2")
            .config("spark.sql.warehouse.dir", scratch)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.driver.memory", "1g")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        table = spark.read.format("delta").load(sys.argv[1])
        table.printSchema()
        table.show(20, truncate=False)
        spark.stop()


if __name__ == "__main__":
    main()
