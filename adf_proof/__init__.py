"""Proves that an exported pipeline means the same as its DAG: Airflow's evaluator against the local Data Factory."""
