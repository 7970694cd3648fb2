"""The market at one moment, every coin beside every other: what /coins/markets and /simple/price read."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from local_azure.coingecko.clock import iso
from local_azure.coingecko.coins import BY_ID, COIN_MONEY, COINS, Coin
from local_azure.coingecko.numbers import Number, amount, price, whole, with_precision
from local_azure.coingecko.paths import STEP_SECONDS, STEPS_PER_DAY, Floats
from local_azure.coingecko.prices import ALL_ROWS, Prices

TIMEFRAME_STEPS = {"1h": 12, "24h": 288, "7d": 2016, "14d": 4032, "30d": 8640, "200d": 57_600, "1y": 105_120}
SPARKLINE_HOURS = 168
# All-time extremes are looked for at every midnight since the listing, and in the last 24 hours.
_EXTREME_GROUPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One number a coin in each field, by the coin's place in COINS; NaN where there is nothing to tell."""

    at: int  # seconds
    vs_currency: str
    updated: Floats  # seconds: each coin a little before `at`
    prices: Floats
    caps: Floats
    volumes: Floats
    supplies: Floats
    high: Floats
    low: Floats
    price_before: Floats  # 24 hours ago
    cap_before: Floats
    ranks: dict[int, int]  # place in COINS -> rank; unranked coins are missing

    @property
    def listed(self) -> list[int]:
        """Places of the coins that exist at this moment, the largest first, the unranked last."""
        ranked = sorted(self.ranks, key=self.ranks.__getitem__)
        day = self.at // 86_400
        rest = [row for row, coin in enumerate(COINS) if row not in self.ranks and coin.listed_day <= day]
        return ranked + rest


