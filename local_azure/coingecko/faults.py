"""Faults on demand: what a specification means, which call each fault strikes, and what it does to the answer.

A specification is a list of faults separated by commas. A fault is a kind, then `:` and its value, then `:name=value`
options in any order:

    429:3                        the next three calls are refused with 429 and Retry-After
    429-no-retry-after:2         the next two without that header
    429                          every call, until the faults are cleared
    404:solana                   the coin solana is unknown
    slow:5:times=2               two answers come five seconds late
    null-price:coin=bitcoin      bitcoin's price is null in every answer
    500:2:endpoint=coins_markets two pages fail
    reset:chance=0.1             one call in ten loses its connection, the same ones for the same seed

Kinds (value; what happens):

    429 (times; 429 with Retry-After)            401 (times; unknown key)
    429-no-retry-after (times; 429 without)      403 (times; blocked)
    200-error (times; 200 with an error body)    404 (coin, or times; coin not found)
    408, 500, 503 (times; that status)           slow (seconds; a late answer)
    null-price, null-market-cap (times)          int-float (times; 77671 becomes 77671.0 and 1.0 becomes 1)
    new-column (column; a column more a row)     paging-drift (times; a page starts one row early)
    empty-page (times; no row)                   truncated, corrupt (times; a body that is no JSON)
    reset (times; the connection is reset)       reset-body (times; it ends in the middle of the body)

Options: `times=N` calls are struck, then the fault is used up (without it: every call); `after=N` calls pass first;
`chance=P` strikes with that probability; `endpoint=NAME` and `coin=ID` narrow it; `seconds=S` is the delay of slow or
the Retry-After of 429 (1). Of several refusals the first that fits strikes; alterations of the body add up.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from local_azure.coingecko import errors
from local_azure.coingecko.errors import FaultSpecError, Refusal
from local_azure.coingecko.paths import stream_key
from local_azure.coingecko.queries import Endpoint

CHARTS = frozenset({Endpoint.MARKET_CHART, Endpoint.MARKET_CHART_RANGE})
MARKETS = frozenset({Endpoint.COINS_MARKETS})
ROWS = MARKETS | {Endpoint.SIMPLE_PRICE}
ANY = frozenset(Endpoint)
N = TypeVar("N", int, float)
T = TypeVar("T")
NEW_COLUMN = "market_cap_rank_with_rehypothecated"
# One element in this many is struck by a null, and at least one.
NULL_EVERY = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fault does and where it can."""

    stage: str  # "refuse", "delay", "page", "alter", "cut"
    value: str  # what the bare value means: "times", "seconds", "coin" or "column"
    endpoints: frozenset[Endpoint] = ANY


