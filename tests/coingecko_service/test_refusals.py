"""Every refusal: status, code and body shape, against the recorded bodies where there are some."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_azure.coingecko.errors import CoinGeckoStandInError
from local_azure.coingecko.keys import RateLimiter
from tests.coingecko_service.local import DAY, DEMO, KEYS, NOW, PRO, local, replayed

BOTH = {**DEMO, **PRO}
WRONG_DEMO = {"x-cg-demo-api-key": "CG-wrong"}
WRONG_PRO = {"x-cg-pro-api-key": "CG-wrong"}
PRO_VALUE_IN_DEMO_HEADER = {"x-cg-demo-api-key": KEYS.pro}
DEMO_VALUE_IN_PRO_HEADER = {"x-cg-pro-api-key": KEYS.demo}

KEY_CASES: list[tuple[str, dict[str, str], int, int | None]] = [
    ("/api/v3/ping", {}, 200, None),
    ("/api/v3/ping", DEMO, 200, None),
    ("/api/v3/ping", PRO, 400, 10010),
    ("/api/v3/ping", PRO_VALUE_IN_DEMO_HEADER, 400, 10010),
    ("/api/v3/ping", WRONG_DEMO, 401, 401),
    ("/api/v3/key", DEMO, 401, 10005),
    ("/api/v3/key", {}, 401, 10005),
    ("/pro/api/v3/ping", {}, 401, 10002),
    ("/pro/api/v3/ping", PRO, 200, None),
    ("/pro/api/v3/ping", DEMO, 400, 10011),
    ("/pro/api/v3/ping", DEMO_VALUE_IN_PRO_HEADER, 400, 10011),
    ("/pro/api/v3/ping", WRONG_PRO, 401, 401),
    ("/pro/api/v3/key", PRO, 200, None),
]


@pytest.mark.parametrize(("path", "headers", "status", "code"), KEY_CASES)
@pytest.mark.parametrize("form", ["header", "query"])
def test_keys(path: str, headers: dict[str, str], status: int, code: int | None, form: str) -> None:
    query = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = local().get(path, headers=headers) if form == "header" else local().get(path, **query)
    assert answer.status_code == status
    if code is not None:
        assert answer.json()["status"]["error_code"] == code
    assert not any(value in answer.text for value in (KEYS.demo, KEYS.pro, "CG-wrong"))


def test_a_key_comes_once() -> None:
    service = local()
    assert service.get("/api/v3/ping", headers=DEMO, x_cg_demo_api_key=KEYS.demo).status_code == 400
    assert service.get("/api/v3/ping", headers=BOTH).status_code == 400


MARKETS, CHART, RANGE = "/coins/markets", "/coins/bitcoin/market_chart", "/coins/bitcoin/market_chart/range"
USD = {"vs_currency": "usd"}
PARAMETER_CASES: list[tuple[str, dict[str, Any], int, str]] = [
    (MARKETS, {}, 422, "Missing parameter vs_currency"),
    (CHART, {}, 422, "Missing parameter vs_currency"),
    (CHART, USD, 422, "Missing parameter days"),
    (RANGE, USD, 422, "Missing parameter from"),
    (RANGE, {**USD, "from_": 1}, 422, "Missing parameter to"),
    ("/coins/bitcoin/ohlc", USD, 422, "Missing parameter days"),
    ("/coins/bitcoin/history", {}, 422, "Missing parameter date"),
    ("/simple/price", {"vs_currencies": "usd"}, 422, "Missing parameter ids"),
    ("/simple/price", {"ids": "bitcoin"}, 422, "Missing parameter vs_currencies"),
    (MARKETS, {**USD, "per_pages": 10}, 400, "Unknown parameter per_pages"),
    ("/ping", {"x": 1}, 400, "Unknown parameter x"),
    (RANGE, {**USD, "from_": 1, "to": 2, "interval": "5m"}, 400, "Unknown parameter interval"),
    (MARKETS, {"vs_currency": "gold"}, 400, "'gold'"),
    (MARKETS, {**USD, "per_page": 251}, 400, "from 1 to 250"),
    (MARKETS, {**USD, "per_page": 0}, 400, "from 1 to 250"),
    (MARKETS, {**USD, "page": 0}, 400, "from 1"),
    (MARKETS, {**USD, "page": "one"}, 400, "whole number"),
    (MARKETS, {**USD, "page": "²"}, 400, "whole number"),
    (MARKETS, {**USD, "order": "rank"}, 400, "market_cap_desc"),
    (MARKETS, {**USD, "sparkline": "yes"}, 400, "true, false"),
    (MARKETS, {**USD, "precision": 19}, 400, "full"),
    (MARKETS, {**USD, "price_change_percentage": "2h"}, 400, "1h"),
    (MARKETS, {**USD, "category": "no-such"}, 404, "category not found"),
    ("/simple/price", {"ids": "bitcoin", "vs_currencies": "usd,gold"}, 400, "'gold'"),
    ("/coins/list", {"status": "asleep"}, 400, "active, inactive"),
    (CHART, {**USD, "days": 0}, 400, "whole number from 1"),
    (CHART, {**USD, "days": "1.5"}, 400, "whole number from 1"),
    (CHART, {**USD, "days": 1, "interval": "weekly"}, 400, "5m, hourly, daily"),
    (RANGE, {**USD, "from_": int(NOW), "to": int(NOW) - 1}, 400, "later than"),
    (RANGE, {**USD, "from_": int(NOW * 1000), "to": int(NOW)}, 400, "milliseconds"),
    (RANGE, {**USD, "from_": "yesterday", "to": int(NOW)}, 400, "YYYY-MM-DD"),
    (RANGE, {**USD, "from_": "nan", "to": int(NOW)}, 400, "UNIX seconds"),
    (RANGE, {**USD, "from_": -5, "to": int(NOW)}, 400, "UNIX seconds"),
    ("/coins/bitcoin/ohlc", {**USD, "days": 3}, 400, "1, 7, 14"),
    ("/coins/bitcoin/history", {"date": "31-02-2026"}, 400, "DD-MM-YYYY"),
    ("/coins/no-such-coin/market_chart", {**USD, "days": 1}, 404, "coin not found"),
    ("/coins/no-such-coin/ohlc", {**USD, "days": 1}, 404, "coin not found"),
    ("/coins/no-such-coin/history", {"date": "01-05-2026"}, 404, "coin not found"),
    ("/coins/no-such-coin/market_chart/range", {**USD, "from_": int(NOW) - 60, "to": int(NOW)}, 404, "coin not found"),
    ("/coins/top_gainers", {}, 404, "Incorrect path"),
]


@pytest.mark.parametrize(("path", "params", "status", "text"), PARAMETER_CASES)
def test_parameters(path: str, params: dict[str, Any], status: int, text: str) -> None:
    answer = local().get(f"/api/v3{path}", **params)
    assert answer.status_code == status, answer.text
    assert text in answer.json()["error"]


def test_a_parameter_comes_once() -> None:
    answer = local().client.get("/api/v3/coins/markets?vs_currency=usd&page=1&page=2")
    assert (answer.status_code, answer.json()["error"]) == (400, "Parameter page is given more than once")


INTERVALS: list[tuple[str, dict[str, Any], int]] = [
    ("/coins/bitcoin/market_chart", {"days": 10, "interval": "5m"}, 200),
    ("/coins/bitcoin/market_chart", {"days": 11, "interval": "5m"}, 400),
    ("/coins/bitcoin/market_chart", {"days": 100, "interval": "hourly"}, 200),
    ("/coins/bitcoin/market_chart", {"days": 101, "interval": "hourly"}, 400),
    ("/coins/bitcoin/market_chart", {"days": 3000, "interval": "daily"}, 200),
    ("/coins/bitcoin/ohlc", {"days": 90, "interval": "hourly"}, 200),
    ("/coins/bitcoin/ohlc", {"days": 180, "interval": "hourly"}, 400),
    ("/coins/bitcoin/ohlc", {"days": 365, "interval": "daily"}, 400),
]


@pytest.mark.parametrize(("path", "params", "status"), INTERVALS)
def test_intervals_of_the_pro_plan(path: str, params: dict[str, Any], status: int) -> None:
    answer = local().get(f"/pro/api/v3{path}", headers=PRO, vs_currency="usd", **params)
    assert answer.status_code == status, answer.text


def test_explicit_hours_are_not_in_the_demo_plan_but_days_are() -> None:
    service = local()
    refused = service.get("/api/v3/coins/bitcoin/market_chart", vs_currency="usd", days=1, interval="hourly")
    assert (refused.status_code, refused.json()["status"]["error_code"]) == (401, 10005)
    daily = service.data("/api/v3/coins/bitcoin/market_chart", vs_currency="usd", days=30, interval="daily")
    assert len(daily["prices"]) == 31


WALL = int(NOW) - 365 * DAY
WALL_CASES: list[tuple[str, dict[str, Any], int]] = [
    ("/coins/bitcoin/market_chart/range", {"from_": WALL, "to": int(NOW)}, 200),
    ("/coins/bitcoin/market_chart/range", {"from_": WALL - 1, "to": int(NOW)}, 401),
    ("/coins/bitcoin/market_chart/range", {"from_": "2021-05-01", "to": "2021-05-16T12:00"}, 401),
    ("/coins/bitcoin/market_chart", {"days": 365}, 200),
    ("/coins/bitcoin/market_chart", {"days": 366}, 401),
    ("/coins/bitcoin/market_chart", {"days": "max"}, 401),
    ("/coins/bitcoin/ohlc", {"days": 365}, 200),
    ("/coins/bitcoin/ohlc", {"days": "max"}, 401),
]


@pytest.mark.parametrize(("path", "params", "status"), WALL_CASES)
@pytest.mark.parametrize("headers", [{}, DEMO], ids=["keyless", "demo"])
def test_the_365_day_wall(path: str, params: dict[str, Any], status: int, headers: dict[str, str]) -> None:
    service = local()
    answer = service.get(f"/api/v3{path}", headers=headers, vs_currency="usd", **params)
    assert answer.status_code == status, answer.text
    if status == 401:
        assert answer.json()["error"]["status"]["error_code"] == 10012


def test_the_pro_plan_has_no_wall() -> None:
    points = local().pro(
        "/coins/bitcoin/market_chart/range", vs_currency="usd", from_="2021-05-01", to="2021-05-16T12:00"
    )
    assert len(points["prices"]) == 15 * 24 + 12


def test_iso_dates_and_unix_seconds_mean_the_same() -> None:
    service = local()
    path = "/api/v3/coins/bitcoin/market_chart/range"
    forms = [
        ("2026-05-01", "2026-05-03T12:30"),
        ("1777593600", "1777811400"),
        ("2026-05-01T00:00:00Z", "2026-05-03T14:30+02:00"),
    ]
    bodies = {service.get(path, vs_currency="usd", from_=start, to=end).content for start, end in forms}
    assert len(bodies) == 1


RECORDED_ERRORS = [
    ("btc_to_eth_exchange_rate_1_e0c093.json", "/simple/price", {}, 422),
    ("daily_historical_prices_for_one_coin_1_bc823b.json", "/coins/bitcoin/market_chart", {}, 422),
    ("historical_price_for_one_coin_at_a_previous_date_1_b34c71.json", "/coins/bitcoin/history", {"query": "x"}, 422),
    ("coin_not_found_404.json", "/coins/no-such-coin/market_chart", {"vs_currency": "usd", "days": 1}, 404),
]


@pytest.mark.parametrize(("file", "path", "params", "status"), RECORDED_ERRORS)
def test_flat_bodies_are_the_recorded_ones(
    file: str, path: str, params: dict[str, Any], status: int, shared_dir: Path
) -> None:
    folder = shared_dir / "coingecko" / "recorded"
    answer = local().get(f"/api/v3{path}", **params)
    assert answer.status_code == status
    assert answer.content == (folder / "errors" / file).read_bytes().strip()


def test_the_wall_has_the_recorded_shape(shared_dir: Path) -> None:
    noted = json.loads((shared_dir / "coingecko/recorded/errors/terrylica_API_DOCUMENTATION_2_10012.json").read_text())
    mine = local().get("/api/v3/coins/bitcoin/market_chart", vs_currency="usd", days="max").json()
    assert set(mine["error"]["status"]) == set(noted["error"]["status"])
    assert mine["error"]["status"]["error_message"] == noted["error"]["status"]["error_message"]


def test_the_rate_limit_refuses_as_recorded_and_lets_pass_again(shared_dir: Path) -> None:
    time = [1000.0]
    service = local(limiter=RateLimiter(3, timer=lambda: time[0]))
    noted = json.loads((shared_dir / "coingecko/recorded/errors/terrylica_API_DOCUMENTATION_3_429.json").read_text())
    statuses = []
    for _ in range(4):
        statuses.append(service.get("/api/v3/ping", headers=DEMO).status_code)
        time[0] += 10
    assert statuses == [200, 200, 200, 429]
    refused = service.get("/api/v3/ping", headers=DEMO)
    assert refused.json() == noted
    assert refused.headers["Retry-After"] == "20"
    assert service.get("/api/v3/ping").status_code == 200, "keyless calls are counted apart"
    time[0] += 20
    assert service.get("/api/v3/ping", headers=DEMO).status_code == 200


def test_a_rate_limit_below_one_is_refused() -> None:
    with pytest.raises(CoinGeckoStandInError, match="give 1 or more"):
        RateLimiter(0)


def test_missing_parameters_are_told_in_a_replay_too(shared_dir: Path) -> None:
    market = replayed(shared_dir / "coingecko" / "recorded")
    answer = local(market, now=market.starts_at or 0).get("/api/v3/coins/bitcoin/market_chart")
    assert (answer.status_code, answer.json()) == (422, {"error": "Missing parameter vs_currency"})
