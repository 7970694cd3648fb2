"""A driver of its own for crash tests: streams a folder into a Delta table, from JSON arguments, until it is killed."""

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from local_azure.cloud_files import install
from local_azure.spark_jars import QUICK_START, plain_spark


def stream(spark: SparkSession, source: str, checkpoint: str, table: str) -> None:
    """Two files a batch, as a notebook would write it."""
    query = (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.maxFilesPerTrigger", 2)
        .schema("n BIGINT, payload STRING")
        .load(source)
        .selectExpr("*", "_metadata.file_name AS file")
        .writeStream.format("delta")
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start(table)
    )
    query.awaitTermination()


def main() -> None:
    arguments = json.loads(sys.argv[1])
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = plain_spark(Path(arguments["home"]), memory="700m", java_options=QUICK_START)
    spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    install(spark)
    stream(spark, arguments["source"], arguments["checkpoint"], arguments["table"])


if __name__ == "__main__":
    main()
