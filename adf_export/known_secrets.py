"""Collects the secrets that this process knows: of Airflow's connections, variables and configuration."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

_CONNECTION: Final = "AIRFLOW_CONN_"
# Words in a name that make its value a secret, as Airflow hides them in its logs.
_WORDS: Final = (
    *("ACCESS_TOKEN", "API_KEY", "APIKEY", "AUTHORIZATION", "FERNET_KEY", "PASSPHRASE", "PASSWD", "PASSWORD"),
    *("PRIVATE_KEY", "SECRET", "TOKEN"),
)
# Shorter ones stand in ordinary texts too ("airflow"), and are no secrets worth the name.
SHORTEST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSecret:
    """A value that must not be in any output."""

    # What a message says: "the password of connection 'x'".
    what: str
    value: str


def known_secrets(environ: Mapping[str, str]) -> tuple[KnownSecret, ...]:
    """The secrets in environment variables, of at least 8 characters."""
    found: list[KnownSecret] = []
    for name in sorted(environ):
        if name.startswith(_CONNECTION):
            found += _of_connection(name.removeprefix(_CONNECTION).lower(), environ[name])
        elif any(word in name.upper() for word in _WORDS):
            found.append(KnownSecret(what=f"the value of ${name}", value=environ[name]))
    return tuple(secret for secret in found if len(secret.value) >= SHORTEST)


def _of_connection(conn_id: str, text: str) -> Iterator[KnownSecret]:
    """A connection is a URI, or JSON."""
    what = f"of connection '{conn_id}'"
    fields = _from_json(text) if text.lstrip().startswith("{") else _from_uri(text)
    password = fields.get("password")
    if isinstance(password, str):
        yield KnownSecret(what=f"the password {what}", value=password)
    extra = fields.get("extra")
    if isinstance(extra, str):
        extra = _from_json(extra)
    for name, value in extra.items() if isinstance(extra, dict) else ():
        if isinstance(value, str) and any(word in name.upper() for word in (*_WORDS, "CONNECTION_STRING", "KEY")):
            yield KnownSecret(what=f"'{name}' {what}", value=value)


def _from_json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _from_uri(text: str) -> Mapping[str, Any]:
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return {}
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {"password": unquote(password or ""), "extra": query.pop("__extra__", query)}
