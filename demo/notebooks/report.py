# Databricks notebook source
# MAGIC %md
# MAGIC # What the lakehouse holds
# MAGIC Rows and versions of every table, what was refused and why, and the last prices: for the end of the demo.

# COMMAND ----------

# ruff: noqa: F821, N812 - a notebook is given dbutils and spark, and F is the name that every Spark reader knows
# mypy: ignore-errors
import json

from delta.tables import DeltaTable
from pyspark.sql import functions as F

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")
dbutils.widgets.text("coins", "")
dbutils.widgets.text("points", "72")

catalog = dbutils.widgets.get("catalog")
coins = [coin for coin in dbutils.widgets.get("coins").split(",") if coin]
points = int(dbutils.widgets.get("points"))
spark.conf.set("spark.sql.session.timeZone", "UTC")

# COMMAND ----------

names = [
    f"{layer}.{row['tableName']}"
    for layer in ("bronze", "silver", "gold")
    for row in spark.sql(f"SHOW TABLES IN {catalog}.{layer}").collect()
    if not row["isTemporary"]
]


def describe(name):
    delta = DeltaTable.forName(spark, f"{catalog}.{name}")
    place = delta.detail().select("location", "numFiles", "sizeInBytes").first()
    return {
        "table": name,
        "version": delta.history(1).first()["version"],
        "path": place["location"].removeprefix("file:"),
        "files": place["numFiles"],
        "bytes": place["sizeInBytes"],
    }


tables = [describe(name) for name in names]
counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS rows FROM {catalog}.{name}" for name in names)
rows = {row["name"]: row["rows"] for row in spark.sql(counts).collect()}
tables = [{**table, "rows": rows[table["table"]]} for table in tables]

# COMMAND ----------

quarantined = [
    row.asDict()
    for row in spark.table(f"{catalog}.silver.quarantine")
    .groupBy("reason_code")
    .agg(F.count("*").alias("rows"), F.max("source_file").alias("example"))
    .orderBy(F.desc("rows"))
    .collect()
]

# COMMAND ----------

# The run's name opens the file's name and tells the market: recorded, live or simulated with its seed.
observations = spark.table(f"{catalog}.silver.observations").withColumn(
    "market", F.regexp_extract("source_file", r"/(recorded|live|simulated-seed-?\d+)[^/]*$", 1)
)
last = (
    observations.where(F.col("coin_id").isin(coins))
    .groupBy("coin_id", "vs_currency", "market")
    .agg(
        F.max_by("price", "observed_at").alias("last_price"),
        F.date_format(F.max("observed_at"), "yyyy-MM-dd HH:mm").alias("last_at"),
        F.date_format(F.min("observed_at"), "yyyy-MM-dd HH:mm").alias("first_at"),
        F.count("*").alias("observations"),
        F.array_sort(F.collect_list(F.struct("observed_at", "price"))).alias("series"),
    )
    .collect()
)


def thin(series):
    """At most `points` prices, evenly spread, the newest one always among them."""
    prices = [point["price"] for point in series]
    step = max(1, -(-len(prices) // points))
    return prices[::-1][::step][::-1]


charts = [
    {**{name: row[name] for name in row.asDict() if name != "series"}, "prices": thin(row["series"])} for row in last
]

# COMMAND ----------

newest = spark.table(f"{catalog}.gold.dominance")
day = newest.agg(F.max("day")).first()[0]
dominance = [
    {"coin_id": row["coin_id"], "vs_currency": row["vs_currency"], "share": row["share"]}
    for row in newest.where(F.col("day") == F.lit(day)).orderBy(F.desc("share")).limit(5).collect()
]

# COMMAND ----------

dbutils.notebook.exit(
    json.dumps(
        {
            "tables": tables,
            "quarantined": quarantined,
            "charts": charts,
            "dominance": {"day": str(day), "coins": dominance},
        }
    )
)
