"""The plans of the CoinGecko API: host, header of the key, limits."""

from dataclasses import dataclass
from enum import StrEnum


class Plan(StrEnum):
    """What the user has from CoinGecko."""

    KEYLESS = "keyless"
    DEMO = "demo"
    PRO = "pro"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """What a plan means for a client."""

    base_url: str
    key_header: str | None  # None: the plan has no key
    rate_limit_per_minute: float
    history_days: int | None  # None: the whole history


PUBLIC = "https://api.coingecko.com/api/v3"

TERMS = {
    Plan.KEYLESS: PlanTerms(base_url=PUBLIC, key_header=None, rate_limit_per_minute=10, history_days=365),
    Plan.DEMO: PlanTerms(base_url=PUBLIC, key_header="x-cg-demo-api-key", rate_limit_per_minute=30, history_days=365),
    Plan.PRO: PlanTerms(
        base_url="https://pro-api.coingecko.com/api/v3",
        key_header="x-cg-pro-api-key",
        rate_limit_per_minute=250,
        history_days=None,
    ),
}
"""Sources disagree on the rates (demo 30 or 100 a minute), so these are defaults that a connection overrides.

The key travels in the header only: the API refuses header and query together, and a query ends up in logs.
"""
