"""CoinGecko operators: plans and names are equal to the operators' own; a service records the calls."""

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from adf_export.operators.coingecko_service import PLANS
from adf_export_airflow.coingecko.errors import CoinGeckoError
from adf_export_airflow.coingecko.operators import CoinGeckoPlanMarketPagesOperator
from adf_export_airflow.coingecko.plans import TERMS, Plan
from adf_export_airflow.coingecko.ranges import check_days, split_days
from adf_export_airflow.landing_names import chart_blob, markets_blob
from adf_lang import Scope, evaluate
from local_azure.key_vault.store import Attributes
from local_azure.storage import BlobAccount
from tests.adf_export.lakehouse.factory_side import deploy, outcome
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.operators.test_arguments import arguments_of
from tests.data_factory.arm import Arm, arm_in
from tests.data_factory.lab import Lab, lab_of
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.cloud import cloud_in

Json = Any
OWN = "adf_export_airflow.coingecko.operators"
RESOLVE = f"{OWN}.CoinGeckoResolveCoinsOperator"
PAGES = f"{OWN}.CoinGeckoPlanMarketPagesOperator"
RANGES = f"{OWN}.CoinGeckoPlanChartRangesOperator"
MARKETS = f"{OWN}.CoinGeckoMarketsToBlobOperator"
CHART = f"{OWN}.CoinGeckoMarketChartRangeToBlobOperator"
REPORT = "adf_export_airflow.failures.LandFailureReportOperator"
KEY = "CG-not-a-real-key"
TODAY = datetime.datetime.now(datetime.UTC).date()
FIRST = datetime.date(2026, 1, 1)


def exported(operator: str, *, extra: Mapping[str, Json] | None = None, **fields: Json) -> Made:
    connections = (
        Connection(conn_id="coingecko_default", secret="coingecko-key", extra={"plan": "demo", **(extra or {})}),
        Connection(conn_id="wasb_default", host="https://lake.blob.core.windows.net"),
    )
    environment = Environment(
        name="own",
        key_vault="https://vault.vault.azure.net",
        connections={connection.conn_id: connection for connection in connections},
    )
    return made(task(operator, **fields), environment=environment)


def expression(activity: Mapping[str, Json], *path: str) -> str:
    found = activity["typeProperties"]
    for name in path:
        found = found[name]
    return str(found["value"])


def test_the_plans_are_those_of_the_client() -> None:
    for name, plan in PLANS.items():
        terms = TERMS[Plan(name)]
        assert (plan.url, plan.header, plan.days) == (terms.base_url, terms.key_header, terms.history_days)
    assert len(PLANS) == len(Plan)


@pytest.mark.parametrize("days", [1, 2, 89, 90, 91, 92, 180, 181, 182, 269, 270, 271, 365, 1000, 4592])
def test_ranges_are_those_of_the_operator(days: int) -> None:
    coins, last = ["bitcoin", "ethereum"], FIRST + datetime.timedelta(days=days - 1)
    activities = exported(
        RANGES, coins=coins, date_from=FIRST.isoformat(), date_to=last.isoformat(), vs_currency="eur"
    ).activities()
    variables: dict[str, Json] = {}
    for step in ("t_days", "t_pieces"):
        variables[step] = evaluate(expression(activities[step], "value"), Scope(variables=variables))
    items = evaluate(expression(activities["t"], "items"), Scope(variables=variables))
    assert isinstance(items, list)
    (append,) = activities["t"]["typeProperties"]["activities"]
    planned = [evaluate(expression(append, "value"), Scope(variables=variables, item=item)) for item in items]
    assert planned == [
        {"coin_id": coin, "vs_currency": "eur", "range_from": piece.range_from, "range_to": piece.range_to}
        for coin in coins
        for piece in split_days(FIRST, last)
    ]


def day(offset: int) -> str:
    return (TODAY + datetime.timedelta(days=offset)).isoformat()


