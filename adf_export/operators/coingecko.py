"""CoinGecko operators: a Copy for each answer, byte for byte; coins and ranges are planned by expressions.

An answer is an array, or must land unchanged: a Web activity can do neither, so that a Copy with an HTTP source and a
binary sink lands it. Only `/simple/price`, which tells whether coins exist, is asked by a Web activity. What the
operators find wrong in an answer is found here by its size, or later by silver, which quarantines error bodies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.environment import Connection
from adf_export.ir.factory import (
    Activity,
    Body,
    Dataset,
    DatasetReference,
    Json,
    LinkedService,
    Object,
    Parameter,
    Policy,
    Role,
    obj,
    secret_reference,
)
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import Attempts, Unit
from adf_export.operators import blobs
from adf_export.operators.registry import Operator
from adf_export.operators.vault_secrets import secret_step, secret_value
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import all_of, any_of, if_
from adf_lang.nodes import Index, Literal, Node, call, literal, select

_PACKAGE: Final = "adf_export_airflow"
_DEFAULT: Final = "coingecko_default"
_FIRST_DAY: Final = date(2013, 4, 28)
_HOURLY_DAYS: Final = 90
_TICKS_OF_SECOND, _TICKS_OF_DAY = literal(10_000_000), literal(864_000_000_000)
_DAY: Final = literal(86_400)
# Answers without a row or point: nothing shorter or of this length holds one.
_NO_ROWS: Final = b"[]"
_NO_POINTS: Final = b'{"prices":[],"market_caps":[],"total_volumes":[]}'
_WAITS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a plan of CoinGecko means for calls; the plugin's client has the same table."""

    url: str
    # None: the plan has no key.
    header: str | None
    # None: the whole history.
    days: int | None


_PUBLIC: Final = "https://api.coingecko.com/api/v3"
PLANS: Final[Mapping[str, Plan]] = {
    "demo": Plan(url=_PUBLIC, header="x-cg-demo-api-key", days=365),
    "keyless": Plan(url=_PUBLIC, header=None, days=365),
    "pro": Plan(url="https://pro-api.coingecko.com/api/v3", header="x-cg-pro-api-key", days=None),
}


def resolve_coins(bench: Workbench) -> Unit:
    """Coins by their ids: `/simple/price` knows which exist. Symbols are not resolved, they fail as unknown coins."""
    connection = bench.connection("coingecko_conn_id", default=_DEFAULT)
    coins = bench.node("coins")
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' takes ids of coins as CoinGecko writes them: a symbol fails as an unknown coin",
        hint="give ids, 'bitcoin' and not 'btc'",
    )
    keys = (secret_step(bench, connection.secret),) if _plan(bench, connection).header else ()
    known = _known_coins(bench, connection, coins, keys)
    there = select(call("activity", literal(known.name)), "output")
    unknown = bench.activity(
        bench.name("unknown"),
        "Filter",
        obj(items=coins, condition=call("not", call("contains", there, call("item")))),
        role=Role.HELPER,
        description="Coins that CoinGecko does not have.",
        after=(known.name,),
    )
    found = select(call("activity", literal(unknown.name)), "output", "value")
    message = as_text("CoinGecko has no coin ", call("join", found, literal(", ")))
    check = _fail_if(bench, call("not", call("empty", found)), message, after=unknown)
    # Each once, as in Airflow.
    return bench.unit(
        *keys, known, unknown, check, results={"return_value": call("union", coins, coins)}, attempts=_once(bench)
    )


def _known_coins(bench: Workbench, connection: Connection, coins: Node, keys: tuple[Activity, ...]) -> Activity:
    # The call needs a coin also where none is to be resolved.
    ids = if_(call("empty", coins), literal("bitcoin"), call("join", coins, literal(",")))
    header = _plan(bench, connection).header
    headers = {header: secret_value(keys[0])} if header else {}
    return bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="GET",
            url=as_text(f"{_url(connection)}/simple/price?vs_currencies=usd&ids=", call("encodeUriComponent", ids)),
            headers=obj({"Accept": "application/json", **headers}),
        ),
        after=tuple(key.name for key in keys),
        policy=replace(_policy(bench, connection), secure_input=bool(keys)),
    )


