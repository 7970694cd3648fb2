"""One real warm driver for all tests of this folder, behind a real HTTP server, with real storage and a vault."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_azure.databricks.settings import SecretSource
from local_azure.identity.service import MANAGED_IDENTITY_PATH
from local_azure.key_vault.store import Attributes
from local_azure.storage import StorageMap
from tests.databricks.harness import SECRET, Client, served, settings_in, until
from tests.local_azure.cloud import Cloud, cloud_in

if TYPE_CHECKING:
    from local_azure.storage import BlobAccount


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A vault with one secret, and the identity that may read it."""
    with cloud_in(tmp_path_factory.mktemp("cloud")) as running:
        running.store.set("coingecko-api-key", SECRET, Attributes())
        yield running


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory, azurite: "BlobAccount", vault: Cloud) -> Iterator[Client]:
    """The shared local Databricks, ready for runs."""
    settings = settings_in(tmp_path_factory.mktemp("databricks"))
    source = SecretSource(
        scopes={"crypto": vault.vault_url},
        identity_endpoint=vault.identity_url + MANAGED_IDENTITY_PATH,
        identity_header=vault.secrets.identity_header,
        ca_bundle=vault.tls.bundle,
    )
    storage = StorageMap(accounts=(azurite,))
    settings = replace(settings, secrets=source, storage=storage, cloud_files=True, pool_size=2)
    with azurite.container("dbutils") as container:
        container.create_container()
    with served(settings, settings.workspace["/Shared/tests"]) as running:
        until(lambda: running.jobs.driver.status == "ready", f"the driver, see {settings.logs}/driver.log")
        yield running
