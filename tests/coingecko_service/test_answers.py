"""Every answer against the vendor's OpenAPI, and the columns, numbers and nulls that pipelines stumble over."""

from pathlib import Path
from typing import Any

import pytest

from local_azure.coingecko.clock import read_moment
from local_azure.coingecko.replay import ReplayMarket
from tests.coingecko_service.local import NOW, PRO, local, replayed
from tests.fixtures.openapi import Judge

RANGE = {"vs_currency": "usd", "from_": int(NOW) - 86_400, "to": int(NOW)}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("/ping", "/ping", {}),
    ("/simple/supported_vs_currencies", "/simple/supported_vs_currencies", {}),
    ("/simple/price", "/simple/price", {"ids": "bitcoin,pepe,tether", "vs_currencies": "usd,eur,btc"}),
    (
        "/simple/price",
        "/simple/price",
        {
            "symbols": "pepe",
            "vs_currencies": "usd",
            "include_tokens": "all",
            "include_market_cap": "true",
            "include_24hr_vol": "true",
            "include_24hr_change": "true",
            "include_last_updated_at": "true",
            "precision": "full",
        },
    ),
    ("/coins/list", "/coins/list", {}),
    ("/coins/list", "/coins/list", {"include_platform": "true"}),
    ("/coins/list", "/coins/list", {"status": "inactive", "include_platform": "true"}),
    ("/coins/markets", "/coins/markets", {"vs_currency": "usd", "per_page": 250}),
    ("/coins/markets", "/coins/markets", {"vs_currency": "usd", "per_page": 250, "page": 2}),
    ("/coins/markets", "/coins/markets", {"vs_currency": "eth", "order": "volume_asc", "precision": "full"}),
    (
        "/coins/markets",
        "/coins/markets",
        {
            "vs_currency": "jpy",
            "category": "meme-token",
            "sparkline": "true",
            "include_rehypothecated": "true",
            "price_change_percentage": "1h,24h,7d,14d,30d,200d,1y",
        },
    ),
    ("/coins/bitcoin/market_chart", "/coins/{id}/market_chart", {"vs_currency": "usd", "days": 1}),
    ("/coins/bitcoin/market_chart", "/coins/{id}/market_chart", {"vs_currency": "sats", "days": 30, "precision": 2}),
    ("/coins/pepe/market_chart/range", "/coins/{id}/market_chart/range", RANGE),
    ("/coins/solana/ohlc", "/coins/{id}/ohlc", {"vs_currency": "usd", "days": 7}),
    ("/coins/dai/history", "/coins/{id}/history", {"date": "17-05-2026"}),
    ("/coins/dai/history", "/coins/{id}/history", {"date": "17-05-2026", "localization": "false"}),
]
PRO_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    *CALLS,
    ("/key", "/key", {}),
    ("/coins/bitcoin/market_chart", "/coins/{id}/market_chart", {"vs_currency": "usd", "days": "max"}),
    ("/coins/bitcoin/ohlc", "/coins/{id}/ohlc", {"vs_currency": "usd", "days": 90, "interval": "daily"}),
    ("/coins/bitcoin/ohlc", "/coins/{id}/ohlc", {"vs_currency": "eur", "days": 365}),
    ("/coins/bitcoin/market_chart/range", "/coins/{id}/market_chart/range", {**RANGE, "interval": "5m"}),
]


@pytest.mark.parametrize(("path", "described", "params"), CALLS)
def test_demo_answers_are_as_described(
    path: str, described: str, params: dict[str, Any], openapi_faults: Judge
) -> None:
    document = local().data(f"/api/v3{path}", **params)
    assert document
    assert openapi_faults("demo", described, document) == []


@pytest.mark.parametrize(("path", "described", "params"), PRO_CALLS)
def test_pro_answers_are_as_described(path: str, described: str, params: dict[str, Any], openapi_faults: Judge) -> None:
    assert openapi_faults("pro", described, local().pro(path, **params)) == []


