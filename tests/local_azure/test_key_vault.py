"""The vault, judged by azure-keyvault-secrets (sync and async) and by raw requests."""

import shutil
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from local_azure.key_vault.errors import KeyVaultError
from local_azure.key_vault.store import PURGE_AFTER_SECONDS, Attributes, Store
from tests.local_azure.cloud import Cloud

NEWEST = "api-version=2026-04-01"


@pytest.fixture
def client(managed_identity: Cloud) -> Iterator[SecretClient]:
    with (
        DefaultAzureCredential() as credential,
        SecretClient(managed_identity.vault_url, credential, verify_challenge_resource=False) as used,
    ):
        yield used


def raw(cloud: Cloud, method: str, path: str, token: str | None = None, **more: object) -> requests.Response:
    """One request with a good token, unless another (or "") is given."""
    text = cloud.tokens.issue("https://vault.azure.net", client_id="test").text if token is None else token
    headers = {"Authorization": f"Bearer {text}"} if text else {}
    url = f"{cloud.vault_url}{path}"
    return requests.request(method, url, headers=headers, verify=str(cloud.tls.ca), timeout=10, **more)  # type: ignore[arg-type]  # requests' keyword types are not ours to repeat


def test_set_get_and_versions(client: SecretClient) -> None:
    first = client.set_secret("versions", "one", content_type="text/plain", tags={"a": "1"})
    second = client.set_secret("versions", "two")
    assert client.get_secret("versions").value == "two"
    assert client.get_secret("versions", first.properties.version).value == "one"
    assert second.properties.version != first.properties.version
    found = {version.version for version in client.list_properties_of_secret_versions("versions")}
    assert found == {first.properties.version, second.properties.version}
    assert (first.properties.content_type, first.properties.tags) == ("text/plain", {"a": "1"})
    assert first.properties.name == "versions"
    assert first.properties.vault_url == client.vault_url


@pytest.mark.parametrize("value", ["", "ünïcode 🔑", '{"a": "b\\n"}', "x" * 25 * 1024])
def test_values_come_back_unchanged(client: SecretClient, value: str) -> None:
    client.set_secret("values", value)
    assert client.get_secret("values").value == value


def test_attributes_and_update(client: SecretClient) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = client.set_secret("attributes", "v", not_before=start, expires_on=start + timedelta(days=1))
    assert (made.properties.not_before, made.properties.expires_on) == (start, start + timedelta(days=1))
    # An expired secret is still readable in Azure: its dates inform.
    assert client.get_secret("attributes").value == "v"
    changed = client.update_secret_properties("attributes", content_type="c", tags={"t": "u"})
    assert (changed.content_type, changed.tags, changed.not_before) == ("c", {"t": "u"}, start)
    assert changed.version == made.properties.version
    assert changed.updated_on is not None
    assert made.properties.recovery_level == "Recoverable+Purgeable"


def test_a_disabled_version_is_listed_and_not_read(client: SecretClient) -> None:
    client.set_secret("disabled", "v", enabled=False)
    with pytest.raises(HttpResponseError, match="disabled secret") as refusal:
        client.get_secret("disabled")
    assert refusal.value.status_code == 403
    assert [secret.enabled for secret in client.list_properties_of_secrets() if secret.name == "disabled"] == [False]
    client.update_secret_properties("disabled", enabled=True)
    assert client.get_secret("disabled").value == "v"


def test_delete_recover_purge(client: SecretClient) -> None:
    client.set_secret("bin", "one")
    client.set_secret("bin", "two")
    deleted = client.begin_delete_secret("bin").result()
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
    assert deleted.recovery_id == f"{client.vault_url}/deletedsecrets/bin"
    assert client.get_deleted_secret("bin").name == "bin"
    assert "bin" in [secret.name for secret in client.list_deleted_secrets()]
    assert "bin" not in [secret.name for secret in client.list_properties_of_secrets()]
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("bin")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        client.set_secret("bin", "three")
    client.begin_recover_deleted_secret("bin").wait()
    assert client.get_secret("bin").value == "two"
    client.begin_delete_secret("bin").wait()
    client.purge_deleted_secret("bin")
    with pytest.raises(ResourceNotFoundError, match="Deleted Secret not found: bin"):
        client.get_deleted_secret("bin")
    client.set_secret("bin", "four")
    assert [client.get_secret("bin").value, len(list(client.list_properties_of_secret_versions("bin")))] == ["four", 1]


