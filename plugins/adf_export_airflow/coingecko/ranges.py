"""Splits a range of days into calls of `/coins/{id}/market_chart/range` that keep hourly points.

The API picks the granularity from the length of a call:

| a call of | gives | used here |
|---|---|---|
| 1 day that ends now | a point every 5 minutes | when the range is today only |
| 1 day at another time, 2 to 90 days | a point every hour | yes |
| more than 90 days | a point a day, 00:00 UTC | never: history would lose its hours |

Days are UTC days, first and last included: a range goes from 00:00:00 of its first day to 23:59:59 of its last, in
UNIX seconds. Neighbouring calls share the second of midnight: points lie at odd milliseconds, and one in that second
would fall between calls that only touch; silver keeps it once. Calls of one range have nearly equal lengths, so that no
short rest at the end comes back in another granularity.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from adf_export_airflow.coingecko.errors import BeyondHistoryError, CoinGeckoInputError
from adf_export_airflow.coingecko.plans import Plan

HOURLY_DAYS = 90  # the longest call with hourly points
FIRST_DAY = date(2013, 4, 28)  # CoinGecko's oldest price, of bitcoin


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One call: UNIX seconds, both included."""

    range_from: int
    range_to: int


def split_days(first: date, last: date) -> tuple[Piece, ...]:
    """The fewest calls that cover the days with hourly points, in order.

    >>> [(p.range_to - p.range_from + 1) // 86_400 for p in split_days(date(2026, 1, 1), date(2026, 6, 30))]
    [61, 60, 60]
    >>> [p.range_to % 86_400 for p in split_days(date(2026, 1, 1), date(2026, 6, 30))]
    [0, 0, 86399]
    """
    days = (last - first).days + 1
    count = -(-days // HOURLY_DAYS)
    length, longer = divmod(days, count)
    pieces = []
    start = first
    for index in range(count):
        after = start + timedelta(days=length + (index < longer))
        last_second = 1 if index == count - 1 else 0
        pieces.append(Piece(range_from=_midnight(start), range_to=_midnight(after) - last_second))
        start = after
    return tuple(pieces)


def check_days(first: date, last: date, *, now: datetime, plan: Plan, history_days: int | None) -> None:
    """Refuse a range that the API would refuse, or answer with nothing."""
    if first > last:
        raise CoinGeckoInputError(f"date_from {first} is after date_to {last}", remedy="Swap them")
    if last > now.date():
        raise CoinGeckoInputError(
            f"date_to {last} lies in the future", remedy=f"The last possible day is today, {now.date()} UTC"
        )
    if first < FIRST_DAY:
        raise CoinGeckoInputError(
            f"date_from {first} is before CoinGecko's first price", remedy=f"The first possible day is {FIRST_DAY}"
        )
    if history_days is None:
        return
    earliest = first_allowed_day(now, history_days)
    if first < earliest:
        raise BeyondHistoryError(
            f"date_from {first} is more than {history_days} days ago, and plan {plan} reaches no further",
            remedy=f"The first possible day is {earliest}; plan pro has the whole history",
        )


def first_allowed_day(now: datetime, history_days: int) -> date:
    """The first day that lies within the plan's history from its midnight on."""
    wall = now - timedelta(days=history_days)
    return wall.date() if wall.time() == time.min else wall.date() + timedelta(days=1)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, tzinfo=UTC).timestamp())