RECORDED = [
    ("/coins/list", "/coins/list", ""),
    ("/coins/markets", "/coins/markets", "ids=bitcoin&vs_currency=usd"),
    ("/coins/markets", "/coins/markets", "ids=ethereum,bitcoin&vs_currency=eth"),
    ("/coins/markets", "/coins/markets", "vs_currency=usd&category=stablecoins"),
    ("/simple/price", "/simple/price", "ids=bitcoin&vs_currencies=usd"),
    ("/coins/bitcoin/market_chart", "/coins/{id}/market_chart", "days=30&vs_currency=usd"),
    ("/coins/bitcoin/market_chart", "/coins/{id}/market_chart", "days=1&vs_currency=usd"),
    (
        "/coins/bitcoin/market_chart/range",
        "/coins/{id}/market_chart/range",
        "vs_currency=usd&from=1619000000&to=1619600000",
    ),
    ("/coins/bitcoin/ohlc", "/coins/{id}/ohlc", "days=7&vs_currency=usd"),
    ("/coins/bitcoin/history", "/coins/{id}/history", "date=30-12-2017"),
]


@pytest.mark.parametrize(("path", "described", "query"), RECORDED)
def test_recorded_answers_are_as_described(
    path: str, described: str, query: str, openapi_faults: Judge, shared_dir: Path
) -> None:
    market = replayed(shared_dir / "coingecko" / "recorded")
    assert market.starts_at is not None
    answer = local(market, now=market.starts_at).client.get(f"/api/v3{path}?{query}")
    assert answer.status_code == 200, answer.text
    faults = openapi_faults("demo", described, answer.json())
    # The answer of 2021 wrote one number as text; it is served as it came.
    assert all("reddit_accounts_active_48h" in fault for fault in faults), faults


def test_the_judge_sees_a_wrong_answer(openapi_faults: Judge) -> None:
    rows = local().data("/api/v3/coins/markets", vs_currency="usd", per_page=1)
    assert openapi_faults("demo", "/coins/markets", [{**rows[0], "max_supply": None}]) == []
    assert openapi_faults("demo", "/coins/markets", [{**rows[0], "name": None}]) != []
    del rows[0]["roi"]
    assert openapi_faults("demo", "/coins/markets", rows) != []


def test_a_row_has_its_26_columns_and_more_only_on_request() -> None:
    service = local()
    plain = service.data("/api/v3/coins/markets", vs_currency="usd", per_page=250)
    assert {len(row) for row in plain} == {26}
    more = service.data("/api/v3/coins/markets", vs_currency="usd", price_change_percentage="7d,1h", sparkline="true")[
        0
    ]
    assert set(more) - set(plain[0]) == {
        "sparkline_in_7d",
        "price_change_percentage_7d_in_currency",
        "price_change_percentage_1h_in_currency",
    }
    assert len(more["sparkline_in_7d"]["price"]) == 168


