"""Blob Storage for activities: the linked service of a `wasb` connection, and one dataset for all of its blobs."""

from typing import Final
from urllib.parse import urlsplit

from adf_export.environment import Connection
from adf_export.ir.factory import (
    Dataset,
    DatasetReference,
    Json,
    LinkedService,
    Object,
    Parameter,
    obj,
    secret_reference,
)
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node, call, literal, select

DEFAULT: Final = "wasb_default"
_SLASH: Final = literal("/")
# Ways of WasbHook to authenticate that need a secret in the connection's extra.
_SECRET_EXTRAS: Final = frozenset({"account_key", "connection_string", "sas_token", "shared_access_key"})


def blob_service(bench: Workbench, connection: Connection) -> str:
    """Name of the linked service: with the managed identity, an account key or a connection string from the vault.

    Raises:
        Refusal: the connection says neither an account nor a secret, or holds a secret.
    """
    for name in sorted(_SECRET_EXTRAS & connection.extra.keys()):
        hint = 'store it in the vault and name it: secret = "..."'
        raise bench.connection_fault(connection, f"has '{name}' in its extra", hint=hint)
    return bench.linked_service(
        LinkedService(name=connection.conn_id, type="AzureBlobStorage", properties=_properties(bench, connection))
    )


def blob(bench: Workbench, connection: Connection, container: Json, path: Json) -> DatasetReference:
    """A blob, or a folder where `path` ends with a slash, or with an empty path the container."""
    service = blob_service(bench, connection)
    text = select(call("dataset"), "path")
    location = obj(
        type="AzureBlobStorageLocation",
        container=select(call("dataset"), "container"),
        folderPath=folder_of(text),
        fileName=file_of(text),
    )
    name = bench.dataset(
        Dataset(
            name=f"{service}_blob",
            type="Binary",
            linked_service=service,
            properties=obj(location=location),
            parameters=(
                Parameter(name="container", type="String", default=""),
                Parameter(name="path", type="String", default=""),
            ),
            description="A blob by its path, a folder where the path ends with a slash.",
        )
    )
    return DatasetReference(name=name, parameters=obj(container=container, path=path))


def folder_of(path: Node) -> Node:
    """What stands before the last slash of a path; empty if there is none."""
    parts = call("split", path, _SLASH)
    return call("join", call("take", parts, call("sub", call("length", parts), literal(1))), _SLASH)


def file_of(path: Node) -> Node:
    """What stands behind the last slash of a path."""
    return call("last", call("split", path, _SLASH))


def endpoint(connection: Connection) -> str:
    """The account's address, as WasbHook takes it from host and login."""
    if not connection.configured:
        return f"https://{connection.conn_id.replace('_', '-')}.invalid"
    host = connection.host.removesuffix("/")
    if "://" in host:
        return host
    if host and "." in host:
        return f"https://{host}"
    account = host or connection.login
    return f"https://{account}.blob.core.windows.net" if account else ""


def _properties(bench: Workbench, connection: Connection) -> Object:
    address = endpoint(connection)
    if not address and not connection.secret:
        hint = 'give host = "https://<account>.blob.core.windows.net", or secret = "..." with a connection string'
        raise bench.connection_fault(connection, "names no storage account", hint=hint)
    if not connection.secret:
        return obj(serviceEndpoint=address, authenticationType="Msi")
    secret = secret_reference(bench.vault(), connection.secret)
    if not address:
        return obj(connectionString=secret)
    account, _, suffix = (urlsplit(address).hostname or "").partition(".blob.")
    if not suffix:
        raise bench.connection_fault(connection, f"has a secret, and its host '{address}' is no account's")
    parts = f"DefaultEndpointsProtocol=https;AccountName={account};EndpointSuffix={suffix};"
    return obj(connectionString=parts, accountKey=secret)