def test_lists_are_paged(cloud: Cloud, client: SecretClient) -> None:
    names = [f"page-{number:02}" for number in range(30)]
    for name in names * 2:
        cloud.store.set(name, "v", Attributes())
        cloud.store.set("many-versions", "v", Attributes())
    for size in (None, 7, 25):
        found = [secret.name for secret in client.list_properties_of_secrets(max_page_size=size)]
        assert [name for name in found if name.startswith("page-")] == names
        assert len(found) == len(set(found))
    assert len({v.version for v in client.list_properties_of_secret_versions("many-versions", max_page_size=9)}) == 60
    for name in names:
        cloud.store.delete(name)
    pages = list(client.list_deleted_secrets(max_page_size=10).by_page())
    assert [len(list(page)) for page in pages][:3] == [10, 10, 10]


def test_names_ignore_case_as_in_azure(client: SecretClient) -> None:
    client.set_secret("Mixed-Case", "v")
    assert client.get_secret("mixed-case").value == "v"


def test_unknown_secret_and_version(client: SecretClient) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"\(name/id\) nothing was not found"):
        client.get_secret("nothing")
    client.set_secret("something", "v")
    with pytest.raises(ResourceNotFoundError, match="something/0123"):
        client.get_secret("something", "0123")


ASYNC_CLIENT = """
import asyncio, sys
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient

async def use():
    async with (
        DefaultAzureCredential() as credential,
        SecretClient(sys.argv[1], credential, verify_challenge_resource=False) as client,
    ):
        await client.set_secret("async", "v1")
        await client.set_secret("async", "v2")
        versions = [version.name async for version in client.list_properties_of_secret_versions("async")]
        await client.delete_secret("async")
        await client.recover_deleted_secret("async")
        print((await client.get_secret("async")).value, len(versions))

asyncio.run(use())
"""


def test_async_client(managed_identity: Cloud) -> None:
    # In a process of its own: aiohttp reads SSL_CERT_FILE once, when it is imported.
    command = [sys.executable, "-c", ASYNC_CLIENT, managed_identity.vault_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("v2 2\n", "")


def test_the_challenge(cloud: Cloud) -> None:
    answer = raw(cloud, "PUT", f"/secrets/x?{NEWEST}", token="")
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith(f'Bearer authorization="{cloud.identity_url}/')
    assert 'resource="https://vault.azure.net"' in challenge
    assert answer.json()["error"]["code"] == "Unauthorized"


@pytest.mark.parametrize("audience", ["https://storage.azure.com", "https://vault.azure.net.evil.example"])
def test_a_token_for_another_service_is_refused(cloud: Cloud, audience: str) -> None:
    token = cloud.tokens.issue(audience, client_id="test").text
    answer = raw(cloud, "GET", f"/secrets?{NEWEST}", token)
    assert (answer.status_code, "is for" in answer.json()["error"]["message"]) == (401, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("PUT", f"/secrets/under_score?{NEWEST}", {"value": "v"}, "invalid name: under_score"),
        ("PUT", f"/secrets/{'n' * 128}?{NEWEST}", {"value": "v"}, "1 to 127 characters"),
        ("PUT", f"/secrets/a?{NEWEST}", {"value": "v" * 25601}, "25601 bytes"),
        ("PUT", f"/secrets/a?{NEWEST}", {}, "$.value"),
        ("PUT", f"/secrets/a?{NEWEST}", {"value": 1}, "$.value"),
        ("PUT", f"/secrets/a?{NEWEST}", {"value": "hidden", "color": "red"}, "$.color"),
        ("PUT", f"/secrets/a?{NEWEST}", {"value": "hidden", "attributes": {"exp": "soon"}}, "$.attributes.exp"),
        ("PUT", f"/secrets/a?{NEWEST}", {"value": "v", "tags": {str(n): "" for n in range(16)}}, "16 tags"),
        ("GET", "/secrets/a", None, "api-version must be specified"),
        ("GET", "/secrets/a?api-version=1.0", None, "'1.0' is not supported"),
        ("GET", f"/secrets?{NEWEST}&maxresults=26", None, "between 1 and 25"),
        ("GET", f"/secrets?{NEWEST}&maxresults=x", None, "between 1 and 25"),
        ("GET", f"/secrets?{NEWEST}&$skiptoken=x", None, "start the list anew"),
        ("GET", f"/keys?{NEWEST}", None, "GET /keys is not offered"),
        ("POST", f"/secrets/a/backup?{NEWEST}", None, "POST /secrets/a/backup is not offered"),
    ],
)
def test_refusals_have_the_error_envelope(cloud: Cloud, method: str, path: str, body: object, text: str) -> None:
    answer = raw(cloud, method, path, json=body)
    assert answer.status_code in (400, 404, 405)
    assert answer.json()["error"]["code"] == "BadParameter"
    assert text in answer.json()["error"]["message"]
    assert "hidden" not in answer.text


