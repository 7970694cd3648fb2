"""Knows the blob accounts of this machine and finds the one that an Azure storage URL names."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from local_azure.errors import LocalAzureError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

HADOOP_SCHEMES = frozenset({"abfs", "abfss", "wasb", "wasbs"})
AZURE_HOSTS = ("blob.core.windows.net", "dfs.core.windows.net")


class StorageError(LocalAzureError):
    """A storage URL that leads nowhere on this machine."""


@dataclass(frozen=True, slots=True)
class BlobAccount:
    """One storage account: Azurite's endpoint ends in the account's name, Azure's begins with it."""

    name: str
    endpoint: str
    key: str = field(repr=False)

    @property
    def connection_string(self) -> str:
        """What azure-storage-blob and Airflow's WasbHook connect with."""
        scheme = urlsplit(self.endpoint).scheme
        return (
            f"DefaultEndpointsProtocol={scheme};AccountName={self.name};AccountKey={self.key};"
            f"BlobEndpoint={self.endpoint};"
        )

    def container(self, name: str) -> "ContainerClient":
        """A client of one container."""
        from azure.storage.blob import ContainerClient, LinearRetry

        # The SDK's own retries wait a minute for a server that is down; here it is next door or not there.
        retries = LinearRetry(backoff=1, retry_total=3, random_jitter_range=1)
        return ContainerClient.from_connection_string(self.connection_string, name, retry_policy=retries)


class BlobLocation(NamedTuple):
    """A container, or a path within one, of a known account."""

    account: BlobAccount
    container: str
    path: str

    @property
    def url(self) -> str:
        """The name that Spark on Azure gives this place."""
        return f"abfss://{self.container}@{self.account.name}.dfs.core.windows.net/{self.path}"


@dataclass(frozen=True, slots=True)
class StorageMap:
    """The accounts that URLs may name."""

    accounts: tuple[BlobAccount, ...] = ()

    def locate(self, url: str) -> BlobLocation:
        """The account, container and path of an abfss, wasbs or https URL."""
        parts = urlsplit(url)
        if parts.scheme in HADOOP_SCHEMES:
            container, at, host = parts.netloc.partition("@")
            if not (container and at):
                raise StorageError(
                    f"{url}: expected {parts.scheme}://<container>@<account>.dfs.core.windows.net/<path>"
                )
            return BlobLocation(self._of_host(host, url), container, unquote(parts.path).strip("/"))
        if parts.scheme in {"http", "https"}:
            account, path = self._of_web_address(url)
            container, _, path = path.partition("/")
            if not container:
                raise StorageError(f"{url}: names an account but no container")
            return BlobLocation(account, container, path.rstrip("/"))
        raise StorageError(f"{url}: not an address of blob storage (abfss://, wasbs:// or https://)")

    def _of_web_address(self, url: str) -> tuple[BlobAccount, str]:
        for account in self.accounts:
            endpoint = account.endpoint.rstrip("/") + "/"
            if url.startswith(endpoint):
                return account, unquote(url.removeprefix(endpoint))
        parts = urlsplit(url)
        return self._of_host(parts.netloc, url), unquote(parts.path).lstrip("/")

    def _of_host(self, host: str, url: str) -> BlobAccount:
        name, _, domain = host.partition(".")
        if domain not in AZURE_HOSTS:
            raise StorageError(f"{url}: host {host!r} is not <account>.{AZURE_HOSTS[0]} or <account>.{AZURE_HOSTS[1]}")
        for account in self.accounts:
            if account.name == name:
                return account
        known = ", ".join(repr(account.name) for account in self.accounts) or "none"
        raise StorageError(f"{url}: storage account {name!r} is not one of this machine's accounts (known: {known})")

    def save(self, path: Path) -> None:
        """Write the accounts and their keys to a file that only its owner can read."""
        document = [{"name": a.name, "endpoint": a.endpoint, "key": a.key} for a in self.accounts]
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(document, file)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "StorageMap":
        """Read what `save` wrote."""
        document: list[Mapping[str, str]] = json.loads(path.read_text())
        return cls(tuple(BlobAccount(**account) for account in document))
