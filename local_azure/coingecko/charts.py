"""Which points a chart has: granularity by span, odd milliseconds, the live last point, the late last day."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from local_azure.coingecko.coins import COINS
from local_azure.coingecko.paths import STEP_SECONDS, STEPS_PER_DAY, Floats
from local_azure.coingecko.prices import Prices

DAY = 86_400
STEPS_PER_HOUR = 12
# A range whose end is younger than one step "ends now".
NOW_TOLERANCE_SECONDS = STEP_SECONDS
# The last midnight's point appears this long after midnight UTC.
CHART_DAY_READY_SECONDS, RANGE_DAY_READY_SECONDS = 10 * 60, 35 * 60


class Grid(Enum):
    """Steps from one point to the next."""

    FIVE_MINUTES = 1
    HOURLY = STEPS_PER_HOUR
    DAILY = STEPS_PER_DAY


INTERVALS = {"5m": Grid.FIVE_MINUTES, "hourly": Grid.HOURLY, "daily": Grid.DAILY}


def granularity(start: float, end: float, now: float) -> Grid:
    """The real API's table for a range without an interval.

    >>> granularity(0, 86_400, now=86_400), granularity(0, 86_400, now=10**9), granularity(0, 91 * 86_400, now=10**9)
    (<Grid.FIVE_MINUTES: 1>, <Grid.HOURLY: 12>, <Grid.DAILY: 288>)
    """
    span = end - start
    if span > 90 * DAY:
        return Grid.DAILY
    if span <= DAY and ends_now(end, now):
        return Grid.FIVE_MINUTES
    return Grid.HOURLY


def ends_now(end: float, now: float) -> bool:
    return end >= now - NOW_TOLERANCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A chart's moments: milliseconds as answered, steps as read from the path."""

    milliseconds: NDArray[np.int64]
    steps: Floats


def points(
    prices: Prices, row: int, *, start: float, end: float, now: float, grid: Grid, day_ready: int, live: bool
) -> Series:
    """The points of one coin from start to end (both included), none later than now."""
    steps = _steps(prices, row, start, end, grid)
    milliseconds = (steps * 300_000).astype(np.int64) if grid is Grid.DAILY else prices.point_ms(row, steps)
    latest = (now - day_ready) * 1000 if grid is Grid.DAILY else now * 1000
    keep = (milliseconds >= start * 1000) & (milliseconds <= end * 1000) & (milliseconds <= latest)
    keep &= steps >= COINS[row].listed_day * STEPS_PER_DAY
    if not COINS[row].quoted:
        keep &= False
    steps, milliseconds = steps[keep], milliseconds[keep]
    last = int(min(end, now))
    if live and milliseconds.size and milliseconds[-1] < last * 1000:
        milliseconds = np.append(milliseconds, last * 1000)
        steps = np.append(steps, last / STEP_SECONDS)
    return Series(milliseconds=milliseconds, steps=steps)


def _steps(prices: Prices, row: int, start: float, end: float, grid: Grid) -> Floats:
    first = int(start // STEP_SECONDS) // grid.value * grid.value
    steps = np.arange(first, int(end // STEP_SECONDS) + 1, grid.value, dtype=np.float64)
    if grid is Grid.HOURLY and steps.size:
        # An hour's point is its first or its second five-minute point: never on the hour.
        steps += (prices.point_ms(row, steps) % 2).astype(np.float64)
    return steps


def chart(prices: Prices, row: int, vs_currency: str, series: Series) -> tuple[Floats, Floats, Floats]:
    """Prices, market caps and volumes at a chart's moments."""
    rows = np.array([row])
    steps = series.steps
    if not steps.size:
        return steps, steps, steps
    values = prices.at(rows, vs_currency, steps)
    caps = values * prices.supply(rows, steps)
    return values[0], caps[0], prices.volume(rows, values, steps)[0]


def pairs(series: Series, values: Floats) -> list[list[object]]:
    return [list(pair) for pair in zip(series.milliseconds.tolist(), values.tolist(), strict=True)]


def candle_width(days: int, interval: str | None) -> int:
    """Seconds of a candle: the real API's automatic width, or the one asked for."""
    if interval:
        return {"hourly": 3600, "daily": DAY}[interval]
    return 1800 if days <= 2 else 4 * 3600 if days <= 30 else 4 * DAY


def candles(
    prices: Prices, row: int, vs_currency: str, *, days: int, interval: str | None, now: float
) -> Iterable[tuple[int, float, float, float, float]]:
    """(close in milliseconds, open, high, low, close), the last one still running, as the real API gives it."""
    width = candle_width(days, interval)
    per_candle = width // STEP_SECONDS
    last = int(now // width) + 1
    if interval == "daily":
        last = int((now - RANGE_DAY_READY_SECONDS) // width)
    count = max(1, days * DAY // width)
    earliest = -(-COINS[row].listed_day * DAY // width)
    ends = range(max(last - count, earliest) + 1, last + 1)
    if not ends or not COINS[row].quoted:
        return
    steps = np.arange((ends[0] - 1) * per_candle, int(now // STEP_SECONDS) + 1, dtype=np.float64)
    values = prices.at(np.array([row]), vs_currency, np.append(steps, now / STEP_SECONDS))[0]
    for index, end in enumerate(ends):
        inside = values[index * per_candle : (index + 1) * per_candle + 1]
        yield end * width * 1000, inside[0], inside.max(), inside.min(), inside[-1]
