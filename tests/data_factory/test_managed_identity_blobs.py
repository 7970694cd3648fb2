"""Blobs by the factory's identity: Azurite over TLS, with tokens of the real identity service."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from local_azure.blob.azurite import Azurite, AzuriteSettings, BlobTls
from local_azure.storage import BlobAccount
from tests.data_factory.lab import Lab, lab_of, write_settings
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.cloud import Cloud

pytestmark = pytest.mark.integration
BINARY = {"source": {"type": "BinarySource"}, "sink": {"type": "BinarySink", "storeSettings": write_settings()}}


@pytest.fixture(scope="module")
def server(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    root = tmp_path_factory.mktemp("blob-identity")
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    running = Azurite(AzuriteSettings(location=root / "blob", logs=root / "logs", key=key))
    running.start()
    running.serve_tls(BlobTls(certificate=cloud.tls.certificate, key=cloud.tls.key, public_key=cloud.tokens.public_key))
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def lab(server: Azurite, cloud: Cloud, service: WebService) -> Iterator[Lab]:
    account = BlobAccount(name=server.settings.account, endpoint=server.endpoint, key=server.settings.key)
    by_identity = {
        "type": "AzureBlobStorage",
        "typeProperties": {"serviceEndpoint": f"https://{account.name}.blob.core.windows.net/"},
    }
    with serving(service) as origin:
        made = lab_of(account, origin, storage=by_identity)
        hosts = dict(made.world.hosts) | {"*.blob.core.windows.net": f"{server.tls_base}/{{account}}"}
        yield replace(made, world=replace(made.world, hosts=hosts, cloud=cloud))


def test_files_are_listed_read_written_and_deleted_with_a_token(lab: Lab, service: WebService) -> None:
    body = bytes(range(256)) * 40_000
    service.answer("/f", 200, body)
    assert lab.copy(lab.http("Binary", "f"), lab.blob("Binary", "in", "ü ß.bin"), BINARY).error is None
    store = {"type": "AzureBlobStorageReadSettings", "wildcardFileName": "*.bin", "deleteFilesAfterCompletion": True}
    properties = BINARY | {"source": {"type": "BinarySource", "storeSettings": store}}
    ran = lab.copy(lab.blob("Binary", "in"), lab.blob("Binary", "out"), properties)
    assert ran.error is None, ran.error
    assert lab.names() == ["out/ü ß.bin"]
    assert lab.get("out/ü ß.bin") == body
    assert ran.made.masked, "tokens are masked"


def test_without_an_identity_it_fails_as_in_azure(lab: Lab) -> None:
    lost = replace(lab, world=replace(lab.world, cloud=None))
    code, message = lost.copy(lost.blob("Binary", "in"), lost.blob("Binary", "out"), BINARY).failure
    assert code == "2403"
    assert "MSI" in message