DAYS = [
    *[(day(0), day(0)), (day(-2), day(-1)), (day(-364), day(0)), (day(-365), day(0)), (day(-366), day(-1))],
    *[(day(1), day(1)), (day(0), day(1)), (day(-1), day(-2)), ("2013-04-27", "2013-04-28")],
]


@pytest.mark.parametrize("history", [365, 0, 5000])
@pytest.mark.parametrize(("first", "last"), DAYS)
def test_wrong_days_fail_as_in_the_operator(first: str, last: str, history: int) -> None:
    given = {"coins": ["bitcoin"], "date_from": first, "date_to": last}
    condition = expression(
        exported(RANGES, extra={"history_days": history}, **given).activities()["t_check"], "expression"
    )
    wrong = False
    try:
        check_days(
            *map(datetime.date.fromisoformat, (first, last)),
            now=datetime.datetime.now(datetime.UTC),
            plan=Plan.DEMO,
            history_days=history or None,
        )
    except CoinGeckoError:
        wrong = True
    assert evaluate(condition, Scope(variables={"t_days": [first, last]})) is wrong


@pytest.mark.parametrize("coins", [[], ["a"], ["a", "b", "c"], list("abcdefghij")])
@pytest.mark.parametrize(("pages", "per_page"), [(1, 100), (3, 2), (40, 250), (2, 1)])
def test_pages_are_those_of_the_operator(coins: list[str], pages: int, per_page: int) -> None:
    given = {"pages": pages, "per_page": per_page, "coin_ids": coins}
    value = expression(exported(PAGES, **given).activities()["t"], "value")
    assert evaluate(value, Scope()) == CoinGeckoPlanMarketPagesOperator(task_id="t", **given).execute({})


RUN_NAMES = ["r1", "manual__2026-11-24T01:05:00+00:00", "a~b.c-d_e", "x" * 230]


def path_of(one: Made, **system: Json) -> str:
    (output,) = one.activities()["t"]["outputs"]
    path = output["parameters"]["path"]
    return str(evaluate(path["value"], Scope(system=system)) if isinstance(path, dict) else path)


@pytest.mark.parametrize("run_name", RUN_NAMES)
@pytest.mark.parametrize("page", [1, 12, 345, 6789, 12345])
def test_names_of_pages(run_name: str, page: int) -> None:
    expected = markets_blob(ingest_date=FIRST, page=page, vs_currency="eur", run_name=run_name)
    given = {"page": page, "vs_currency": "eur", "ingest_date": FIRST.isoformat()}
    assert path_of(exported(MARKETS, run_name=run_name, **given)) == expected
    assert path_of(exported(MARKETS, run_name="{{ run_id }}", **given), RunId=run_name) == expected
    assert path_of(exported(MARKETS, **given), RunId=run_name) == expected


@pytest.mark.parametrize("run_name", RUN_NAMES)
@pytest.mark.parametrize("coin", ["bitcoin", "a$b+c.d_e-f"])
def test_names_of_charts(run_name: str, coin: str) -> None:
    expected = chart_blob(
        ingest_date=FIRST, coin_id=coin, vs_currency="usd", run_name=run_name, range_from=5, range_to=9
    )
    given = {"coin_id": coin, "range_from": 5, "range_to": 9, "ingest_date": FIRST.isoformat(), "run_name": run_name}
    assert path_of(exported(CHART, **given)) == expected


@pytest.fixture(scope="module")
def service() -> WebService:
    return WebService()


