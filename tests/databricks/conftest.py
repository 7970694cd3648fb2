"""One real warm driver for all tests of this folder, behind a real HTTP server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.databricks.harness import Client, served, settings_in, until


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The shared local Databricks, ready for runs."""
    settings = settings_in(tmp_path_factory.mktemp("databricks"))
    with served(replace(settings, pool_size=2), settings.workspace["/Shared/tests"]) as running:
        until(lambda: running.jobs.driver.status == "ready", f"the driver, see {settings.logs}/driver.log")
        yield running
