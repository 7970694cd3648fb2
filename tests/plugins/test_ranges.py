"""Ranges of days: pieces cover exactly, keep hourly points, and respect the plan's wall."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf_export_airflow.coingecko.errors import BeyondHistoryError, CoinGeckoInputError
from adf_export_airflow.coingecko.plans import Plan
from adf_export_airflow.coingecko.ranges import HOURLY_DAYS, check_days, first_allowed_day, split_days

NOW = datetime(2026, 5, 18, 12, 34, 56, tzinfo=UTC)
DAYS = st.dates(date(2013, 4, 28), date(2030, 12, 31))


@given(first=DAYS, length=st.integers(1, 3000))
def test_pieces_cover_the_days_exactly(first: date, length: int) -> None:
    last = first + timedelta(days=length - 1)
    pieces = split_days(first, last)
    assert pieces[0].range_from == datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    assert pieces[-1].range_to == datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC).timestamp()
    for before, after in pairwise(pieces):
        assert after.range_from == before.range_to  # no millisecond between them is lost
    lengths = [piece.range_to - piece.range_from for piece in pieces]
    assert max(lengths) <= HOURLY_DAYS * 86_400
    assert max(lengths) - min(lengths) <= 86_401
    assert len(pieces) == -(-length // HOURLY_DAYS)


@pytest.mark.parametrize(
    ("first", "last", "plan", "days", "said"),
    [
        ("2026-05-18", "2026-05-18", Plan.DEMO, 365, None),
        ("2025-05-19", "2026-05-18", Plan.DEMO, 365, None),
        ("2025-05-18", "2026-05-18", Plan.DEMO, 365, "The first possible day is 2025-05-19"),
        ("2021-05-01", "2021-05-02", Plan.KEYLESS, 365, "plan keyless reaches no further"),
        ("2021-05-01", "2021-05-02", Plan.PRO, None, None),
        ("2026-04-01", "2026-05-02", Plan.DEMO, 30, "The first possible day is 2026-04-19"),
        ("2026-05-18", "2026-05-17", Plan.PRO, None, "is after date_to"),
        ("2026-05-18", "2026-05-19", Plan.PRO, None, "lies in the future"),
        ("2009-01-03", "2026-05-18", Plan.PRO, None, "2013-04-28"),
    ],
)
def test_days_are_checked(first: str, last: str, plan: Plan, days: int | None, said: str | None) -> None:
    given_days = date.fromisoformat(first), date.fromisoformat(last)
    if said is None:
        check_days(*given_days, now=NOW, plan=plan, history_days=days)
    else:
        with pytest.raises(CoinGeckoInputError, match=said):
            check_days(*given_days, now=NOW, plan=plan, history_days=days)


def test_the_wall_has_its_own_error() -> None:
    with pytest.raises(BeyondHistoryError):
        check_days(date(2024, 1, 1), date(2024, 1, 2), now=NOW, plan=Plan.DEMO, history_days=365)


@given(now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_first_allowed_day_lies_whole_within_the_wall(now: datetime) -> None:
    day = first_allowed_day(now, 365)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert midnight >= now - timedelta(days=365) > midnight - timedelta(days=1)
