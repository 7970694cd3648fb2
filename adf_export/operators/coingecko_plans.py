"""Plans CoinGecko calls by expressions: coins that are known, pages, and ranges of at most 90 days."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.environment import Connection
from adf_export.ir.factory import (
    Activity,
    Body,
    Json,
    Role,
    obj,
)
from adf_export.ir.symbols import param
from adf_export.ir.unit import Unit
from adf_export.operators import coingecko_service as service
from adf_export.operators.vault_secrets import secret_step, secret_value
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import any_of, if_
from adf_lang.nodes import Index, Node, call, literal, select

_FIRST_DAY: Final = date(2013, 4, 28)
_HOURLY_DAYS: Final = 90
_TICKS_OF_SECOND, _TICKS_OF_DAY = literal(10_000_000), literal(864_000_000_000)
# Ticks of 1970-01-01.
_EPOCH: Final = literal(621_355_968_000_000_000)
_KEPT: Final[Mapping[str, str]] = {
    "days": "The first and the last day.",
    "pieces": "The number of days, and of pieces of at most 90 days.",
}


def resolve_coins(bench: Workbench) -> Unit:
    """Coins by their ids: `/simple/price` knows which exist. Symbols are not resolved, they fail as unknown coins."""
    connection = bench.connection("coingecko_conn_id", default=service.DEFAULT)
    coins = as_node(service.coins(bench, "coins"))
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' takes ids of coins as CoinGecko writes them: a symbol fails as an unknown coin",
        hint="give ids, 'bitcoin' and not 'btc'",
    )
    policy = service.policy_of(bench, connection)
    keys = (secret_step(bench, connection.secret, policy),) if service.plan_of(bench, connection).header else ()
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
    check = service.fail_if(bench, call("not", call("empty", found)), message, after=unknown)
    return bench.unit(
        *keys,
        known,
        unknown,
        check,
        results={"return_value": _each_once(bench, coins)},
        attempts=service.once(bench),
    )


def _each_once(bench: Workbench, coins: Node) -> Node:
    """As the operator gives them; a param may say that it holds nothing twice."""
    unique = {param(one.name) for one in bench.dag.params if json.loads(one.schema).get("uniqueItems")}
    return coins if coins in unique else call("union", coins, coins)


def _known_coins(bench: Workbench, connection: Connection, coins: Node, keys: tuple[Activity, ...]) -> Activity:
    # The call needs a coin also where none is to be resolved.
    ids = if_(call("empty", coins), literal("bitcoin"), call("join", coins, literal(",")))
    header = service.plan_of(bench, connection).header
    headers = {header: secret_value(keys[0])} if header else {}
    return bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="GET",
            url=as_text(
                f"{service.url_of(connection)}/simple/price?vs_currencies=usd&ids=", call("encodeUriComponent", ids)
            ),
            headers=obj({"Accept": "application/json", **headers}),
        ),
        after=tuple(key.name for key in keys),
        policy=replace(service.policy_of(bench, connection), secure_input=bool(keys)),
    )


def plan_pages(bench: Workbench) -> Unit:
    """The numbers of the pages, in a variable."""
    coins = service.coins(bench, "coin_ids")
    size = _whole(bench, "per_page", 100)
    count = _whole(bench, "pages", 1)
    if coins not in (None, ()):
        needed = call("div", call("sub", call("add", call("length", as_node(coins)), size), literal(1)), size)
        count = if_(call("empty", as_node(coins)), count, needed)
    name = bench.name()
    step = bench.activity(
        name, "SetVariable", obj(variableName=bench.variable(name, "Array"), value=call("range", literal(1), count))
    )
    results = {"return_value": call("variables", literal(name))}
    return bench.unit(step, results=results, never_empty=True, attempts=service.once(bench))


def _whole(bench: Workbench, name: str, default: int) -> Node:
    return call("int", bench.node(name)) if bench.has(name) else literal(default)


def plan_ranges(bench: Workbench) -> Unit:
    """Coins x pieces of at most 90 days, appended to a variable one by one."""
    connection = bench.connection("coingecko_conn_id", default=service.DEFAULT)
    coins = as_node(service.coins(bench, "coins"))
    days = _kept(bench, "days", call("createArray", bench.node("date_from"), bench.node("date_to")))
    first, last = (_part_of(days, index) for index in range(2))
    wrong = _wrong_days(service.history_of(bench, connection), coins, first, last)
    message = as_text("no coins, or days that CoinGecko does not have: ", first, " to ", last)
    check = service.fail_if(bench, wrong, message, after=days)
    pieces = _kept(bench, "pieces", _count_days_and_pieces(first, last), after=check)
    count = _part_of(pieces, 1)
    name = bench.name()
    variable = bench.variable(name, "Array")
    value = _range(_at(coins, call("div", call("item"), count)), service.currency(bench), first, pieces)
    append = bench.activity(bench.name("append"), "AppendVariable", obj(variableName=variable, value=value))
    loop = bench.activity(
        name,
        "ForEach",
        obj(isSequential=True, items=call("range", literal(0), call("mul", call("length", coins), count))),
        description="Plans one call for each coin and each piece of at most 90 days.",
        after=(pieces.name,),
        bodies=(Body(slot="activities", activities=(append,)),),
    )
    bench.gives_objects("coin_id", "vs_currency", "range_from", "range_to")
    results = {"return_value": call("variables", literal(name))}
    return bench.unit(days, check, pieces, loop, results=results, never_empty=True, attempts=service.once(bench))


def _range(coin: Node, currency: Json, first: Node, pieces: Activity) -> Node:
    """The arguments of one call; `item()` counts the pieces of the first coin, then those of the next.

    Pieces have nearly equal lengths, the longer ones first. Neighbours share the second of midnight.
    """
    days, count = (_part_of(pieces, index) for index in range(2))
    piece = call("mod", call("item"), count)
    after = call("add", piece, literal(1))
    end = call("if", call("equals", after, count), literal(1), literal(0))
    members = (
        *('{"coin_id":"', coin, '","vs_currency":"', currency, '","range_from":'),
        _second_of(first, _days_before(piece, days, count)),
        ',"range_to":',
        call("sub", _second_of(first, _days_before(after, days, count)), end),
        "}",
    )
    return call("json", call("concat", *(as_node(part) for part in members)))


def _days_before(piece: Node, days: Node, count: Node) -> Node:
    return call("add", call("mul", piece, call("div", days, count)), call("min", piece, call("mod", days, count)))


def _second_of(first: Node, days: Node) -> Node:
    """The UNIX second at which a day begins."""
    return call("div", call("sub", call("ticks", call("addDays", first, days)), _EPOCH), _TICKS_OF_SECOND)


def _count_days_and_pieces(first: Node, last: Node) -> Node:
    days = call("add", call("div", call("sub", call("ticks", last), call("ticks", first)), _TICKS_OF_DAY), literal(1))
    return call("createArray", days, call("div", call("add", days, literal(_HOURLY_DAYS - 1)), literal(_HOURLY_DAYS)))


def _kept(bench: Workbench, suffix: str, values: Node, *, after: Activity | None = None) -> Activity:
    """A variable with values that several expressions need."""
    name = bench.name(suffix)
    return bench.activity(
        name,
        "SetVariable",
        obj(variableName=bench.variable(name, "Array"), value=values),
        role=Role.HELPER,
        description=_KEPT[suffix],
        after=(after.name,) if after else (),
    )


def _part_of(kept: Activity, index: int) -> Node:
    return _at(call("variables", literal(kept.name)), literal(index))


def _at(items: Node, index: Node) -> Node:
    return Index(target=items, index=index)


def _wrong_days(history: int | None, coins: Node, first: Node, last: Node) -> Node:
    """What the operator refuses before any call."""
    begin, end, now = call("ticks", first), call("ticks", last), call("utcNow")
    conditions = [
        call("empty", coins),
        call("greater", begin, end),
        call("greater", end, call("ticks", now)),
        call("less", begin, call("ticks", literal(f"{_FIRST_DAY}T00:00:00Z"))),
    ]
    if history is not None:
        conditions.append(call("less", begin, call("ticks", call("addDays", now, literal(-history)))))
    return any_of(*conditions)
