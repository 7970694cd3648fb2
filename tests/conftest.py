"""Registers the fixtures that several test areas share."""

import pytest

pytest_plugins = [
    "tests.fixtures.airflow_home",
    "tests.fixtures.data_factory",
    "tests.fixtures.openapi",
    "tests.fixtures.paths",
    "tests.fixtures.postgres",
    "tests.fixtures.spark",
    "tests.fixtures.azurite",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Containers come last: what is wrong in them takes the longest to see."""
    items.sort(key=lambda item: item.get_closest_marker("compose") is not None)
