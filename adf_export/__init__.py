"""Compiles Airflow DAGs to equivalent Azure Data Factory pipelines."""
