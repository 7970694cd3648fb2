"""The endpoints and their parameters, read strictly: one table row a parameter, one refusal naming what is wrong.

The real API ignores parameters it does not know; this one answers 400 and names them, because a misspelt parameter
that is ignored looks like data. A missing required parameter is 422 with the real body; it is told before anything
else is, as the real one does. A value out of bounds is 400.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from local_azure.coingecko import errors
from local_azure.coingecko.clock import read_moment
from local_azure.coingecko.errors import CoinGeckoStandInError
from local_azure.coingecko.keys import Plan


class Endpoint(Enum):
    """Every endpoint served: the value is its path below the base path."""

    PING = "/ping"
    KEY = "/key"
    SIMPLE_PRICE = "/simple/price"
    SUPPORTED_VS_CURRENCIES = "/simple/supported_vs_currencies"
    COINS_LIST = "/coins/list"
    COINS_MARKETS = "/coins/markets"
    MARKET_CHART = "/coins/{coin_id}/market_chart"
    MARKET_CHART_RANGE = "/coins/{coin_id}/market_chart/range"
    OHLC = "/coins/{coin_id}/ohlc"
    HISTORY = "/coins/{coin_id}/history"

    @property
    def label(self) -> str:
        """How fault specifications and the request log name it: `coins_markets`, `market_chart_range`."""
        return self.name.lower()


Value = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One query parameter. `default` None: absent means something of its own."""

    kind: str  # "text", "list", "bool", "int", "moment"
    required: bool = False
    default: Value | None = None
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    plans: frozenset[Plan] = frozenset(Plan)


PRECISION = Param(kind="text", choices=("full", *(str(digits) for digits in range(19))))
TIMEFRAMES = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
ORDERS = ("market_cap_desc", "market_cap_asc", "volume_desc", "volume_asc", "id_asc", "id_desc")
LOCALES = "ar bg cs da de el en es fi fr he hi hr hu id it ja ko lt nl no pl pt ro ru sk sl sv th tr uk vi zh zh-tw"
PRO_ONLY = frozenset({Plan.PRO})
SELECTION = {
    "ids": Param(kind="list"),
    "names": Param(kind="list"),
    "symbols": Param(kind="list"),
    "include_tokens": Param(kind="text", choices=("top", "all")),
}
VS_CURRENCY = Param(kind="text", required=True)
FLAG = Param(kind="bool", default=False)

PARAMETERS: dict[Endpoint, dict[str, Param]] = {
    Endpoint.PING: {},
    Endpoint.KEY: {},
    Endpoint.SUPPORTED_VS_CURRENCIES: {},
    Endpoint.SIMPLE_PRICE: {
        **SELECTION,
        "vs_currencies": Param(kind="list", required=True),
        "include_market_cap": FLAG,
        "include_24hr_vol": FLAG,
        "include_24hr_change": FLAG,
        "include_last_updated_at": FLAG,
        "precision": PRECISION,
    },
    Endpoint.COINS_LIST: {
        "include_platform": FLAG,
        "status": Param(kind="text", default="active", choices=("active", "inactive")),
    },
    Endpoint.COINS_MARKETS: {
        "vs_currency": VS_CURRENCY,
        **SELECTION,
        "category": Param(kind="text"),
        "order": Param(kind="text", default="market_cap_desc", choices=ORDERS),
        "per_page": Param(kind="int", default=100, low=1, high=250),
        "page": Param(kind="int", default=1, low=1),
        "sparkline": FLAG,
        "price_change_percentage": Param(kind="list", choices=TIMEFRAMES),
        "locale": Param(kind="text", default="en", choices=tuple(LOCALES.split())),
        "precision": PRECISION,
        "include_rehypothecated": FLAG,
    },
    Endpoint.MARKET_CHART: {
        "vs_currency": VS_CURRENCY,
        "days": Param(kind="text", required=True),
        "interval": Param(kind="text", choices=("5m", "hourly", "daily")),
        "precision": PRECISION,
    },
    Endpoint.MARKET_CHART_RANGE: {
        "vs_currency": VS_CURRENCY,
        "from": Param(kind="moment", required=True),
        "to": Param(kind="moment", required=True),
        "interval": Param(kind="text", choices=("5m", "hourly", "daily"), plans=PRO_ONLY),
        "precision": PRECISION,
    },
    Endpoint.OHLC: {
        "vs_currency": VS_CURRENCY,
        "days": Param(kind="text", required=True, choices=("1", "7", "14", "30", "90", "180", "365", "max")),
        "interval": Param(kind="text", choices=("hourly", "daily"), plans=PRO_ONLY),
        "precision": PRECISION,
    },
    Endpoint.HISTORY: {
        "date": Param(kind="text", required=True),
        "localization": Param(kind="bool", default=True),
    },
}

