"""The Airflow hook of connection type `coingecko`."""

import dataclasses
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from adf_export_airflow.clock import Clock, SystemClock
from adf_export_airflow.coingecko.coins import CoinDirectory, read_coin_list
from adf_export_airflow.coingecko.errors import CoinGeckoError, CoinGeckoSetupError
from adf_export_airflow.coingecko.settings import ClientSettings, ConnectionFields, read_settings

if TYPE_CHECKING:
    from adf_export_airflow.coingecko.client import CoinGeckoClient


class CoinGeckoHook(BaseHook):
    """Reads the connection and gives a client of the CoinGecko API."""

    conn_name_attr = "coingecko_conn_id"
    default_conn_name = "coingecko_default"
    conn_type = "coingecko"
    hook_name = "CoinGecko"

    def __init__(self, coingecko_conn_id: str = default_conn_name, *, clock: Clock | None = None) -> None:
        super().__init__()
        self.coingecko_conn_id = coingecko_conn_id
        self.clock: Clock = clock or SystemClock()

    @functools.cached_property
    def settings(self) -> ClientSettings:
        """The connection, checked."""
        try:
            conn = self.get_connection(self.coingecko_conn_id)
        except AirflowNotFoundException as error:
            raise CoinGeckoSetupError(
                f"Airflow has no connection {self.coingecko_conn_id!r}",
                remedy="Create it with type coingecko, or check that the secrets backend that holds it answers",
            ) from error
        extra = conn.extra_dejson
        if not isinstance(extra, dict):
            raise CoinGeckoSetupError(
                "the extra is no JSON object",
                place=f"connection {self.coingecko_conn_id!r}, extra",
                remedy='Write it like {"plan": "demo"}',
            )
        fields = ConnectionFields(
            conn_id=self.coingecko_conn_id,
            host=conn.host or "",
            password=conn.password or "",
            extra=extra,
        )
        return read_settings(fields, default_folder=_airflow_home() / "adf_export" / "rate_limit")

    def get_conn(self) -> "CoinGeckoClient":
        """The client, one for each hook."""
        return self._client

    @functools.cached_property
    def _client(self) -> "CoinGeckoClient":
        from adf_export_airflow.coingecko.client import CoinGeckoClient

        return CoinGeckoClient(self.settings, clock=self.clock)

    def coins(self) -> CoinDirectory:
        """All active coins; one call in a process."""
        client = self.get_conn()
        return _directory(client.settings.base_url, client)

    def test_connection(self) -> tuple[bool, str]:
        """One try of `/ping`, for Airflow's Test button."""
        from adf_export_airflow.coingecko.client import CoinGeckoClient

        try:
            once = dataclasses.replace(self.settings, max_attempts=1, max_refusals=1)
            CoinGeckoClient(once, clock=self.clock).ping()
        except CoinGeckoError as error:
            return False, str(error)
        return True, f"CoinGecko answers, plan {once.plan}, {once.rate_limit_per_minute:g} calls a minute"

    def __getstate__(self) -> dict[str, Any]:
        return {"coingecko_conn_id": self.coingecko_conn_id}  # neither the key nor an open session

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["coingecko_conn_id"])  # type: ignore[misc]  # a hook is nothing but its connection's name


_DIRECTORIES: dict[str, CoinDirectory] = {}


def _directory(base_url: str, client: "CoinGeckoClient") -> CoinDirectory:
    if base_url not in _DIRECTORIES:
        _DIRECTORIES[base_url] = read_coin_list(client.coins_list().document)
    return _DIRECTORIES[base_url]


def forget_directories() -> None:
    """Ask for the coins again at the next use."""
    _DIRECTORIES.clear()


def _airflow_home() -> Path:
    return Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
