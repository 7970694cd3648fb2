"""What the tests of activities share."""

from collections.abc import Iterator

import pytest

from tests.data_factory.world import World, serving
from tests.fakes.web_service import WebService
from tests.local_azure.cloud import Cloud, cloud_in

AZURE = "https://service.example.com"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The real identity service and Key Vault."""
    with cloud_in(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def world(service: WebService, cloud: Cloud) -> Iterator[World]:
    """A world in which https://service.example.com is the web service; the vault is real."""
    with serving(service) as origin:
        yield World(hosts={"service.example.com": origin, "vault.vault.azure.net": cloud.vault_url}, cloud=cloud)
