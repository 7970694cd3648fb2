"""Operators from the local CoinGecko into real Azurite: what lands, what is told, what is never called."""

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from azure.storage.blob import ContainerClient

from adf_export_airflow.coingecko.errors import UnreachableError
from adf_export_airflow.coingecko.operators import (
    CoinGeckoMarketChartRangeToBlobOperator,
    CoinGeckoMarketsToBlobOperator,
    CoinGeckoPlanChartRangesOperator,
    CoinGeckoPlanMarketPagesOperator,
    CoinGeckoResolveCoinsOperator,
)
from tests.fakes.clock import StepClock
from tests.fakes.http_script import HttpScript, raw, reply
from tests.plugins.clients import KEY, coingecko_connection
from tests.plugins.conftest import NOW, PRO_KEY, LocalCoinGecko
from tests.plugins.contexts import run

pytestmark = pytest.mark.integration
DAY = 86_400
MIDNIGHT = int(datetime(2026, 5, 16, tzinfo=UTC).timestamp())


def markets(container: ContainerClient | str, **changes: Any) -> CoinGeckoMarketsToBlobOperator:
    where = container if isinstance(container, str) else container.container_name
    given = {"task_id": "markets", "page": 1, "per_page": 5, "container": where, "run_name": "r1"}
    return CoinGeckoMarketsToBlobOperator(**{**given, **changes})


def chart(container: ContainerClient | str, **changes: Any) -> CoinGeckoMarketChartRangeToBlobOperator:
    where = container if isinstance(container, str) else container.container_name
    given = {"task_id": "chart", "coin_id": "bitcoin", "range_from": MIDNIGHT, "range_to": MIDNIGHT + DAY - 1}
    return CoinGeckoMarketChartRangeToBlobOperator(**{**given, "container": where, "run_name": "r1", **changes})


def plan(**changes: Any) -> CoinGeckoPlanChartRangesOperator:
    given = {"task_id": "plan", "coins": ["bitcoin"], "date_from": "2026-05-01", "date_to": "2026-05-18"}
    return CoinGeckoPlanChartRangesOperator(**{**given, **changes})


def at_now(task: BaseOperator, clock: StepClock, **params: Any) -> Any:
    return run(task, clock, at=NOW, **params)


