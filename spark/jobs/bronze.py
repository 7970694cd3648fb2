# Databricks notebook source
# MAGIC %md
# MAGIC # Bronze: landed files, as they are
# MAGIC Autoloader takes each new file of one dataset below `landing_url` into `<catalog>.bronze.<dataset>`, exactly
# MAGIC once.
# MAGIC
# MAGIC A field that the API has added makes the run fail once, by Autoloader's design, after the new schema has been
# MAGIC saved: give the task at least one retry. A field of another type lands in `_rescued_data`.

# COMMAND ----------

import json
import os
import sys

sys.path.append(os.path.abspath(".."))

from crypto_lakehouse import ingest, reports, tables
from crypto_lakehouse.history import newest_commit

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")
dbutils.widgets.text("dataset", "coins_markets")
dbutils.widgets.text("landing_url", "")
dbutils.widgets.text("checkpoint_root", "")
dbutils.widgets.text("max_files_per_trigger", "1000")

catalog = dbutils.widgets.get("catalog")
table = ingest.bronze_table(dbutils.widgets.get("dataset"))
landing = ingest.folder("landing_url", dbutils.widgets.get("landing_url"), table.name)
checkpoint = ingest.folder("checkpoint_root", dbutils.widgets.get("checkpoint_root"), table.path)
options = ingest.autoloader_options(
    table, schema_location=checkpoint, max_files_per_trigger=dbutils.widgets.get("max_files_per_trigger")
)

# COMMAND ----------

spark.conf.set("spark.sql.session.timeZone", "UTC")
tables.create_missing(spark, catalog, [table])
before = newest_commit(spark, catalog, table)
columns_before = spark.table(table.qualified(catalog)).columns

# COMMAND ----------

try:
    files = spark.readStream.format("cloudFiles").options(**options).load(landing)
    query = (
        ingest.add_ingestion_columns(files)
        .writeStream.format("delta")
        .option("checkpointLocation", checkpoint)
        .option("mergeSchema", "true")
        .trigger(availableNow=True)
        .toTable(table.qualified(catalog))
    )
    query.awaitTermination()
    landed = True
except Exception as error:
    if not ingest.is_empty_landing(error):
        raise
    landed = False

# COMMAND ----------

report = reports.bronze_report(spark, catalog, table, before=before, columns_before=columns_before, landed=landed)
print(f"{table.qualified(catalog)}: {report['message']}")
dbutils.notebook.exit(json.dumps(report))
