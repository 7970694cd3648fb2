"""Linked services of databases, by the type of their Airflow connection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adf_export.environment import Connection
from adf_export.ir.factory import LinkedService, Object, obj, secret_reference
from adf_export.operators.workbench import Workbench


class Dialect(StrEnum):
    """What SQL a database speaks."""

    POSTGRES = "postgres"
    T_SQL = "mssql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A linked service and the dialect of its database."""

    service: str
    dialect: Dialect


# libpq's words for the numbers of a linked service.
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_AZURE_SQL: Final = ".database.windows.net"
_SYNAPSE: Final = ".sql.azuresynapse.net"


def database(bench: Workbench, *, default: str = "") -> Database:
    """The database of the task's connection; argument `database` names another one on its server.

    Raises:
        Refusal: it is not configured, or no Script activity reaches it.
    """
    if not bench.has("conn_id") and not default:
        raise bench.invalid("conn_id", "is missing", hint="give conn_id")
    connection = bench.connection("conn_id", default=default)
    service = _TYPES.get(connection.type)
    if service is None:
        what = f"is of type '{connection.type}'" if connection.type else "has no type"
        raise bench.connection_fault(
            connection,
            f"{what}, and a Script activity reaches {' and '.join(sorted(_TYPES))}",
            hint=f"give type, host, schema and login in [connections.{connection.conn_id}] of the environment file",
        )
    if _is_set(bench, "hook_params"):
        raise bench.not_exported("hook_params", "a linked service takes no options of Airflow's hook")
    name = bench.constant("database") if _is_set(bench, "database") else connection.schema
    if not name or not connection.host:
        raise bench.connection_fault(connection, "needs host and schema, which is the database")
    type, properties = service(bench, connection, str(name))
    suffix = f"_{name}" if name != connection.schema else ""
    made = LinkedService(name=f"{connection.conn_id}{suffix}", type=type, properties=properties)
    return Database(service=bench.linked_service(made), dialect=Dialect(connection.type))


def _is_set(bench: Workbench, name: str) -> bool:
    return bench.has(name) and bench.value(name) != Object()


def _postgres(bench: Workbench, connection: Connection, name: str) -> tuple[str, Object]:
    _check_extra(bench, connection, {"sslmode"})
    if not connection.secret or not connection.login:
        raise bench.connection_fault(connection, "needs a login and a secret")
    mode = connection.extra.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise bench.connection_fault(connection, f"has sslmode {mode!r}, not one of {', '.join(_SSL_MODES)}")
    properties = obj(
        server=connection.host,
        port=connection.port or 5432,
        database=name,
        username=connection.login,
        password=secret_reference(bench.vault(), connection.secret),
        sslMode=_SSL_MODES.index(mode),
        # No limit: the activity's own ones rule.
        commandTimeout=0,
    )
    return "AzurePostgreSql", properties


def _sql_server(bench: Workbench, connection: Connection, name: str) -> tuple[str, Object]:
    _check_extra(bench, connection, set())
    host = connection.host.lower()
    # A managed instance has its zone in its name: mi.<zone>.database.windows.net.
    zone = host.removesuffix(_AZURE_SQL).count(".")
    if host.endswith(_SYNAPSE):
        type = "AzureSqlDW"
    elif host.endswith(_AZURE_SQL):
        type = "AzureSqlMI" if zone else "AzureSqlDatabase"
    else:
        type = "SqlServer"
    server = f"{connection.host},{connection.port}" if connection.port else connection.host
    return type, obj([("server", server), ("database", name), *_login(bench, connection, type).members])


def _login(bench: Workbench, connection: Connection, type: str) -> Object:
    if connection.secret and connection.login:
        password = secret_reference(bench.vault(), connection.secret)
        return obj(authenticationType="SQL", userName=connection.login, password=password)
    if type == "SqlServer" or connection.secret or connection.login:
        raise bench.connection_fault(connection, "needs a login and a secret")
    return obj(authenticationType="SystemAssignedManagedIdentity")


def _check_extra(bench: Workbench, connection: Connection, known: set[str]) -> None:
    for name in connection.extra:
        if name not in known:
            raise bench.connection_fault(connection, f"has '{name}' in its extra, which the linked service has not")


_Maker = Callable[[Workbench, Connection, str], tuple[str, Object]]
# Type of a connection -> how its linked service is made.
_TYPES: Final[Mapping[str, _Maker]] = {"mssql": _sql_server, "postgres": _postgres}