@pytest.fixture(scope="module")
def lab(azurite: BlobAccount) -> Lab:
    return lab_of(azurite, "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def arm(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arm]:
    """A Data Factory for which the service is CoinGecko, and the storage too."""
    folder = tmp_path_factory.mktemp("factory")
    with cloud_in(folder / "cloud") as cloud, serving(service) as origin:
        cloud.store.set("coingecko-key", KEY, Attributes())
        hosts = {"api.coingecko.com": origin, "*.blob.core.windows.net": f"{origin}/blobs/{{account}}"}
        with arm_in(folder, cloud, hosts={**hosts, "vault.vault.azure.net": cloud.vault_url}) as running:
            yield running


def ran(arm: Arm, one: Made) -> tuple[str, dict[str, Json]]:
    assert one.compiled.pipelines, one.summaries
    with arm.http() as client:
        client.base_url = f"{arm.url}{arm.factory_url('own')}"
        deploy(client, one.factory)
        state, rows = outcome(client, "d", {})
    return state, {row["activityName"]: row for row in rows}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("coins", "state"), [(["bitcoin"], "Succeeded"), ([], "Succeeded"), (["bitcoin", "nocoin"], "Failed")]
)
def test_coins_that_are_unknown_fail(service: WebService, arm: Arm, coins: list[str], state: str) -> None:
    service.answers.clear()
    service.answer("/api/v3/simple/price", 200, {"bitcoin": {"usd": 1.5}})
    found, rows = ran(arm, exported(RESOLVE, coins=coins))
    assert found == state, rows
    assert service.last.headers["x-cg-demo-api-key"] == KEY
    assert KEY not in json.dumps(rows)
    if state == "Failed":
        assert rows["t_fail"]["error"]["message"] == "CoinGecko has no coin nocoin"


def test_losses_are_told() -> None:
    assert "ids of coins" in exported(RESOLVE, coins=[]).summaries
    assert "lands an answer again" in exported(MARKETS, page=1).summaries
    assert "names the runs" in exported(REPORT, ingest_date="2026-01-01", run_name="r").summaries


@pytest.mark.integration
def test_the_report_is_written_and_the_run_fails(service: WebService, arm: Arm) -> None:
    service.answers.clear()
    service.answer("/blobs/lake/landing/_failures/d/ingest_date=2026-01-01/r_1.json", 201)
    state, rows = ran(arm, exported(REPORT, ingest_date="2026-01-01", run_name="r:1"))
    assert state == "Failed"
    assert rows["t_fail"]["error"]["message"].startswith("tasks failed: report in landing/_failures/d/")
    assert service.last.method == "PUT"
    assert service.last.json.keys() == {"dag_id", "run_id", "pipeline_run_id"}
    assert service.last.headers["x-ms-blob-type"] == "BlockBlob"


# Connection -> what is wrong with it.
CONNECTIONS: list[tuple[dict[str, Json], str]] = [
    ({"extra": {"plan": "demo"}}, "plan 'demo' and no secret"),
    ({"extra": {"plan": "keyless"}, "secret": "s"}, "plan 'keyless' and a secret"),
    ({"extra": {"plan": "gold"}, "secret": "s"}, "plan 'gold'"),
    ({"extra": {"max_attempts": "many"}}, "max_attempts = 'many'"),
    ({"extra": {"read_timeout": 1.5}}, "read_timeout = 1.5"),
]


@pytest.mark.parametrize(("given", "part"), CONNECTIONS)
def test_connections_that_fit_no_plan(given: dict[str, Json], part: str) -> None:
    connection = Connection(conn_id="coingecko_default", **given)
    environment = Environment(connections={"coingecko_default": connection})
    one = made(task(CHART, coin_id="bitcoin", range_from=1, range_to=2, run_name="r"), environment=environment)
    assert "ADF504" in one.codes
    assert part in one.summaries


@pytest.mark.parametrize("operator", [RESOLVE, PAGES, RANGES, MARKETS, CHART, REPORT])
def test_every_argument_is_exported(operator: str) -> None:
    given = {"coingecko_conn_id": "coingecko_default", "wasb_conn_id": "wasb_default", "page": 1}
    one = exported(operator, **{name: given.get(name, "x") for name in arguments_of(operator)})
    assert one.compiled.pipelines, one.summaries
