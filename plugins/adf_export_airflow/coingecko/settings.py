"""Reads an Airflow connection of type `coingecko` into the settings of a client, strictly."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from adf_export_airflow.coingecko.errors import CoinGeckoSetupError
from adf_export_airflow.coingecko.plans import TERMS, Plan, PlanTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Everything a client needs to know; the key is in no repr."""

    plan: Plan
    base_url: str
    key: str = field(default="", repr=False)  # empty: the plan has none
    rate_limit_per_minute: float
    rate_limit_folder: Path
    history_days: int | None  # None: the whole history
    burst: int = 2
    max_attempts: int = 5
    max_refusals: int = 5
    connect_timeout: float = 10.0
    read_timeout: float = 60.0

    @property
    def terms(self) -> PlanTerms:
        return TERMS[self.plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFields:
    """The fields of an Airflow connection that are read."""

    conn_id: str
    host: str
    password: str = field(repr=False)
    extra: Mapping[str, object]


def read_settings(fields: ConnectionFields, *, default_folder: Path) -> ClientSettings:
    """The settings, or the first fault with its place in the connection."""
    return _Reader(fields).read(default_folder)


class _Reader:
    def __init__(self, fields: ConnectionFields) -> None:
        self._fields = fields
        # Airflow's form sends its empty fields too.
        self._extra = {name: value for name, value in fields.extra.items() if value not in (None, "")}

    def read(self, default_folder: Path) -> ClientSettings:
        self._check_names()
        plan = self._plan()
        terms = TERMS[plan]
        days = self._number("history_days", minimum=0, whole=True)
        folder = self._extra.get("rate_limit_folder", default_folder)
        given = {
            "burst": self._number("burst", minimum=1, whole=True),
            "max_attempts": self._number("max_attempts", minimum=1, whole=True),
            "max_refusals": self._number("max_refusals", minimum=1, whole=True),
            "connect_timeout": self._number("connect_timeout", minimum=0.1),
            "read_timeout": self._number("read_timeout", minimum=0.1),
        }
        rate = self._number("rate_limit_per_minute", minimum=0.01)
        return ClientSettings(
            plan=plan,
            base_url=self._base_url() or terms.base_url,
            key=self._key(plan),
            rate_limit_per_minute=terms.rate_limit_per_minute if rate is None else rate,
            rate_limit_folder=Path(str(folder)).expanduser(),
            history_days=terms.history_days if days is None else int(days) or None,
            **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]  # by table
        )

    def _check_names(self) -> None:
        for name in self._extra:
            if name not in EXTRA_FIELDS:
                near = difflib.get_close_matches(name, EXTRA_FIELDS, n=2)
                meant = f"Did you mean {' or '.join(near)}? " if near else ""
                raise self._fault(
                    f"unknown field {name!r}", f"extra.{name}", f"{meant}Known: {', '.join(EXTRA_FIELDS)}"
                )

    def _plan(self) -> Plan:
        text = self._extra.get("plan")
        if text is None:
            if self._fields.password:
                raise self._fault(
                    "the connection has a key but names no plan", "extra.plan", 'Add "plan": "demo" or "plan": "pro"'
                )
            return Plan.KEYLESS
        if text not in tuple(Plan):
            raise self._fault(f"unknown plan {text!r}", "extra.plan", f"Use one of {', '.join(Plan)}")
        return Plan(str(text))

    def _key(self, plan: Plan) -> str:
        key = self._fields.password.strip()  # a key from a file or a vault often ends with a newline
        if TERMS[plan].key_header is None:
            if key:
                raise self._fault(
                    "plan keyless sends no key, but the connection has one",
                    "password",
                    'Add "plan": "demo" or "plan": "pro" to the extra, or remove the key',
                )
            return ""
        if not key:
            raise self._fault(f"plan {plan} needs an API key", "password", "Add the key, or use plan keyless")
        if not all("!" <= char <= "~" for char in key):
            raise self._fault("the API key holds a character that no key has", "password", "Copy the key again")
        return key

    def _base_url(self) -> str:
        text = self._fields.host.strip().rstrip("/")
        if not text:
            return ""
        remedy = "Give the whole address, like https://api.coingecko.com/api/v3, or leave it empty"
        try:
            parts = urlsplit(text)
            sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            sound = False
        if not sound:
            raise self._fault("the host is no http address", "host", remedy)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise self._fault("the host holds more than an address", "host", remedy)
        return text

    def _number(self, name: str, *, minimum: float, whole: bool = False) -> float | int | None:
        value = self._extra.get(name)
        if value is None:
            return None
        read: Callable[[str], float | int] = int if whole else float
        kind = "whole number" if whole else "number"
        try:
            number = read(str(value))
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < minimum or isinstance(value, bool):
            raise self._fault(f"{name} is {value!r}", f"extra.{name}", f"Use a {kind} of at least {minimum}")
        return number

    def _fault(self, summary: str, path: str, remedy: str) -> CoinGeckoSetupError:
        return CoinGeckoSetupError(summary, place=f"connection {self._fields.conn_id!r}, {path}", remedy=remedy)


EXTRA_FIELDS = (
    "plan",
    "rate_limit_per_minute",
    "burst",
    "max_attempts",
    "max_refusals",
    "connect_timeout",
    "read_timeout",
    "history_days",
    "rate_limit_folder",
)
"""Every name that `extra` may hold; the connection form in `get_provider_info` offers the same."""
