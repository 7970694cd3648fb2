"""Says where Azure's hosts are served on this machine: the stand-ins, and what a user's file adds or takes away."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local_azure.data_factory.services import EndpointMap
from local_azure.errors import LocalAzureError

_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PLACEHOLDER = "{account}"


def stand_ins(
    *, blob: str, coingecko: str | None, data_factory: str, databricks: str, identity: str, key_vault: str
) -> dict[str, str]:
    """The hosts that the services of this machine take the place of; all are base URLs without a final slash.

    `blob` is Azurite's, without account; `coingecko` is None where the real one is meant.
    """
    hosts = {
        "*.azuredatabricks.net": databricks,
        "*.blob.core.windows.net": f"{blob}/{_PLACEHOLDER}",
        "*.vault.azure.net": key_vault,
        "login.microsoftonline.com": identity,
        "management.azure.com": data_factory,
    }
    if coingecko is not None:
        hosts |= {"api.coingecko.com": coingecko, "pro-api.coingecko.com": f"{coingecko}/pro"}
    return hosts


def endpoint_map(hosts: Mapping[str, str], changes: Mapping[str, str | None]) -> EndpointMap:
    """The stand-ins with the user's changes: a host leads to another URL, or with None is left what it is."""
    found = dict(hosts)
    for host, url in changes.items():
        if url is not None:
            found[host] = url
        elif host.startswith("*."):
            found.pop(host, None)
        else:
            # A more general entry would still catch it.
            found[host] = f"https://{host}"
    return EndpointMap(hosts=found)


def read_changes(file: Path) -> dict[str, str | None]:
    """The user's file: a JSON object of hosts and base URLs, or null."""
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise LocalAzureError(f"--endpoints {file} cannot be read: {error}") from error
    except ValueError as error:
        raise LocalAzureError(f"--endpoints {file} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise LocalAzureError(
            f'--endpoints {file}: expected an object such as {{"api.example.com": "http://localhost:8080"}}'
        )
    return {_host(host, file): _url(host, url, file) for host, url in document.items()}


def _host(given: str, file: Path) -> str:
    host = given.lower()
    if not _HOST.fullmatch(host):
        raise LocalAzureError(
            f"--endpoints {file}: '{given}' is not a host, such as api.example.com or *.blob.core.windows.net"
        )
    return host


def _url(host: str, given: object, file: Path) -> str | None:
    if given is None:
        return None
    parts = urlsplit(given.replace(_PLACEHOLDER, "account")) if isinstance(given, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise LocalAzureError(
            f"--endpoints {file}: '{host}' leads to {given!r}: expected a base URL such as http://localhost:8080/path, "
            "or null to leave the host what it is"
        )
    assert isinstance(given, str)
    return given.rstrip("/")
