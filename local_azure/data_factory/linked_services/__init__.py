"""The linked services that are used here, one line each, and how a reference becomes one."""

from local_azure.data_factory.linked_services import (
    azure_function,
    blob_storage,
    databricks,
    http_services,
    key_vault,
    postgresql,
)
from local_azure.data_factory.linked_services.azure_function import AzureFunction
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService
from local_azure.data_factory.linked_services.blob_storage import BlobStorage
from local_azure.data_factory.linked_services.databricks import Databricks
from local_azure.data_factory.linked_services.http_services import HttpServer, HttpService, RestService
from local_azure.data_factory.linked_services.key_vault import KeyVault
from local_azure.data_factory.linked_services.postgresql import PostgreSql
from local_azure.data_factory.linked_services.resolving import resolve

__all__ = [
    "TYPES",
    "AzureFunction",
    "BlobStorage",
    "Databricks",
    "HttpServer",
    "HttpService",
    "KeyVault",
    "LinkedServiceType",
    "PostgreSql",
    "ResolvedLinkedService",
    "RestService",
    "resolve",
]

TYPES: dict[str, LinkedServiceType] = {
    kind.name: kind
    for kind in (
        blob_storage.TYPE,
        databricks.TYPE,
        azure_function.TYPE,
        key_vault.TYPE,
        postgresql.TYPE,
        http_services.HTTP,
        http_services.REST,
    )
}
