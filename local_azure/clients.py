"""Calls the running services for the command line: health, secrets, faults, clock, logs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from local_azure.endpoints import Endpoints
from local_azure.errors import LocalAzureError
from local_azure.state import Secrets

_TIMEOUT = (3, 10)
_VAULT_VERSION = {"api-version": "7.6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What one service answered."""

    service: str
    url: str
    healthy: bool
    detail: str


def health(endpoints: Endpoints) -> list[Health]:
    """Ask each service; one that answers at all is healthy unless it says otherwise."""
    addresses = {
        "blob": endpoints.blob,
        "blob_tls": endpoints.blob_tls,
        "coingecko": f"{endpoints.coingecko}/ping",
        "data_factory": endpoints.data_factory,
        "databricks": endpoints.databricks and f"{endpoints.databricks}/health",
        "identity": endpoints.identity,
        "key_vault": endpoints.key_vault,
    }
    return [_ask(name, url, endpoints) for name, url in addresses.items() if url]


def _ask(name: str, url: str, endpoints: Endpoints) -> Health:
    base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    try:
        answer = _session(endpoints).get(url, timeout=_TIMEOUT)
    except requests.RequestException as error:
        return Health(service=name, url=base, healthy=False, detail=f"no answer ({type(error).__name__})")
    if answer.status_code >= 500:
        return Health(service=name, url=base, healthy=False, detail=f"answers {answer.status_code}")
    if name != "databricks":
        return Health(service=name, url=base, healthy=True, detail="answers")
    status, message = answer.json().get("status"), answer.json().get("message")
    return Health(service=name, url=base, healthy=status == "ready", detail=f"driver {status} {message or ''}".strip())


@dataclass(frozen=True, slots=True)
class Vault:
    """The vault, with a token of our own."""

    endpoints: Endpoints
    secrets: Secrets

    def set(self, name: str, value: str) -> None:
        self._call("PUT", f"/secrets/{name}", json={"value": value})

    def get(self, name: str) -> str:
        return str(self._call("GET", f"/secrets/{name}")["value"])

    def names(self) -> list[str]:
        found: list[str] = []
        document = self._call("GET", "/secrets")
        while True:
            found += [row["id"].rpartition("/")[2] for row in document["value"]]
            if not document["nextLink"]:
                return found
            document = self._call("GET", document["nextLink"].removeprefix(self.endpoints.key_vault))

    def _call(self, method: str, path: str, **more: Any) -> Any:
        params = {} if "?" in path else _VAULT_VERSION
        headers = {"Authorization": f"Bearer {self._token()}"}
        url = f"{self.endpoints.key_vault}{path}"
        return _document(self.endpoints, method, url, headers=headers, params=params, **more)

    def _token(self) -> str:
        answer = _document(
            self.endpoints,
            "GET",
            self.endpoints.identity,
            headers={"X-IDENTITY-HEADER": self.secrets.identity_header},
            params={"api-version": "2019-08-01", "resource": "https://vault.azure.net"},
        )
        return str(answer["access_token"])


def steer_coingecko(endpoints: Endpoints, secrets: Secrets, method: str, name: str, body: str = "") -> Any:
    """Read or change the faults or the clock of the CoinGecko stand-in."""
    url = f"{endpoints.coingecko.removesuffix('/api/v3')}/_admin/{name}"
    headers = {"X-Admin-Token": secrets.admin_token}
    return _document(endpoints, method, url, headers=headers, data=body.encode())


def run_logs(endpoints: Endpoints, secrets: Secrets, run_id: int, show: Callable[[str], None]) -> None:
    """Show what the tasks of a Databricks run printed."""
    if endpoints.databricks is None:
        raise LocalAzureError("Databricks does not run here: it was left out with --no-spark")
    headers = {"Authorization": f"Bearer {secrets.databricks_token}"}
    jobs = f"{endpoints.databricks}/api/2.2/jobs/runs"
    run = _document(endpoints, "GET", f"{jobs}/get", headers=headers, params={"run_id": run_id})
    for task in run.get("tasks") or [{"run_id": run_id}]:
        query = {"run_id": task["run_id"]}
        output = _document(endpoints, "GET", f"{jobs}/get-output", headers=headers, params=query)
        for text in (output.get("logs"), output.get("error_trace") or output.get("error")):
            if text:
                show(str(text).rstrip("\n"))


def _document(endpoints: Endpoints, method: str, url: str, **more: Any) -> Any:
    try:
        answer = _session(endpoints).request(method, url, timeout=_TIMEOUT, **more)
    except requests.RequestException as error:
        raise LocalAzureError(f"{url} does not answer ({type(error).__name__}): see 'local-azure status'") from error
    try:
        document = answer.json() if answer.content else None
    except ValueError:
        document = None
    if not answer.ok:
        raise LocalAzureError(_reason(document) or f"{method} {url} answers {answer.status_code}")
    return document


def _reason(document: Any) -> str | None:
    """The message in any of the services' error bodies."""
    if not isinstance(document, dict):
        return None
    error = document.get("error", document)
    if isinstance(error, str):
        return error
    message = error.get("message")
    return str(message) if message else None


def _session(endpoints: Endpoints) -> requests.Session:
    session = requests.Session()
    # Neither a proxy nor another CA of the user's environment is meant for these addresses.
    session.trust_env = False
    session.verify = endpoints.ca_bundle
    return session
