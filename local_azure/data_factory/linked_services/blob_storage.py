"""AzureBlobStorage: by account key, or by the managed identity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService, only
from local_azure.data_factory.linked_services.connection_strings import read_connection_string
from local_azure.data_factory.linked_services.reader import Reader

Json = Any
ACCOUNT_KEY, MSI = "AccountKey", "Msi"
# The audience of tokens for it.
RESOURCE = "https://storage.azure.com"
# Parts of a connection string, in small letters: understood, and known but not done.
_UNDERSTOOD = ("accountkey", "accountname", "blobendpoint", "defaultendpointsprotocol", "endpointsuffix")
# They belong to other services of the account.
_OTHER_SERVICES = ("fileendpoint", "queueendpoint", "tableendpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobStorage(ResolvedLinkedService):
    """A storage account's blobs."""

    account: str
    # As Azure's, https://<account>.blob.core.windows.net, and where that is served here.
    endpoint: str
    url: str
    # None: with a token of the managed identity for RESOURCE.
    key: str | None = field(default=None, repr=False)


async def _read(reader: Reader) -> BlobStorage:
    endpoint = reader.optional_text("serviceEndpoint")
    connection = await reader.secret("connectionString")
    if (endpoint is None) == (connection is None):
        reader.fail("connectionString", "or serviceEndpoint must be given, and not both")
    way = reader.choice("authenticationType", (ACCOUNT_KEY, MSI), ACCOUNT_KEY if connection else MSI)
    if (way == MSI) != (endpoint is not None):
        reader.fail(
            "authenticationType", f"is {way}, which needs {'serviceEndpoint' if way == MSI else 'connectionString'}"
        )
    if endpoint is not None:
        return _located(reader, endpoint, None)
    assert connection is not None
    return await _by_key(reader, connection)


async def _by_key(reader: Reader, connection: str) -> BlobStorage:
    parts = read_connection_string(connection, reader, "connectionString")
    for name in parts:
        if name not in _UNDERSTOOD + _OTHER_SERVICES:
            reader.fail(
                "connectionString", f"has '{name}', which is not done by the local Data Factory: use AccountKey"
            )
    key = await reader.secret("accountKey") or parts.get("accountkey")
    if not key:
        reader.fail("connectionString", "has no AccountKey, and accountKey does not refer to one in a Key Vault")
    reader.context.mask(key)
    endpoint = parts.get("blobendpoint")
    if not endpoint:
        if not parts.get("accountname"):
            reader.fail("connectionString", "has no AccountName")
        protocol, suffix = (
            parts.get("defaultendpointsprotocol", "https"),
            parts.get("endpointsuffix", "core.windows.net"),
        )
        endpoint = f"{protocol}://{parts['accountname']}.blob.{suffix}"
    return _located(reader, endpoint, key, account=parts.get("accountname"))


def _located(reader: Reader, endpoint: str, key: str | None, account: str | None = None) -> BlobStorage:
    if "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    endpoint = endpoint.rstrip("/")
    host = urlsplit(endpoint).hostname or ""
    if not host:
        reader.fail("serviceEndpoint", "must be a URL such as https://<account>.blob.core.windows.net")
    url = reader.context.services.endpoints.locate(endpoint).rstrip("/")
    return BlobStorage(name=reader.name, account=account or host.split(".")[0], endpoint=endpoint, url=url, key=key)


def _more(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authenticationType", (ACCOUNT_KEY, MSI))


TYPE = LinkedServiceType(
    name="AzureBlobStorage",
    gives=BlobStorage,
    read=_read,
    # accountKind is for accounts that this machine does not tell apart.
    properties=frozenset({"accountKey", "accountKind", "authenticationType", "connectionString", "serviceEndpoint"}),
    more=_more,
)