def test_a_page_of_markets_lands(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    xcom = at_now(markets(landing), clock)
    body = landing.get_blob_client(xcom["blob"]).download_blob().readall()
    assert xcom == {
        "blob": "coingecko/coins_markets/ingest_date=2026-05-18/page-0001.usd/r1.json",
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "provenance": "simulated; seed=42",
        "rows": 5,
        "already_landed": False,
    }
    assert json.loads(body)[0]["id"] == "bitcoin"
    metadata = landing.get_blob_client(xcom["blob"]).get_blob_properties().metadata
    assert metadata["endpoint"].startswith("/coins/markets?vs_currency=usd")
    assert metadata["fetched_at"] == "2026-05-18T12:34:56+00:00"
    assert metadata["run_name"] == "r1"


def test_the_second_time_nothing_is_called(
    coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock
) -> None:
    first = at_now(markets(landing), clock)
    calls = coingecko.calls()
    assert at_now(markets(landing), clock) == {**first, "already_landed": True}
    assert coingecko.calls() == calls


def test_some_coins_only(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    xcom = at_now(markets(landing, coin_ids="['solana', 'bitcoin']", vs_currency="eur", page="1"), clock)
    body = landing.get_blob_client(xcom["blob"]).download_blob().readall()
    assert {row["id"] for row in json.loads(body)} == {"bitcoin", "solana"}
    assert "/page-0001.eur/" in xcom["blob"]


def test_a_page_beyond_the_end_lands_empty(
    coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock
) -> None:
    xcom = at_now(markets(landing, page=9999), clock)
    assert xcom["rows"] == 0
    assert landing.get_blob_client(xcom["blob"]).download_blob().readall() == b"[]"


def test_an_empty_first_page_fails(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    coingecko.faults("empty-page")
    with pytest.raises(AirflowFailException, match="first page of markets is empty"):
        at_now(markets(landing), clock)
    assert not list(landing.list_blobs())


def test_a_chart_lands(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    xcom = at_now(chart(landing), clock)
    name = f"coingecko/market_chart_range/ingest_date=2026-05-18/bitcoin.usd/r1.{MIDNIGHT}-{MIDNIGHT + DAY - 1}.json"
    assert xcom["blob"] == name
    points = json.loads(landing.get_blob_client(name).download_blob().readall())["prices"]
    assert xcom["rows"] == len(points) == 24
    assert all(MIDNIGHT * 1000 <= moment < (MIDNIGHT + DAY) * 1000 for moment, _ in points)


def test_names_come_from_the_run_when_none_are_given(
    coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock
) -> None:
    task = CoinGeckoMarketsToBlobOperator(task_id="m", page=1, per_page=1, container=str(landing.container_name))
    blob = at_now(task, clock)["blob"]
    assert blob.endswith("ingest_date=2026-05-18/page-0001.usd/manual__2026-05-18T12_34_56_00_00.json")


def test_templates_are_rendered(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    task = markets(
        landing,
        page="{{ params.page }}",
        per_page="{{ params.per_page }}",
        vs_currency="{{ params.vs_currency }}",
        coin_ids="{{ params.coins }}",
        run_name="{{ params.run_name }}",
        ingest_date="{{ params.day }}",
    )
    params = {
        "page": 1,
        "per_page": 2,
        "vs_currency": "eur",
        "coins": ["bitcoin"],
        "run_name": "x y",
        "day": "2026-01-02",
    }
    xcom = at_now(task, clock, **params)
    assert xcom["blob"] == "coingecko/coins_markets/ingest_date=2026-01-02/page-0001.eur/x_y.json"
    assert KEY not in repr([getattr(task, field) for field in task.template_fields])


@pytest.mark.parametrize(
    "changes",
    [
        {"page": 0},
        {"page": "{{ 'x' }}"},
        {"per_page": 251},
        {"vs_currency": "US Dollar"},
        {"coin_ids": ["bit coin"]},
        {"ingest_date": "18.05.2026"},
        {"run_name": ""},
        {"wasb_conn_id": ""},
    ],
)
def test_wrong_markets_input_is_refused_before_any_call(
    changes: dict[str, Any], coingecko: LocalCoinGecko, clock: StepClock
) -> None:
    with pytest.raises(AirflowFailException):
        at_now(markets("landing", **changes), clock)
    assert coingecko.calls() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"coin_id": "bit coin"},
        {"coin_id": ""},
        {"range_from": -1},
        {"range_to": MIDNIGHT - 1},
        {"range_to": (MIDNIGHT + DAY) * 1000},
        {"vs_currency": None},
    ],
)
def test_wrong_chart_input_is_refused_before_any_call(
    changes: dict[str, Any], coingecko: LocalCoinGecko, clock: StepClock
) -> None:
    with pytest.raises(AirflowFailException):
        at_now(chart("landing", **changes), clock)
    assert coingecko.calls() == 0


def test_unknown_coin(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    with pytest.raises(AirflowFailException, match="does not know the coin 'no-such-coin'"):
        at_now(chart(landing, coin_id="no-such-coin"), clock)
    assert not list(landing.list_blobs())


@pytest.mark.parametrize(
    ("password", "plan_name", "pro_host", "said"),
    [
        ("CG-wrong", "demo", False, "does not accept the API key"),
        (PRO_KEY, "demo", False, '"plan": "pro"'),
        (KEY, "demo", True, "(does not accept|received no|pro host)"),
        (KEY, "pro", True, '"plan": "demo"'),
    ],
)
def test_wrong_key_or_plan(
    password: str,
    plan_name: str,
    pro_host: bool,
    said: str,
    coingecko: LocalCoinGecko,
    landing: ContainerClient,
    clock: StepClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    host = coingecko.pro_host if pro_host else coingecko.host
    monkeypatch.setenv(
        "AIRFLOW_CONN_COINGECKO_DEFAULT", coingecko_connection(host, tmp_path, password=password, plan=plan_name)
    )
    with pytest.raises(AirflowFailException, match=said) as caught:
        at_now(markets(landing), clock)
    assert password not in str(caught.value)
    assert coingecko.calls() == 1


def test_endless_429_is_one_clear_error(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    coingecko.faults("429-no-retry-after")
    with pytest.raises(AirflowFailException, match="gave up after 5 refusals"):
        at_now(markets(landing), clock)
    assert coingecko.calls() == 5
    assert sum(clock.sleeps) >= 150
    assert not list(landing.list_blobs())


@pytest.mark.parametrize(
    "faults", ["429:2", "429-no-retry-after:2", "200-error:2", "500:2", "503:1", "408:1", "reset:2", "truncated:2"]
)
def test_faults_that_pass_are_survived(
    faults: str, coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock
) -> None:
    coingecko.faults(faults)
    assert at_now(chart(landing), clock)["rows"] == 24


def test_no_network(
    coingecko: LocalCoinGecko,
    landing: ContainerClient,
    clock: StepClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with HttpScript([b""]) as server:
        gone = server.origin
    monkeypatch.setenv("AIRFLOW_CONN_COINGECKO_DEFAULT", coingecko_connection(gone, tmp_path))
    with pytest.raises(UnreachableError, match="cannot be reached"):
        at_now(markets(landing), clock)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(200, {"prices": [], "market_caps": [], "total_volumes": []}), "no price in this range"),
        (reply(200, {"prices": [[1, 2]]}), "lacks prices, market_caps or total_volumes"),
        (raw(200, b"[]"), "lacks prices"),
    ],
)
def test_an_answer_without_points_never_lands(
    answer: bytes,
    said: str,
    landing: ContainerClient,
    clock: StepClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with HttpScript([answer]) as server:
        monkeypatch.setenv("AIRFLOW_CONN_COINGECKO_DEFAULT", coingecko_connection(server.origin, tmp_path))
        with pytest.raises(Exception, match=said):
            at_now(chart(landing), clock)
    assert not list(landing.list_blobs())


def test_key_is_in_no_log(
    coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    coingecko.faults("500:1,429:1")
    xcom = at_now(chart(landing), clock)
    assert KEY not in caplog.text
    assert KEY not in repr(xcom)


def test_coins_are_resolved_by_one_call(coingecko: LocalCoinGecko, clock: StepClock) -> None:
    task = CoinGeckoResolveCoinsOperator(task_id="coins", coins="{{ params.coins }}")
    assert at_now(task, clock, coins=["bitcoin", "ethereum", "bitcoin"]) == ["bitcoin", "ethereum"]
    again = CoinGeckoResolveCoinsOperator(task_id="again", coins=["solana"])
    assert at_now(again, clock) == ["solana"]
    assert coingecko.calls() == 1


def test_no_coins_need_no_call(coingecko: LocalCoinGecko, clock: StepClock) -> None:
    assert at_now(CoinGeckoResolveCoinsOperator(task_id="coins", coins=[]), clock) == []
    assert coingecko.calls() == 0


def test_a_wrong_coin_fails_with_its_neighbours(coingecko: LocalCoinGecko, clock: StepClock) -> None:
    with pytest.raises(AirflowFailException, match="Nearest to 'bitcoinn': bitcoin"):
        at_now(CoinGeckoResolveCoinsOperator(task_id="coins", coins=["bitcoinn"]), clock)


def test_ranges_are_planned_for_expand_kwargs(coingecko: LocalCoinGecko, clock: StepClock) -> None:
    calls = at_now(plan(coins=["bitcoin", "solana"], date_from="2025-11-01", vs_currency="eur"), clock)
    assert [call["coin_id"] for call in calls] == ["bitcoin"] * 3 + ["solana"] * 3
    assert {call["vs_currency"] for call in calls} == {"eur"}
    assert set(calls[0]) == {"coin_id", "vs_currency", "range_from", "range_to"}
    assert coingecko.calls() == 0


def test_planned_ranges_come_back_hourly(coingecko: LocalCoinGecko, landing: ContainerClient, clock: StepClock) -> None:
    calls = at_now(plan(date_from="2025-11-01", date_to="2026-05-16"), clock)
    for index, call in enumerate(calls):
        xcom = at_now(chart(landing, task_id=f"chart_{index}", **call), clock)
        assert xcom["rows"] == (call["range_to"] + 1 - call["range_from"]) // 3600


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"date_from": "2025-05-18"}, "The first possible day is 2025-05-19"),
        ({"date_to": "2026-05-19"}, "in the future"),
        ({"date_from": "2026-05-18", "date_to": "2026-05-17"}, "is after"),
        ({"coins": ["bit coin"]}, "coin is 'bit coin'"),
        ({"coins": [f"coin-{n}" for n in range(1025)]}, "maps at most 1024 tasks"),
        ({"vs_currency": "USD"}, "vs_currency"),
        ({"date_from": "May"}, "date_from is 'May'"),
    ],
)
def test_a_wrong_plan_is_refused_before_any_call(
    changes: dict[str, Any], said: str, coingecko: LocalCoinGecko, clock: StepClock
) -> None:
    with pytest.raises(AirflowFailException, match=said):
        at_now(plan(**changes), clock)
    assert coingecko.calls() == 0


def test_plan_pro_has_no_wall(
    coingecko: LocalCoinGecko, clock: StepClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pro = coingecko_connection(coingecko.pro_host, tmp_path, password=PRO_KEY, plan="pro")
    monkeypatch.setenv("AIRFLOW_CONN_COINGECKO_DEFAULT", pro)
    assert at_now(plan(date_from="2021-05-01", date_to="2021-05-31"), clock)


@pytest.mark.parametrize(
    ("pages", "per_page", "coins", "planned"),
    [(3, 100, [], [1, 2, 3]), ("2", "250", "[]", [1, 2]), (3, 2, ["a", "b", "c"], [1, 2]), (1, 250, ["a"], [1])],
)
def test_pages_are_planned(pages: Any, per_page: Any, coins: Any, planned: list[int], clock: StepClock) -> None:
    task = CoinGeckoPlanMarketPagesOperator(task_id="p", pages=pages, per_page=per_page, coin_ids=coins)
    assert at_now(task, clock) == planned


def test_pages_are_checked(clock: StepClock) -> None:
    with pytest.raises(AirflowFailException, match="from 1 to 40"):
        at_now(CoinGeckoPlanMarketPagesOperator(task_id="p", pages=41), clock)