def plan_pages(bench: Workbench) -> Unit:
    """The numbers of the pages, in a variable."""
    pages, per_page, coins = bench.node("pages"), bench.node("per_page"), bench.value("coin_ids")
    count: Node = call("int", pages)
    if coins not in (None, ()):
        size = call("int", per_page)
        needed = call("div", call("sub", call("add", call("length", as_node(coins)), size), literal(1)), size)
        count = if_(call("empty", as_node(coins)), count, needed)
    name = bench.name()
    step = bench.activity(
        name, "SetVariable", obj(variableName=bench.variable(name, "Array"), value=call("range", literal(1), count))
    )
    results = {"return_value": call("variables", literal(name))}
    return bench.unit(step, results=results, never_empty=True, attempts=_once(bench))


def plan_ranges(bench: Workbench) -> Unit:
    """Coins x pieces of at most 90 days, appended to a variable one by one."""
    connection = bench.connection("coingecko_conn_id", default=_DEFAULT)
    coins, first, last = bench.node("coins"), bench.node("date_from"), bench.node("date_to")
    span = _span(bench, first, last)
    wrong = _wrong_days(_history(bench, connection), coins, first, last)
    message = as_text("no coins, or days that CoinGecko does not have: ", first, " to ", last)
    check = _fail_if(bench, wrong, message, after=span)
    name = bench.name()
    begin, days, pieces = (_part_of(span, index) for index in range(3))
    index = call("item")
    piece = call("mod", index, pieces)
    after = call("add", piece, literal(1))
    is_last = call("equals", after, pieces)
    members = obj(
        coin_id=_at(coins, call("div", index, pieces)),
        vs_currency=bench.value("vs_currency") if bench.has("vs_currency") else "usd",
        range_from=call("add", begin, call("mul", _day_of(piece, days, pieces), _DAY)),
        range_to=call(
            "sub",
            call("add", begin, call("mul", _day_of(after, days, pieces), _DAY)),
            call("if", is_last, literal(1), literal(0)),
        ),
    )
    variable = bench.variable(name, "Array")
    append = bench.activity(bench.name("append"), "AppendVariable", obj(variableName=variable, value=as_node(members)))
    loop = bench.activity(
        name,
        "ForEach",
        obj(
            isSequential=True,
            items=call("range", literal(0), call("mul", call("length", coins), pieces)),
        ),
        description="Plans one call for each coin and each piece of at most 90 days.",
        after=(check.name,),
        bodies=(Body(slot="activities", activities=(append,)),),
    )
    results = {"return_value": call("variables", literal(name))}
    return bench.unit(span, check, loop, results=results, never_empty=True, attempts=_once(bench))


def _span(bench: Workbench, first: Node, last: Node) -> Activity:
    """A variable with the first second, the number of days, and the number of pieces."""
    epoch = call("ticks", literal("1970-01-01T00:00:00Z"))
    begin = call("div", call("sub", call("ticks", first), epoch), _TICKS_OF_SECOND)
    days = call("add", call("div", call("sub", call("ticks", last), call("ticks", first)), _TICKS_OF_DAY), literal(1))
    pieces = call("div", call("add", days, literal(_HOURLY_DAYS - 1)), literal(_HOURLY_DAYS))
    name = bench.name("days")
    return bench.activity(
        name,
        "SetVariable",
        obj(variableName=bench.variable(name, "Array"), value=call("createArray", begin, days, pieces)),
        role=Role.HELPER,
        description="The first second, the number of days, the number of pieces of at most 90 days.",
    )


def _part_of(span: Activity, index: int) -> Node:
    return _at(call("variables", literal(span.name)), literal(index))


def _at(items: Node, index: Node) -> Node:
    return Index(target=items, index=index)


def _day_of(piece: Node, days: Node, pieces: Node) -> Node:
    """The first day of a piece, from 0: pieces have nearly equal lengths, the longer ones first."""
    return call("add", call("mul", piece, call("div", days, pieces)), call("min", piece, call("mod", days, pieces)))


def _wrong_days(days: int | None, coins: Node, first: Node, last: Node) -> Node:
    """What the operator refuses before any call."""
    conditions = [
        call("empty", coins),
        call("greater", call("ticks", first), call("ticks", last)),
        call("greater", call("ticks", last), call("ticks", call("utcNow"))),
        call("less", call("ticks", first), call("ticks", literal(f"{_FIRST_DAY}T00:00:00Z"))),
    ]
    if days is not None:
        wall = call("ticks", call("addDays", call("utcNow"), literal(-days)))
        conditions.append(call("less", call("ticks", first), wall))
    return any_of(*conditions)


