"""The report, from hand-made results to what is printed."""

import io
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.storage.blob import BlobProperties
from rich.console import Console

from demo.airflow_api import RunState
from demo.follow import Done, Landed
from demo.options import Options, make_options
from demo.plan import plan_runs
from demo.render import show, spark_line
from demo.report import Report, make_report

NOW = datetime(2026, 3, 10, 15, 20, tzinfo=UTC)
PRICES = [77_000.0 + step for step in range(0, 700, 10)]
HELD = {
    "tables": [
        {"table": "gold.ohlcv_daily", "rows": 24, "version": 3, "files": 2, "bytes": 9000, "path": "/lake/ohlcv_daily"},
        {"table": "silver.observations", "rows": 1504, "version": 8, "files": 4, "bytes": 81000, "path": "/lake/obs"},
    ],
    "quarantined": [
        {"reason_code": "null_price", "rows": 4, "example": "abfss://landing@c/coingecko/market_chart_range/x.json"}
    ],
    "charts": [
        {
            "coin_id": "bitcoin",
            "vs_currency": "usd",
            "market": market,
            "first_at": "2026-03-03 00:00",
            "last_at": last_at,
            "last_price": PRICES[-1],
            "observations": 169,
            "prices": PRICES,
        }
        for market, last_at in (("recorded", "2021-05-16 12:00"), ("simulated-seed42", "2026-03-10 00:00"))
    ],
    "dominance": {"day": "2026-03-10", "coins": [{"coin_id": "bitcoin", "vs_currency": "usd", "share": 0.58}]},
}


def blob(name: str, provenance: str) -> BlobProperties:
    properties = BlobProperties(metadata={"provenance": provenance})
    properties.name = name
    properties.size = 20_000
    return properties


FILES = [
    blob("coingecko/coins_markets/ingest_date=2026-03-10/page-0001.usd/run.json", "simulated; seed=42"),
    blob("coingecko/market_chart_range/ingest_date=2026-03-10/bitcoin.usd/run.1-2.json", "simulated; seed=42"),
    blob("coingecko/market_chart_range/ingest_date=2021-05-16/bitcoin.usd/run.1-2.json", "recorded; file=x.json"),
]


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return make_options(
        coins="bitcoin",
        date_from=None,
        date_to=None,
        snapshots=6,
        seed=None,
        faults="",
        live=False,
        keep_up=False,
        state=tmp_path,
        replay=None,
        now=NOW,
    )


def report(options: Options, *, already: bool, airflow: dict[str, str] | None = None) -> Report:
    landed = [
        Landed(blob=f"landing/{file.name}", bytes=1, rows=1, provenance="simulated", already_landed=already)
        for file in FILES
    ]
    done = [
        Done(
            planned=planned,
            run=RunState(dag_id=planned.dag_id, run_id="r", state="success", started=NOW, ended=NOW),
            landed=(one,),
            seconds=12.3,
        )
        for planned, one in zip(plan_runs(options, recorded_at=None), landed, strict=False)
    ]
    return make_report(options, done, FILES, HELD, seconds=80.0, notes=("No recorded run",), airflow=airflow or {})


def printed(report: Report, *, terminal: bool = False) -> str:
    text = io.StringIO()
    show(report, Console(file=text, width=140, force_terminal=terminal))
    return text.getvalue()


def test_a_first_run_tells_what_landed_and_each_chart_its_market(options: Options) -> None:
    text = printed(report(options, already=False))
    assert "3 new files landed" in text
    assert "null_price" in text
    assert "silver.observations  1,504" in text
    charts = [line for line in text.splitlines() if "▁" in line]
    assert ["simulated market, seed 42" in charts[0], "recorded" in charts[1]] == [True, True]
    assert "bitcoin 58.0%" in text
    assert "No recorded run" in text
    assert "/lake/ohlcv_daily" in text
    assert "\x1b[" not in text


def test_a_second_run_says_that_nothing_is_new(options: Options) -> None:
    text = printed(report(options, already=True))
    assert "Nothing new: 3 files already landed" in text


def test_colour_is_for_terminals(options: Options) -> None:
    assert "\x1b[" in printed(report(options, already=True), terminal=True)


def test_kept_services_are_told_with_their_address(options: Options) -> None:
    airflow = {"url": "http://127.0.0.1:1", "user": "admin", "password_file": "/s/passwords.json"}
    text = printed(report(options, already=False, airflow=airflow))
    assert "http://127.0.0.1:1" in text
    assert "/s/passwords.json" in text


def test_the_report_is_one_json_document(options: Options) -> None:
    document = json.loads(json.dumps(asdict(report(options, already=False))))
    assert {line["endpoint"]: line["files"] for line in document["landing"]} == {
        "coins_markets": 1,
        "market_chart_range": 1,
    }
    assert sum(line["new_files"] for line in document["landing"]) == 3
    assert document["charts"][0]["market"] == "simulated market, seed 42"


@pytest.mark.parametrize(
    ("values", "line"),
    [([], ""), ([5.0], "▄"), ([1.0, 1.0], "▄▄"), ([0.0, 7.0], "▁█"), ([7.0, 0.0, 3.0], "█▁▄")],
)
def test_spark_line(values: list[float], line: str) -> None:
    assert spark_line(values) == line


def test_a_long_spark_line_keeps_both_ends() -> None:
    line = spark_line([0.0, *([5.0] * 500), 10.0])
    assert (len(line), line[0], line[-1]) == (48, "▁", "█")
