"""Who calls: the plan by base path and key, and how many calls a minute that caller may make."""

import hmac
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from local_azure.coingecko import errors


class Host(Enum):
    """The two real hosts, served here under two prefixes."""

    PUBLIC = "/api/v3"  # api.coingecko.com: keyless and demo
    PRO = "/pro/api/v3"  # pro-api.coingecko.com


class Plan(Enum):
    KEYLESS = "keyless"
    DEMO = "demo"
    PRO = "pro"


DEMO_KEY, PRO_KEY = "x-cg-demo-api-key", "x-cg-pro-api-key"
KEY_PARAMETERS = {name.replace("-", "_"): name for name in (DEMO_KEY, PRO_KEY)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The two keys that are accepted."""

    demo: str
    pro: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One caller for the rate limit, and how its key came; never the key itself."""

    plan: Plan
    identity: str
    key_in: str  # "none", "header" or "query"


def recognise(keys: Keys, host: Host, *, headers: Mapping[str, str], query: Mapping[str, str], client: str) -> Caller:
    """The caller, or the refusal that the real hosts give for this key."""
    offered = [(name, headers[name], "header") for name in (DEMO_KEY, PRO_KEY) if headers.get(name)]
    offered += [(name, query[short], "query") for short, name in KEY_PARAMETERS.items() if query.get(short)]
    if len(offered) > 1:
        raise errors.flat(400, "the API key came more than once: send one key, as a header or as a query parameter")
    if not offered:
        if host is Host.PRO:
            raise errors.key_missing()
        return Caller(plan=Plan.KEYLESS, identity=f"keyless {client}", key_in="none")
    name, value, place = offered[0]
    if host is Host.PUBLIC and (name == PRO_KEY or _same(value, keys.pro)):
        raise errors.pro_key_on_demo_host()
    if host is Host.PRO and (name == DEMO_KEY or _same(value, keys.demo)):
        raise errors.demo_key_on_pro_host()
    if not _same(value, keys.demo if host is Host.PUBLIC else keys.pro):
        raise errors.key_unknown(name)
    plan = Plan.DEMO if host is Host.PUBLIC else Plan.PRO
    return Caller(plan=plan, identity=plan.value, key_in=place)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class RateLimiter:
    """At most `per_minute` calls by each caller in any 60 seconds; refused calls count in the month, as really."""

    def __init__(self, per_minute: int, timer: Callable[[], float] = time.monotonic) -> None:
        if per_minute < 1:
            raise errors.CoinGeckoStandInError(f"the rate limit is {per_minute} calls a minute: give 1 or more")
        self.per_minute = per_minute
        self.calls: Counter[str] = Counter()
        self._timer = timer
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, caller: Caller) -> None:
        """Let the call pass, or refuse it with the seconds after which the next one passes."""
        now = self._timer()
        self.calls[caller.identity] += 1
        window = self._admitted.setdefault(caller.identity, deque())
        while window and window[0] <= now - 60:
            window.popleft()
        if len(window) >= self.per_minute:
            raise errors.rate_limited(max(1, math.ceil(window[0] + 60 - now)))
        window.append(now)
