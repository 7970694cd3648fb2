"""The environment file: what a DAG leaves to its deployment. TOML; one file for each factory.

    [factory]
    name = "adf-crypto-prod"
    location = "westeurope"
    key_vault = "https://kv-crypto-prod.vault.azure.net"
    pipelines = ["load_reference_data"]

    [connections.databricks_default]
    type = "databricks"
    host = "https://adb-1234567890123456.7.azuredatabricks.net"
    secret = "databricks-token"

    [variables]
    crypto_catalog = "crypto"

A connection has the fields of an Airflow connection, but no password: `secret` is the name of a secret in the vault;
without it the factory's managed identity is used. `extra` is a table. `pipelines` are those that are in the factory
already: tasks may start them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adf_export.errors import AdfExportError
from adf_export.names import clean

DEFAULT_FACTORY: Final = "adf-export"
_FACTORY_KEYS: Final = frozenset({"name", "location", "key_vault", "pipelines"})
_CONNECTION_KEYS: Final = frozenset({"type", "host", "schema", "login", "port", "secret", "extra"})
_KEYS: Final = frozenset({"factory", "connections", "variables"})
_REFUSED: Final = {
    "password": 'store it in the vault and name it: secret = "..."',
    "uri": "give type, host, schema, login, port; the password goes into the vault",
}


class EnvironmentFileError(AdfExportError):
    """The environment file cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where an Airflow connection leads in production."""

    conn_id: str
    # Airflow's connection type, "http"; empty: not said.
    type: str = ""
    host: str = ""
    schema: str = ""
    login: str = ""
    port: int | None = None
    # Name of the secret in the vault; empty: managed identity, or none is needed.
    secret: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    # False: the file has no entry, everything is empty.
    configured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One factory and what surrounds it."""

    name: str = DEFAULT_FACTORY
    location: str = ""
    # Address of the vault; empty: none is needed.
    key_vault: str = ""
    # In the factory already, not made of DAGs.
    pipelines: tuple[str, ...] = ()
    connections: Mapping[str, Connection] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    # The file, for messages; empty: none was given.
    file: str = ""

    def connection(self, conn_id: str) -> Connection:
        """The connection of an id; one that the file does not have is not `configured`."""
        return self.connections.get(conn_id) or Connection(conn_id=conn_id, configured=False)


def read_environment(path: Path) -> Environment:
    """Reads an environment file strictly.

    Raises:
        EnvironmentFileError: not TOML, an unknown key, a value of another type, a password.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EnvironmentFileError(f"cannot read the environment file: {error.strerror}", place=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"the environment file is no TOML: {error}", place=str(path)) from error
    reader = _Reader(path)
    reader.check_keys(document, _KEYS, "")
    factory = reader.table(document, "factory", "")
    reader.check_keys(factory, _FACTORY_KEYS, "factory")
    connections = reader.table(document, "connections", "")
    return Environment(
        name=reader.text(factory, "name", "factory") or DEFAULT_FACTORY,
        location=reader.text(factory, "location", "factory"),
        key_vault=reader.text(factory, "key_vault", "factory").rstrip("/"),
        pipelines=reader.texts(factory, "pipelines", "factory"),
        connections=reader.connections(connections),
        variables=reader.table(document, "variables", ""),
        file=str(path),
    )


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def connections(self, tables: Mapping[str, Any]) -> Mapping[str, Connection]:
        """All; each has a linked service of its own, whose names do not tell case and dashes apart."""
        names: dict[str, str] = {}
        for conn_id in tables:
            other = names.setdefault(clean(conn_id, dashes=False).lower(), conn_id)
            if other != conn_id:
                raise self._fault(f"'{conn_id}' and '{other}' would have one linked service", f"connections.{conn_id}")
        return {conn_id: self.connection(conn_id, tables) for conn_id in tables}

    def connection(self, conn_id: str, tables: Mapping[str, Any]) -> Connection:
        where = f"connections.{conn_id}"
        table = self.table(tables, conn_id, "connections")
        self.check_keys(table, _CONNECTION_KEYS, where)
        port = table.get("port")
        if port is not None and type(port) is not int:
            raise self._fault(f"port is {port!r}, not a whole number", f"{where}.port")
        return Connection(
            conn_id=conn_id,
            type=self.text(table, "type", where),
            host=self.text(table, "host", where),
            schema=self.text(table, "schema", where),
            login=self.text(table, "login", where),
            port=port,
            secret=self.text(table, "secret", where),
            extra=self.table(table, "extra", where),
        )

    def check_keys(self, table: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        for key in table:
            place = f"{where}.{key}".lstrip(".")
            if key in _REFUSED:
                raise self._fault(f"'{key}' does not belong into a file", place, _REFUSED[key])
            if key not in known:
                raise self._fault(f"unknown key '{key}'", place, f"known: {', '.join(sorted(known))}")

    def table(self, document: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        found = document.get(key, {})
        if not isinstance(found, dict):
            raise self._fault(f"'{key}' is no table", f"{where}.{key}".lstrip("."))
        return found

    def texts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self._fault(f"{key} is {found!r}, not a list of texts", f"{where}.{key}")
        return tuple(found)

    def text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        found = table.get(key, "")
        if not isinstance(found, str):
            raise self._fault(f"{key} is {found!r}, not a text", f"{where}.{key}")
        return found

    def _fault(self, summary: str, key: str, remedy: str = "") -> EnvironmentFileError:
        return EnvironmentFileError(summary, place=f"{self._path}: {key}", remedy=remedy)
