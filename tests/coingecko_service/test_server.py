"""The service on a real port: the wire, broken connections, slow answers beside quick ones."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import uvicorn

from local_azure.coingecko.service import build

Start = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(faults=...)` serves on a free port of the loopback and gives its URL."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def run(faults: str = "") -> str:
        app = build(7, None, "CG-demo-key", "CG-pro-key", admin_token="steer", faults=faults)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server did not start"
            threading.Event().wait(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield run
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def test_answers_over_the_wire(start: Start) -> None:
    answer = requests.get(
        start() + "/api/v3/coins/markets",
        params={"vs_currency": "usd", "per_page": "250"},
        headers={"x-cg-demo-api-key": "CG-demo-key"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Market-Provenance"] == "simulated; seed=7"
    assert len(answer.json()) == 250


def test_a_reset_connection_and_then_an_answer(start: Start) -> None:
    url = start("reset:1") + "/api/v3/ping"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=30)
    assert requests.get(url, timeout=30).status_code == 200


def test_a_connection_that_ends_inside_the_body(start: Start) -> None:
    url = start("reset-body:1") + "/api/v3/coins/list"
    with pytest.raises(requests.RequestException):
        requests.get(url, timeout=30)
    assert len(requests.get(url, timeout=30).json()) == 300


def test_a_slow_answer_holds_up_no_other_one(start: Start) -> None:
    url = start("slow:600:times=1:endpoint=coins_list,slow:0.2:times=1:endpoint=ping")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(requests.get, url + "/api/v3/coins/list", timeout=(30, 2))
        assert requests.get(url + "/api/v3/ping", timeout=30).headers["X-Market-Provenance"].endswith("fault=slow")
        assert isinstance(slow.exception(timeout=30), requests.ReadTimeout)
    assert len(requests.get(url + "/api/v3/coins/list", timeout=30).json()) == 300
