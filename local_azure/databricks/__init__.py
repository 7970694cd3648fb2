"""A local Databricks: Jobs API 2.2 in front of a warm Spark driver."""
