# Databricks notebook source
# MAGIC %md
# MAGIC # Silver: one trusted row for each coin, currency and moment
# MAGIC Reads what bronze has got since the last run, refuses what cannot be trusted into `silver.quarantine` with a
# MAGIC reason code, and merges the rest into `silver.observations`. The newest answer wins, so reading days again
# MAGIC repaints them.

# COMMAND ----------

import json
import os
import sys

sys.path.append(os.path.abspath(".."))

from crypto_lakehouse import ingest, reports, tables
from crypto_lakehouse.history import newest_commit
from crypto_lakehouse.schemas import BRONZE, OBSERVATIONS, QUARANTINE

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")
dbutils.widgets.text("checkpoint_root", "")

catalog = dbutils.widgets.get("catalog")
checkpoint = ingest.folder("checkpoint_root", dbutils.widgets.get("checkpoint_root"), OBSERVATIONS.path)

# COMMAND ----------

spark.conf.set("spark.sql.session.timeZone", "UTC")
tables.create_missing(spark, catalog, [*BRONZE.values(), OBSERVATIONS, QUARANTINE])
before = {table: newest_commit(spark, catalog, table) for table in (OBSERVATIONS, QUARANTINE)}

# COMMAND ----------

query = (
    tables.read_bronze_stream(spark, catalog)
    .writeStream.option("checkpointLocation", checkpoint)
    .foreachBatch(lambda batch, number: tables.write_silver(batch, number, catalog))
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()

# COMMAND ----------

report = reports.silver_report(spark, catalog, before=before)
print(f"silver.observations: {report['message']}")
dbutils.notebook.exit(json.dumps(report))