KINDS = {
    "200-error": Kind("refuse", "times"),
    "401": Kind("refuse", "times"),
    "403": Kind("refuse", "times"),
    "404": Kind("refuse", "coin", frozenset(point for point in Endpoint if "{coin_id}" in point.value)),
    "408": Kind("refuse", "times"),
    "429": Kind("refuse", "times"),
    "429-no-retry-after": Kind("refuse", "times"),
    "500": Kind("refuse", "times"),
    "503": Kind("refuse", "times"),
    "corrupt": Kind("cut", "times"),
    "empty-page": Kind("alter", "times", MARKETS),
    "int-float": Kind("alter", "times", ROWS),
    "new-column": Kind("alter", "column", MARKETS),
    "null-market-cap": Kind("alter", "times", CHARTS | MARKETS),
    "null-price": Kind("alter", "times", CHARTS | ROWS),
    "paging-drift": Kind("page", "times", MARKETS),
    "reset": Kind("cut", "times"),
    "reset-body": Kind("cut", "times"),
    "slow": Kind("delay", "seconds"),
    "truncated": Kind("cut", "times"),
}
OPTIONS = ("times", "after", "chance", "endpoint", "coin", "seconds", "column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a specification."""

    kind: str
    text: str  # as it was written
    times: int | None = None  # None: until the faults are cleared
    after: int = 0
    chance: float = 1.0
    endpoint: Endpoint | None = None  # None: every endpoint the kind fits
    coin: str | None = None  # None: every coin
    seconds: float = 1.0
    column: str = NEW_COLUMN


def parse_faults(spec: str) -> tuple[Fault, ...]:
    """The faults of a specification, or an error that names the part and what is possible.

    >>> [fault.times for fault in parse_faults("429:3, null-price")]
    [3, None]
    """
    return tuple(_parse_one(part.strip()) for part in spec.split(",") if part.strip())


def _parse_one(text: str) -> Fault:
    name, *parts = text.split(":")
    kind = KINDS.get(name)
    if kind is None:
        raise FaultSpecError(f"fault {text!r}: no kind {name!r}; there are {', '.join(sorted(KINDS))}")
    options: dict[str, str] = {}
    for index, part in enumerate(parts):
        option, equals, value = part.partition("=")
        if not equals:
            if index:
                raise FaultSpecError(f"fault {text!r}: {part!r} is no option; write name=value with {_any(OPTIONS)}")
            option, value = _bare(kind, part), part
        if option not in OPTIONS:
            raise FaultSpecError(f"fault {text!r}: no option {option!r}; there are {', '.join(OPTIONS)}")
        if option in options:
            raise FaultSpecError(f"fault {text!r}: {option} is given twice")
        options[option] = value
    return _fault(name, kind, text, options)


def _bare(kind: Kind, part: str) -> str:
    return "times" if kind.value == "coin" and part.isdecimal() else kind.value


def _fault(name: str, kind: Kind, text: str, options: Mapping[str, str]) -> Fault:
    labels = {point.label: point for point in sorted(kind.endpoints, key=lambda point: point.name)}
    endpoint = options.get("endpoint")
    if endpoint is not None and endpoint not in labels:
        raise FaultSpecError(f"fault {text!r}: {name} cannot strike endpoint {endpoint!r}; it can {_any(labels)}")
    return Fault(
        kind=name,
        text=text,
        times=_number(text, options, "times", int, 1) if "times" in options else None,
        after=_number(text, options, "after", int, 0) if "after" in options else 0,
        chance=_number(text, options, "chance", float, 0, 1) if "chance" in options else 1.0,
        seconds=_number(text, options, "seconds", float, 0, 3600) if "seconds" in options else 1.0,
        endpoint=labels[endpoint] if endpoint is not None else None,
        coin=options.get("coin"),
        column=options.get("column") or NEW_COLUMN,
    )


def _number(
    text: str, options: Mapping[str, str], name: str, kind: Callable[[str], N], low: float, high: float = 10**9
) -> N:
    try:
        number = kind(options[name])
    except ValueError:
        raise FaultSpecError(f"fault {text!r}: {name} {options[name]!r} is no number") from None
    if not low <= number <= high:
        raise FaultSpecError(f"fault {text!r}: {name} {options[name]} is out of bounds, from {low} to {high:g}")
    return number


def _any(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What a fault needs to know of the call."""

    endpoint: Endpoint
    coins: frozenset[str] = frozenset()  # from the path and from ids; empty: all coins
    page: int = 1


@dataclass(slots=True)
class _Use:
    """How often a fault was met and has struck."""

    fault: Fault
    met: int = 0
    struck: int = 0

    @property
    def left(self) -> int | None:
        return None if self.fault.times is None else self.fault.times - self.struck


@dataclass(slots=True)
class Faults:
    """The faults in force, and how much of each is used up."""

    seed: int = 42
    _uses: list[_Use] = field(default_factory=list)

    def set(self, spec: str) -> None:
        """Replace all faults; a specification that does not parse changes nothing."""
        self._uses = [_Use(fault) for fault in parse_faults(spec)]

    def clear(self) -> None:
        self._uses = []

    def show(self) -> list[dict[str, object]]:
        return [{"fault": use.fault.text, "struck": use.struck, "left": use.left} for use in self._uses]

    def refusal(self, call: Struck) -> tuple[str, Refusal | bytes] | None:
        """The first refusal that strikes: its kind and the answer; bytes are a body under the status 200."""
        for use in self._fitting("refuse", call):
            if self._strikes(use):
                return use.fault.kind, REFUSALS[use.fault.kind](use.fault)
        return None

    def delay(self, call: Struck) -> float:
        """Seconds to wait before the answer."""
        return sum(use.fault.seconds for use in self._fitting("delay", call) if self._strikes(use))

    def row_shift(self, call: Struck) -> int:
        """By how many rows the page starts early; never the first page."""
        if call.page < 2:
            return 0
        return sum(1 for use in self._fitting("page", call) if self._strikes(use))

    def alter(self, call: Struck, body: bytes) -> tuple[list[str], bytes]:
        """The body with every fitting alteration, and the kinds that changed it; only those count as struck."""
        kinds: list[str] = []
        for use in self._fitting("alter", call):
            document = json.loads(body)
            changed = ALTERATIONS[use.fault.kind](document, use.fault, self._number(use))
            if changed is not None and self._strikes(use):
                kinds.append(use.fault.kind)
                body = json.dumps(changed, separators=(",", ":"), ensure_ascii=False).encode()
        return kinds, body

    def cut(self, call: Struck) -> str | None:
        """The kind of the fault that breaks the answer on its way, if one does."""
        return next((use.fault.kind for use in self._fitting("cut", call) if self._strikes(use)), None)

    def _fitting(self, stage: str, call: Struck) -> list[_Use]:
        return [use for use in self._uses if KINDS[use.fault.kind].stage == stage and _fits(use, call)]

    def _strikes(self, use: _Use) -> bool:
        use.met += 1
        if use.met <= use.fault.after or use.left == 0:
            return False
        if use.fault.chance < 1.0 and self._number(use) / 2**64 >= use.fault.chance:
            return False
        use.struck += 1
        return True

    def _number(self, use: _Use) -> int:
        """A number for this meeting of this fault: the same for the same seed."""
        return stream_key(self.seed, "fault", use.fault.text, use.met)


def _fits(use: _Use, call: Struck) -> bool:
    fault = use.fault
    if use.left == 0 or call.endpoint not in KINDS[fault.kind].endpoints:
        return False
    if fault.endpoint is not None and fault.endpoint is not call.endpoint:
        return False
    # A body with every coin holds the one that is meant; a refusal needs the coin named in the call.
    whole = not call.coins and KINDS[fault.kind].stage == "alter"
    return fault.coin is None or whole or fault.coin in call.coins


def _too_many(fault: Fault) -> Refusal:
    return errors.rate_limited(max(0, round(fault.seconds)))


def _inside_a_200(fault: Fault) -> bytes:
    return json.dumps(errors.rate_limited(None).body, separators=(",", ":")).encode()


REFUSALS: dict[str, Callable[[Fault], Refusal | bytes]] = {
    "200-error": _inside_a_200,
    "401": lambda _: errors.key_unknown("the request"),
    "403": lambda _: errors.with_status(403, 403, "Forbidden: access is blocked by the firewall."),
    "404": lambda _: errors.coin_not_found(),
    "408": lambda _: errors.with_status(408, 408, "Request Timeout: the network was too slow."),
    "429": _too_many,
    "429-no-retry-after": lambda _: errors.rate_limited(None),
    "500": lambda _: errors.flat(500, "Internal Server Error"),
    "503": lambda _: errors.with_status(503, 503, "Service Unavailable: see https://status.coingecko.com."),
}

Document = dict[str, object] | list[object]


def _null_figures(document: Document, fault: Fault, bits: int, *, column: str, series: str) -> Document | None:
    """Nulls in one element of fifty: a row's column, a price by currency, or a chart's points."""
    if isinstance(document, dict) and isinstance(points := document.get(series), list):
        for point in _some(points, bits):
            if isinstance(point, list):
                point[1] = None
        return document if points else None
    if isinstance(document, dict):
        entries = [(coin, prices) for coin, prices in document.items() if fault.coin in (None, coin)]
        for _, prices in _some(entries, bits):
            if isinstance(prices, dict):
                prices.update({name: None for name in prices if "_" not in name})
        return document if entries else None
    rows = [row for row in document if isinstance(row, dict) and fault.coin in (None, row.get("id"))]
    for row in _some(rows, bits):
        row[column] = None
    return document if rows else None


def _some(elements: list[T], bits: int) -> list[T]:
    return elements[bits % min(NULL_EVERY, len(elements)) :: NULL_EVERY] if elements else []


def _flip(value: object) -> object:
    if isinstance(value, dict):
        return {name: _flip(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_flip(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(value) if isinstance(value, int) else int(value) if value.is_integer() else value


def _flipped(document: Document, fault: Fault, bits: int) -> Document | None:
    """Every whole number written the other way; ranks too, as the real API never promises a type."""
    flipped = _flip(document)
    assert isinstance(flipped, dict | list)
    return flipped or None


def _new_column(document: Document, fault: Fault, bits: int) -> Document | None:
    rows = [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
    for number, row in enumerate(rows, start=1):
        row[fault.column] = row.get("market_cap_rank", number)
    return document if rows else None


def _empty(document: Document, fault: Fault, bits: int) -> Document | None:
    return [] if document else None


ALTERATIONS: dict[str, Callable[[Document, Fault, int], Document | None]] = {
    "empty-page": _empty,
    "int-float": _flipped,
    "new-column": _new_column,
    "null-market-cap": lambda document, fault, bits: _null_figures(
        document, fault, bits, column="market_cap", series="market_caps"
    ),
    "null-price": lambda document, fault, bits: _null_figures(
        document, fault, bits, column="current_price", series="prices"
    ),
}


def spoil(kind: str, body: bytes) -> bytes:
    """A body that is no JSON: cut in the middle, or with bytes that no text has."""
    middle = len(body) // 2
    return body[: middle or 1] if kind == "truncated" else body[:middle] + b'\xff\x00"}' + body[middle:]
