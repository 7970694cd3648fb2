"""Steering: the token, the clock, and counts of calls that never hold a key."""

import pytest

from local_azure.coingecko.clock import Clock, read_moment
from tests.coingecko_service.local import ADMIN, DEMO, KEYS, NOW, PRO, local


@pytest.mark.parametrize("headers", [{}, {"X-Admin-Token": "wrong"}, DEMO, {"X-Admin-Token": "é".encode()}])
@pytest.mark.parametrize("path", ["faults", "clock", "requests"])
def test_the_token_is_required(path: str, headers: dict[str, str]) -> None:
    for method in ("GET", "PUT", "DELETE") if path != "requests" else ("GET", "DELETE"):
        answer = local().client.request(method, f"/_admin/{path}", headers=headers)
        assert answer.status_code == 401
        assert "X-Admin-Token" in answer.json()["error"]


def test_the_clock_is_set_as_text_or_json_and_goes_back() -> None:
    service = local()
    put = service.client.put
    assert put("/_admin/clock", content="2026-01-02", headers=ADMIN).json() == {
        "now": "2026-01-02T00:00:00.000Z",
        "running": False,
    }
    assert put("/_admin/clock", json={"now": 86400}, headers=ADMIN).json()["now"] == "1970-01-02T00:00:00.000Z"
    assert put("/_admin/clock", json={"now": "2026-01-02", "running": True}, headers=ADMIN).json()["running"] is True
    assert service.client.delete("/_admin/clock", headers=ADMIN).json()["running"] is False
    assert service.clock.now() == NOW


@pytest.mark.parametrize("body", ["", "yesterday", "{}", '{"then": 1}', "2026-13-01"])
def test_a_wrong_moment_is_refused(body: str) -> None:
    answer = local().client.put("/_admin/clock", content=body, headers=ADMIN)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_body_that_is_no_text_is_refused() -> None:
    answer = local().client.put("/_admin/faults", content=b"\xff", headers=ADMIN)
    assert (answer.status_code, answer.json()["error"]) == (400, "the body is no UTF-8 text")


def test_the_clock_runs_on_from_the_system_and_from_a_start() -> None:
    running = Clock()
    before = running.now()
    assert running.running
    assert running.now() >= before
    running.set(read_moment("2020-01-01"), running=True)
    assert running.now() >= read_moment("2020-01-01T00:00Z")
    running.reset()
    assert running.now() >= before


def test_calls_are_counted_by_endpoint_key_and_status() -> None:
    service = local()
    service.get("/api/v3/ping", headers=DEMO)
    service.get("/api/v3/ping", x_cg_demo_api_key=KEYS.demo)
    service.get("/api/v3/ping")
    service.get("/api/v3/ping")
    service.get("/pro/api/v3/coins/markets", headers=PRO)
    answer = service.client.get("/_admin/requests", headers=ADMIN)
    told = [tuple(row.values()) for row in answer.json()["requests"]]
    assert told == [
        ("/api/v3", "ping", "header", 200, 1),
        ("/api/v3", "ping", "none", 200, 2),
        ("/api/v3", "ping", "query", 200, 1),
        ("/pro/api/v3", "coins_markets", "header", 422, 1),
    ]
    assert KEYS.demo not in answer.text
    assert KEYS.pro not in answer.text
    assert service.client.delete("/_admin/requests", headers=ADMIN).json() == {"requests": []}
