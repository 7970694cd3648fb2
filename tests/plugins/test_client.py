"""The client against scripted answers: retries, limits, every shape of error, and a key that never shows."""

import logging
from email.utils import formatdate
from pathlib import Path

import pytest

from adf_export_airflow.coingecko import errors
from adf_export_airflow.coingecko.client import CoinGeckoClient
from adf_export_airflow.coingecko.plans import Plan
from tests.fakes.clock import StepClock
from tests.fakes.http_script import HANG_UP, HttpScript, raw, reply
from tests.plugins.clients import KEY, client

PONG = reply(200, {"gecko_says": "(V3) To the Moon!"})
LIMIT = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}


@pytest.mark.parametrize(
    ("plan", "header"),
    [(Plan.KEYLESS, None), (Plan.DEMO, "x-cg-demo-api-key"), (Plan.PRO, "x-cg-pro-api-key")],
)
def test_key_goes_into_its_header_only(plan: Plan, header: str | None, tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([PONG]) as server:
        client(server.origin, tmp_path, clock, plan=plan).ping()
    sent = server.requests[0]
    assert {name: value for name, value in sent.headers.items() if name.startswith("x-cg")} == (
        {header: KEY} if header else {}
    )
    assert KEY not in sent.target
    assert sent.headers["user-agent"].startswith("adf-export/")


def test_body_is_returned_as_received(tmp_path: Path, clock: StepClock) -> None:
    body = b'[ {"id":"bitcoin" , "price": 77671.0, "n": 1e3, "\\u00e9": "\xc3\xa9"} ]\n'
    with HttpScript([raw(200, body, X_Market_Provenance="simulated; seed=42")]) as server:
        answer = client(server.origin, tmp_path, clock).coins_markets(vs_currency="usd", page=2, per_page=5)
    assert answer.body == body
    assert answer.provenance == "simulated; seed=42"
    assert answer.endpoint == "/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=5&page=2"
    assert answer.fetched_at == "2026-05-18T12:34:56+00:00"


def test_provenance_of_the_real_api(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([PONG]) as server:
        assert client(server.origin, tmp_path, clock).ping().provenance == "coingecko"


@pytest.mark.parametrize(
    "bad",
    [
        reply(408, {"error": "slow"}),
        reply(500, {"error": "boom"}),
        raw(502, b"<html>bad gateway</html>"),
        reply(200, {"status": {"error_code": 503, "error_message": "maintenance"}}),
        raw(200, b'[{"id": "bitc'),
        raw(200, b""),
        raw(200, b"<html>Log in to the hotel</html>"),
        raw(200, b"NaN"),
        raw(200, b'{"prices"', Content_Length="400"),
        raw(200, b"not gzip", Content_Encoding="gzip"),
        HANG_UP,
    ],
)
def test_what_may_pass_is_tried_again(bad: bytes, tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([bad, bad, PONG]) as server:
        client(server.origin, tmp_path, clock).ping()
    assert len(server.requests) == 3
    assert clock.sleeps == [2.0, 4.0]


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, {"error": "Invalid page"}, errors.RefusedError, "Invalid page"),
        (401, {"status": {"error_code": 401, "error_message": "bad key"}}, errors.KeyRefusedError, "API key"),
        (401, {"status": {"error_code": 10002, "error_message": "no key"}}, errors.KeyRefusedError, "password"),
        (401, {"status": {"error_code": "10005", "error_message": "x"}}, errors.WrongPlanError, "does not include"),
        (400, {"status": {"error_code": 10010, "error_message": "x"}}, errors.WrongPlanError, '"plan": "pro"'),
        (400, {"status": {"error_code": 10011, "error_message": "x"}}, errors.WrongPlanError, '"plan": "demo"'),
        (
            401,
            {"error": {"status": {"error_code": 10012, "error_message": "exceeds the allowed time range"}}},
            errors.BeyondHistoryError,
            "365 days",
        ),
        (403, {"error": "blocked"}, errors.BlockedError, "blocks"),
        (403, {"error_code": 1020, "error_message": "denied"}, errors.BlockedError, "firewall"),
        (404, {"error": "coin not found"}, errors.UnknownCoinError, "'ghost'"),
        (404, None, errors.UnknownCoinError, "'ghost'"),
        (200, {"status": {"error_code": 10013, "error_message": "x"}}, errors.UnknownCoinError, "'ghost'"),
        (422, {"error": "Missing parameter vs_currency"}, errors.RefusedError, "Missing parameter"),
        (200, {"error": "coin not found"}, errors.RefusedError, "coin not found"),
        (418, {"error": {"odd": 1}}, errors.RefusedError, "418"),
    ],
)
def test_what_never_passes_is_told_at_once(
    status: int, body: object, kind: type[errors.CoinGeckoError], said: str, tmp_path: Path, clock: StepClock
) -> None:
    with HttpScript([reply(status, body)]) as server, pytest.raises(kind) as caught:
        client(server.origin, tmp_path, clock).market_chart_range("ghost", vs_currency="usd", range_from=1, range_to=2)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 1
    assert not clock.sleeps


def test_no_such_address_is_no_unknown_coin(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(404, {"error": "Incorrect path"})]) as server, pytest.raises(errors.RefusedError) as caught:
        client(server.origin, tmp_path, clock).ping()
    assert "host of the connection" in str(caught.value)


