"""Registers the fixtures that several test areas share."""

pytest_plugins = [
    "tests.fixtures.airflow_home",
    "tests.fixtures.data_factory",
    "tests.fixtures.openapi",
    "tests.fixtures.paths",
    "tests.fixtures.postgres",
    "tests.fixtures.spark",
    "tests.fixtures.azurite",
]
