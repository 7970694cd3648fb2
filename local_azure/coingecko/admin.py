"""Steering a running stand-in: faults, clock and the counts of calls, under /_admin/ with X-Admin-Token."""

import hmac
import json
from collections import Counter
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from local_azure.coingecko.clock import Clock, iso, read_moment
from local_azure.coingecko.errors import CoinGeckoStandInError
from local_azure.coingecko.faults import Faults
from local_azure.coingecko.market import Market
from local_azure.coingecko.responses import encode, json_answer

TOKEN_HEADER = "X-Admin-Token"

Action = Callable[[str], object]


def add_admin_routes(
    app: FastAPI,
    *,
    faults: Faults,
    clock: Clock,
    calls: Counter[tuple[str, str, str, int]],
    token: str,
    market: Market,
) -> None:
    """PUT takes the specification or the moment as text, or as JSON: {"spec": ...}, {"now": ..., "running": ...}."""

    def show_faults(_body: str) -> object:
        return {"faults": faults.show()}

    def set_faults(body: str) -> object:
        faults.set(_field(body, "spec"))
        return show_faults(body)

    def clear_faults(body: str) -> object:
        faults.clear()
        return show_faults(body)

    def show_clock(_body: str) -> object:
        return {"now": iso(clock.now()), "running": clock.running}

    def set_clock(body: str) -> object:
        clock.set(read_moment(_field(body, "now")), running=_field(body, "running", default="false").lower() == "true")
        return show_clock(body)

    def reset_clock(body: str) -> object:
        clock.reset()
        return show_clock(body)

    def show_calls(_body: str) -> object:
        names = ("base", "endpoint", "key_in", "status")
        return {"requests": [{**dict(zip(names, key, strict=True)), "count": calls[key]} for key in sorted(calls)]}

    def forget_calls(body: str) -> object:
        calls.clear()
        return show_calls(body)

    actions: dict[tuple[str, str], Action] = {
        ("GET", "clock"): show_clock,
        ("PUT", "clock"): set_clock,
        ("DELETE", "clock"): reset_clock,
        ("GET", "faults"): show_faults,
        ("PUT", "faults"): set_faults,
        ("DELETE", "faults"): clear_faults,
        ("GET", "requests"): show_calls,
        ("DELETE", "requests"): forget_calls,
    }
    for (method, name), action in actions.items():
        app.add_api_route(f"/_admin/{name}", _route(action, token, market.provenance), methods=[method])


def _route(action: Action, token: str, provenance: str) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
            message = f"the header {TOKEN_HEADER} is missing or wrong: it is admin_token in the state's secrets.json"
            return json_answer(encode({"error": message}), status=401, provenance=provenance)
        try:
            body = (await request.body()).decode()
            return json_answer(encode(action(body)), status=200, provenance=provenance)
        except UnicodeDecodeError:
            message = "the body is no UTF-8 text"
        except CoinGeckoStandInError as error:
            message = str(error)
        return json_answer(encode({"error": message}), status=400, provenance=provenance)

    return handle


def _field(body: str, name: str, *, default: str | None = None) -> str:
    """A field of a JSON body; of plain text, the text itself for a field without default."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        value = document.get(name, default)
        if value is None:
            raise CoinGeckoStandInError(f"the body has no {name!r}: send it as JSON or send the text alone")
        return str(value)
    if default is not None:
        return default
    if not body.strip():
        raise CoinGeckoStandInError(f"the body is empty: send {name!r} as JSON or as text")
    return body
