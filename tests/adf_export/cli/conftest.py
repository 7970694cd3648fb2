"""One cache for all tests: the DAG files are imported once."""

import pytest

from tests.adf_export.cli.commands import AdfExport


@pytest.fixture(scope="session")
def adf_export(tmp_path_factory: pytest.TempPathFactory) -> AdfExport:
    return AdfExport(cache=tmp_path_factory.mktemp("cache"))
