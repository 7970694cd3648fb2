"""Builders of clients and connections with defaults that suit tests."""

import json
from pathlib import Path
from typing import Any

from adf_export_airflow.coingecko.client import CoinGeckoClient
from adf_export_airflow.coingecko.plans import TERMS, Plan
from adf_export_airflow.coingecko.settings import ClientSettings
from tests.fakes.clock import StepClock

KEY = "CG-s3cret-demo-key"


def client(base_url: str, folder: Path, clock: StepClock, *, plan: Plan = Plan.DEMO, **changes: Any) -> CoinGeckoClient:
    """A client that calls as fast as it likes and whose pauses have no jitter."""
    settings: dict[str, Any] = {
        "plan": plan,
        "base_url": base_url,
        "key": KEY if TERMS[plan].key_header else "",
        "rate_limit_per_minute": 60_000,
        "rate_limit_folder": folder,
        "history_days": 365,
        "burst": 1000,
    }
    return CoinGeckoClient(ClientSettings(**{**settings, **changes}), clock=clock, jitter=lambda: 0.0)


def coingecko_connection(host: str, folder: Path, *, password: str = KEY, **extra: object) -> str:
    """An Airflow connection in its JSON form."""
    given = {"plan": "demo", "rate_limit_per_minute": 60_000, "burst": 1000, "rate_limit_folder": str(folder)}
    return json.dumps({"conn_type": "coingecko", "host": host, "password": password, "extra": {**given, **extra}})
