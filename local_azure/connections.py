"""Puts into the vault what Airflow must know to reach the stand-ins: its connections and the CoinGecko key."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_azure.data_factory.defaults import FACTORY, RESOURCE_GROUP, SUBSCRIPTION
from local_azure.endpoints import Endpoints
from local_azure.key_vault.errors import KeyVaultError
from local_azure.key_vault.store import Attributes, SecretVersion, Store
from local_azure.state import Secrets
from local_azure.storage import BlobAccount

PREFIX = "airflow-connections"
API_KEY = "coingecko-api-key"
_SOURCE = "source"
_FROM_ENVIRONMENT = "COINGECKO_API_KEY"
_FROM_STAND_IN = "local-azure"
# The stand-in admits this many calls a minute of one key.
_LOCAL_RATE = 600
# Azure's clients wait 15 s and more between tries by default; on one machine a second is enough.
_LOCAL_RETRY = {"initial_backoff": 1, "increment_base": 2, "random_jitter_range": 1, "retry_total": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinGeckoKey:
    """The key that tasks use, and whether a user gave it."""

    text: str = field(repr=False)
    given: bool


def choose_key(store: Store, secrets: Secrets, from_environment: str | None) -> CoinGeckoKey:
    """The user's key, from the environment or from the vault, where an earlier start left it; else the stand-in's."""
    if from_environment:
        return CoinGeckoKey(text=from_environment, given=True)
    kept = _latest(store, API_KEY)
    if kept is not None and (kept.tags or {}).get(_SOURCE) == _FROM_ENVIRONMENT:
        return CoinGeckoKey(text=kept.value, given=True)
    return CoinGeckoKey(text=secrets.coingecko_demo_key, given=False)


def seed(store: Store, endpoints: Endpoints, secrets: Secrets, key: CoinGeckoKey, *, live: bool, pages: str) -> None:
    """Write the connections, with the addresses of this start; what is unchanged gets no new version.

    `pages` is where a browser finds the pages of pipeline runs.
    """
    account = BlobAccount(name=endpoints.blob_account, endpoint=endpoints.blob, key=secrets.azurite_key)
    connections: dict[str, dict[str, Any]] = {
        "coingecko-default": _live_coingecko(key) if live else _local_coingecko(endpoints, key),
        "wasb-default": {
            "conn_type": "wasb",
            "extra": {"connection_string": account.connection_string, **_LOCAL_RETRY},
        },
        "azure-data-factory-default": _data_factory(endpoints, pages),
    }
    if endpoints.databricks is not None:
        address = urlsplit(endpoints.databricks)
        connections["databricks-default"] = {
            "conn_type": "databricks",
            "schema": address.scheme,
            "host": address.hostname,
            "port": address.port,
            "password": secrets.databricks_token,
        }
    for name, document in connections.items():
        _put(store, f"{PREFIX}-{name}", json.dumps(document), Attributes(content_type="application/json"))
    source = _FROM_ENVIRONMENT if key.given else _FROM_STAND_IN
    _put(store, API_KEY, key.text, Attributes(tags={_SOURCE: source}))


def _local_coingecko(endpoints: Endpoints, key: CoinGeckoKey) -> dict[str, Any]:
    extra = {"plan": "demo", "rate_limit_per_minute": _LOCAL_RATE}
    return {"conn_type": "coingecko", "host": endpoints.coingecko, "password": key.text, "extra": extra}


def _data_factory(endpoints: Endpoints, pages: str) -> dict[str, Any]:
    """Ids as Airflow's own hook reads them; `credential` and `base_url` are for hooks that go to other addresses."""
    extra = {
        "subscriptionId": SUBSCRIPTION,
        "resource_group_name": RESOURCE_GROUP,
        "factory_name": FACTORY,
        "credential": "managed_identity",
        "base_url": endpoints.data_factory,
        "monitoring_url": f"{pages}/monitoring",
    }
    return {"conn_type": "azure_data_factory", "extra": extra}


def _live_coingecko(key: CoinGeckoKey) -> dict[str, Any]:
    """The real API: its host and its rate limits follow from the plan."""
    if not key.given:
        return {"conn_type": "coingecko", "extra": {"plan": "keyless"}}
    return {"conn_type": "coingecko", "password": key.text, "extra": {"plan": "demo"}}


def _put(store: Store, name: str, value: str, attributes: Attributes) -> None:
    latest = _latest(store, name)
    if latest is not None and latest.value == value and latest.tags == attributes.tags:
        return
    try:
        store.set(name, value, attributes)
    except KeyVaultError as error:
        if error.inner != "ObjectIsDeletedButRecoverable":
            raise
        store.recover(name)
        store.set(name, value, attributes)


def _latest(store: Store, name: str) -> SecretVersion | None:
    try:
        return store.get(name)
    except KeyVaultError:
        return None
