"""What tasks are given, as Python values and as templates render them."""

import string
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf_export_airflow.coingecko import inputs
from adf_export_airflow.coingecko.errors import CoinGeckoInputError
from adf_export_airflow.landing_names import chart_blob, landing_name, markets_blob


@pytest.mark.parametrize(
    ("value", "coins"),
    [
        (["bitcoin", "btc", "bitcoin"], ("bitcoin", "btc")),
        (("hive_dollar",), ("hive_dollar",)),
        ("['bitcoin', 'bitCNY']", ("bitcoin", "bitCNY")),
        ('["bitcoin"]', ("bitcoin",)),
        ("bitcoin, ethereum,", ("bitcoin", "ethereum")),
        ("bitcoin", ("bitcoin",)),
        ("[]", ()),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_coins(value: object, coins: tuple[str, ...]) -> None:
    assert inputs.read_coins(value) == coins


@pytest.mark.parametrize(
    "value", ["bit coin", ["bit coin"], [""], [None], [1], 5, {"a": 1}, "[", "[1, ", "a/b", ["../x"], ["a\n"], "é"]
)
def test_coins_refused(value: object) -> None:
    with pytest.raises(CoinGeckoInputError):
        inputs.read_coins(value)


@pytest.mark.parametrize("value", ["USD", "us dollar", "u", "usd\n", "", None, 5, "é" * 3])
def test_currency_refused(value: object) -> None:
    with pytest.raises(CoinGeckoInputError, match="vs_currency"):
        inputs.read_vs_currency(value)


@pytest.mark.parametrize("value", ["2026-11-01", date(2026, 11, 1), datetime(2026, 11, 1, 23, tzinfo=UTC)])
def test_date(value: object) -> None:
    assert inputs.read_date("day", value) == date(2026, 11, 1)


@pytest.mark.parametrize("value", ["2026-11-31", "20261101", "01.11.2026", "2026-11-01T00:00", "", None, 20261101])
def test_date_refused(value: object) -> None:
    with pytest.raises(CoinGeckoInputError, match="date_from"):
        inputs.read_date("date_from", value)


@pytest.mark.parametrize(("value", "number"), [(1, 1), ("40", 40), (40, 40)])
def test_count(value: object, number: int) -> None:
    assert inputs.read_count("pages", value, minimum=1, maximum=40) == number


@pytest.mark.parametrize("value", [0, 41, "41", True, 1.5, "1.0", "", None, "x", "-1", "²"])
def test_count_refused(value: object) -> None:
    with pytest.raises(CoinGeckoInputError, match="from 1 to 40"):
        inputs.read_count("pages", value, minimum=1, maximum=40)


@pytest.mark.parametrize(("value", "name"), [("run-1", "run-1"), (20261124, "20261124")])
def test_run_name(value: object, name: str) -> None:
    assert inputs.read_run_name(value) == name


@pytest.mark.parametrize("value", ["", " ", "..", "//", None, True, 1.5, ["x"]])
def test_run_name_refused(value: object) -> None:
    with pytest.raises(CoinGeckoInputError, match="run_name"):
        inputs.read_run_name(value)


@given(st.text())
def test_landing_name_is_safe(text: str) -> None:
    name = landing_name(text)
    assert set(name) <= set(string.ascii_letters + string.digits + "._-")
    assert landing_name(name) == name
    assert len(name) <= 200


def test_blob_names() -> None:
    day = date(2026, 5, 18)
    run = "manual__2026-05-18T01:05:00+00:00"
    assert markets_blob(ingest_date=day, page=3, vs_currency="usd", run_name=run) == (
        "coingecko/coins_markets/ingest_date=2026-05-18/page-0003.usd/manual__2026-05-18T01_05_00_00_00.json"
    )
    assert chart_blob(
        ingest_date=day, coin_id="usd.coin", vs_currency="eur", run_name="r1", range_from=1, range_to=86_400
    ) == ("coingecko/market_chart_range/ingest_date=2026-05-18/usd.coin.eur/r1.1-86400.json")
