"""One path under all answers: five-minute, hourly, daily, candles, snapshots and other processes agree."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.coingecko_service.local import DAY, NOW, Local, local, simulated

SERIES = ("prices", "market_caps", "total_volumes")
Points = list[list[float]]


def chart_range(
    start: float, end: float, *, coin: str = "ethereum", now: float = NOW, **params: object
) -> dict[str, Points]:
    path = f"/coins/{coin}/market_chart/range"
    answer: dict[str, Points] = at(now).pro(path, vs_currency="usd", from_=int(start), to=int(end), **params)
    return answer


@lru_cache(maxsize=4)
def at(now: float) -> Local:
    """A service that no test steers: many ranges are asked of it."""
    return local(now=now)


def step_of(milliseconds: float) -> int:
    return int(milliseconds // 300_000)


def midnight(moment: float) -> int:
    return int(moment // DAY) * DAY


def test_hourly_points_are_five_minute_points() -> None:
    start = midnight(NOW) - 5 * DAY
    fine = chart_range(start, start + 3 * DAY, interval="5m")
    hourly = chart_range(start, start + 3 * DAY)
    assert (len(hourly["prices"]), len(fine["prices"])) == (72, 3 * 288)
    for name in SERIES:
        values = dict(map(tuple, fine[name]))
        assert all(values[stamp] == value for stamp, value in hourly[name])


def test_daily_points_are_the_steps_at_midnight() -> None:
    end = midnight(NOW)
    daily = chart_range(end - 120 * DAY, end + 3600)
    assert [stamp for stamp, _ in daily["prices"]] == [(end - day * DAY) * 1000 for day in range(120, -1, -1)]
    fine = chart_range(end - 9 * DAY, end + 3600, interval="5m")
    for name in SERIES:
        values = {step_of(stamp): value for stamp, value in fine[name]}
        assert all(values[step_of(stamp)] == value for stamp, value in daily[name][-9:])


def test_history_is_the_daily_point() -> None:
    day = midnight(NOW) - 3 * DAY
    text = datetime.fromtimestamp(day, UTC).strftime("%d-%m-%Y")
    data = local().pro("/coins/ethereum/history", date=text)["market_data"]
    daily = chart_range(day - 100 * DAY, day + 60)
    for name, series in zip(("current_price", "market_cap", "total_volume"), SERIES, strict=True):
        assert daily[series][-1] == [day * 1000, data[name]["usd"]]


def test_candles_bound_the_points_inside_them() -> None:
    candles = local().pro("/coins/ethereum/ohlc", vs_currency="usd", days=30, precision="full")
    fine = chart_range(NOW - 9 * DAY, NOW, interval="5m")["prices"]
    for (opened, *_), (close, first, high, low, last) in pairwise(candles[-40:-1]):
        inside = [value for stamp, value in fine if opened <= step_of(stamp) * 300_000 <= close]
        assert (inside[0], max(inside), min(inside), inside[-1]) == (first, high, low, last)


def test_candles_close_on_their_grid_and_the_last_one_is_running() -> None:
    candles = local().pro("/coins/bitcoin/ohlc", vs_currency="usd", days=7)
    closes = [candle[0] for candle in candles]
    assert len(closes) == 42
    assert {later - earlier for earlier, later in pairwise(closes)} == {4 * 3600 * 1000}
    assert closes[-1] - 4 * 3600 * 1000 <= NOW * 1000 < closes[-1]
    assert all(low <= min(first, last) <= max(first, last) <= high for _, first, high, low, last in candles)


def test_the_snapshot_lies_between_the_points_around_it() -> None:
    row = local().data("/api/v3/coins/markets", vs_currency="usd", ids="ethereum", precision="full")[0]
    updated = datetime.fromisoformat(row["last_updated"]).timestamp()
    assert 0 <= NOW - updated < 180
    live = {
        now: chart_range(now - 600, now, now=now, interval="5m")["prices"][-1]
        for now in (updated // 300 * 300, (updated // 300 + 1) * 300)
    }
    (_, before), (_, after) = live.values()
    assert min(before, after) * (1 - 1e-9) <= row["current_price"] <= max(before, after) * (1 + 1e-9)


def test_a_day_is_bounded_by_its_high_and_low() -> None:
    row = local().data("/api/v3/coins/markets", vs_currency="usd", ids="ethereum", precision="full")[0]
    inside = [value for _, value in chart_range(NOW - DAY + 600, NOW - 600, interval="5m")["prices"]]
    assert row["low_24h"] <= min(inside) <= max(inside) <= row["high_24h"]
    # The all-time figures are rounded as quoted prices are.
    assert row["atl"] <= row["low_24h"] + 0.01
    assert row["ath"] >= row["high_24h"] - 0.01
    change = row["price_change_24h"] / (row["current_price"] - row["price_change_24h"]) * 100
    assert row["price_change_percentage_24h"] == pytest.approx(change, abs=1e-4)


def test_cross_rates_are_consistent() -> None:
    prices = local().data(
        "/api/v3/simple/price", ids="bitcoin,ethereum", vs_currencies="usd,eur,btc,eth,sats", precision="full"
    )
    bitcoin, ethereum = prices["bitcoin"], prices["ethereum"]
    assert bitcoin["btc"] == ethereum["eth"] == 1.0
    assert bitcoin["sats"] == 1e8
    # Each coin is read at its own last_updated, seconds apart.
    assert ethereum["btc"] == pytest.approx(ethereum["usd"] / bitcoin["usd"], rel=1e-3)
    assert bitcoin["eur"] / bitcoin["usd"] == pytest.approx(ethereum["eur"] / ethereum["usd"], rel=1e-3)
    assert 0.5 < bitcoin["eur"] / bitcoin["usd"] < 1.5


def test_stablecoins_stay_at_their_level_and_the_market_moves_together() -> None:
    def returns(coin: str) -> list[float]:
        values = [value for _, value in chart_range(NOW - 700 * DAY, NOW - 2 * DAY, coin=coin)["prices"]]
        return [later / earlier - 1 for earlier, later in pairwise(values)]

    tether = [value for _, value in chart_range(NOW - 700 * DAY, NOW - 2 * DAY, coin="tether")["prices"]]
    assert all(0.99 < value < 1.01 for value in tether)
    one, other = returns("bitcoin"), returns("solana")
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    covariance = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean_one) ** 2 for a in one) ** 0.5 * sum((b - mean_other) ** 2 for b in other) ** 0.5
    assert covariance / spread > 0.6


def test_other_seeds_are_other_markets() -> None:
    one, other = (
        local(simulated(seed)).data("/api/v3/simple/price", ids="bitcoin", vs_currencies="usd") for seed in (42, 43)
    )
    assert one != other


PROGRAM = """
import hashlib, sys
from tests.coingecko_service.local import local
service = local()
bodies = [service.client.get(path).content for path in sys.argv[1:]]
print(hashlib.sha256(b"".join(bodies)).hexdigest())
"""


def test_another_process_gives_the_same_bytes() -> None:
    paths = [
        "/api/v3/coins/markets?vs_currency=usd&per_page=250&sparkline=true",
        "/api/v3/coins/pepe/market_chart?vs_currency=eur&days=90",
        "/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=30",
    ]
    here = hashlib.sha256(b"".join(local().client.get(path).content for path in paths)).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert there.stdout.strip() == here


spans = st.tuples(
    st.sampled_from(["bitcoin", "pepe", "tether", "delta-dao"]),
    st.floats(min_value=0, max_value=3 * 365 * DAY),
    st.one_of(st.floats(min_value=0, max_value=3 * DAY), st.floats(min_value=0, max_value=400 * DAY)),
)


@given(spans)
@settings(max_examples=80, deadline=None)
def test_any_range_keeps_the_granularity_table(span: tuple[str, float, float]) -> None:
    coin, back, length = span
    start = int(NOW - back)
    end = int(start + length)
    answer = chart_range(start, end, coin=coin)
    stamps = [stamp for stamp, _ in answer["prices"]]
    assert stamps == [stamp for stamp, _ in answer["market_caps"]] == [stamp for stamp, _ in answer["total_volumes"]]
    assert all(start * 1000 <= stamp <= min(end, NOW) * 1000 for stamp in stamps)
    assert all(earlier < later for earlier, later in pairwise(stamps))
    now_ended = end >= NOW - 300
    grid = DAY if end - start > 90 * DAY else 300 if end - start <= DAY and now_ended else 3600
    regular = stamps[:-1] if now_ended and stamps else stamps
    assert abs(len(regular) - (min(end, NOW) - start) / grid) <= 2
    assert len({stamp // (grid * 1000) for stamp in regular}) == len(regular)


@given(
    st.sampled_from(["bitcoin", "radiant-inu"]),
    st.integers(min_value=0, max_value=300 * DAY),
    st.integers(min_value=0, max_value=20 * DAY),
    st.integers(min_value=-10 * DAY, max_value=10 * DAY),
)
@settings(max_examples=30, deadline=None)
def test_overlapping_ranges_agree(coin: str, back: int, length: int, shift: int) -> None:
    start = int(NOW) - 20 * DAY - back
    one = chart_range(start, start + length + 2 * DAY, coin=coin)
    other = chart_range(start + shift, start + shift + length + 2 * DAY, coin=coin)
    low, high = max(start, start + shift) * 1000, (min(start, start + shift) + length + 2 * DAY) * 1000
    for name in SERIES:
        inside = [[point for point in answer[name] if low <= point[0] <= high] for answer in (one, other)]
        assert json.dumps(inside[0]) == json.dumps(inside[1])


@given(st.integers(min_value=1, max_value=DAY - 1))
@settings(max_examples=30, deadline=None)
def test_the_last_day_appears_at_its_time(second: int) -> None:
    today = midnight(NOW)
    now = float(today + second)
    by_range = chart_range(now - 100 * DAY, now, now=now)["prices"]
    by_days = at(now).pro("/coins/ethereum/market_chart", vs_currency="usd", days=100)["prices"]
    for points, ready in ((by_range, 35 * 60), (by_days, 10 * 60)):
        shown = today * 1000 in [stamp for stamp, _ in points]
        assert shown == (second >= ready)


def test_the_last_point_of_a_range_that_ends_now_is_live() -> None:
    points = chart_range(NOW - 3 * DAY, NOW)["prices"]
    assert points[-1][0] == int(NOW) * 1000
    assert chart_range(NOW - 3 * DAY, NOW - 301)["prices"][-1][0] != int(NOW - 301) * 1000
    later = chart_range(NOW - 3 * DAY, NOW, now=NOW + 3600)["prices"]
    assert points[-1] not in later
    assert points[:-1] == later[: len(points) - 1]


def test_points_lie_off_the_grid_at_odd_milliseconds() -> None:
    stamps = [int(stamp) for stamp, _ in chart_range(NOW - 9 * DAY, NOW - DAY)["prices"]]
    assert not any(stamp % 3_600_000 == 0 for stamp in stamps)
    assert len({stamp % 1000 for stamp in stamps}) > 50


def test_nothing_is_told_before_the_listing() -> None:
    service = local()
    path = "/coins/hyperliquid/market_chart/range"
    before = service.pro(path, vs_currency="usd", from_="2024-01-01", to="2024-02-01")
    assert before == {"prices": [], "market_caps": [], "total_volumes": []}
    assert "market_data" not in service.pro("/coins/hyperliquid/history", date="01-01-2024")
    service.clock.set(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    assert "hyperliquid" not in [coin["id"] for coin in service.data("/api/v3/coins/list")]
    assert service.data("/api/v3/coins/markets", vs_currency="usd", ids="hyperliquid") == []
