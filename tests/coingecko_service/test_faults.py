"""Faults: the specification, what is struck and counted, and that the answer says so."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.coingecko import faults as faults_module
from local_azure.coingecko.errors import FaultSpecError
from local_azure.coingecko.faults import KINDS, OPTIONS, parse_faults
from tests.coingecko_service.local import ADMIN, NOW, local

MARKETS = {"vs_currency": "usd", "per_page": 100}

BAD_SPECS = [
    ("42", "no kind '42'"),
    ("429:three", "times 'three' is no number"),
    ("429:0", "out of bounds"),
    ("429:3:4", "'4' is no option"),
    ("429:3:times=4", "times is given twice"),
    ("slow:soon", "seconds 'soon' is no number"),
    ("slow:-1", "out of bounds"),
    ("null-price:chance=2", "out of bounds"),
    ("null-price:chance=nan", "out of bounds"),
    ("null-price:endpoint=ping", "cannot strike endpoint 'ping'"),
    ("429:endpoint=markets", "coins_markets"),
    ("429:when=now", "no option 'when'"),
]


@pytest.mark.parametrize(("spec", "told"), BAD_SPECS)
def test_a_specification_that_does_not_parse_is_told_with_its_part(spec: str, told: str) -> None:
    with pytest.raises(FaultSpecError) as caught:
        parse_faults(f"500:1, {spec}")
    assert told in str(caught.value)
    assert repr(spec) in str(caught.value)


def test_the_specification_of_the_manual_parses() -> None:
    manual = [line.split()[0] for line in (faults_module.__doc__ or "").splitlines() if line.startswith("    ")]
    specs = [word for word in manual if word.rstrip(",").split(":")[0] in KINDS]
    assert len(specs) > 10
    assert all(parse_faults(spec) for spec in specs)
    faults = parse_faults("429:3,429-no-retry-after:2,200-error:1,null-price,new-column,slow:5,404:solana")
    told = [(fault.kind, fault.times, fault.coin) for fault in faults]
    assert told == [
        ("429", 3, None),
        ("429-no-retry-after", 2, None),
        ("200-error", 1, None),
        ("null-price", None, None),
        ("new-column", None, None),
        ("slow", None, None),
        ("404", None, "solana"),
    ]
    assert faults[5].seconds == 5


@given(st.lists(st.sampled_from([*KINDS, *OPTIONS, ":", "=", ",", " ", "3", "-1", "0.5", "x"])).map("".join))
def test_any_text_parses_or_is_refused_with_a_reason(spec: str) -> None:
    told = ""
    try:
        assert all(fault.kind in KINDS for fault in parse_faults(spec))
    except FaultSpecError as error:
        told = str(error)
    assert told == "" or told.startswith("fault ")


REFUSALS: list[tuple[str, int, Callable[[Any], object], object]] = [
    ("200-error", 200, lambda body: body["status"]["error_code"], 429),
    ("401", 401, lambda body: body["status"]["error_code"], 401),
    ("403", 403, lambda body: body["status"]["error_code"], 403),
    ("404", 404, lambda body: body["error"], "coin not found"),
    ("408", 408, lambda body: body["status"]["error_code"], 408),
    ("429", 429, lambda body: body["status"]["error_code"], 429),
    ("429-no-retry-after", 429, lambda body: body["status"]["error_code"], 429),
    ("500", 500, lambda body: body["error"], "Internal Server Error"),
    ("503", 503, lambda body: body["status"]["error_code"], 503),
]


@pytest.mark.parametrize(("kind", "status", "read", "told"), REFUSALS)
def test_a_refusal_strikes_its_times_and_is_then_used_up(
    kind: str, status: int, read: Callable[[Any], object], told: object
) -> None:
    service = local(faults=f"{kind}:2")
    calls = [service.get("/api/v3/coins/bitcoin/ohlc", vs_currency="usd", days=1) for _ in range(3)]
    assert [call.status_code for call in calls] == [status, status, 200]
    assert [read(call.json()) for call in calls[:2]] == [told, told]
    assert [call.headers["X-Market-Provenance"] for call in calls] == [
        f"simulated; seed=42; fault={kind}",
        f"simulated; seed=42; fault={kind}",
        "simulated; seed=42",
    ]
    assert isinstance(calls[2].json(), list)


def test_retry_after_is_there_or_not_as_asked() -> None:
    service = local(faults="429:1:seconds=7,429-no-retry-after:1")
    calls = [service.get("/api/v3/ping") for _ in range(3)]
    assert [call.headers.get("Retry-After") for call in calls] == ["7", None, None]
    assert [call.status_code for call in calls] == [429, 429, 200]


def test_without_a_number_a_fault_stays_until_it_is_cleared() -> None:
    service = local(faults="429")
    assert {service.get("/api/v3/ping").status_code for _ in range(20)} == {429}
    assert service.client.delete("/_admin/faults", headers=ADMIN).json() == {"faults": []}
    assert service.get("/api/v3/ping").status_code == 200


def test_a_coin_is_unknown_wherever_it_is_named() -> None:
    service = local(faults="404:solana")
    chart = {"vs_currency": "usd", "days": 1}
    assert service.get("/api/v3/coins/solana/market_chart", **chart).status_code == 404
    assert service.get("/api/v3/coins/bitcoin/market_chart", **chart).status_code == 200
    assert service.get("/api/v3/coins/solana/ohlc", **chart).status_code == 404


def test_an_endpoint_narrows_a_fault() -> None:
    service = local(faults="500:endpoint=coins_markets")
    assert service.get("/api/v3/coins/markets", **MARKETS).status_code == 500
    assert service.get("/api/v3/ping").status_code == 200


def test_after_lets_calls_pass_first() -> None:
    service = local(faults="503:1:after=2")
    assert [service.get("/api/v3/ping").status_code for _ in range(4)] == [200, 200, 503, 200]


def test_chance_strikes_some_and_the_same_ones_again() -> None:
    runs = []
    for _ in range(2):
        service = local(faults="500:chance=0.3")
        runs.append([service.get("/api/v3/ping").status_code for _ in range(60)])
    assert runs[0] == runs[1]
    assert 5 < runs[0].count(500) < 35


def test_a_null_price_is_in_some_rows_and_points_only() -> None:
    service = local(faults="null-price")
    rows = service.data("/api/v3/coins/markets", **MARKETS)
    assert [row["current_price"] for row in rows].count(None) == 2
    assert all(row["market_cap"] is not None for row in rows)
    chart = service.data("/api/v3/coins/bitcoin/market_chart", vs_currency="usd", days=7)
    missing = [index for index, (_, price) in enumerate(chart["prices"]) if price is None]
    assert 0 < len(missing) <= len(chart["prices"]) / 40
    assert all(cap is not None for _, cap in chart["market_caps"])
    simple = service.data("/api/v3/simple/price", ids="bitcoin", vs_currencies="usd,eur", include_market_cap="true")
    assert simple["bitcoin"]["usd"] is simple["bitcoin"]["eur"] is None
    assert simple["bitcoin"]["usd_market_cap"] is not None


def test_a_null_can_be_asked_for_one_coin() -> None:
    service = local(faults="null-market-cap:1:coin=solana,null-price:1:coin=radiant-inu")
    rows = service.data("/api/v3/coins/markets", **MARKETS)
    assert [row["id"] for row in rows if row["market_cap"] is None] == ["solana"]
    assert all(row["current_price"] is not None for row in rows)
    shown = service.client.get("/_admin/faults", headers=ADMIN).json()["faults"]
    assert [(fault["struck"], fault["left"]) for fault in shown] == [(1, 0), (0, 1)]


def test_int_and_float_change_places_without_another_value() -> None:
    plain = local().data("/api/v3/coins/markets", **MARKETS)
    flipped = local(faults="int-float").data("/api/v3/coins/markets", **MARKETS)
    assert plain == flipped
    assert isinstance(plain[0]["current_price"], int)
    assert isinstance(flipped[0]["current_price"], float)
    assert isinstance(plain[0]["max_supply"], float)
    assert isinstance(flipped[0]["max_supply"], int)


@pytest.mark.parametrize(
    ("spec", "column"), [("new-column", "market_cap_rank_with_rehypothecated"), ("new-column:mood", "mood")]
)
def test_a_new_column_is_in_every_row(spec: str, column: str) -> None:
    rows = local(faults=spec).data("/api/v3/coins/markets", **MARKETS)
    assert all(len(row) == 27 and row[column] == row["market_cap_rank"] for row in rows)


def test_paging_drift_repeats_a_row_of_the_page_before() -> None:
    service = local(faults="paging-drift:1")
    first, second, again = (service.data("/api/v3/coins/markets", **MARKETS, page=page) for page in (1, 2, 2))
    assert second[0]["id"] == first[-1]["id"]
    assert again[0]["id"] == second[1]["id"]


def test_an_empty_page() -> None:
    service = local(faults="empty-page:1")
    assert [len(service.data("/api/v3/coins/markets", **MARKETS)) for _ in range(2)] == [0, 100]


@pytest.mark.parametrize("kind", ["truncated", "corrupt"])
def test_a_body_that_is_no_json(kind: str) -> None:
    service = local(faults=f"{kind}:1")
    answer = service.get("/api/v3/coins/markets", **MARKETS)
    assert answer.status_code == 200
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        json.loads(answer.content)
    assert answer.headers["X-Market-Provenance"] == f"simulated; seed=42; fault={kind}"
    assert len(service.data("/api/v3/coins/markets", **MARKETS)) == 100


def test_alterations_add_up_and_a_refusal_uses_none_of_them_up() -> None:
    service = local(faults="429:1,null-price:1,new-column:times=1,500:1")
    statuses = [service.get("/api/v3/coins/markets", **MARKETS) for _ in range(4)]
    assert [answer.status_code for answer in statuses] == [429, 500, 200, 200]
    assert statuses[2].headers["X-Market-Provenance"] == "simulated; seed=42; fault=null-price; fault=new-column"
    assert statuses[3].headers["X-Market-Provenance"] == "simulated; seed=42"


def test_a_refusal_of_the_service_itself_uses_no_alteration_up() -> None:
    service = local(faults="null-price:1")
    assert service.get("/api/v3/coins/markets").status_code == 422
    assert service.client.get("/_admin/faults", headers=ADMIN).json()["faults"][0]["left"] == 1


def test_a_wrong_specification_changes_nothing() -> None:
    service = local(faults="429:1")
    answer = service.client.put("/_admin/faults", json={"spec": "nonsense"}, headers=ADMIN)
    assert answer.status_code == 400
    assert "no kind 'nonsense'" in answer.json()["error"]
    assert service.get("/api/v3/ping").status_code == 429


def test_a_chart_of_one_point_and_an_empty_one_can_be_struck() -> None:
    service = local(faults="null-price,null-market-cap")
    path = "/api/v3/coins/bitcoin/market_chart/range"
    one = service.data(path, vs_currency="usd", from_=int(NOW) - 3 * 3600, to=int(NOW) - 2 * 3600)
    assert [price for _, price in one["prices"]] == [None]
    assert service.data(path, vs_currency="usd", from_=int(NOW) + 900, to=int(NOW) + 999)["prices"] == []
