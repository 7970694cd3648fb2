"""What the demo runs: DAG runs in order, each with the market that its answers come from and the time there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from demo.options import Options

HISTORY = "crypto_history"
MARKET = "crypto_market"
DAGS = (HISTORY, MARKET)
# tasks that land files, and the task that follows them
LANDING_TASKS = {HISTORY: "land.charts", MARKET: "land.markets"}
AFTER_LANDING = "lakehouse.bronze"
RECORDED_COIN = "bitcoin"
# the recorded chart holds thirty days up to one moment, so it begins in the middle of a thirty-first day
RECORDED_DAYS = 31
CURRENCY = "usd"
MARKET_PAGE_SIZE = 100


class Source(Enum):
    """Where a run's answers come from."""

    MAIN = "main"  # the simulated market, or the real one with --live
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One DAG run to make."""

    dag_id: str
    title: str
    run_name: str
    conf: dict[str, Any]
    source: Source = Source.MAIN
    # what the simulated market's clock is set to first; None: the present
    clock: datetime | None = None

    def run_id(self, now: datetime) -> str:
        """Another at each run of the demo, while the run name and so the landed names stay."""
        return f"{self.run_name}__{now:%Y%m%dT%H%M%SZ}"


def plan_runs(options: Options, *, recorded_at: datetime | None) -> tuple[Planned, ...]:
    """A wrong coin shows in the history, so it goes first, unless it is old: the quality gate wants fresh prices."""
    recorded = () if recorded_at is None else (plan_recorded(recorded_at),)
    histories = (plan_history(options), *recorded)
    snapshots = plan_snapshots(options)
    is_fresh = options.date_to == options.now.date()
    return (*histories, *snapshots) if is_fresh else (*snapshots, *histories)


def plan_history(options: Options) -> Planned:
    return Planned(
        dag_id=HISTORY,
        title=f"history {options.date_from} to {options.date_to}, {', '.join(options.coins)}",
        run_name=f"{options.market_slug}-history",
        conf=history_conf(options.coins, options.date_from, options.date_to, f"{options.market_slug}-history"),
    )


def plan_recorded(recorded_at: datetime) -> Planned:
    last = recorded_at.date()
    run_name = "recorded-history"
    return Planned(
        dag_id=HISTORY,
        title=f"recorded history of {RECORDED_COIN}, {last - timedelta(days=RECORDED_DAYS)} to {last}",
        run_name=run_name,
        conf=history_conf((RECORDED_COIN,), last - timedelta(days=RECORDED_DAYS), last, run_name),
        source=Source.RECORDED,
    )


def history_conf(coins: tuple[str, ...], first: date, last: date, run_name: str) -> dict[str, Any]:
    return {
        "coins": [*coins],
        "vs_currency": CURRENCY,
        "date_from": first.isoformat(),
        "date_to": last.isoformat(),
        "run_name": run_name,
        "ingest_date": last.isoformat(),
    }


def plan_snapshots(options: Options) -> tuple[Planned, ...]:
    """One snapshot for each of the last full hours; the real market only has a present."""
    if options.live:
        return (plan_snapshot(options, options.now, clock=None),)
    newest = options.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [newest - timedelta(hours=back) for back in reversed(range(options.snapshots))]
    return tuple(plan_snapshot(options, hour, clock=hour) for hour in hours)


def plan_snapshot(options: Options, moment: datetime, *, clock: datetime | None) -> Planned:
    run_name = f"{options.market_slug}-{moment:%Y%m%dT%H%MZ}"
    return Planned(
        dag_id=MARKET,
        title=f"snapshot {moment:%Y-%m-%d %H:%M}",
        run_name=run_name,
        conf={
            "coins": [],
            "vs_currency": CURRENCY,
            "pages": 1,
            "per_page": MARKET_PAGE_SIZE,
            "run_name": run_name,
            "ingest_date": moment.date().isoformat(),
        },
        clock=clock,
    )
