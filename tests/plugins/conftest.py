"""A local CoinGecko over real HTTP, and Airflow connections by environment."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from azure.storage.blob import BlobServiceClient, ContainerClient

from adf_export_airflow.coingecko import hook
from local_azure.coingecko.service import build
from local_azure.servers import make_server
from local_azure.storage import BlobAccount
from tests.fakes.clock import StepClock
from tests.plugins.clients import KEY, coingecko_connection

NOW = datetime(2026, 5, 18, 12, 34, 56, tzinfo=UTC)
PRO_KEY = "CG-s3cret-pro-key"
ADMIN = {"X-Admin-Token": "steer"}
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class LocalCoinGecko:
    """Where it is, and how to break it."""

    origin: str

    @property
    def host(self) -> str:
        return f"{self.origin}/api/v3"

    @property
    def pro_host(self) -> str:
        return f"{self.origin}/pro/api/v3"

    def faults(self, spec: str) -> None:
        requests.put(f"{self.origin}/_admin/faults", data=spec, headers=ADMIN, timeout=10).raise_for_status()

    def calls(self) -> int:
        answer = requests.get(f"{self.origin}/_admin/requests", headers=ADMIN, timeout=10)
        return sum(row["count"] for row in answer.json()["requests"])

    def reset(self) -> None:
        for what in ("faults", "requests"):
            requests.delete(f"{self.origin}/_admin/{what}", headers=ADMIN, timeout=10).raise_for_status()
        now = {"now": NOW.isoformat(), "running": False}
        requests.put(f"{self.origin}/_admin/clock", json=now, headers=ADMIN, timeout=10).raise_for_status()


@pytest.fixture(scope="session")
def _local_coingecko() -> Iterator[LocalCoinGecko]:
    app = build(42, None, KEY, PRO_KEY, admin_token=ADMIN["X-Admin-Token"], rate_limit=10**6)
    bound = socket.create_server(("127.0.0.1", 0))
    server = make_server(app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        assert server.started
        yield LocalCoinGecko(f"http://127.0.0.1:{bound.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)
        assert not thread.is_alive()


@pytest.fixture
def coingecko(_local_coingecko: LocalCoinGecko, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LocalCoinGecko:
    """The simulated market at NOW without faults, as Airflow's connection `coingecko_default`."""
    _local_coingecko.reset()
    hook.forget_directories()
    connection = coingecko_connection(_local_coingecko.host, tmp_path / "limit")
    monkeypatch.setenv("AIRFLOW_CONN_COINGECKO_DEFAULT", connection)
    return _local_coingecko


@pytest.fixture
def clock() -> StepClock:
    return StepClock(NOW.timestamp())


@pytest.fixture
def landing(azurite: BlobAccount, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ContainerClient:
    """A new container of real Azurite, as Airflow's connection `wasb_default`."""
    connection = {"conn_type": "wasb", "extra": {"connection_string": azurite.connection_string}}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_DEFAULT", json.dumps(connection))
    service = BlobServiceClient.from_connection_string(azurite.connection_string)
    return service.create_container(f"plugins-{abs(hash(request.node.nodeid)):x}")
