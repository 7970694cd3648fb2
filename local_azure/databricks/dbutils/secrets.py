"""`dbutils.secrets`: reads Key Vault backed scopes over the vault's REST API."""

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from local_azure.databricks.settings import SecretSource

IDENTITY_VERSION = "2019-08-01"
VAULT_VERSION = "7.4"
VAULT_RESOURCE = "https://vault.azure.net"
TIMEOUT_SECONDS = 10


class SecretMetadata(NamedTuple):
    """One secret, without its value."""

    key: str


class SecretScope(NamedTuple):
    """One scope."""

    name: str


class SecretError(Exception):
    """A secret cannot be read."""


class Secrets:
    """Values from Key Vault backed scopes: get, getBytes, list, listScopes"""

    def __init__(self, source: SecretSource | None, announce: Callable[[str], object]) -> None:
        self._source = source
        # Told of each value before the notebook has it, so that no output shows it.
        self._announce = announce
        self._token: str | None = None

    def get(self, scope: str, key: str) -> str:
        """The value of a secret; printed, it shows as [REDACTED]."""
        answer = self._call(
            scope, f"/secrets/{quote(key, safe='')}", f"Secret does not exist with scope: {scope} and key: {key}"
        )
        value = str(answer["value"])
        self._announce(value)
        return value

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802 - Databricks' name
        """The value as bytes."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> Sequence[SecretMetadata]:
        """The names in a scope."""
        found: builtins.list[SecretMetadata] = []
        path: str | None = "/secrets"
        while path is not None:
            answer = self._call(scope, path, f"Scope {scope} does not exist!")
            found.extend(
                SecretMetadata(item["id"].rstrip("/").split("/secrets/")[1].split("/")[0]) for item in answer["value"]
            )
            following = answer.get("nextLink")
            path = following and following[len(self._vault(scope)) :]
        return found

    def listScopes(self) -> Sequence[SecretScope]:  # noqa: N802 - Databricks' name
        """The scopes of the workspace."""
        return [SecretScope(name) for name in sorted(self._source.scopes)] if self._source else []

    def _vault(self, scope: str) -> str:
        scopes: Mapping[str, str] = self._source.scopes if self._source else {}
        if scope not in scopes:
            known = ", ".join(sorted(scopes)) or "none"
            raise SecretError(f"Scope {scope} does not exist! Scopes of this workspace: {known}")
        return scopes[scope].rstrip("/")

    def _call(self, scope: str, path: str, missing: str) -> dict[str, Any]:
        vault = self._vault(scope)
        assert self._source is not None
        url = vault + path
        try:
            response = requests.get(
                url,
                params=None if "api-version=" in path else {"api-version": VAULT_VERSION},
                headers={"Authorization": f"Bearer {self._identity_token(self._source)}"},
                verify=str(self._source.ca_bundle),
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            raise SecretError(f"scope {scope}: the vault {vault} does not answer: {error}") from error
        if response.status_code == requests.codes.not_found:
            raise SecretError(missing)
        if not response.ok:
            raise SecretError(
                f"scope {scope}: the vault {vault} answered {response.status_code}: {response.text[:500]}"
            )
        document: dict[str, Any] = response.json()
        return document

    def _identity_token(self, source: SecretSource) -> str:
        if self._token is None:
            try:
                response = requests.get(
                    source.identity_endpoint,
                    params={"api-version": IDENTITY_VERSION, "resource": VAULT_RESOURCE},
                    headers={"X-IDENTITY-HEADER": source.identity_header},
                    timeout=TIMEOUT_SECONDS,
                )
                response.raise_for_status()
            except requests.RequestException as error:
                raise SecretError(f"the identity endpoint gives no token for Key Vault: {error}") from error
            self._token = str(response.json()["access_token"])
        return self._token
