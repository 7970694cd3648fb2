"""A cloud that others reach by a host name, and whose Azurite somebody else runs: as in containers."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from azure.storage.blob import BlobServiceClient
from cryptography import x509

from demo.airflow_stack import free_port
from local_azure.blob import azurite
from local_azure.endpoints import Endpoints
from local_azure.state import State
from local_azure.storage import BlobAccount
from tests.local_azure.running import run, up, wait_until

pytestmark = pytest.mark.integration
HOST = "127.0.0.2"  # loopback too, but not the address that is bound by default


@contextmanager
def azurite_of(folder: Path, data: Path, port: int) -> Iterator[None]:
    """As a container would run it: its own program found on PATH, our guard loaded into it, a pipe that stays open."""
    data.mkdir()
    program = data / "azurite-blob"
    program.symlink_to(azurite.program())
    command = f"tail -n +1 -f {folder}/tls.json | {azurite.node()} {program}"
    command += f" --blobHost {HOST} --blobPort {port} --location {data} --disableProductStyleUrl"
    command += " --skipApiVersionCheck --disableTelemetry --silent --oauth basic"
    guard = Path(azurite.__file__).with_name("guard.js")
    env = os.environ | {
        "AZURITE_ACCOUNTS": (folder / "accounts").read_text(),
        "NODE_OPTIONS": f"--require {guard}",
        "LOCAL_AZURE_BLOB_RESERVE_BYTES": "0",
    }
    with subprocess.Popen(["bash", "-c", command], env=env, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, 15)


def test_a_cloud_for_others_with_an_azurite_of_others(tmp_path: Path) -> None:
    state, given = State(tmp_path / "state"), tmp_path / "given"
    plain, tls = free_port(), free_port()
    options = ["--state", str(state.root), "--host", HOST, "--port", str(tls)]
    assert run("prepare", str(given), *options).returncode == 0
    urls = ["--blob", f"http://{HOST}:{plain}", "--blob", f"https://{HOST}:{tls}"]
    with (
        azurite_of(given, tmp_path / "data", plain),
        up(state.root, "--listen", HOST, "--advertise", HOST, *urls) as cloud,
    ):
        found = Endpoints.read(state)
        assert found.blob == f"http://{HOST}:{plain}/cryptolake"
        assert {found.identity.split(":")[1], found.coingecko.split(":")[1]} == {f"//{HOST}"}
        vault = httpx.get(
            f"{found.key_vault}/secrets?api-version=7.6", verify=ssl.create_default_context(cafile=found.ca_bundle)
        )
        assert vault.status_code == 401
        key = cloud.run("env", "--json").stdout
        assert HOST in key
        account = BlobAccount(
            name="cryptolake", endpoint=found.blob, key=(given / "accounts").read_text().split(":")[1]
        )
        with BlobServiceClient.from_connection_string(account.connection_string) as service:
            assert "landing" in [container.name for container in service.list_containers()]
        wait_until(lambda: cloud.run("status").returncode == 0)


def test_a_certificate_is_made_anew_for_another_host(tmp_path: Path) -> None:
    for hosts in (["first.local"], ["first.local", "second.local"]):
        options = [part for host in hosts for part in ("--host", host)]
        assert run("prepare", str(tmp_path / "given"), "--state", str(tmp_path / "state"), *options).returncode == 0
        certificate = x509.load_pem_x509_certificate((tmp_path / "given" / "server.pem").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(hosts) <= set(names.get_values_for_type(x509.DNSName))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--listen", "0.0.0.0"], "--advertise"),
        (["--blob", "http://azurite:10000"], "https"),
        (["--blob", "http://azurite", "--blob", "https://azurite"], "PORT"),
    ],
)
def test_what_is_missing_is_said(options: list[str], said: str, tmp_path: Path) -> None:
    done = run("up", "--state", str(tmp_path / "state"), *options)
    assert done.returncode == 2
    assert said in done.stderr
