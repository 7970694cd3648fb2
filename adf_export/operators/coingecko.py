"""CoinGecko operators: a Copy for each answer, byte for byte; coins and ranges are planned by expressions.

An answer is an array, or must land unchanged: a Web activity can do neither, so that a Copy with an HTTP source and a
binary sink lands it. Only `/simple/price`, which tells whether coins exist, is asked by a Web activity. What the
operators find wrong in an answer is found here by its size, or later by silver, which quarantines error bodies.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.environment import Connection
from adf_export.ir.factory import (
    DatasetReference,
    Json,
    Object,
    obj,
)
from adf_export.ir.unit import Unit
from adf_export.operators import blobs
from adf_export.operators import coingecko_service as service
from adf_export.operators.coingecko_plans import plan_pages, plan_ranges, resolve_coins
from adf_export.operators.failure_report import report_failure
from adf_export.operators.registry import Operator
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import all_of, if_
from adf_lang.nodes import Literal, Node, call, literal, select

_PACKAGE: Final = "adf_export_airflow"
# Answers without a row or point: nothing of this length or shorter holds one.
_NO_ROWS: Final = b"[]"
_NO_POINTS: Final = b'{"prices":[],"market_caps":[],"total_volumes":[]}'
_SINK: Final = obj(type="BinarySink", storeSettings=obj(type="AzureBlobStorageWriteSettings"))


def land_markets(bench: Workbench) -> Unit:
    """One page of `/coins/markets`."""
    page, per_page, coins = bench.value("page"), bench.value("per_page"), service.coins(bench, "coin_ids")
    currency = service.currency(bench)
    size = per_page if bench.has("per_page") else 100
    url = as_text(
        *("coins/markets?vs_currency=", currency, "&order=market_cap_desc"),
        *("&per_page=", _text(size), "&page=", _text(page), *_ids(coins)),
    )
    path = as_text(
        *("coingecko/coins_markets/ingest_date=", service.ingest_date(bench), "/page-", *_four_digits(page), "."),
        *(currency, "/", service.run_name(bench), ".json"),
    )
    first = call("equals", call("int", as_node(page)), literal(1))
    return _landing(bench, url, path, empty=_NO_ROWS, only_if=first)


def land_chart(bench: Workbench) -> Unit:
    """One piece of `/coins/{id}/market_chart/range`."""
    coin, first, last = bench.value("coin_id"), bench.value("range_from"), bench.value("range_to")
    currency = service.currency(bench)
    url = as_text(
        *("coins/", _encoded(coin), "/market_chart/range?vs_currency=", currency),
        *("&from=", _text(first), "&to=", _text(last)),
    )
    folder = as_text(service.landing_name(coin, "$+"), ".", currency)
    path = as_text(
        *("coingecko/market_chart_range/ingest_date=", service.ingest_date(bench), "/", folder, "/"),
        *(service.run_name(bench), ".", _text(first), "-", _text(last), ".json"),
    )
    return _landing(bench, url, path, empty=_NO_POINTS)


def _landing(bench: Workbench, url: Json, path: Json, *, empty: bytes, only_if: Node | None = None) -> Unit:
    connection = bench.connection("coingecko_conn_id", default=service.DEFAULT)
    lake = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    container = bench.value("container") if bench.has("container") else "landing"
    _tell_differences(bench)
    copy = bench.activity(
        bench.name(),
        "Copy",
        obj(source=_source(bench, connection), sink=_SINK),
        policy=service.policy_of(bench, connection),
        inputs=(DatasetReference(name=service.answers(bench, connection), parameters=obj(url=url)),),
        outputs=(blobs.blob(bench, lake, container, path),),
    )
    written = select(call("activity", literal(copy.name)), "output", "dataWritten")
    nothing = call("lessOrEquals", written, literal(len(empty)))
    wrong = nothing if only_if is None else all_of(only_if, nothing)
    check = service.fail_if(bench, wrong, as_text("CoinGecko answers without data: ", url), after=copy)
    return bench.unit(copy, check, attempts=service.once(bench))


def _source(bench: Workbench, connection: Connection) -> Object:
    seconds = service.number_of(bench, connection, "read_timeout", 60)
    settings = obj(
        type="HttpReadSettings",
        requestMethod="GET",
        # Sizes and bytes are those of the text.
        additionalHeaders="Accept: application/json\nAccept-Encoding: identity",
        requestTimeout=f"00:{seconds // 60:02}:{seconds % 60:02}",
    )
    return obj(type="BinarySource", storeSettings=settings, formatSettings=obj(type="BinaryReadSettings"))


def _tell_differences(bench: Workbench) -> None:
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' is a Copy: it lands an answer again where its blob is there",
        detail="It is tried again at constant pauses, whatever went wrong, and not slowed down to the rate limit. "
        "An error inside of an answer with status 200 lands and is quarantined by silver, and what is found empty has "
        "landed when the task fails. Blobs have no metadata, and the task gives no XCom.",
        hint="let run names differ",
    )


def _encoded(value: Json) -> Json:
    if isinstance(value, str | int):
        return quote(str(value), safe="")
    return call("encodeUriComponent", call("string", as_node(value)))


def _ids(coins: Json) -> tuple[Json, ...]:
    if coins in (None, ()):
        return ()
    if isinstance(coins, tuple) and all(isinstance(coin, str) for coin in coins):
        return ("&" + urlencode({"ids": ",".join(map(str, coins))}),)
    node = as_node(coins)
    joined = call("encodeUriComponent", call("join", node, literal(",")))
    return (if_(call("empty", node), literal(""), call("concat", literal("&ids="), joined)),)


def _four_digits(page: Json) -> tuple[Json, ...]:
    if isinstance(page, int):
        return (f"{page:04}",)
    node = call("int", as_node(page))
    zeros: Node = literal("")
    for bound, text in ((1000, "0"), (100, "00"), (10, "000")):
        zeros = call("if", call("less", node, literal(bound)), literal(text), zeros)
    return (zeros, as_node(page))


def _text(value: Json) -> Json:
    if isinstance(value, Node) and not isinstance(value, Literal):
        return value
    return str(value.value if isinstance(value, Literal) else value)


COINGECKO: Final[Mapping[str, Operator]] = {
    f"{_PACKAGE}.coingecko.operators.CoinGeckoMarketChartRangeToBlobOperator": Operator(
        translate=land_chart, activities=("Copy", "IfCondition", "Fail")
    ),
    f"{_PACKAGE}.coingecko.operators.CoinGeckoMarketsToBlobOperator": Operator(
        translate=land_markets, activities=("Copy", "IfCondition", "Fail")
    ),
    f"{_PACKAGE}.coingecko.operators.CoinGeckoPlanChartRangesOperator": Operator(
        translate=plan_ranges, activities=("SetVariable", "IfCondition", "Fail", "ForEach", "AppendVariable")
    ),
    f"{_PACKAGE}.coingecko.operators.CoinGeckoPlanMarketPagesOperator": Operator(
        translate=plan_pages, activities=("SetVariable",)
    ),
    f"{_PACKAGE}.coingecko.operators.CoinGeckoResolveCoinsOperator": Operator(
        translate=resolve_coins, activities=("WebActivity", "Filter", "IfCondition", "Fail")
    ),
    f"{_PACKAGE}.failures.LandFailureReportOperator": Operator(
        translate=report_failure, activities=("WebActivity", "Fail")
    ),
}
