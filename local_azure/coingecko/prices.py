"""The simulated market's one path a coin: price, supply and volume at any step, in any currency, for one seed.

A coin's price is its size times exp(beta x the market's path + its own path). Five-minute, hourly and daily answers
all read these paths, so they agree to the last digit.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from local_azure.coingecko.coins import BY_ID, COIN_MONEY, COINS, MONEY, REFERENCE_DAY, VS_CURRENCIES, Coin
from local_azure.coingecko.paths import STEPS_PER_DAY, Bridges, Floats, Words, exp, stream_key, words

Rows = NDArray[np.intp]

ALL_ROWS: Rows = np.arange(len(COINS))
DEPTH = 16  # blocks of 227 days
PEG_DEPTH = 8  # a stablecoin is back at its level every 21 hours
MARKET_DAILY_MOVE, MARKET_ANCHOR = 0.026, 0.22
# A wrapped or staked coin walks with the coin below it.
FOLLOWS = {"staked-ether": "ethereum", "wrapped-bitcoin": "bitcoin"}
JITTER_MS = 120_000


def _column(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


class Prices:
    """Prices of every coin for one seed."""

    def __init__(self, seed: int) -> None:
        self._market = self._bridges(seed, ["market"], ["-"], [MARKET_DAILY_MOVE], [MARKET_ANCHOR])
        streams = [FOLLOWS.get(coin.id, coin.id) for coin in COINS]
        free = [0.0 if coin.stable else coin.daily_move for coin in COINS]
        self._own = self._bridges(seed, ["coin"] * len(COINS), streams, free, [4 * move for move in free])
        pegged = [coin.daily_move if coin.stable else 0.0 for coin in COINS]
        self._peg = self._bridges(seed, ["peg"] * len(COINS), streams, pegged, pegged, depth=PEG_DEPTH)
        ids = [coin.id for coin in COINS]
        size = len(ids)
        self._volume = self._bridges(seed, ["volume"] * size, ids, [0.2] * size, [0.3] * size, depth=9)
        moves = [move for _, move in MONEY.values()]
        anchors = [4 * move for move in moves]
        self._money = self._bridges(seed, ["money"] * len(MONEY), list(MONEY), moves, anchors)
        self._jitter: Words = np.array([stream_key(seed, "jitter", coin.id) for coin in COINS], dtype=np.uint64)
        self._beta = _column([coin.beta for coin in COINS])[:, None]
        self._level = _column([coin.price for coin in COINS])[:, None]
        self._stable = np.array([coin.stable for coin in COINS])
        self._turnover = _column([coin.turnover for coin in COINS])[:, None]
        self._units = dict(zip(MONEY, [units for units, _ in MONEY.values()], strict=True))
        self.day = lru_cache(maxsize=8)(self._read_day)

    @staticmethod
    def _bridges(
        seed: int, kinds: list[str], names: list[str], daily: list[float], anchors: list[float], *, depth: int = DEPTH
    ) -> Bridges:
        keys = [stream_key(seed, kind, name) for kind, name in zip(kinds, names, strict=True)]
        return Bridges(
            keys=np.array(keys, dtype=np.uint64),
            sigma=_column(daily) / np.sqrt(float(STEPS_PER_DAY)),
            anchor_sigma=_column(anchors),
            depth=depth,
        )

    def deviations(self, rows: Rows, steps: Floats) -> Floats:
        """Logarithms of price over size, (rows, steps)."""
        path = self._beta[rows] * self._market.at(steps) + self._own.only(rows).at(steps)
        stable = self._stable[rows]
        if stable.any():
            path[stable] += self._peg.only(rows[stable]).at(steps)
        return path

    def money_deviations(self, vs_currency: str, steps: Floats) -> Floats:
        """Logarithms of a currency's dollar value over its size, (steps,)."""
        if vs_currency in COIN_MONEY:
            coin_id, _ = COIN_MONEY[vs_currency]
            path = self.deviations(np.array([BY_ID[coin_id]]), steps)
        else:
            path = self._money.only(np.array([VS_CURRENCIES.index(vs_currency) - len(COIN_MONEY)])).at(steps)
        return path.reshape(-1)

    def in_dollars(self, rows: Rows, deviations: Floats) -> Floats:
        dollars: Floats = self._level[rows] * exp(deviations)
        return dollars

    def dollars_a_unit(self, vs_currency: str, deviations: Floats) -> Floats:
        """What one unit of the currency is worth."""
        if vs_currency in COIN_MONEY:
            coin_id, units = COIN_MONEY[vs_currency]
            dollars: Floats = COINS[BY_ID[coin_id]].price * exp(deviations) / units
            return dollars
        return exp(deviations) / self._units[vs_currency]

    def at(self, rows: Rows, vs_currency: str, steps: Floats) -> Floats:
        """Prices, (rows, steps)."""
        dollars = self.in_dollars(rows, self.deviations(rows, steps))
        if vs_currency == "usd":
            return dollars
        return dollars / self.dollars_a_unit(vs_currency, self.money_deviations(vs_currency, steps))

    def supply(self, rows: Rows, steps: Floats) -> Floats:
        """Circulating supply, moving once a day; 0 for a coin whose supply nobody has verified."""
        years = (np.floor(steps / STEPS_PER_DAY) - REFERENCE_DAY) / 365.0
        coins = [COINS[row] for row in rows]
        return np.array([_supply(coin, years) for coin in coins])

    def turnovers(self, rows: Rows, steps: Floats) -> Floats:
        """Volume of the last 24 hours as a share of the market cap, (rows, steps)."""
        turnovers: Floats = self._turnover[rows] * exp(self._volume.only(rows).at(steps))
        return turnovers

    def volume(self, rows: Rows, prices: Floats, steps: Floats) -> Floats:
        """Volume of the last 24 hours; of a coin without a verified supply, of the supply it claims."""
        claimed = np.array([[COINS[row].supply] for row in rows])
        supply = self.supply(rows, steps)
        result: Floats = prices * np.where(supply > 0, supply, claimed) * self.turnovers(rows, steps)
        return result

    def point_ms(self, row: int, steps: Floats) -> NDArray[np.int64]:
        """When the points at these steps were taken: odd milliseconds, up to two minutes into the step."""
        places = steps.astype(np.int64)
        late = words(self._jitter[row : row + 1, None], places)[0] % np.uint64(JITTER_MS)
        taken: NDArray[np.int64] = places * 300_000 + late.astype(np.int64)
        return taken

    def late_seconds(self, snapshot: int) -> Floats:
        """How long before a snapshot each coin was last updated: under a minute."""
        bits = words(self._jitter[:, None], np.array([-1 - snapshot], dtype=np.int64))[:, 0]
        return (bits % np.uint64(60_000)).astype(np.float64) / 1000.0

    def _read_day(self, day: int) -> Floats:
        steps = np.arange(day * STEPS_PER_DAY, (day + 1) * STEPS_PER_DAY, dtype=np.float64)
        return self.deviations(ALL_ROWS, steps)


def _supply(coin: Coin, years: Floats) -> Floats:
    if not coin.ranked:
        return np.zeros(years.shape)
    issued: Floats = np.floor(coin.supply * np.clip(1.0 + coin.inflation * years, 0.05, None))
    return issued if coin.max_supply is None else np.minimum(issued, coin.max_supply)
