"""A local CoinGecko inside the test's own process, at a time that stands still."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from local_azure.coingecko.clock import Clock
from local_azure.coingecko.faults import Faults
from local_azure.coingecko.keys import Keys, RateLimiter
from local_azure.coingecko.market import Market
from local_azure.coingecko.replay import ReplayMarket
from local_azure.coingecko.service import create_app
from local_azure.coingecko.simulated import SimulatedMarket

NOW = datetime(2026, 5, 18, 12, 34, 56, tzinfo=UTC).timestamp()
DAY = 86_400
KEYS = Keys(demo="CG-demo-key", pro="CG-pro-key")
ADMIN = {"X-Admin-Token": "steer"}
PRO = {"x-cg-pro-api-key": KEYS.pro}
DEMO = {"x-cg-demo-api-key": KEYS.demo}


@cache
def simulated(seed: int = 42) -> SimulatedMarket:
    """One market a seed for all tests: it keeps no state but its caches."""
    return SimulatedMarket(seed)


@cache
def replayed(folder: Path) -> ReplayMarket:
    return ReplayMarket(folder)


@dataclass(frozen=True, slots=True)
class Local:
    """The service, called as a client would."""

    client: TestClient
    clock: Clock

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **params: object) -> Response:
        """`from_` and the like are sent without the underscore."""
        plain = {name.removesuffix("_"): str(value) for name, value in params.items()}
        return self.client.get(path, params=plain, headers=dict(headers or {}))

    def data(self, path: str, *, headers: Mapping[str, str] | None = None, **params: object) -> Any:
        """The document of an answer that must be a 200."""
        answer = self.get(path, headers=headers, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pro(self, path: str, **params: object) -> Any:
        return self.data(f"/pro/api/v3{path}", headers=PRO, **params)

    def faults(self, spec: str) -> None:
        answer = self.client.put("/_admin/faults", content=spec, headers=ADMIN)
        assert answer.status_code == 200, answer.text


def local(
    market: Market | None = None, *, now: float = NOW, faults: str = "", limiter: RateLimiter | None = None
) -> Local:
    """A service over the simulated market, or over another one, whose clock stands at `now`."""
    in_force = Faults()
    in_force.set(faults)
    clock = Clock(now)
    app = create_app(
        market or simulated(),
        KEYS,
        in_force,
        clock,
        admin_token=ADMIN["X-Admin-Token"],
        limiter=limiter or RateLimiter(10**6),
    )
    return Local(client=TestClient(app), clock=clock)