def land_markets(bench: Workbench) -> Unit:
    """One page of `/coins/markets`."""
    page, per_page, coins = bench.value("page"), bench.value("per_page"), bench.value("coin_ids")
    currency = bench.value("vs_currency") if bench.has("vs_currency") else "usd"
    size = per_page if bench.has("per_page") else 100
    url = as_text(
        *("coins/markets?vs_currency=", _encoded(currency), "&order=market_cap_desc"),
        *("&per_page=", _encoded(size), "&page=", _encoded(page), *_ids(coins)),
    )
    path = as_text(
        *("coingecko/coins_markets/ingest_date=", bench.value("ingest_date"), "/page-", _four_digits(page), "."),
        *(currency, "/", landing_name(bench.value("run_name")), ".json"),
    )
    first = call("equals", call("int", as_node(page)), literal(1))
    return _landing(bench, url, path, empty=_NO_ROWS, only_if=first)


def land_chart(bench: Workbench) -> Unit:
    """One piece of `/coins/{id}/market_chart/range`."""
    coin, first, last = bench.value("coin_id"), bench.value("range_from"), bench.value("range_to")
    currency = bench.value("vs_currency") if bench.has("vs_currency") else "usd"
    url = as_text(
        *("coins/", _encoded(coin), "/market_chart/range?vs_currency=", _encoded(currency)),
        *("&from=", _encoded(first), "&to=", _encoded(last)),
    )
    path = as_text(
        *("coingecko/market_chart_range/ingest_date=", bench.value("ingest_date"), "/", landing_name(coin), "."),
        *(currency, "/", landing_name(bench.value("run_name")), ".", _text(first), "-", _text(last), ".json"),
    )
    return _landing(bench, url, path, empty=_NO_POINTS)


def _landing(bench: Workbench, url: Json, path: Json, *, empty: bytes, only_if: Node | None = None) -> Unit:
    connection = bench.connection("coingecko_conn_id", default=_DEFAULT)
    lake = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    container = bench.value("container") if bench.has("container") else "landing"
    _tell_differences(bench)
    copy = bench.activity(
        bench.name(),
        "Copy",
        obj(source=_source(connection), sink=_SINK),
        policy=_policy(bench, connection),
        inputs=(DatasetReference(name=_answers(bench, connection), parameters=obj(url=url)),),
        outputs=(blobs.blob(bench, lake, container, path),),
    )
    written = select(call("activity", literal(copy.name)), "output", "dataWritten")
    nothing = call("lessOrEquals", written, literal(len(empty)))
    wrong = nothing if only_if is None else all_of(only_if, nothing)
    check = _fail_if(bench, wrong, as_text("CoinGecko answers without data: ", url), after=copy)
    return bench.unit(copy, check, attempts=_once(bench))


_SINK: Final = obj(type="BinarySink", storeSettings=obj(type="AzureBlobStorageWriteSettings"))


def _source(connection: Connection) -> Object:
    seconds = int(connection.extra.get("read_timeout", 60))
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
        "An error inside of an answer with status 200 lands and is quarantined by silver. "
        "Blobs have no metadata, and the task gives no XCom.",
        hint="let run names differ",
    )


def report_failure(bench: Workbench) -> Unit:
    """A blob that names the run, then the failure."""
    lake = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    if lake.secret:
        raise bench.connection_fault(lake, "has a secret, and a Web activity writes a blob by managed identity only")
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"the report of '{bench.task.task_id}' names the runs, not the states of the tasks: the monitoring page does",
    )
    container = bench.value("container") if bench.has("container") else "landing"
    name = landing_name(bench.value("run_name"))
    dag_id = bench.dag.dag_id
    path = as_text(f"_failures/{dag_id}/ingest_date=", bench.value("ingest_date"), "/", name, ".json")
    report = bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="PUT",
            url=as_text(f"{blobs.endpoint(lake)}/", container, "/", path),
            headers=obj(
                {
                    "Content-Type": "application/json",
                    "x-ms-blob-type": "BlockBlob",
                    "x-ms-date": call("utcNow", literal("R")),
                    "x-ms-version": "2021-12-02",
                }
            ),
            body=obj(dag_id=dag_id, run_id=run(RunField.RUN_ID), pipeline_run_id=select(call("pipeline"), "RunId")),
            authentication=obj(type="MSI", resource="https://storage.azure.com"),
        ),
        policy=Policy(retry=bench.task.retries, retry_interval_seconds=_WAITS),
    )
    fail = bench.activity(
        bench.name("fail"),
        "Fail",
        obj(message=as_text("tasks failed: report in ", container, "/", path), errorCode="TasksFailed"),
        after=(report.name,),
    )
    return bench.unit(report, fail, attempts=_once(bench))


