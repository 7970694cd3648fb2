# Databricks notebook source
# MAGIC %md
# MAGIC # Quality gate
# MAGIC Measures every expectation in one query. Mode `fail` ends the run with an error that lists what does not hold;
# MAGIC mode `warn` reports it and ends normally. Widget `expectations`: JSON of name to bound, or to `false` to
# MAGIC switch one off.

# COMMAND ----------

import json
import os
import sys

sys.path.append(os.path.abspath(".."))

from crypto_lakehouse import quality, tables
from crypto_lakehouse.schemas import GOLD, SILVER

# COMMAND ----------

dbutils.widgets.text("catalog", "crypto")
dbutils.widgets.text("mode", "fail")
dbutils.widgets.text("expectations", "")

catalog = dbutils.widgets.get("catalog")
mode = quality.choose_mode(dbutils.widgets.get("mode"))
expectations = quality.choose_expectations(dbutils.widgets.get("expectations"))

# COMMAND ----------

spark.conf.set("spark.sql.session.timeZone", "UTC")
tables.create_missing(spark, catalog, [*SILVER, *GOLD])
findings = quality.judge(expectations, tables.measure(spark, catalog, expectations))

# COMMAND ----------

report = quality.report(findings, mode)
print(f"quality: {report['message']}")
for line in report["failing"]:
    print(f"- {line}")
quality.require_all(findings, mode)
dbutils.notebook.exit(json.dumps(report))
