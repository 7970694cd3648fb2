"""The command line end to end, in processes of its own: start, use, steer, refuse, die, stop."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import requests
from azure.storage.blob import ContainerClient

from local_azure.storage import BlobAccount
from tests.local_azure.running import Running, run, up, wait_until

pytestmark = pytest.mark.integration
SERVICES = {"blob", "blob_tls", "coingecko", "data_factory", "identity", "key_vault"}
USER_KEY = "CG-a-key-that-only-the-vault-may-hold"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("cli") / "state") as started:
        yield started


def secrets_of(state: Path) -> dict[str, str]:
    document: dict[str, str] = json.loads((state / "secrets.json").read_text())
    return document


def landing(cloud: Running) -> ContainerClient:
    endpoints = cloud.ready["endpoints"]
    key = secrets_of(cloud.state)["azurite_key"]
    account = BlobAccount(name=endpoints["blob_account"], endpoint=endpoints["blob"], key=key)
    return ContainerClient.from_connection_string(account.connection_string, "landing", retry_total=0)


def test_ready_means_that_everything_answers(running: Running) -> None:
    published = json.loads((running.state / "endpoints.json").read_text())
    assert running.ready["endpoints"] == published
    assert published["pid"] == running.process.pid
    assert published["databricks"] is None
    status = json.loads(running.run("status", "--json").stdout)
    assert status["healthy"]
    assert {row["service"] for row in status["services"]} == SERVICES
    with landing(running) as container:
        assert container.exists()


def test_status_for_people(running: Running) -> None:
    done = running.run("status")
    assert done.returncode == 0
    assert done.stdout.count("up") >= len(SERVICES)


def test_private_files(running: Running) -> None:
    private = ["secrets.json", "endpoints.json", "tls/server.key.pem", "tls/ca.key.pem", "identity/signing.key.pem"]
    modes = {name: stat.S_IMODE((running.state / name).stat().st_mode) for name in private}
    assert set(modes.values()) == {0o600}


def test_only_loopback_listens(running: Running) -> None:
    ports = {int(str(url).split(":")[2].split("/")[0]) for url in addresses(running)}
    listening = [
        connection.laddr
        for process in running.family()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.port for address in listening} == ports
    assert {address.ip for address in listening} == {"127.0.0.1"}


def addresses(cloud: Running) -> list[str]:
    endpoints = cloud.ready["endpoints"]
    return [endpoints[name] for name in SERVICES]


AIRFLOW = """
import json
from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend
from airflow.sdk.configuration import ensure_secrets_loaded
from airflow.sdk.execution_time.secrets import DEFAULT_SECRETS_SEARCH_PATH_WORKERS
from airflow.sdk.bases.hook import BaseHook

