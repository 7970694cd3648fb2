"""The local CoinGecko over HTTP: /api/v3 as the public host, /pro/api/v3 as the pro host, /_admin/ to steer it.

A call passes these gates, each with the real API's refusal: faults that refuse, the key, the rate limit, the
parameters. Then the market answers, and faults may alter or cut the answer. Unlike the real API, an unknown parameter
is refused by name. Every answer says in X-Market-Provenance where its numbers come from.
"""

from asyncio import timeout
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from functools import partial
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from local_azure.coingecko import errors
from local_azure.coingecko.admin import add_admin_routes
from local_azure.coingecko.clock import Clock
from local_azure.coingecko.errors import Refusal
from local_azure.coingecko.faults import Faults, Struck, spoil
from local_azure.coingecko.keys import KEY_PARAMETERS, Caller, Host, Keys, Plan, RateLimiter, recognise
from local_azure.coingecko.market import Answer, Market, RawQuery
from local_azure.coingecko.queries import Endpoint, Query, read_query
from local_azure.coingecko.replay import ReplayMarket
from local_azure.coingecko.responses import BrokenConnection, CoinGeckoApp, encode, json_answer
from local_azure.coingecko.simulated import SimulatedMarket

DEFAULT_RATE_LIMIT = 600
MONTHLY_CREDIT = 1_000_000


def build(
    seed: int,
    replay_dir: Path | None,
    demo_key: str,
    pro_key: str,
    *,
    admin_token: str,
    faults: str = "",
    rate_limit: int = DEFAULT_RATE_LIMIT,
) -> CoinGeckoApp:
    """The service as `local-azure up` runs it: a simulated market, or the recordings of a folder."""
    market: Market = SimulatedMarket(seed) if replay_dir is None else ReplayMarket(replay_dir)
    in_force = Faults(seed=seed)
    in_force.set(faults)
    return create_app(
        market,
        Keys(demo=demo_key, pro=pro_key),
        in_force,
        Clock(market.starts_at),
        admin_token=admin_token,
        limiter=RateLimiter(rate_limit),
    )


def create_app(
    market: Market, keys: Keys, faults: Faults, clock: Clock, *, admin_token: str, limiter: RateLimiter | None = None
) -> CoinGeckoApp:
    """The service over a market, with everything it depends on given."""
    service = Service(
        market=market, keys=keys, faults=faults, clock=clock, limiter=limiter or RateLimiter(DEFAULT_RATE_LIMIT)
    )
    app = CoinGeckoApp(title="Local CoinGecko", docs_url=None, redoc_url=None, openapi_url=None)
    add_admin_routes(app, faults=faults, clock=clock, calls=service.calls, token=admin_token, market=market)
    app.add_exception_handler(HTTPException, partial(_no_route, market.provenance))
    for host in Host:
        for endpoint in Endpoint:
            app.add_api_route(host.value + endpoint.value, service.handler(host, endpoint), methods=["GET"])
        app.add_api_route(host.value + "/{path:path}", service.handler(host, None), methods=["GET"])
    return app


def _no_route(provenance: str, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{error.detail}: {request.method} {request.url.path}"
    return json_answer(encode({"error": message}), status=error.status_code, provenance=provenance)


@dataclass(slots=True, kw_only=True)
class Service:
    """What the handlers share."""

    market: Market
    keys: Keys
    faults: Faults
    clock: Clock
    limiter: RateLimiter
    calls: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)

    def handler(self, host: Host, endpoint: Endpoint | None) -> Callable[[Request], Awaitable[Response]]:
        """The handler of one endpoint on one host; None: of every other path."""

        async def handle(request: Request) -> Response:
            return await Call(service=self, host=host, endpoint=endpoint, request=request).respond()

        return handle


