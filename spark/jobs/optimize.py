# Databricks notebook source
# MAGIC %md
# MAGIC # Maintenance
# MAGIC `OPTIMIZE` merges small files, `VACUUM` drops files that no version of the last seven days needs.

# COMMAND ----------

import json

dbutils.widgets.text("catalog", "crypto")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

removed = {}
for schema in ("bronze", "silver", "gold"):
    if not spark.catalog.databaseExists(f"{catalog}.{schema}"):
        continue
    for table in spark.sql(f"SHOW TABLES IN {catalog}.{schema}").collect():
        name = f"{catalog}.{schema}.{table.tableName}"
        metrics = spark.sql(f"OPTIMIZE {name}").first().metrics
        spark.sql(f"VACUUM {name}")
        removed[name] = {"files_removed": metrics.numFilesRemoved, "files_added": metrics.numFilesAdded}

# COMMAND ----------

dbutils.notebook.exit(json.dumps(removed))
