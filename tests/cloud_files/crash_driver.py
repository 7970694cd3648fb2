"""A driver of its own for crash tests: streams a folder into a Delta table, from JSON arguments, until it is killed."""

import json
import os
import sys

from pyspark.sql import SparkSession

from local_azure.cloud_files import install
from local_azure.spark_jars import delta_jars

# The process lives for seconds: code that is compiled well comes too late.
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


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
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(map(str, delta_jars())))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", arguments["home"] + "/warehouse")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "700m")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.extraJavaOptions", f"{QUICK} -Dderby.system.home={arguments['home']}")
        .getOrCreate()
    )
    install(spark)
    stream(spark, arguments["source"], arguments["checkpoint"], arguments["table"])


if __name__ == "__main__":
    main()