def landing_name(text: Json) -> Json:
    """A text in names of blobs, as the plugin makes it: of what ids of runs and coins may hold, a few are replaced."""
    if isinstance(text, str):
        return "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in text)[:200]
    node = call("string", as_node(text))
    for char in ":+~$":
        node = call("replace", node, literal(char), literal("_"))
    return call("take", node, literal(200))


def _fail_if(bench: Workbench, wrong: Node, message: Json, *, after: Activity) -> Activity:
    fail = bench.activity(bench.name("fail"), "Fail", obj(message=message, errorCode="CoinGecko"), role=Role.HELPER)
    return bench.activity(
        bench.name("check"),
        "IfCondition",
        obj(expression=wrong),
        role=Role.HELPER,
        description="Fails as the operator does.",
        after=(after.name,),
        bodies=(Body(slot="ifTrueActivities", activities=(fail,)),),
    )


def _answers(bench: Workbench, connection: Connection) -> str:
    """The dataset of CoinGecko's answers."""
    header = _plan(bench, connection).header
    keys = obj({header: secret_reference(bench.vault(), connection.secret)}) if header else None
    service = bench.linked_service(
        LinkedService(
            name=connection.conn_id,
            type="HttpServer",
            properties=obj(url=f"{_url(connection)}/", authenticationType="Anonymous", authHeaders=keys),
        )
    )
    location = obj(type="HttpServerLocation", relativeUrl=select(call("dataset"), "url"))
    return bench.dataset(
        Dataset(
            name=f"{service}_answer",
            type="Binary",
            linked_service=service,
            properties=obj(location=location),
            parameters=(Parameter(name="url", type="String", default=""),),
            description="An answer of the API by its path and query.",
        )
    )


def _plan(bench: Workbench, connection: Connection) -> Plan:
    name = connection.extra.get("plan", "demo" if connection.secret else "keyless")
    plan = PLANS.get(str(name))
    if plan is None:
        raise bench.connection_fault(connection, f"has plan {name!r}", hint=f"use one of {', '.join(PLANS)}")
    if (plan.header is None) == bool(connection.secret):
        needs = (
            "no secret: plan keyless sends none" if connection.secret else f'a secret for plan {name}: secret = ".."'
        )
        raise bench.connection_fault(connection, f"needs {needs}")
    return plan


def _url(connection: Connection) -> str:
    if not connection.configured:
        return f"https://{connection.conn_id.replace('_', '-')}.invalid"
    given = PLANS.get(str(connection.extra.get("plan", "keyless")))
    return (connection.host or (given.url if given else _PUBLIC)).rstrip("/")


def _history(bench: Workbench, connection: Connection) -> int | None:
    days = connection.extra.get("history_days")
    return _plan(bench, connection).days if days is None else int(days) or None


def _policy(bench: Workbench, connection: Connection) -> Policy:
    """At least the attempts of the operator's client."""
    task = bench.task
    attempts = int(connection.extra.get("max_attempts", 5))
    return Policy(
        retry=max(task.retries, attempts - 1), retry_interval_seconds=max(_WAITS, int(task.retry_delay_seconds))
    )


def _once(bench: Workbench) -> Attempts:
    """What fails in a check fails for good, as in Airflow; calls have their retries in their policies."""
    return replace(bench.attempts(), retries=0)


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


def _four_digits(page: Json) -> Json:
    if isinstance(page, int):
        return f"{page:04}"
    node = call("int", as_node(page))
    zeros: Node = literal("")
    for bound, text in ((1000, "0"), (100, "00"), (10, "000")):
        zeros = call("if", call("less", node, literal(bound)), literal(text), zeros)
    return call("concat", zeros, call("string", node))


def _text(value: Json) -> Json:
    if isinstance(value, Node) and not isinstance(value, Literal):
        return value
    return str(value.value if isinstance(value, Literal) else value)


_IGNORED: Final[Mapping[str, str]] = {}
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