def test_the_server_certificate_is_verified_with_our_authority_only(cloud: Cloud) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{cloud.vault_url}/secrets", timeout=10)
    for host in ("localhost", "127.0.0.1"):
        address = cloud.vault_url.replace("localhost", host)
        assert requests.get(f"{address}/secrets", verify=str(cloud.tls.ca), timeout=10).status_code == 401


def test_secrets_survive_a_restart_and_files_are_private(tmp_path: Path) -> None:
    store = Store(tmp_path / "kv")
    store.set("a", "v", Attributes(tags={"t": "u"}))
    store.set("b", "v", Attributes())
    store.delete("b")
    store.close()
    again = Store(tmp_path / "kv")
    assert (again.get("a").value, again.get("a").tags) == ("v", {"t": "u"})
    assert again.get_deleted("b").latest.value == "v"
    files = list((tmp_path / "kv").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "kv").stat().st_mode) == 0o700
    again.close()


def test_the_bin_is_emptied_after_ninety_days(tmp_path: Path) -> None:
    now = [1_000_000.0]
    store = Store(tmp_path, clock=lambda: now[0])
    store.set("a", "v", Attributes())
    store.delete("a")
    now[0] += PURGE_AFTER_SECONDS - 1
    assert [deleted.latest.name for deleted in store.list_deleted(after="", limit=5)] == ["a"]
    now[0] += 1
    assert store.list_deleted(after="", limit=5) == []
    with pytest.raises(KeyVaultError, match="Deleted Secret not found"):
        store.recover("a")
    store.set("a", "new", Attributes())
    assert store.get("a").value == "new"
    store.close()


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    store = Store(small_disk / "kv")
    store.set("kept", "v", Attributes())
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    with pytest.raises(KeyVaultError, match=r"cannot write .*vault\.sqlite .*: free some space"):
        store.set("new", "v" * 25_000, Attributes())
    filler.unlink()
    store.set("new", "w", Attributes())
    assert [store.get("kept").value, store.get("new").value] == ["v", "w"]
    store.close()


def test_the_certificate_passes_strict_verification(cloud: Cloud) -> None:
    # What Python 3.13 does by default.
    context = ssl.create_default_context(cafile=str(cloud.tls.ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    host, _, port = cloud.vault_url.removeprefix("https://").partition(":")
    with (
        socket.create_connection(("127.0.0.1", int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        assert wrapped.version() == "TLSv1.3"
