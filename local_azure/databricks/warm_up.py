"""A small Delta workload that makes the JVM compile what the first run of a user needs."""

import shutil
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.functions import avg, col, to_date


def run(spark: SparkSession, scratch: Path, *, cloud_files: bool) -> None:
    """Write, merge, read and stream Delta tables by path: nothing is left in the metastore."""
    folder = scratch / "warm-up"
    shutil.rmtree(folder, ignore_errors=True)
    table, source, checkpoint = str(folder / "table"), folder / "source", str(folder / "checkpoint")
    source.mkdir(parents=True)
    (source / "1.json").write_text('{"id": 1, "price": 2.5, "at": "2021-05-01T00:00:00Z"}\n')
    rows = spark.read.schema("id INT, price DOUBLE, at TIMESTAMP").json(str(source))
    rows.write.format("delta").save(table)
    target = DeltaTable.forPath(spark, table)
    merge = target.alias("t").merge(rows.withColumn("id", col("id") + 1).alias("s"), "t.id = s.id")
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    stream = spark.readStream.schema("id INT, price DOUBLE, at TIMESTAMP").json(str(source))
    query = stream.writeStream.format("delta").option("checkpointLocation", checkpoint).trigger(availableNow=True)
    query.start(str(folder / "copy")).awaitTermination()
    if cloud_files:
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        reader = reader.option("cloudFiles.schemaLocation", f"{checkpoint}-2")
        query = reader.load(str(source)).writeStream.format("delta").option("checkpointLocation", f"{checkpoint}-2")
        query.trigger(availableNow=True).start(str(folder / "files")).awaitTermination()
    daily = spark.read.format("delta").load(table).groupBy(to_date("at")).agg(avg("price"))
    daily.collect()
    shutil.rmtree(folder, ignore_errors=True)
