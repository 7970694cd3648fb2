"""Azurite over TLS with tokens of our identity service, judged by the Azure SDK, a Web activity's call, and forgers."""

import asyncio
import base64
import os
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import jwt
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.blob.azurite import Azurite, AzuriteSettings, BlobTls
from local_azure.errors import LocalAzureError
from local_azure.storage import BlobAccount
from tests.local_azure.cloud import Cloud
from tests.local_azure.running import wait_until

pytestmark = pytest.mark.integration
KEY = base64.b64encode(secrets.token_bytes(64)).decode()
STORAGE = "https://storage.azure.com/"
OTHER_ACCOUNT = "mystorage"


@dataclass(frozen=True, kw_only=True)
class Front:
    """A running Azurite and what its clients must know."""

    server: Azurite
    cloud: Cloud

    @property
    def authority(self) -> str:
        return str(self.cloud.tls.bundle)

    def token(self, audience: str = STORAGE) -> str:
        return self.cloud.tokens.issue(audience, client_id="test").text

    def client(self, account: str | None = None) -> BlobServiceClient:
        url = self.server.tls_endpoint if account is None else f"{self.server.tls_base}/{account}"
        return BlobServiceClient(url, ManagedIdentityCredential(), connection_verify=self.authority, retry_total=0)

    def put(self, path: str, authorization: str, content: bytes = b"{}") -> httpx.Response:
        """A Web activity's PUT: plain HTTP, no SDK."""
        headers = {"Authorization": authorization, "x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}
        with httpx.Client(
            verify=ssl.create_default_context(cafile=self.authority), trust_env=False, timeout=30
        ) as client:
            return client.put(f"{self.server.tls_endpoint}/{path}", headers=headers, content=content)


def started(root: Path, cloud: Cloud, **more: int) -> Azurite:
    settings = AzuriteSettings(location=root / "blob", logs=root / "logs", key=KEY, more_accounts=(OTHER_ACCOUNT,))
    server = Azurite(settings)
    server.start()
    server.serve_tls(
        BlobTls(certificate=cloud.tls.certificate, key=cloud.tls.key, public_key=cloud.tokens.public_key, **more)
    )
    return server


@pytest.fixture(scope="module")
def server(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    running = started(tmp_path_factory.mktemp("blob"), cloud)
    try:
        running.wait()
        running.create_container("landing")
        yield running
    finally:
        running.stop()


@pytest.fixture
def front(server: Azurite, managed_identity: Cloud) -> Front:
    return Front(server=server, cloud=managed_identity)


def by_key(server: Azurite) -> BlobServiceClient:
    account = BlobAccount(name=server.settings.account, endpoint=server.endpoint, key=KEY)
    return BlobServiceClient.from_connection_string(account.connection_string, retry_total=0)


@pytest.mark.parametrize("credential", [ManagedIdentityCredential, DefaultAzureCredential])
def test_the_sdk_with_a_managed_identity(front: Front, credential: type) -> None:
    with BlobServiceClient(
        front.server.tls_endpoint, credential(), connection_verify=front.authority, retry_total=0
    ) as service:
        container = service.get_container_client("landing")
        container.upload_blob("sdk", b"text", overwrite=True, metadata={"a": "b"})
        assert container.download_blob("sdk").readall() == b"text"
        assert "sdk" in list(container.list_blob_names())
        assert "landing" in [found.name for found in service.list_containers()]
        container.delete_blob("sdk")


def test_both_doors_lead_to_the_same_blobs(front: Front) -> None:
    with front.client() as over_tls, by_key(front.server) as over_http:
        over_tls.get_container_client("landing").upload_blob("same", b"tls", overwrite=True)
        assert over_http.get_container_client("landing").download_blob("same").readall() == b"tls"
        over_http.get_container_client("landing").upload_blob("same", b"http", overwrite=True)
        assert over_tls.get_container_client("landing").download_blob("same").readall() == b"http"


def test_an_account_key_works_over_tls(front: Front) -> None:
    account = BlobAccount(name=front.server.settings.account, endpoint=front.server.tls_endpoint, key=KEY)
    with BlobServiceClient.from_connection_string(
        account.connection_string, connection_verify=front.authority, retry_total=0
    ) as service:
        assert service.get_container_client("landing").exists()


def test_more_accounts_are_apart(front: Front) -> None:
    with front.client(OTHER_ACCOUNT) as other, front.client() as first:
        other.create_container("own").upload_blob("a", b"other")
        assert "own" not in [found.name for found in first.list_containers()]
    with front.client("unknown") as nobody, pytest.raises(HttpResponseError, match="--storage-account") as refused:
        nobody.create_container("own")
    assert (refused.value.status_code, refused.value.error_code) == (400, "UnknownStorageAccount")


def test_a_put_as_a_web_activity_does(front: Front) -> None:
    answer = front.put("landing/web.json", f"Bearer {front.token()}", b'{"a": 1}')
    assert (answer.status_code, answer.content) == (201, b"")
    with by_key(front.server) as service:
        assert service.get_container_client("landing").download_blob("web.json").readall() == b'{"a": 1}'


@pytest.mark.parametrize(
    "audience",
    [
        "https://storage.azure.com",
        "https://storage.azure.com/",
        "https://cryptolake.blob.core.windows.net",
        "https://cryptolake.blob.core.windows.net/",
    ],
)
def test_audiences_of_storage(front: Front, audience: str) -> None:
    assert front.put("landing/audience", f"Bearer {front.token(audience)}").status_code == 201


def test_a_token_for_another_service_or_account_is_refused(front: Front) -> None:
    for audience in ("https://vault.azure.net", "https://another.blob.core.windows.net"):
        answer = front.put("landing/refused", f"Bearer {front.token(audience)}")
        assert (answer.status_code, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def forgeries(front: Front) -> dict[str, str]:
    good = front.token()
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "another key": f"Bearer {jwt.encode(claims, stranger, algorithm='RS256')}",
        "no signature": f"Bearer {jwt.encode(claims, '', algorithm='none')}",
        "a shared secret": f"Bearer {jwt.encode(claims, 's' * 64, algorithm='HS256')}",
        "a cut signature": f"Bearer {head}.{body}.",
        "two parts": f"Bearer {head}.{body}",
        "a changed body": f"Bearer {head}.{body[:-4]}AAAA.{signature}",
        "no token": "Bearer",
        "not a token": "Bearer something",
        # Azurite cuts the token out by position: a check that splits at a blank would see none.
        "a tab": f"Bearer\t{head}.{body}.{signature[:-8]}AAAAAAAA",
        "a letter": f"Bearerx{head}.{body}.{signature[:-8]}AAAAAAAA",
        "small letters": f"bearer {head}.{body}.{signature[:-8]}AAAAAAAA",
    }


def test_forged_tokens_are_refused(front: Front) -> None:
    for name, authorization in forgeries(front).items():
        answer = front.put("landing/forged", authorization)
        assert answer.status_code == 401, name
        assert answer.headers["x-ms-error-code"] == "InvalidAuthenticationInfo", name
        assert "identity service" in answer.text, name
    with by_key(front.server) as service:
        assert "forged" not in list(service.get_container_client("landing").list_blob_names())


def test_expired_and_future_tokens_are_refused(front: Front) -> None:
    tokens = front.cloud.tokens
    for shift in (-2 * 24 * 3600, 3600):
        shifted = replace(tokens, clock=lambda shift=shift: tokens.clock() + shift)
        answer = front.put("landing/late", f"Bearer {shifted.issue(STORAGE, client_id='test').text}")
        assert (answer.status_code, "Lifetime validation failed" in answer.text) == (403, True)


def test_tokens_are_refused_over_plain_http(front: Front) -> None:
    headers = {"Authorization": f"Bearer {front.token()}", "x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}
    answer = httpx.put(f"{front.server.endpoint}/landing/plain", headers=headers, content=b"{}", trust_env=False)
    assert (answer.status_code, "not allowed with HTTP" in answer.text) == (403, True)


def test_nobody_gets_in_without_credentials(front: Front) -> None:
    with httpx.Client(verify=ssl.create_default_context(cafile=front.authority), trust_env=False) as client:
        assert client.get(f"{front.server.tls_endpoint}/landing?restype=container&comp=list").status_code == 403


def test_a_large_blob_is_streamed_both_ways(front: Front) -> None:
    content = os.urandom(48 * 1024 * 1024)
    with front.client() as service:
        container = service.get_container_client("landing")
        container.upload_blob("large", content, overwrite=True, max_concurrency=2)
        assert container.download_blob("large", max_concurrency=2).readall() == content
    answer = front.put("landing/large-at-once", f"Bearer {front.token()}", content)
    assert answer.status_code == 201
    with by_key(front.server) as service:
        assert service.get_container_client("landing").download_blob("large-at-once").readall() == content


def test_the_async_sdk(front: Front) -> None:
    async def use() -> bytes:
        async with (
            AsyncManagedIdentityCredential() as credential,
            AsyncBlobServiceClient(
                front.server.tls_endpoint, credential, connection_verify=front.authority, retry_total=0
            ) as service,
        ):
            container = service.get_container_client("landing")
            await container.upload_blob("async", b"text", overwrite=True)
            return await (await container.download_blob("async")).readall()

    assert asyncio.run(use()) == b"text"


def test_a_restart_keeps_both_ports(managed_identity: Cloud, tmp_path: Path) -> None:
    server = started(tmp_path, managed_identity)
    front = Front(server=server, cloud=managed_identity)
    try:
        server.wait()
        server.create_container("landing")
        assert front.put("landing/kept", f"Bearer {front.token()}").status_code == 201
        ports = (server.port, server.tls_port)
        assert server.child is not None
        server.child.process.terminate()
        wait_until(lambda: not server.alive)
        server.start()
        server.wait()
        assert (server.port, server.tls_port) == ports
        with front.client() as service:
            assert service.get_container_client("landing").download_blob("kept").readall() == b"{}"
    finally:
        server.stop()
    log = (tmp_path / "logs" / "azurite.log").read_text()
    assert KEY not in log
    assert "Bearer" not in log


def test_a_disk_below_the_reserve_refuses_writes_over_tls(managed_identity: Cloud, tmp_path: Path) -> None:
    settings = AzuriteSettings(location=tmp_path / "blob", logs=tmp_path / "logs", key=KEY, reserve_bytes=1 << 60)
    server = Azurite(settings)
    server.start()
    files, tokens = managed_identity.tls, managed_identity.tokens
    server.serve_tls(BlobTls(certificate=files.certificate, key=files.key, public_key=tokens.public_key))
    try:
        server.wait()
        answer = Front(server=server, cloud=managed_identity).put("landing/new", f"Bearer {'x'}")
        assert answer.status_code == 401
        token = tokens.issue(STORAGE, client_id="test").text
        answer = Front(server=server, cloud=managed_identity).put("landing/new", f"Bearer {token}")
        assert (answer.status_code, "is full" in answer.text) == (507, True)
    finally:
        server.stop()


def test_a_taken_port_is_told(managed_identity: Cloud, server: Azurite, tmp_path: Path) -> None:
    second = started(tmp_path, managed_identity, port=server.tls_port)
    try:
        with pytest.raises(LocalAzureError, match=r"Azurite ended with code 1 .*EADDRINUSE"):
            second.wait()
    finally:
        second.stop()
