"""Azurite as a child: its account, its restart, its end with its parent, and what clients see on a full disk."""

import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from local_azure.blob.azurite import Azurite, AzuriteSettings
from local_azure.errors import LocalAzureError
from local_azure.storage import BlobAccount
from tests.local_azure.running import wait_until

pytestmark = pytest.mark.integration
KEY = base64.b64encode(secrets.token_bytes(64)).decode()


def client(server: Azurite, *, key: str = KEY) -> BlobServiceClient:
    account = BlobAccount(name=server.settings.account, endpoint=server.endpoint, key=key)
    return BlobServiceClient.from_connection_string(account.connection_string, retry_total=0)


def started(root: Path, **more: int) -> Azurite:
    server = Azurite(AzuriteSettings(location=root / "blob", logs=root / "logs", key=KEY, **more))
    server.start()
    server.wait()
    return server


def test_the_fixture_gives_a_usable_account(azurite: BlobAccount) -> None:
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        container = service.create_container("fixture")
        container.upload_blob("a/b.json", b"{}", metadata={"sha256": "x"})
        assert container.download_blob("a/b.json").readall() == b"{}"


def test_containers_keys_and_restart(tmp_path: Path) -> None:
    server = started(tmp_path)
    try:
        server.create_container("landing")
        server.create_container("landing")
        with client(server) as service:
            service.get_container_client("landing").upload_blob("kept", b"v")
        wrong = base64.b64encode(b"wrong").decode()
        with client(server, key=wrong) as service, pytest.raises(HttpResponseError, match="failed to authenticate"):
            service.get_container_client("landing").download_blob("kept")
        port = server.port
        server.stop()
        assert not server.alive
        server.start()
        server.wait()
        assert server.port == port
        with client(server) as service:
            assert service.get_container_client("landing").download_blob("kept").readall() == b"v"
    finally:
        server.stop()
    assert KEY not in (tmp_path / "logs" / "azurite.log").read_text()


def refused_write(server: Azurite) -> HttpResponseError:
    with client(server) as service, pytest.raises(HttpResponseError) as refusal:
        service.get_container_client("landing").upload_blob("new", os.urandom(100_000))
    return refusal.value


def assert_clear(refusal: HttpResponseError, place: Path) -> None:
    assert (refusal.status_code, refusal.error_code) == (507, "InsufficientStorage")
    assert f"the disk of {place} is full" in str(refusal)
    assert "free some space there" in str(refusal)


def test_a_disk_below_the_reserve_refuses_writes_and_serves_reads(tmp_path: Path) -> None:
    server = started(tmp_path)
    server.create_container("landing")
    with client(server) as service:
        service.get_container_client("landing").upload_blob("old", b"v")
    server.stop()
    full = started(tmp_path, reserve_bytes=1 << 60)
    try:
        assert_clear(refused_write(full), tmp_path / "blob")
        with client(full) as service:
            assert service.get_container_client("landing").download_blob("old").readall() == b"v"
        with pytest.raises(LocalAzureError, match=r"\(507\): the disk of .* is full"):
            full.create_container("another")
    finally:
        full.stop()


def test_a_really_full_disk_loses_nothing(small_disk: Path) -> None:
    server = started(small_disk)
    try:
        server.create_container("landing")
        with client(server) as service:
            container, landed = service.get_container_client("landing"), 0
            while shutil.disk_usage(small_disk).free > server.settings.reserve_bytes:
                container.upload_blob(f"{landed}", os.urandom(500_000))
                landed += 1
            assert_clear(refused_write(server), small_disk / "blob")
            assert landed > 5
            (small_disk / "more").write_bytes(b"x" * 4_000_000)
            server.stop()
            server.start()
            server.wait()
            assert len(list(container.list_blob_names())) == landed
            (small_disk / "more").unlink()
            assert_clear(refused_write(server), small_disk / "blob")
            container.delete_blob("0")
    finally:
        server.stop()


PARENT = """
import sys
from pathlib import Path
from tests.local_azure.test_azurite import started, client
server = started(Path(sys.argv[1]))
server.create_container("landing")
with client(server) as service:
    service.get_container_client("landing").upload_blob("kept", b"v")
print(server.child.process.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_in_order_when_its_parent_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not child.is_running())
    assert b'"name":"kept"' in (tmp_path / "blob" / "__azurite_db_blob__.json").read_bytes()


def test_what_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADF_EXPORT_CACHE", str(tmp_path))
    with pytest.raises(LocalAzureError, match="run 'make setup'"):
        started(tmp_path)


def test_a_start_that_fails_shows_why(tmp_path: Path) -> None:
    first = started(tmp_path / "one")
    try:
        with pytest.raises(LocalAzureError, match=r"Azurite ended with code 1 .*EADDRINUSE.*azurite\.log"):
            started(tmp_path / "two", port=first.port)
    finally:
        first.stop()
