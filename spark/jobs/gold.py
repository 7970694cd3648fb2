# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: candles, indicators, dominance
# MAGIC Computes again from the earliest UTC day that silver has changed since the last run, and writes a table only
# MAGIC where its rows differ: unchanged input makes no new table version.

# COMMAND ----------

import json
import os
import sys

sys.path.append(os.path.abspath(".."))

from crypto_lakehouse import reports, tables
from crypto_lakehouse.history import newest_change, newest_commit
from crypto_lakehouse.schemas import GOLD, OBSERVATIONS

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")

catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

spark.conf.set("spark.sql.session.timeZone", "UTC")
tables.create_missing(spark, catalog, [OBSERVATIONS, *GOLD])
silver = newest_commit(spark, catalog, OBSERVATIONS)
before = {table: newest_change(spark, catalog, table) for table in GOLD}
start = tables.stale_since(spark, catalog, list(before.values()), silver)

# COMMAND ----------

written = tables.write_gold(spark, catalog, start, silver) if start is not None else {}

# COMMAND ----------

report = reports.gold_report(spark, catalog, before=before, start=start, written=written)
print(f"gold: {report['message']}")
dbutils.notebook.exit(json.dumps(report))
