"""What silver makes of bronze rows: an observation, or a refusal with its reason."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse.quality import Reason
from crypto_lakehouse.transforms import accepted, judge_charts, judge_markets, rejected
from tests.spark.rows import CHART, MARKETS, chart, charts, market, markets, millis

NAN, INFINITE = float("nan"), float("inf")
RESCUED = '{"%s":"x","_file_path":"f"}'

# What a market row differs in from a good one, and the reason that silver gives; None: accepted.
MARKET_CASES: dict[str, tuple[dict[str, Any], str | None]] = {
    "as answered": ({}, None),
    "null market cap": ({"market_cap": None}, None),
    "null volume": ({"total_volume": None}, None),
    "zero market cap": ({"market_cap": 0.0}, None),
    "tiny price in e-notation": ({"current_price": 2.3e-11}, None),
    "whole second": ({"last_updated": "2021-05-15T15:59:43Z"}, None),
    "other field rescued": ({"_rescued_data": RESCUED % "price_change_24h"}, None),
    "corrupt": ({"_corrupt_record": "[{"}, "CORRUPT_JSON"),
    "error in a 200": ({"status": '{"error_code":429}', "id": None}, "ERROR_BODY"),
    "flat error": ({"error": "coin not found", "id": None}, "ERROR_BODY"),
    "price rescued": ({"_rescued_data": RESCUED % "current_price", "current_price": None}, "RESCUED_TYPE_MISMATCH"),
    "no id": ({"id": None}, "MISSING_COIN_ID"),
    "blank id": ({"id": "  "}, "MISSING_COIN_ID"),
    "folder without currency": ({"_source_file": f"{MARKETS}/page-0001/run.json"}, "MISSING_VS_CURRENCY"),
    "no time": ({"last_updated": None}, "BAD_TIMESTAMP"),
    "unreadable time": ({"last_updated": "yesterday"}, "BAD_TIMESTAMP"),
    "before bitcoin": ({"last_updated": "1970-01-19T18:24:26Z"}, "BAD_TIMESTAMP"),
    "within the tolerance": ({"last_updated": "2021-05-16T12:09:59Z"}, None),
    "future": ({"last_updated": "2021-05-16T12:10:01Z"}, "FUTURE_TIMESTAMP"),
    "null price": ({"current_price": None}, "NULL_PRICE"),
    "NaN price": ({"current_price": NAN}, "NOT_A_NUMBER"),
    "infinite volume": ({"total_volume": INFINITE}, "NOT_A_NUMBER"),
    "NaN market cap": ({"market_cap": NAN}, "NOT_A_NUMBER"),
    "zero price": ({"current_price": 0.0}, "NON_POSITIVE_PRICE"),
    "negative price": ({"current_price": -1.0}, "NON_POSITIVE_PRICE"),
    "negative market cap": ({"market_cap": -1.0}, "NEGATIVE_MARKET_CAP"),
    "negative volume": ({"total_volume": -1.0}, "NEGATIVE_VOLUME"),
    "several faults: the first": ({"current_price": None, "total_volume": -1.0, "id": None}, "MISSING_COIN_ID"),
}

# A chart file, and for each of its moments (milliseconds, None where unknown) the reason; None: accepted.
ONE, TWO = 1621066793712, 1621067085626
CHART_CASES: dict[str, tuple[str | None, dict[str, Any], list[tuple[int | None, str | None]]]] = {
    "as answered": (
        f'{{"prices":[[{ONE},1.5],[{TWO},2]],"market_caps":[[{ONE},10],[{TWO},1.1e1]],"total_volumes":[[{ONE},7],[{TWO},8]]}}',
        {},
        [(ONE, None), (TWO, None)],
    ),
    "null inside a series": (
        f'{{"prices":[[{ONE},1]],"market_caps":[[{ONE},null]],"total_volumes":[[{ONE},7]]}}',
        {},
        [(ONE, None)],
    ),
    "null price": (
        f'{{"prices":[[{ONE},null]],"market_caps":[[{ONE},5]],"total_volumes":[[{ONE},7]]}}',
        {},
        [(ONE, "NULL_PRICE")],
    ),
    "series in different order": (
        f'{{"prices":[[{ONE},1],[{TWO},2]],"market_caps":[[{TWO},10],[{ONE},11]],"total_volumes":[[{ONE},7],[{TWO},8]]}}',
        {},
        [(ONE, None), (TWO, None)],
    ),
    "point missing in one series": (
        f'{{"prices":[[{ONE},1],[{TWO},2]],"market_caps":[[{ONE},10]],"total_volumes":[[{ONE},7],[{TWO},8]]}}',
        {},
        [(ONE, None), (TWO, "ARRAYS_DIFFER")],
    ),
    "point off the others' grid": (
        f'{{"prices":[[{ONE},1]],"market_caps":[[{TWO},10]],"total_volumes":[[{ONE},7]]}}',
        {},
        [(ONE, "ARRAYS_DIFFER"), (TWO, "ARRAYS_DIFFER")],
    ),
    "series missing": (f'{{"prices":[[{ONE},1]],"market_caps":[[{ONE},10]]}}', {}, [(ONE, "ARRAYS_DIFFER")]),
    "moment twice, once null": (
        f'{{"prices":[[{ONE},1],[{ONE},null]],"market_caps":[[{ONE},10]],"total_volumes":[[{ONE},7]]}}',
        {},
        [(ONE, None)],
    ),
    "null time": (
        f'{{"prices":[[{ONE},1],[null,2]],"market_caps":[[{ONE},10]],"total_volumes":[[{ONE},7]]}}',
        {},
        [(None, "BAD_TIMESTAMP"), (ONE, None)],
    ),
    "fraction of a millisecond": (
        '{"prices":[[1621066793712.5,1]],"market_caps":[],"total_volumes":[]}',
        {},
        [(None, "BAD_TIMESTAMP")],
    ),
    "seconds": (
        '{"prices":[[1621066793,1]],"market_caps":[[1621066793,1]],"total_volumes":[[1621066793,1]]}',
        {},
        [(1621066793, "BAD_TIMESTAMP")],
    ),
    "far too large": (
        '{"prices":[[1e300,1]],"market_caps":[[1e300,1]],"total_volumes":[]}',
        {},
        [(None, "BAD_TIMESTAMP"), (None, "BAD_TIMESTAMP")],
    ),
    "no pair": (
        f'{{"prices":[[{ONE}],[{ONE},1,2],null],"market_caps":[],"total_volumes":[]}}',
        {},
        [(None, "MALFORMED_POINT")] * 3,
    ),
    "future": (
        '{"prices":[[2621066793712,1]],"market_caps":[[2621066793712,1]],"total_volumes":[[2621066793712,1]]}',
        {},
        [(2621066793712, "FUTURE_TIMESTAMP")],
    ),
    "empty series": ('{"prices":[],"market_caps":[],"total_volumes":[]}', {}, [(None, "EMPTY_SERIES")]),
    "empty object": ("{}", {}, [(None, "EMPTY_SERIES")]),
    "error body": (None, {"error": '{"status":{"error_code":10012}}'}, [(None, "ERROR_BODY")]),
    "corrupt": (None, {"_corrupt_record": '{"prices":[[1'}, [(None, "CORRUPT_JSON")]),
    "rescued": (
        '{"prices":[[1621066793712,1]],"total_volumes":[[1621066793712,1]]}',
        {"_rescued_data": RESCUED % "market_caps"},
        [(None, "RESCUED_TYPE_MISMATCH")],
    ),
    "folder without coin": (
        f'{{"prices":[[{ONE},1]],"market_caps":[[{ONE},1]],"total_volumes":[[{ONE},1]]}}',
        {"_source_file": f"{CHART}/.usd/%s.json"},
        [(ONE, "MISSING_COIN_ID")],
    ),
    "folder without currency": (
        f'{{"prices":[[{ONE},1]],"market_caps":[[{ONE},1]],"total_volumes":[[{ONE},1]]}}',
        {"_source_file": f"{CHART}/bitcoin/%s.json"},
        [(ONE, "MISSING_COIN_ID")],
    ),
}


@pytest.fixture(scope="module")
def judged_markets(spark: SparkSession) -> dict[str, Row]:
    rows = []
    for place, (given, _) in enumerate(MARKET_CASES.values()):
        row = market(**given)
        rows.append(row | {"_source_file": row["_source_file"].replace("run.json", f"{place}.json")})
    found = judge_markets(markets(spark, *rows)).collect()
    cases = list(MARKET_CASES)
    return {cases[int(row.source_file.rpartition("/")[2].removesuffix(".json"))]: row for row in found}


@pytest.fixture(scope="module")
def judged_charts(spark: SparkSession) -> dict[str, list[Row]]:
    rows = []
    for place, (text, given, _) in enumerate(CHART_CASES.values()):
        pattern = given.get("_source_file", f"{CHART}/bitcoin.usd/%s.json")
        rows.append(chart(text, **given | {"_source_file": pattern % place}))
    found = judge_charts(charts(spark, *rows)).withColumn("at", F.unix_millis("observed_at")).collect()
    files: dict[str, list[Row]] = {case: [] for case in CHART_CASES}
    for row in found:
        files[list(CHART_CASES)[int(row.source_file.rpartition("/")[2].removesuffix(".json"))]].append(row)
    return files


@pytest.mark.parametrize("case", MARKET_CASES)
def test_market_row(judged_markets: dict[str, Row], case: str) -> None:
    assert judged_markets[case].reason_code == MARKET_CASES[case][1]


@pytest.mark.parametrize("case", CHART_CASES)
def test_chart_file(judged_charts: dict[str, list[Row]], case: str) -> None:
    found = [(row.at, row.reason_code) for row in judged_charts[case]]
    assert sorted(found, key=str) == sorted(CHART_CASES[case][2], key=str)


def test_the_cases_give_every_reason() -> None:
    given = {reason for _, reason in MARKET_CASES.values()}
    given |= {reason for _, _, moments in CHART_CASES.values() for _, reason in moments}
    assert given - {None} == {reason.value for reason in Reason}


def test_market_row_keeps_its_values(judged_markets: dict[str, Row]) -> None:
    row = judged_markets["as answered"]
    assert (row.coin_id, row.vs_currency, row.price, row.market_cap, row.total_volume) == (
        "bitcoin",
        "usd",
        49053.0,
        917825524991.0,
        61679663434.0,
    )
    assert row.source == "coins_markets"
    assert judged_markets["tiny price in e-notation"].price == 2.3e-11


def test_chart_points_are_joined_by_time_not_by_place(judged_charts: dict[str, list[Row]]) -> None:
    found = {
        row.at: (row.price, row.market_cap, row.total_volume) for row in judged_charts["series in different order"]
    }
    assert found == {ONE: (1.0, 11.0, 7.0), TWO: (2.0, 10.0, 8.0)}


def test_a_number_beats_a_null_at_the_same_moment(judged_charts: dict[str, list[Row]]) -> None:
    assert [row.price for row in judged_charts["moment twice, once null"]] == [1.0]


def test_milliseconds_survive(spark: SparkSession) -> None:
    rows = judge_markets(markets(spark, market())).select(F.unix_millis("observed_at")).collect()
    assert rows[0][0] == millis("2021-05-15T15:59:43.867")


def test_coin_ids_may_hold_dots(spark: SparkSession) -> None:
    text = f'{{"prices":[[{ONE},1]],"market_caps":[[{ONE},1]],"total_volumes":[[{ONE},1]]}}'
    rows = judge_charts(charts(spark, chart(text, _source_file=f"{CHART}/coin.v2.0.eur/run.json"))).collect()
    assert [(row.coin_id, row.vs_currency) for row in rows] == [("coin.v2.0", "eur")]


def test_symbols_are_no_key(spark: SparkSession) -> None:
    twins = [market(id=coin, symbol="pro", current_price=price) for coin, price in (("propy", 1.0), ("prometeus", 2.0))]
    rows = accepted(judge_markets(markets(spark, *twins))).collect()
    assert sorted((row.coin_id, row.price) for row in rows) == [("prometeus", 2.0), ("propy", 1.0)]


def test_rejects_tell_what_was_refused_and_are_the_same_when_judged_again(spark: SparkSession) -> None:
    bronze = markets(
        spark, market(current_price=None), market(current_price=None), market(id=None, _corrupt_record="x" * 9000)
    )
    again = bronze.withColumn("_ingested_at", F.lit(datetime(2021, 5, 17, tzinfo=UTC)))
    first, second = (rejected(judge_markets(rows)).collect() for rows in (bronze, again))
    assert sorted(row.reason_code for row in first) == ["CORRUPT_JSON", "NULL_PRICE"]
    assert {row.reject_id for row in first} == {row.reject_id for row in second}
    payloads = {row.reason_code: row.payload for row in first}
    assert '"id":"bitcoin"' in payloads["NULL_PRICE"]
    assert len(payloads["CORRUPT_JSON"]) == 4000