worker = ensure_secrets_loaded(DEFAULT_SECRETS_SEARCH_PATH_WORKERS)[0]
assert isinstance(worker, AzureKeyVaultBackend), worker
coingecko = BaseHook.get_connection("coingecko_default")
wasb = WasbHook("wasb_default")
wasb.load_string("text", "landing", "from-airflow")
read = wasb.read_file("landing", "from-airflow")
print(json.dumps([coingecko.host, coingecko.password, coingecko.extra_dejson, read]))
"""


def test_airflow_finds_its_connections(running: Running) -> None:
    environment = json.loads(running.run("env", "--json").stdout)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AIRFLOW],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    host, password, extra, text = json.loads(done.stdout.splitlines()[-1])
    assert host == running.ready["endpoints"]["coingecko"]
    assert password == secrets_of(running.state)["coingecko_demo_key"]
    assert extra["plan"] == "demo"
    assert text in ("text", b"text")


def test_env_is_what_a_shell_evaluates(running: Running) -> None:
    environment = json.loads(running.run("env", "--json").stdout)
    lines = running.run("env").stdout
    shown = subprocess.run(["sh"], input=f"{lines}\nenv -0", capture_output=True, text=True, check=True).stdout
    evaluated = dict(line.split("=", 1) for line in shown.split("\0") if "=" in line)
    assert {name: evaluated[name] for name in environment} == environment


def test_secrets(running: Running) -> None:
    assert running.run("secret", "set", "by-argument", "one").returncode == 0
    assert running.run("secret", "set", "by-input", given="two\n").returncode == 0
    assert running.run("secret", "get", "by-argument").stdout == "one\n"
    assert running.run("secret", "get", "by-input").stdout == "two\n"
    names = json.loads(running.run("secret", "list", "--json").stdout)
    assert {"by-argument", "by-input", "airflow-connections-wasb-default", "coingecko-api-key"} <= set(names)
    missing = running.run("secret", "get", "nothing")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "nothing was not found in this key vault" in missing.stderr


def test_faults_and_clock(running: Running) -> None:
    ping = f"{running.ready['endpoints']['coingecko']}/ping"
    assert running.run("faults", "set", "429").returncode == 0
    assert requests.get(ping, timeout=10).status_code == 429
    assert "429" in running.run("faults", "show").stdout
    assert running.run("faults", "clear").returncode == 0
    assert requests.get(ping, timeout=10).status_code == 200
    wrong = running.run("faults", "set", "banana")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "banana" in wrong.stderr
    assert json.loads(running.run("clock", "set", "2021-05-19T12:00:00Z").stdout)["running"] is False
    assert running.run("clock", "show").stdout.count("2021-05-19T12:00:00") == 1
    assert running.run("clock", "reset").returncode == 0


def test_a_second_start_is_refused(running: Running) -> None:
    refused = running.run("up", "--no-spark", "--ports", "free")
    assert refused.returncode == 1
    assert f"in use by process {running.process.pid}" in refused.stderr
    assert "local-azure down" in refused.stderr
    assert running.process.poll() is None
    assert requests.get(f"{running.ready['endpoints']['coingecko']}/ping", timeout=10).ok


def test_a_dead_azurite_is_started_again(running: Running) -> None:
    (azurite,) = [process for process in running.family() if "azurite" in " ".join(process.cmdline())]
    with landing(running) as container:
        container.upload_blob("before", b"v", overwrite=True)
        azurite.terminate()
        wait_until(lambda: not azurite.is_running())
        wait_until(lambda: len(running.family()) == 2 and json.loads(running.run("status", "--json").stdout)["healthy"])
        assert container.download_blob("before").readall() == b"v"


def test_the_key_is_only_in_the_vault_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with up(state, environment={"COINGECKO_API_KEY": USER_KEY}) as cloud:
        family = cloud.family()
        assert len(family) == 2
        assert USER_KEY not in str(family[1].environ())
        assert cloud.run("secret", "get", "coingecko-api-key").stdout == f"{USER_KEY}\n"
        connection = json.loads(cloud.run("secret", "get", "airflow-connections-coingecko-default").stdout)
        assert connection["password"] == USER_KEY
        ping = f"{cloud.ready['endpoints']['coingecko']}/ping"
        assert requests.get(ping, headers={"x-cg-demo-api-key": USER_KEY}, timeout=10).ok
        cloud.process.send_signal(signal.SIGINT)
        cloud.process.send_signal(signal.SIGINT)
        assert cloud.process.wait(60) == 0
        assert cloud.process.stdout is not None
        assert cloud.process.stdout.read() == ""
    assert not any(process.is_running() for process in family)
    assert not (state / "endpoints.json").exists()
    assert (tmp_path / "state.stderr").read_text() == ""
    logs = "".join(file.read_text() for file in (state / "logs").rglob("*") if file.is_file())
    assert "ready after" in logs
    for secret in (USER_KEY, *secrets_of(state).values()):
        assert secret not in logs
    told = run("status", "--state", str(state), "--json")
    assert (told.returncode, json.loads(told.stdout)["running"]) == (1, False)
    assert "nothing runs on" in run("env", "--state", str(state)).stderr
    assert run("down", "--state", str(state)).returncode == 0


def test_a_killed_cloud_leaves_no_child_and_starts_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with up(state) as killed:
        family, old = killed.family(), secrets_of(state)
        with landing(killed) as container:
            container.upload_blob("kept", b"v")
        assert killed.run("secret", "set", "kept", "v").returncode == 0
        killed.process.kill()
        killed.process.wait(10)
        wait_until(lambda: not any(process.is_running() for process in family))
    assert json.loads((state / "up.lock").read_text())["pid"] == killed.process.pid
    with up(state) as cloud:
        with landing(cloud) as container:
            assert container.download_blob("kept").readall() == b"v"
        assert cloud.run("secret", "get", "kept").stdout == "v\n"
        assert secrets_of(state) == old
        stopped = cloud.run("down")
        assert (stopped.returncode, stopped.stderr) == (0, f"stopped process {cloud.process.pid}\n")
        assert cloud.process.wait(10) == 0


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_taken_port_is_one_clear_line(tmp_path: Path, service: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        wanted = ("--ports", "free", "--port", f"{service}={port}")
        done = run("up", "--state", str(tmp_path / "state"), "--no-spark", "--json", *wanted)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {port} for {service} is taken" in done.stderr
    assert f"--port {service}=NUMBER" in done.stderr
    assert set(json.loads(done.stdout)) == {"error"}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("up", "--ports", "some"), 1, "expected 'default' or 'free'"),
        (("up", "--port", "vault=1"), 1, "NAME one of blob"),
        (("up", "--port", "blob=99999"), 1, "not a port"),
        (("up", "--no-spark", "--ports", "free", "--faults", "banana"), 1, "banana"),
        (("up", "--replay", "nowhere"), 2, "not a folder"),
        (("up", "--workspace", "x"), 2, "expected /PREFIX=FOLDER"),
        (("up", "--storage-account", "My:Account"), 2, "3 to 24 small letters and digits"),
        (("up", "--seed", "x"), 2, "Invalid value for '--seed'"),
        (("nothing",), 2, "No such command"),
        (("secret", "get", "x"), 1, "nothing runs on"),
        (("logs", "1"), 1, "nothing runs on"),
    ],
)
def test_refusals(tmp_path: Path, arguments: tuple[str, ...], code: int, text: str) -> None:
    done = run(*arguments, environment={"LOCAL_AZURE_STATE": str(tmp_path / "state"), "COLUMNS": "200"})
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
