"""How to be let in: a row a kind, for Azure's blocking clients and for its asynchronous ones.

Both have the same classes with the same arguments, in `azure.identity` and `azure.identity.aio`.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from adf_export_airflow.data_factory.errors import DataFactorySetupError
from adf_export_airflow.data_factory.settings import CLOUDS, Settings

Build = Callable[[ModuleType, Settings], Any]


def make(identity: ModuleType, settings: Settings) -> Any:
    """The credential of a connection; `identity` is azure.identity or azure.identity.aio.

    Raises:
        DataFactorySetupError: the kind is unknown, or misses something.
    """
    kind = settings.credential or ("client_secret" if settings.client_id and settings.secret else "default")
    build = KINDS.get(kind)
    if build is None:
        raise _error(settings, f"credential says {kind!r}", f"Write one of {', '.join(KINDS)}")
    return build(identity, settings)


def _default(identity: ModuleType, settings: Settings) -> Any:
    more: dict[str, Any] = {}
    if settings.managed_identity_client_id:
        more["managed_identity_client_id"] = settings.managed_identity_client_id
    if settings.workload_identity_tenant_id:
        more["workload_identity_tenant_id"] = settings.workload_identity_tenant_id
        more["additionally_allowed_tenants"] = [settings.workload_identity_tenant_id]
    return identity.DefaultAzureCredential(authority=settings.authority, **more)


def _client_secret(identity: ModuleType, settings: Settings) -> Any:
    for value, name in (
        (settings.tenant, "tenantId"),
        (settings.client_id, "login (the client id)"),
        (settings.secret, "password (the client's secret)"),
    ):
        if not value:
            raise _error(settings, f"{name} is missing", "A client secret needs it")
    return identity.ClientSecretCredential(
        settings.tenant,
        settings.client_id,
        settings.secret,
        authority=settings.authority,
        # Of a host that is none of Azure's, Azure's own would know nothing.
        disable_instance_discovery=settings.authority not in {cloud.authority for cloud in CLOUDS.values()},
    )


def _managed_identity(identity: ModuleType, settings: Settings) -> Any:
    return identity.ManagedIdentityCredential(client_id=settings.managed_identity_client_id or None)


def _workload_identity(identity: ModuleType, settings: Settings) -> Any:
    return identity.WorkloadIdentityCredential(
        tenant_id=settings.workload_identity_tenant_id or settings.tenant or None,
        client_id=settings.client_id or None,
        authority=settings.authority,
    )


def _azure_cli(identity: ModuleType, settings: Settings) -> Any:
    return identity.AzureCliCredential(tenant_id=settings.tenant)


KINDS: Final[Mapping[str, Build]] = {
    "default": _default,
    "client_secret": _client_secret,
    "managed_identity": _managed_identity,
    "workload_identity": _workload_identity,
    "azure_cli": _azure_cli,
}


def _error(settings: Settings, what: str, remedy: str) -> DataFactorySetupError:
    return DataFactorySetupError(what, place=f"connection {settings.conn_id!r}", remedy=remedy)
