"""What the user may ask for, and how mistakes are told."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.errors import DemoError
from demo.options import Options, make_options
from demo.plan import HISTORY, MARKET, Source, plan_runs

NOW = datetime(2026, 3, 10, 15, 20, tzinfo=UTC)


def options(**given: Any) -> Options:
    choices: dict[str, Any] = {
        "coins": "bitcoin,ethereum",
        "date_from": None,
        "date_to": None,
        "snapshots": 6,
        "seed": None,
        "faults": "",
        "live": False,
        "keep_up": False,
        "state": None,
        "replay": None,
        "now": NOW,
    }
    return make_options(**{**choices, **given})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"coins": " , "}, "--coins is empty"),
        ({"date_from": "10.03.2026"}, "--from '10.03.2026' is not a date"),
        ({"date_from": "2026-03-10"}, "is not before --to 2026-03-10"),
        ({"date_to": "2026-03-11"}, "is in the future"),
        ({"live": True, "seed": 1}, "--live and --seed exclude each other"),
        ({"live": True, "faults": "429"}, "--live and --faults exclude each other"),
        ({"snapshots": 0}, "--snapshots 0 is not between 1 and 168"),
        ({"replay": Path("/nowhere")}, "has no index.tsv"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(given: dict[str, Any], told: str) -> None:
    with pytest.raises(DemoError, match=told):
        options(**given)


def test_a_week_until_today_by_default() -> None:
    chosen = options()
    assert (chosen.date_from, chosen.date_to) == (date(2026, 3, 3), date(2026, 3, 10))
    assert chosen.state.name == "seed-42"
    assert options(seed=7).state.name == "seed-7"
    assert options(live=True).state.name == "live"
    assert options(coins="Bitcoin, bitcoin").coins == ("bitcoin",)


def test_the_plan_names_files_without_the_present() -> None:
    first = plan_runs(options(), recorded_at=datetime(2021, 5, 16, tzinfo=UTC))
    again = plan_runs(options(now=NOW.replace(minute=50)), recorded_at=datetime(2021, 5, 16, tzinfo=UTC))
    assert first == again
    assert [run.dag_id for run in first] == [HISTORY] * 2 + [MARKET] * 6
    assert [run.clock.hour for run in first if run.clock] == [10, 11, 12, 13, 14, 15]
    assert [run.source for run in first if run.source is not Source.MAIN] == [Source.RECORDED]
    assert len({run.run_name for run in first}) == len(first)
    old = plan_runs(options(date_to="2026-02-01"), recorded_at=None)
    assert [run.dag_id for run in old] == [MARKET] * 6 + [HISTORY]
    assert first[0].run_id(NOW) != again[0].run_id(NOW.replace(minute=50))


def test_the_real_market_has_one_snapshot_and_no_clock() -> None:
    plan = plan_runs(options(live=True), recorded_at=None)
    assert [(run.dag_id, run.clock) for run in plan] == [(HISTORY, None), (MARKET, None)]
    assert all(run.run_name.startswith("live") for run in plan)


def test_snapshots_after_midnight_belong_to_two_days() -> None:
    plan = plan_runs(options(now=NOW.replace(hour=2)), recorded_at=None)
    assert {run.conf["ingest_date"] for run in plan if run.dag_id == MARKET} == {"2026-03-09", "2026-03-10"}