# A time past this many "seconds" is the year 5138: the caller sent milliseconds, the commonest unit bug.
MILLISECONDS_FROM = 10**11


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A well-formed call: every parameter of its endpoint, read, with its default where it was absent."""

    endpoint: Endpoint
    plan: Plan
    coin_id: str | None = None  # None: the endpoint's path names no coin
    values: Mapping[str, Value | None] = field(default_factory=lambda: MappingProxyType({}))
    row_shift: int = 0  # rows by which a page is drawn from its place: the paging-drift fault

    def text(self, name: str) -> str:
        value = self.values[name]
        assert isinstance(value, str)
        return value

    def optional_text(self, name: str) -> str | None:
        value = self.values[name]
        assert value is None or isinstance(value, str)
        return value

    def number(self, name: str) -> int:
        value = self.values[name]
        assert isinstance(value, int)
        return value

    def flag(self, name: str) -> bool:
        return self.values[name] is True

    def words(self, name: str) -> tuple[str, ...]:
        """A comma-separated parameter; empty where it is absent."""
        value = self.values[name]
        if value is None:
            return ()
        assert isinstance(value, tuple)
        return value


def read_query(
    endpoint: Endpoint, items: Sequence[tuple[str, str]], *, plan: Plan, coin_id: str | None = None
) -> Query:
    """The call as values, or the first refusal: missing, unknown, repeated, wrong."""
    table = PARAMETERS[endpoint]
    given = dict(items)
    _check_missing(endpoint, given)
    known = {name for name, param in table.items() if plan in param.plans}
    for name in given:
        if name not in table:
            raise errors.flat(400, f"Unknown parameter {name}: {endpoint.value} takes {_listed(known)}")
        if name not in known:
            raise errors.flat(400, f"Unknown parameter {name}: the {plan.value} plan has no {name} on {endpoint.value}")
    repeated = [name for index, (name, _) in enumerate(items) if name in [other for other, _ in items[:index]]]
    if repeated:
        raise errors.flat(400, f"Parameter {repeated[0]} is given more than once")
    values = {
        name: _read(name, param, given[name]) if given.get(name) else param.default for name, param in table.items()
    }
    return Query(endpoint=endpoint, plan=plan, coin_id=coin_id, values=MappingProxyType(values))


def _check_missing(endpoint: Endpoint, given: Mapping[str, str]) -> None:
    if endpoint is Endpoint.SIMPLE_PRICE and not any(given.get(name) for name in ("ids", "names", "symbols")):
        raise errors.flat(422, "Missing parameter ids")
    for name, param in PARAMETERS[endpoint].items():
        if param.required and not given.get(name):
            raise errors.flat(422, f"Missing parameter {name}")


def _read(name: str, param: Param, text: str) -> Value:
    if param.kind == "list":
        words = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
        for word in words:
            _check_choice(name, word, param.choices)
        return words
    if param.kind == "bool":
        _check_choice(name, text, ("true", "false"))
        return text == "true"
    if param.kind == "int":
        return _read_int(name, param, text)
    if param.kind == "moment":
        return _read_unix_seconds(name, text)
    _check_choice(name, text, param.choices)
    return text.lower() if name == "vs_currency" else text


def _check_choice(name: str, text: str, choices: Sequence[str]) -> None:
    if choices and text not in choices:
        raise errors.flat(400, f"Invalid {name} {text!r}: one of {_listed(choices)}")


def _read_int(name: str, param: Param, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise errors.flat(400, f"Invalid {name} {text!r}: a whole number is wanted")
    number = int(text)
    if (param.low is not None and number < param.low) or (param.high is not None and number > param.high):
        bounds = f"from {param.low}" + ("" if param.high is None else f" to {param.high}")
        raise errors.flat(400, f"Invalid {name} {number}: {bounds}")
    return number


def _read_unix_seconds(name: str, text: str) -> int:
    try:
        seconds = read_moment(text)
    except CoinGeckoStandInError as error:
        raise errors.flat(400, f"Invalid {name}: {error}") from None
    if not 0 <= seconds < MILLISECONDS_FROM:
        hint = "this looks like milliseconds" if MILLISECONDS_FROM <= seconds < MILLISECONDS_FROM * 1000 else "too far"
        raise errors.flat(400, f"Invalid {name} {text}: UNIX seconds are wanted, {hint}")
    return int(seconds)


def _listed(names: Sequence[str] | set[str]) -> str:
    ordered = sorted(names) if isinstance(names, set) else names
    return ", ".join(ordered) if ordered else "no parameter"
