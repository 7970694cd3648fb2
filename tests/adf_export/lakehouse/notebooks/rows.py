# Databricks notebook source
# MAGIC %md
# MAGIC # Every row of the lakehouse, but for the columns that tell of the ingestion
# MAGIC Exits with a JSON object: table to its rows, each the JSON text of its columns, sorted.

# COMMAND ----------

# ruff: noqa: F821, N812 - a notebook is given dbutils and spark, and F is the name that every Spark reader knows
# mypy: ignore-errors
import json

from pyspark.sql import functions as F

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")
dbutils.widgets.text("ingestion_columns", "[]")

catalog = dbutils.widgets.get("catalog")
ingestion_columns = json.loads(dbutils.widgets.get("ingestion_columns"))
spark.conf.set("spark.sql.session.timeZone", "UTC")


def rows(name):
    table = spark.table(f"{catalog}.{name}").drop(*ingestion_columns)
    text = F.to_json(F.struct(*sorted(table.columns)), {"ignoreNullFields": "false"})
    return sorted(row["row"] for row in table.select(text.alias("row")).collect())


found = {}
for layer in ("bronze", "silver", "gold"):
    for row in spark.sql(f"SHOW TABLES IN {catalog}.{layer}").collect():
        if not row["isTemporary"]:
            found[f"{layer}.{row['tableName']}"] = rows(f"{layer}.{row['tableName']}")

# COMMAND ----------

dbutils.notebook.exit(json.dumps(found))
