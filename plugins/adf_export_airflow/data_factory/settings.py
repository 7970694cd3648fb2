"""What a connection of type `azure_data_factory` says, with the fields that Airflow's own hook does not read.

Airflow's fields: login and password (client id and secret), and in the extra `tenantId`, `subscriptionId`,
`resource_group_name`, `factory_name`, `managed_identity_client_id`, `workload_identity_tenant_id`. Ours, all optional:

| extra | meaning |
|---|---|
| `cloud` | `public` (default), `china` or `usgov`: base URL, authority and portal of that cloud |
| `base_url` | of another Resource Manager, such as the local Data Factory's; https only |
| `audience` | what tokens are asked for, where it is not the cloud's Resource Manager |
| `authority` | host that gives tokens, where it is not the cloud's |
| `credential` | how to be let in, see `credentials.py`; without it as Airflow's hook decides |
| `ca_bundle` | file of the certificate authorities that are trusted, instead of the environment's |
| `monitoring_url` | of the page that shows runs, where it is not the cloud's portal |
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from adf_export_airflow.data_factory.errors import DataFactorySetupError

log = logging.getLogger(__name__)

_PREFIX: Final = "extra__azure_data_factory__"
_KNOWN: Final = (
    "tenantId",
    "subscriptionId",
    "resource_group_name",
    "factory_name",
    "managed_identity_client_id",
    "workload_identity_tenant_id",
    "cloud",
    "base_url",
    "audience",
    "authority",
    "credential",
    "ca_bundle",
    "monitoring_url",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """The addresses of one of Azure's clouds."""

    resource_manager: str
    authority: str
    portal: str


CLOUDS: Final[Mapping[str, Cloud]] = {
    "public": Cloud(
        resource_manager="https://management.azure.com",
        authority="https://login.microsoftonline.com",
        portal="https://adf.azure.com/en-us/monitoring",
    ),
    "china": Cloud(
        resource_manager="https://management.chinacloudapi.cn",
        authority="https://login.chinacloudapi.cn",
        portal="https://adf.azure.cn/en-us/monitoring",
    ),
    "usgov": Cloud(
        resource_manager="https://management.usgovcloudapi.net",
        authority="https://login.microsoftonline.us",
        portal="https://adf.azure.us/en-us/monitoring",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One factory, and how to be let in."""

    conn_id: str
    subscription: str
    # Empty where each task names them.
    resource_group: str = ""
    factory: str = ""
    base_url: str
    audience: str
    authority: str
    monitoring_url: str
    # A row of credentials.KINDS; empty: as Airflow's own hook decides.
    credential: str = ""
    tenant: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    managed_identity_client_id: str = ""
    workload_identity_tenant_id: str = ""
    ca_bundle: str = ""

    @property
    def scope(self) -> str:
        return f"{self.audience.rstrip('/')}/.default"

    def page(self, run_id: str, *, resource_group: str = "", factory: str = "", activity: str = "") -> str:
        """Address of the page that shows a run; a named factory wins over the connection's."""
        place = (
            f"/subscriptions/{self.subscription}/resourceGroups/{resource_group or self.resource_group}"
            f"/providers/Microsoft.DataFactory/factories/{factory or self.factory}"
        )
        query = {"factory": place} | ({"activity": activity} if activity else {})
        return f"{self.monitoring_url}/pipelineruns/{run_id}?{urlencode(query, quote_via=quote, safe='/')}"


def read_settings(conn_id: str, login: str | None, password: str | None, extra: Mapping[str, Any]) -> Settings:
    """The connection, checked.

    Raises:
        DataFactorySetupError: a field is missing or cannot be used; the message names connection, field and remedy.
    """
    said = {name: str(value) for name in _KNOWN if (value := extra.get(name) or extra.get(_PREFIX + name))}
    _tell_unknown(conn_id, extra)
    if "subscriptionId" not in said:
        raise _error(conn_id, "subscriptionId", "is missing", "Put the id of the factory's subscription there")
    cloud = CLOUDS.get(said.get("cloud", "public"))
    if cloud is None:
        raise _error(conn_id, "cloud", f"says {said['cloud']!r}", f"Write one of {', '.join(CLOUDS)}")
    base_url = _https(conn_id, "base_url", said.get("base_url", cloud.resource_manager))
    return Settings(
        conn_id=conn_id,
        subscription=said["subscriptionId"],
        resource_group=said.get("resource_group_name", ""),
        factory=said.get("factory_name", ""),
        base_url=base_url,
        audience=said.get("audience", cloud.resource_manager),
        authority=_https(conn_id, "authority", said.get("authority", cloud.authority)),
        monitoring_url=said.get("monitoring_url", cloud.portal).rstrip("/"),
        credential=said.get("credential", ""),
        tenant=said.get("tenantId", ""),
        client_id=login or "",
        secret=password or "",
        managed_identity_client_id=said.get("managed_identity_client_id", ""),
        workload_identity_tenant_id=said.get("workload_identity_tenant_id", ""),
        ca_bundle=said.get("ca_bundle", ""),
    )


def _https(conn_id: str, name: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc:
        raise _error(conn_id, name, f"says {url!r}", "Write an https address: tokens are not sent without TLS")
    return url.rstrip("/")


def _tell_unknown(conn_id: str, extra: Mapping[str, Any]) -> None:
    unknown = sorted(name for name in extra if name.removeprefix(_PREFIX) not in _KNOWN)
    if unknown:
        log.warning("connection %r: nothing reads %s of its extra", conn_id, ", ".join(unknown))


def _error(conn_id: str, name: str, what: str, remedy: str) -> DataFactorySetupError:
    return DataFactorySetupError(f"{name} {what}", place=f"connection {conn_id!r}, extra", remedy=remedy)
