"""AzurePostgreSql: by a connection string (version 1.0) or by server, database and user (version 2.0)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService, only
from local_azure.data_factory.linked_services.connection_strings import read_connection_string
from local_azure.data_factory.linked_services.reader import Reader

Json = Any
BASIC = "Basic"
PORT = 5432
# By their numbers in a linked service.
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
PREFER = 2

# Part of a connection string, in small letters and without blanks -> what it means.
PARTS: Mapping[str, str] = {
    "commandtimeout": "command_timeout",
    "connectiontimeout": "timeout",
    "database": "database",
    "db": "database",
    "em": "encryption",
    "encryptionmethod": "encryption",
    "host": "host",
    "password": "password",
    "port": "port",
    "pwd": "password",
    "server": "host",
    "sslmode": "ssl_mode",
    "timeout": "timeout",
    "trustservercertificate": "trust",
    "uid": "user",
    "user": "user",
    "userid": "user",
    "username": "user",
    "validateservercertificate": "validate",
    "vsc": "validate",
}
# EncryptionMethod of version 1.0: none, SSL, SSL if the server has it.
ENCRYPTION: Mapping[str, str] = {"0": "disable", "1": "require", "6": "prefer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgreSql(ResolvedLinkedService):
    """A database; host and port are where it is served here. A host that begins with a slash is a socket's folder."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    # One of libpq's words: disable, allow, prefer, require, verify-ca, verify-full.
    ssl_mode: str
    # Seconds; None: no limit is set.
    connect_timeout: int | None
    command_timeout: int | None
    # None: the server's own.
    time_zone: str | None


async def _read(reader: Reader) -> PostgreSql:
    connection = await reader.secret("connectionString")
    password = await reader.secret("password")
    if connection is not None:
        return _from_string(reader, connection, password)
    reader.choice("authenticationType", (BASIC,), BASIC)
    mode = _mode(reader, reader.number("sslMode", PREFER))
    if mode.startswith("verify") and reader.flag("trustServerCertificate", default=False):
        reader.fail("trustServerCertificate", f"contradicts the sslMode {mode}")
    return _located(
        reader,
        {"host": reader.text("server"), "database": reader.text("database"), "user": reader.text("username")},
        port=reader.number("port", PORT),
        password=password or reader.fail("password", "is missing"),
        ssl_mode=mode,
        connect_timeout=_seconds(reader.number("timeout", 0)),
        command_timeout=_seconds(reader.number("commandTimeout", 0)),
        time_zone=reader.optional_text("timezone"),
    )


def _from_string(reader: Reader, connection: str, password: str | None) -> PostgreSql:
    given = read_connection_string(connection, reader, "connectionString")
    parts: dict[str, str] = {}
    for name, value in given.items():
        meaning = PARTS.get(name.replace(" ", ""))
        if meaning is None:
            reader.fail("connectionString", f"has '{name}', which is not done by the local Data Factory")
        parts[meaning] = value
    for name in ("host", "database", "user"):
        if not parts.get(name):
            reader.fail("connectionString", f"has no {name}")
    secret = password or parts.get("password")
    if not secret:
        reader.fail("password", "is missing, and connectionString has none")
    reader.context.mask(secret)
    return _located(
        reader,
        parts,
        port=_whole(reader, parts.get("port", str(PORT))),
        password=secret,
        ssl_mode=_mode_of_parts(reader, parts),
        connect_timeout=_seconds(_whole(reader, parts.get("timeout", "0"))),
        command_timeout=_seconds(_whole(reader, parts.get("command_timeout", "0"))),
        time_zone=None,
    )


def _mode_of_parts(reader: Reader, parts: Mapping[str, str]) -> str:
    checked = parts.get("validate", "0") == "1"
    if "ssl_mode" in parts:
        wanted = parts["ssl_mode"].lower().replace("-", "")
        found = next((mode for mode in SSL_MODES if mode.replace("-", "") == wanted), None)
        mode = found or reader.fail("connectionString", f"has the unknown SSL mode '{parts['ssl_mode']}'")
    else:
        # The page says "no encryption" for a string that says nothing.
        method = parts.get("encryption", "0")
        mode = ENCRYPTION.get(method) or reader.fail("connectionString", f"has the unknown EncryptionMethod '{method}'")
        mode = "verify-full" if checked and mode == "require" else mode
    if mode.startswith("verify") and parts.get("trust", "false").lower() == "true":
        reader.fail("connectionString", f"has Trust Server Certificate, which contradicts the SSL mode {mode}")
    return mode


def _located(reader: Reader, parts: Mapping[str, str], *, port: int, **more: Any) -> PostgreSql:
    host = parts["host"]
    if not host.startswith("/"):
        if ":" in host and host.rpartition(":")[2].isdecimal():
            host, _, text = host.rpartition(":")
            port = int(text)
        served = urlsplit(reader.context.services.endpoints.locate(f"postgresql://{host}:{port}"))
        host, port = served.hostname or host, served.port or port
    return PostgreSql(name=reader.name, host=host, port=port, database=parts["database"], user=parts["user"], **more)


def _mode(reader: Reader, number: int) -> str:
    if number >= len(SSL_MODES):
        reader.fail("sslMode", f"must be between 0 and {len(SSL_MODES) - 1}, but is {number}")
    return SSL_MODES[number]


def _whole(reader: Reader, text: str) -> int:
    return int(text) if text.isdecimal() else reader.fail("connectionString", f"has '{text}' where a number belongs")


def _seconds(number: int) -> int | None:
    return number or None


def _more(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authenticationType", (BASIC,))


TYPE = LinkedServiceType(
    name="AzurePostgreSql",
    gives=PostgreSql,
    read=_read,
    properties=frozenset(
        {
            "authenticationType",
            "commandTimeout",
            "connectionString",
            "database",
            "password",
            "port",
            "server",
            "sslMode",
            "timeout",
            "timezone",
            "trustServerCertificate",
            "username",
        }
    ),
    more=_more,
)
