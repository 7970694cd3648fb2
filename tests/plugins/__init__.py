"""Tests of the Airflow package `adf_export_airflow`."""