@pytest.mark.parametrize("status", [429, 200])
def test_refusals_back_off_past_a_minute_then_stop(status: int, tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(status, LIMIT)]) as server, pytest.raises(errors.RateLimitedError) as caught:
        client(server.origin, tmp_path, clock).ping()
    assert len(server.requests) == 5
    assert clock.sleeps == pytest.approx([10, 20, 40, 80], abs=0.1)
    assert "gave up after 5 refusals" in str(caught.value)
    assert str(caught.value).count("rate limit") == 1


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_refusals_are_counted_as_the_connection_says(limit: int, tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(429, LIMIT)]) as server, pytest.raises(errors.RateLimitedError):
        client(server.origin, tmp_path, clock, max_refusals=limit).ping()
    assert len(server.requests) == limit


def http_date(offset: float) -> str:
    return formatdate(StepClock().at + offset, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry_After": "37"}, 37.0),
        ({"Retry_After": " 0 "}, 0.0),
        ({"Retry_After": http_date(45)}, 45.0),
        ({"Retry_After": http_date(-45)}, 0.0),
        ({"Retry_After": http_date(5000), "Date": http_date(4950)}, 50.0),
        ({"Retry_After": "soon"}, 10.0),
        ({"Retry_After": "-3"}, 10.0),
        ({"Retry_After": "\u00b2"}, 10.0),
        ({}, 10.0),
    ],
)
def test_retry_after_is_honoured(headers: dict[str, str], pause: float, tmp_path: Path) -> None:
    clock = StepClock()
    with HttpScript([reply(429, LIMIT, **headers), PONG]) as server:
        client(server.origin, tmp_path, clock).ping()
    assert sum(clock.sleeps) == pytest.approx(pause, abs=0.1)


def test_retry_after_of_503(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(503, {"error": "x"}, Retry_After="7"), PONG]) as server:
        client(server.origin, tmp_path, clock).ping()
    assert clock.sleeps == [7.0]


def test_a_day_of_retry_after_ends_the_task(tmp_path: Path, clock: StepClock) -> None:
    answer = reply(429, LIMIT, Retry_After="86400")
    with HttpScript([answer]) as server, pytest.raises(errors.RateLimitedError, match="asks to wait 86400 s"):
        client(server.origin, tmp_path, clock).ping()
    assert not clock.sleeps


def test_jitter_only_lengthens(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(500, {"error": "x"}), PONG]) as server:
        plain = client(server.origin, tmp_path, clock)
        CoinGeckoClient(plain.settings, clock=clock, jitter=lambda: 1.0).ping()
    assert clock.sleeps == [2.5]


def test_a_refusal_holds_every_task_of_the_key(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(429, LIMIT, Retry_After="30"), PONG]) as server:
        with pytest.raises(errors.RateLimitedError):
            client(server.origin, tmp_path, clock, max_refusals=1).ping()
        assert not clock.sleeps
        client(server.origin, tmp_path, clock).ping()
    assert clock.sleeps == pytest.approx([30])


def test_no_network_is_one_clear_error(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([PONG]) as server:
        origin = server.origin
    with pytest.raises(errors.UnreachableError) as caught:
        client(origin, tmp_path, clock).ping()
    assert clock.sleeps == [2.0, 4.0, 8.0, 16.0]
    assert "gave up after 5 attempts" in str(caught.value)
    assert "Check the network" in str(caught.value)


def test_read_timeout(tmp_path: Path, clock: StepClock) -> None:
    stalled = raw(200, b"[", Content_Length="10", Connection="keep-alive")
    with HttpScript([stalled]) as server, pytest.raises(errors.UnreachableError):
        client(server.origin, tmp_path, clock, read_timeout=0.2, max_attempts=1).ping()


def test_redirect_to_another_host_is_refused(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([PONG]) as other, HttpScript([raw(302, b"", Location=f"{other.origin}/ping")]) as server:
        with pytest.raises(errors.RedirectRefusedError, match="another host"):
            client(server.origin, tmp_path, clock).ping()
        assert not other.requests


def test_redirect_within_the_host_is_followed(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([raw(301, b"", Location="/v4/coins/list?a=b"), reply(200, [{"id": "bitcoin"}])]) as server:
        client(server.origin, tmp_path, clock).coins_list()
    assert server.requests[1].target == "/v4/coins/list?a=b"
    assert server.requests[1].headers["x-cg-demo-api-key"] == KEY


def test_redirect_in_circles(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([raw(302, b"", Location="/ping")]) as server:
        with pytest.raises(errors.RedirectRefusedError, match="circles"):
            client(server.origin, tmp_path, clock).ping()
        assert len(server.requests) == 4


def test_coin_id_is_escaped(tmp_path: Path, clock: StepClock) -> None:
    with HttpScript([reply(200, {"prices": []})]) as server:
        client(server.origin, tmp_path, clock).market_chart_range("a/../b", vs_currency="usd", range_from=1, range_to=2)
    assert server.requests[0].path == "/coins/a%2F..%2Fb/market_chart/range"


@pytest.mark.parametrize(
    "answer",
    [
        reply(401, {"status": {"error_code": 401, "error_message": f"key {KEY} is unknown"}}),
        reply(500, {"error": f"trouble with {KEY}"}),
        reply(429, {"error": f"too many calls of {KEY}"}),
        HANG_UP,
        raw(302, b"", Location=f"http://elsewhere.test/?key={KEY}"),
    ],
)
def test_key_is_in_no_message_log_or_repr(
    answer: bytes, tmp_path: Path, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpScript([answer]) as server:
        caller = client(server.origin, tmp_path, clock)
        with pytest.raises(errors.CoinGeckoError) as caught:
            caller.ping()
    shown: list[str] = []
    fault: BaseException | None = caught.value
    while fault is not None:
        shown += [str(fault), repr(fault)]
        fault = fault.__cause__ or fault.__context__
    assert KEY not in "".join([*shown, caplog.text, repr(caller), repr(caller.settings)])
    assert not [path for path in tmp_path.rglob("*") if KEY in path.name]