def test_the_market_has_300_coins_and_ends_with_a_short_page() -> None:
    service = local()
    pages = [service.data("/api/v3/coins/markets", vs_currency="usd", per_page=250, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [250, 50, 0]


def test_numbers_come_as_int_and_as_float_in_one_column() -> None:
    rows = local().data("/api/v3/coins/markets", vs_currency="usd", per_page=250)
    assert {type(row["current_price"]) for row in rows} == {int, float}
    assert {type(row["max_supply"]) for row in rows} == {float, type(None)}


def test_nulls_are_where_the_real_market_has_them() -> None:
    service = local()
    rows = [
        row
        for page in (1, 2)
        for row in service.data("/api/v3/coins/markets", vs_currency="usd", per_page=250, page=page)
    ]
    empty = {name for row in rows for name, value in row.items() if value is None}
    assert {"max_supply", "total_supply", "fully_diluted_valuation", "market_cap_rank", "roi", "current_price"} <= empty
    assert not empty & {"id", "symbol", "name", "image", "last_updated"}
    unranked = [row for row in rows if row["market_cap_rank"] is None]
    assert rows[-len(unranked) :] == unranked


def test_symbols_repeat_and_ids_do_not() -> None:
    listed = local().data("/api/v3/coins/list")
    symbols = [coin["symbol"] for coin in listed]
    assert symbols.count("pepe") >= 3
    assert symbols.count("pro") >= 2
    assert len({coin["id"] for coin in listed}) == len(listed) == 300


def test_a_symbol_means_its_largest_coin_unless_all_are_asked_for() -> None:
    service = local()
    assert list(service.data("/api/v3/simple/price", symbols="pepe", vs_currencies="usd")) == ["pepe"]
    every = service.data("/api/v3/simple/price", symbols="pepe", vs_currencies="usd", include_tokens="all")
    assert len(every) >= 3


def test_an_unknown_id_is_left_out_without_an_error() -> None:
    service = local()
    assert service.data("/api/v3/simple/price", ids="bitcoin,no-such-coin", vs_currencies="usd").keys() == {"bitcoin"}
    assert service.data("/api/v3/simple/price", ids="no-such-coin", vs_currencies="usd") == {}
    assert service.data("/api/v3/coins/markets", vs_currency="usd", ids="no-such-coin") == []


def test_ranks_move_from_hour_to_hour() -> None:
    service = local()

    def order() -> list[str]:
        rows = service.data("/api/v3/coins/markets", vs_currency="usd", per_page=250)
        assert [row["market_cap_rank"] for row in rows] == list(range(1, 251))
        caps = [row["market_cap"] for row in rows]
        assert caps == sorted(caps, reverse=True)
        return [row["id"] for row in rows]

    before = order()
    service.clock.set(NOW + 3600)
    assert order() != before


@pytest.mark.parametrize(
    ("order", "field", "down"),
    [
        ("id_asc", "id", False),
        ("id_desc", "id", True),
        ("volume_desc", "total_volume", True),
        ("volume_asc", "total_volume", False),
        ("market_cap_asc", "market_cap", False),
    ],
)
def test_order(order: str, field: str, down: bool) -> None:
    rows = local().data("/api/v3/coins/markets", vs_currency="usd", order=order, per_page=50)
    values = [row[field] for row in rows]
    assert values == sorted(values, reverse=down)


def test_every_answer_tells_its_provenance(shared_dir: Path) -> None:
    service = local()
    for path in ("/api/v3/ping", "/api/v3/coins/markets", "/pro/api/v3/ping", "/nowhere", "/_admin/faults"):
        assert service.get(path).headers["X-Market-Provenance"] == "simulated; seed=42", path
    assert service.client.post("/api/v3/ping").headers["X-Market-Provenance"] == "simulated; seed=42"
    market = ReplayMarket(shared_dir / "coingecko" / "recorded")
    assert market.starts_at is not None
    answer = local(market, now=market.starts_at).get("/api/v3/coins/markets", ids="bitcoin", vs_currency="usd")
    assert answer.headers["X-Market-Provenance"].startswith("recorded; file=coins_markets/")


def test_key_counts_calls_of_the_pro_key() -> None:
    service = local()
    used = [service.get("/pro/api/v3/key", headers=PRO).json()["current_total_monthly_calls"] for _ in range(2)]
    assert used == [1, 2]


@pytest.mark.parametrize(("precision", "decimals"), [("0", 0), ("2", 2), ("8", 8)])
def test_precision_bounds_the_decimals(precision: str, decimals: int) -> None:
    price = local().data("/api/v3/simple/price", ids="xrp,ripple", vs_currencies="usd", precision=precision)
    assert round(price["ripple"]["usd"], decimals) == price["ripple"]["usd"]


@pytest.mark.parametrize("now", ["1971-01-01", "2013-04-27", "2013-04-28T00:10", "2019-06-01", "2030-01-01T12:00"])
def test_any_year_has_its_market(now: str, openapi_faults: Judge) -> None:
    service = local(now=read_moment(now))
    rows = service.data("/api/v3/coins/markets", vs_currency="usd", per_page=250, price_change_percentage="1y")
    assert openapi_faults("demo", "/coins/markets", rows) == []
    assert [row["id"] for row in rows][:1] == (["bitcoin"] if now >= "2013-04-28" else [])
    price = service.data("/api/v3/simple/price", ids="bitcoin", vs_currencies="usd")
    assert bool(price) == bool(rows)
    for path in ("market_chart", "ohlc"):
        assert service.get(f"/api/v3/coins/bitcoin/{path}", vs_currency="usd", days=30).status_code == 200


def test_other_paths_and_methods_are_refused_in_the_flat_shape() -> None:
    service = local()
    assert service.get("/nowhere").json() == {"error": "Not Found: GET /nowhere"}
    answer = service.client.post("/api/v3/ping")
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed: POST /api/v3/ping"})