@dataclass(slots=True, kw_only=True)
class Call:
    """One call on its way through the gates."""

    service: Service
    host: Host
    endpoint: Endpoint | None  # None: a path that only a recording can answer
    request: Request
    struck_by: list[str] = field(default_factory=list)  # kinds of the faults met
    key_in: str = "none"

    async def respond(self) -> Response:
        cut: str | None = None
        try:
            answer = await self._answer()
            if self.endpoint is not None:
                kinds, body = self.service.faults.alter(self._struck, answer.body)
                self.struck_by += kinds
                answer = replaced(answer, body=body)
                cut = self.service.faults.cut(self._struck)
        except Refusal as refusal:
            return self._sent(encode(refusal.body), refusal.status, self.service.market.provenance, refusal.headers)
        if cut is not None:
            self.struck_by.append(cut)
            return self._broken(cut, answer)
        return self._sent(answer.body, answer.status, answer.provenance)

    async def _answer(self) -> Answer:
        now = self.service.clock.now()
        if (refused := await self._refused()) is not None:
            return Answer(body=refused, provenance=self.service.market.provenance)
        caller = self._recognised()
        self.service.limiter.admit(caller)
        items = tuple(
            (name, value) for name, value in self.request.query_params.multi_items() if name not in KEY_PARAMETERS
        )
        path = self.request.url.path.removeprefix(self.host.value)
        recorded = await run_sync(self.service.market.recorded, RawQuery(path=path, items=items), now)
        if recorded is not None:
            return recorded
        if self.endpoint is None:
            raise errors.flat(404, f"Incorrect path {path}: this server has {', '.join(p.value for p in Endpoint)}")
        query = read_query(self.endpoint, items, plan=caller.plan, coin_id=self.request.path_params.get("coin_id"))
        query = replaced(query, row_shift=self._row_shift())
        if self.endpoint is Endpoint.PING:
            return Answer(body=encode({"gecko_says": "(V3) To the Moon!"}), provenance=self.service.market.provenance)
        if self.endpoint is Endpoint.KEY:
            return Answer(body=encode(self._usage(caller)), provenance=self.service.market.provenance)
        return await run_sync(self._from_market, query, now)

    def _from_market(self, query: Query, now: float) -> Answer:
        return self.service.market.answer(query, now)

    async def _refused(self) -> bytes | None:
        """Wait as a slow answer does, then raise an injected refusal, or give a 200's error body."""
        if self.endpoint is None:
            return None
        if seconds := self.service.faults.delay(self._struck):
            self.struck_by.append("slow")
            await self._wait(seconds)
        injected = self.service.faults.refusal(self._struck)
        if injected is None:
            return None
        kind, answer = injected
        self.struck_by.append(kind)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def _wait(self, seconds: float) -> None:
        """Hold this answer back, but not for a client that has gone: nothing would let the server stop."""
        with suppress(TimeoutError):
            async with timeout(seconds):
                while (await self.request.receive())["type"] != "http.disconnect":
                    continue

    def _recognised(self) -> Caller:
        client = self.request.client.host if self.request.client else "unknown"
        query = dict(self.request.query_params)
        caller = recognise(self.service.keys, self.host, headers=self.request.headers, query=query, client=client)
        self.key_in = caller.key_in
        return caller

    def _row_shift(self) -> int:
        shift = self.service.faults.row_shift(self._struck)
        if shift:
            self.struck_by.append("paging-drift")
        return shift

    @property
    def _struck(self) -> Struck:
        assert self.endpoint is not None
        coin_id = self.request.path_params.get("coin_id")
        ids = self.request.query_params.get("ids", "")
        named = {word.strip().lower() for word in ids.split(",") if word.strip()} | ({coin_id} if coin_id else set())
        page = self.request.query_params.get("page", "1")
        return Struck(endpoint=self.endpoint, coins=frozenset(named), page=int(page) if page.isdecimal() else 1)

    def _usage(self, caller: Caller) -> dict[str, object]:
        if caller.plan is not Plan.PRO:
            raise errors.plan_restricted("GET /key")
        used = self.service.limiter.calls[caller.identity]
        per_minute = self.service.limiter.per_minute
        return {
            "plan": "Local stand-in",
            "rate_limit_request_per_minute": per_minute,
            "monthly_call_credit": MONTHLY_CREDIT,
            "current_total_monthly_calls": used,
            "current_remaining_monthly_calls": max(0, MONTHLY_CREDIT - used),
            "api_key_rate_limit_request_per_minute": per_minute,
            "api_key_monthly_call_credit": MONTHLY_CREDIT,
            "api_key_current_total_monthly_calls": used,
        }

    def _marked(self, provenance: str) -> str:
        """The provenance, and what a fault did to the numbers: they are no longer the source's own."""
        return "; ".join([provenance, *(f"fault={kind}" for kind in self.struck_by)])

    def _count(self, status: int) -> None:
        label = self.endpoint.label if self.endpoint is not None else "other"
        self.service.calls[self.host.value, label, self.key_in, status] += 1

    def _sent(self, body: bytes, status: int, provenance: str, headers: Mapping[str, str] | None = None) -> Response:
        self._count(status)
        return json_answer(body, status=status, provenance=self._marked(provenance), headers=headers)

    def _broken(self, cut: str, answer: Answer) -> Response:
        if cut in ("truncated", "corrupt"):
            return self._sent(spoil(cut, answer.body), answer.status, answer.provenance)
        self._count(0)
        return BrokenConnection(answer.body, provenance=self._marked(answer.provenance), in_body=cut == "reset-body")
