"""Airflow hooks and operators of adf-export."""
