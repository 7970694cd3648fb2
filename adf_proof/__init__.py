"""Proves that an exported pipeline means the same as its DAG: Airflow's own evaluator against the local Data Factory."""
