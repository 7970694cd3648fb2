"""One connection to SQLite or PostgreSQL: transactions that nest, errors that name the place, a lock against others."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, CursorResult, Engine, Select, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError
from sqlalchemy.pool import NullPool

from local_azure.data_factory.statements import Statement
from local_azure.data_factory.tables import METADATA, SCHEMA_VERSION, VERSION
from local_azure.errors import LocalAzureError

T = TypeVar("T")

# What may stand before "://", and what SQLAlchemy calls it.
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}
# PostgreSQL's name of our lock in a database: any number that nobody else thinks of.
_LOCK = 0x61646665_78706F72


class StoreError(LocalAzureError):
    """The database cannot be opened, read or written."""


class Database:
    """The one connection of a store. What is written is durable when the call returns, or when its transaction ends."""

    def __init__(self, url: str | Path, *, on_rollback: Callable[[], None]) -> None:
        self._url = _read_url(url)
        self._engine = _make_engine(self._url)
        # Takes the lock of writers at once: a transaction that reads first could not get it later.
        self._begin = "BEGIN IMMEDIATE" if self.dialect.name == "sqlite" else "BEGIN"
        self._on_rollback = on_rollback
        self._depth = 0
        # The descriptor of the lock of a claimed SQLite file; whether a database of PostgreSQL is claimed.
        self._lock_file: int | None = None
        self._claimed = False
        try:
            self._connection = self._connect()
            self._open_schema()
        except DBAPIError as error:
            self._engine.dispose()
            raise self._error("opened", error) from error
        except StoreError:
            self.close()
            raise

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    def close(self) -> None:
        if self._claimed and not self._connection.closed:
            # PostgreSQL notices a closed connection a moment later; one that is gone already has given the lock back.
            with suppress(DBAPIError):
                self._connection.execute(select(func.pg_advisory_unlock(_LOCK)))
        self._connection.close()
        self._engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def claim(self) -> None:
        """See `SqlStore.claim`."""
        if self.dialect.name == "sqlite":
            self._lock_file = self._lock(Path(f"{self._url.database}.lock"))
        else:
            self._claimed = True
            self._claim_database(self._connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done inside becomes durable together, or not at all; an inner transaction joins the outer one."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._execute(self._begin)
        self._depth = 1
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._depth = 0

    def write(self, statement: Statement, row: Mapping[str, Any]) -> int:
        """How many rows were written."""
        return self._execute(statement.sql, statement.bind(row)).rowcount

    def write_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        self._execute(statement.sql, [statement.bind(row) for row in rows])

    def read(self, statement: Statement, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [found._asdict() for found in self._execute(statement.sql, statement.bind(row))]

    def select(self, statement: Select[Any]) -> list[dict[str, Any]]:
        """The rows of a query that is built for one use."""
        return [found._asdict() for found in self._do(lambda connection: connection.execute(statement))]

    def _execute(self, sql: str, parameters: Any = None) -> CursorResult[Any]:
        return self._do(lambda connection: connection.exec_driver_sql(sql, parameters))

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return work(self._connection)
        except PendingRollbackError:
            # The connection broke in the transaction before, which has failed.
            pass
        except DBAPIError as error:
            if not error.connection_invalidated or self._depth:
                raise self._error("read or written", error) from error
        # The database was restarted. Whatever we do may be done twice: we read, upsert or delete.
        try:
            self._connection.close()
            self._connection = self._connect()
            return work(self._connection)
        except DBAPIError as error:
            raise self._error("read or written", error) from error

    def _roll_back(self) -> None:
        self._on_rollback()
        # Where this fails the connection is gone or SQLite has rolled back by itself: the first error tells why.
        with suppress(DBAPIError, PendingRollbackError):
            self._connection.exec_driver_sql("ROLLBACK")

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        if self.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            connection.exec_driver_sql("PRAGMA busy_timeout = 30000")
        if self._claimed:
            self._claim_database(connection)
        return connection

    def _open_schema(self) -> None:
        with self.transaction():
            if not sqlalchemy.inspect(self._connection).has_table(SCHEMA_VERSION.name):
                METADATA.create_all(self._connection)
                self._connection.execute(SCHEMA_VERSION.insert().values(version=VERSION))
            found = self._connection.execute(select(SCHEMA_VERSION.c.version)).scalar_one()
        if found != VERSION:
            raise StoreError(
                f"{self._place} was written by another version: its tables have version {found}, "
                f"this one works with version {VERSION}. Use the local-azure that wrote it, or another state folder."
            )

    def _lock(self, file: Path) -> int:
        """The descriptor of a file that no other process can lock while it is open; a killed process leaves it free."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise self._claimed_elsewhere() from error
        return descriptor

    def _claim_database(self, connection: Connection) -> None:
        """The lock is the connection's: it is gone with it."""
        if not connection.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar_one():
            raise self._claimed_elsewhere()

    def _claimed_elsewhere(self) -> StoreError:
        return StoreError(f"{self._place} is in use by another local-azure: stop it, or give this one another store")

    @property
    def _place(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def _error(self, done: str, error: DBAPIError) -> StoreError:
        # Never str(error): it shows the values of the statement.
        return StoreError(f"{self._place} cannot be {done}: {str(error.orig).strip()}")


def _read_url(url: str | Path) -> URL:
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise StoreError("the URL of the store cannot be read: it is sqlite:///<file> or postgresql://...") from error
    driver = _DRIVERS.get(found.drivername)
    if driver is None:
        raise StoreError(f"the store is kept in sqlite or postgresql, not in {found.drivername!r}")
    return found.set(drivername=driver)


def _make_engine(url: URL) -> Engine:
    # The transactions are ours (BEGIN and COMMIT as statements): one connection, no pool between it and us.
    if url.drivername != "sqlite":
        return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    file = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise StoreError("the store needs a file: a database in memory would not survive the process")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here, because SQLite would make it readable for everybody (and its side files follow its mode).
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"cannot make {file}: {error.strerror}") from error
    arguments = {"check_same_thread": False}
    return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=arguments)
