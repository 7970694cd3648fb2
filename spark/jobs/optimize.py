# Databricks notebook source
# MAGIC %md
# MAGIC # Maintenance
# MAGIC `OPTIMIZE` merges small files, `VACUUM` drops files that no version of the last seven days needs. Rows stay as
# MAGIC they are, so gold has nothing to compute again.

# COMMAND ----------

import json
import os
import sys

sys.path.append(os.path.abspath(".."))

from crypto_lakehouse.schemas import TABLES

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")

catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

report = {}
for table in TABLES:
    name = table.qualified(catalog)
    if spark.catalog.tableExists(name):
        metrics = spark.sql(f"OPTIMIZE {name}").collect()[0].metrics
        spark.sql(f"VACUUM {name}")
        report[table.path] = {"files_removed": metrics.numFilesRemoved, "files_added": metrics.numFilesAdded}

# COMMAND ----------

dbutils.notebook.exit(json.dumps(report))