class Snapshots:
    """Takes snapshots, and keeps the last few: clients read page after page of the same minute."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self.take = lru_cache(maxsize=24)(self._take)
        self.extremes = lru_cache(maxsize=6)(self._extremes)
        self._changes = lru_cache(maxsize=24)(self._read_changes)
        self._sparklines = lru_cache(maxsize=4)(self._read_sparklines)

    def _take(self, at: int, vs_currency: str) -> Snapshot:
        updated = at - self._prices.late_seconds(at)
        steps = updated / STEP_SECONDS
        first = int(steps.min()) - STEPS_PER_DAY
        window = self._window(first, int(steps.max()) + 1)
        money = self._money_window(vs_currency, first, window)
        here, before = steps - first, steps - first - STEPS_PER_DAY
        values = self._value(window, money, vs_currency, here)
        values_before = self._value(window, money, vs_currency, before)
        grid = self._prices.in_dollars(ALL_ROWS, window) / self._prices.dollars_a_unit(vs_currency, money)
        index = np.arange(window.shape[1])[None, :]
        inside = (index > before[:, None]) & (index <= here[:, None])
        high = np.maximum(np.where(inside, grid, -np.inf).max(axis=1), np.maximum(values, values_before))
        low = np.minimum(np.where(inside, grid, np.inf).min(axis=1), np.minimum(values, values_before))
        now_steps = np.array([at / STEP_SECONDS])
        supplies = self._prices.supply(ALL_ROWS, now_steps)[:, 0]
        supplies_before = self._prices.supply(ALL_ROWS, now_steps - STEPS_PER_DAY)[:, 0]
        caps = values * supplies
        volumes = self._prices.volume(ALL_ROWS, values[:, None], now_steps)[:, 0]
        return Snapshot(
            at=at,
            vs_currency=vs_currency,
            updated=updated,
            prices=values,
            caps=caps,
            volumes=volumes,
            supplies=supplies,
            high=high,
            low=low,
            price_before=values_before,
            cap_before=values_before * supplies_before,
            ranks=_ranks(caps, at // 86_400),
        )

    def _window(self, first: int, last: int) -> Floats:
        """Deviations of every coin at the steps first to last."""
        days = range(first // STEPS_PER_DAY, last // STEPS_PER_DAY + 1)
        joined = np.concatenate([self._prices.day(day) for day in days], axis=1)
        offset = first - days[0] * STEPS_PER_DAY
        return joined[:, offset : offset + last - first + 1]

    def _money_window(self, vs_currency: str, first: int, window: Floats) -> Floats:
        if vs_currency in COIN_MONEY:
            row: Floats = window[BY_ID[COIN_MONEY[vs_currency][0]]]
            return row
        return self._prices.money_deviations(vs_currency, first + np.arange(window.shape[1], dtype=np.float64))

    def _value(self, window: Floats, money: Floats, vs_currency: str, places: Floats) -> Floats:
        """Each coin's price at its own place, on the line between two steps."""
        left = np.floor(places).astype(np.intp)
        share = places - left
        own = window[ALL_ROWS, left] + (window[ALL_ROWS, left + 1] - window[ALL_ROWS, left]) * share
        unit = money[left] + (money[left + 1] - money[left]) * share
        dollars = self._prices.in_dollars(ALL_ROWS, own[:, None])[:, 0]
        result: Floats = dollars / self._prices.dollars_a_unit(vs_currency, unit)
        return result

    def _extremes(self, day: int, vs_currency: str) -> tuple[Floats, NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Highest and lowest midnight price of each coin up to `day`, and on which day."""
        order = np.argsort([coin.listed_day for coin in COINS], kind="stable")
        size = len(COINS)
        top, bottom = np.full(size, -np.inf), np.full(size, np.inf)
        top_day, bottom_day = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        for group in np.array_split(order, _EXTREME_GROUPS):
            first = min(COINS[row].listed_day for row in group)
            if first > day:
                continue
            days = np.arange(first, day + 1)
            values = self._prices.at(group, vs_currency, (days * STEPS_PER_DAY).astype(np.float64))
            listed = days[None, :] >= np.array([COINS[row].listed_day for row in group])[:, None]
            for best, best_day, series, pick in (
                (top, top_day, np.where(listed, values, -np.inf), np.argmax),
                (bottom, bottom_day, np.where(listed, values, np.inf), np.argmin),
            ):
                place = pick(series, axis=1)
                best[group] = series[np.arange(len(group)), place]
                best_day[group] = days[place]
        return top, top_day, bottom, bottom_day

    def _read_changes(self, at: int, vs_currency: str, timeframe: str) -> Floats:
        """Percent by which each coin moved in the time frame."""
        shot = self.take(at, vs_currency)
        steps = np.array([at / STEP_SECONDS - TIMEFRAME_STEPS[timeframe]])
        before = shot.price_before if timeframe == "24h" else self._prices.at(ALL_ROWS, vs_currency, steps)[:, 0]
        known = np.array([coin.quoted and coin.listed_day * STEPS_PER_DAY <= steps[0] for coin in COINS])
        result: Floats = np.where(known, (shot.prices / before - 1.0) * 100.0, np.nan)
        return result

    def _read_sparklines(self, hour: int, vs_currency: str) -> Floats:
        hours = np.arange(hour - SPARKLINE_HOURS + 1, hour + 1, dtype=np.float64)
        return self._prices.at(ALL_ROWS, vs_currency, hours * 12)

    def row(
        self,
        shot: Snapshot,
        place: int,
        *,
        precision: str | None = None,
        timeframes: tuple[str, ...] = (),
        sparkline: bool = False,
        rehypothecated: bool = False,
    ) -> dict[str, object]:
        """One element of /coins/markets: the 26 columns, then the ones asked for."""
        coin = COINS[place]
        row = self._figures(shot, place, precision) if coin.quoted else dict.fromkeys(_FIGURES)
        rank = shot.ranks.get(place)
        row |= {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": coin.image,
            "market_cap_rank": rank,
            "roi": _roi(coin, shot.prices[place]),
            "last_updated": iso(shot.updated[place]),
        }
        ordered = {name: row[name] for name in COLUMNS}
        if rehypothecated:
            ordered["market_cap_rank_with_rehypothecated"] = rank
        if sparkline:
            line = self._sparklines(shot.at // 3600, shot.vs_currency)[place].tolist() if coin.quoted else []
            ordered["sparkline_in_7d"] = {"price": line}
        for timeframe in timeframes:
            change = self._changes(shot.at, shot.vs_currency, timeframe)[place]
            ordered[f"price_change_percentage_{timeframe}_in_currency"] = None if np.isnan(change) else float(change)
        return ordered

    def _figures(self, shot: Snapshot, place: int, precision: str | None) -> dict[str, object]:
        coin = COINS[place]
        crypto = shot.vs_currency in COIN_MONEY

        def quoted(value: float) -> Number:
            return with_precision(value, precision, crypto=crypto)

        now, before = float(shot.prices[place]), float(shot.price_before[place])
        cap, cap_before = float(shot.caps[place]), float(shot.cap_before[place])
        supply = float(shot.supplies[place])
        total = _total_supply(coin, supply)
        old = coin.listed_day < shot.at // 86_400
        return {
            "current_price": quoted(now),
            "market_cap": amount(cap),
            "fully_diluted_valuation": None if total is None else amount(now * (coin.max_supply or total)),
            "total_volume": amount(float(shot.volumes[place])),
            "high_24h": quoted(float(shot.high[place])),
            "low_24h": quoted(float(shot.low[place])),
            "price_change_24h": now - before if old else None,
            "price_change_percentage_24h": round((now / before - 1) * 100, 5) if old else None,
            "market_cap_change_24h": whole(cap - cap_before) if old else None,
            "market_cap_change_percentage_24h": _percent(cap, cap_before) if old else None,
            "circulating_supply": supply if coin.ranked else 0,
            "total_supply": total,
            "max_supply": coin.max_supply,
            **self._all_time(shot, place, now, crypto=crypto),
        }

    def _all_time(self, shot: Snapshot, place: int, now: float, *, crypto: bool) -> dict[str, object]:
        top, top_day, bottom, bottom_day = self.extremes(shot.at // 86_400, shot.vs_currency)
        figures: dict[str, object] = {}
        for name, midnight, day, recent, better in (
            ("ath", top, top_day, shot.high, max),
            ("atl", bottom, bottom_day, shot.low, min),
        ):
            known, last = float(midnight[place]), float(recent[place])
            best = better(known, last)
            figures[name] = price(best, crypto=crypto)
            figures[f"{name}_change_percentage"] = _percent(now, best)
            figures[f"{name}_date"] = iso(shot.updated[place] if best != known else float(day[place]) * 86_400)
        return figures


COLUMNS = (
    "id",
    "symbol",
    "name",
    "image",
    "current_price",
    "market_cap",
    "market_cap_rank",
    "fully_diluted_valuation",
    "total_volume",
    "high_24h",
    "low_24h",
    "price_change_24h",
    "price_change_percentage_24h",
    "market_cap_change_24h",
    "market_cap_change_percentage_24h",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath",
    "ath_change_percentage",
    "ath_date",
    "atl",
    "atl_change_percentage",
    "atl_date",
    "roi",
    "last_updated",
)
_FIGURES = tuple(name for name in COLUMNS if name not in ("id", "symbol", "name", "image", "roi", "last_updated"))


def _ranks(caps: Floats, day: int) -> dict[int, int]:
    rows = [row for row, coin in enumerate(COINS) if coin.ranked and coin.quoted and coin.listed_day <= day]
    rows.sort(key=lambda row: -caps[row])
    return {row: rank for rank, row in enumerate(rows, start=1)}


def _total_supply(coin: Coin, supply: float) -> float | None:
    if not (coin.ranked and coin.total_supply_known):
        return None
    return coin.max_supply if coin.token and coin.max_supply else supply


def _percent(value: float, base: float) -> Number:
    return round((value / base - 1) * 100, 5) if base else 0


def _roi(coin: Coin, now: float) -> dict[str, object] | None:
    if coin.number % 11 != 2 or not coin.quoted:
        return None
    times = float(now / (coin.price * 0.04) - 1)
    return {"times": times, "currency": "usd", "percentage": times * 100}
