"""Asks PostgreSQL by psycopg, which is imported when the first connection is made."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.errors import FailureType
from local_azure.data_factory.formats.json_text import write
from local_azure.data_factory.formats.rows import BATCH, Batch, Column, ColumnType, Table, Value
from local_azure.data_factory.linked_services import PostgreSql

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[tuple[Any, ...]]

QUERY_SECONDS = 7200.0
CONNECT_SECONDS = 15
NUMERIC = 1700
# PostgreSQL's numbers of types -> interim types; all others are texts.
TYPES: Mapping[int, ColumnType] = {
    16: ColumnType.BOOLEAN,
    17: ColumnType.BYTES,
    20: ColumnType.INT64,
    21: ColumnType.INT16,
    23: ColumnType.INT32,
    26: ColumnType.INT64,
    700: ColumnType.SINGLE,
    701: ColumnType.DOUBLE,
    1082: ColumnType.DATETIME,
    1083: ColumnType.TIMESPAN,
    1114: ColumnType.DATETIME,
    1184: ColumnType.DATETIME_OFFSET,
    1186: ColumnType.TIMESPAN,
    NUMERIC: ColumnType.DECIMAL,
    2950: ColumnType.GUID,
}


@asynccontextmanager
async def connect(service: PostgreSql) -> AsyncIterator["Connection"]:
    """A connection that commits each statement.

    Raises:
        DataError: the server is not there or does not let us in; also what psycopg raises inside.
    """
    import psycopg

    settings = [f"-c statement_timeout={service.command_timeout}s"] if service.command_timeout else []
    if service.time_zone:
        settings.append(f"-c TimeZone={service.time_zone}")
    try:
        connection = await psycopg.AsyncConnection.connect(
            host=service.host,
            port=service.port,
            dbname=service.database,
            user=service.user,
            password=service.password,
            sslmode=service.ssl_mode,
            connect_timeout=service.connect_timeout or CONNECT_SECONDS,
            options=" ".join(settings),
            autocommit=True,
            cursor_factory=psycopg.AsyncClientCursor,
        )
    except psycopg.Error as error:
        raise DataError(
            "AzurePostgreSqlConnectionFailed",
            f"'{service.name}' at {service.host}:{service.port} cannot be connected to: {error}",
            failure_type=FailureType.SYSTEM,
        ) from error
    try:
        yield connection
    except psycopg.Error as error:
        raise failed(error) from error
    finally:
        # At once: rows that nobody took would be waited for otherwise.
        await connection.close()


def failed(error: "psycopg.Error") -> DataError:
    """What the server says, with its code."""
    code = error.sqlstate or type(error).__name__
    return DataError("AzurePostgreSqlOperationFailed", f"{code}: {str(error).strip()}")


def select_all(schema: str, table: str) -> str:
    """The statement that reads a table."""
    parts = (schema, table) if schema else (table,)
    return "SELECT * FROM " + ".".join('"' + part.replace('"', '""') + '"' for part in parts)


async def query(connection: "Connection", statement: str, seconds: float) -> Table:
    """The rows of a query, as the server sends them; `seconds` is the time until the first one.

    Raises:
        DataError: it gives no rows but something else, two columns of one name, or takes too long.
    """
    import psycopg

    cursor = connection.cursor()
    rows = cursor.stream(statement.encode(), size=BATCH if psycopg.capabilities.has_stream_chunked() else 1)
    try:
        async with asyncio.timeout(seconds):
            first = await anext(rows, None)
    except TimeoutError as error:
        raise DataError("AzurePostgreSqlTimeout", f"the query took longer than {seconds:g} seconds") from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:
            raise DataError(
                "UserErrorQueryWithoutRows", "the query gives no rows: use a Script activity for it"
            ) from error
        raise failed(error) from error
    except psycopg.Error as error:
        raise failed(error) from error
    if first is None:
        return Table(columns=await _described(connection, statement), batches=_none())
    columns = tuple(
        Column(name=column.name, type=TYPES.get(column.type_code, ColumnType.STRING), precision=p, scale=s)
        for column in cursor.description or ()
        for p, s in [(column.precision, column.scale) if column.type_code == NUMERIC else (None, None)]
    )
    names = [column.name for column in columns]
    unique_names(names)
    return Table(columns=columns, batches=_batches(first, rows, names))


async def _described(connection: "Connection", statement: str) -> tuple[Column, ...]:
    """The columns of a query that gave no rows, without running it again."""
    name = b"local_data_factory"
    await connection.execute(b"PREPARE local_data_factory AS " + statement.encode())
    result = await asyncio.to_thread(connection.pgconn.describe_prepared, name)
    names = [(result.fname(index) or b"").decode() for index in range(result.nfields)]
    unique_names(names)
    types = [TYPES.get(result.ftype(index), ColumnType.STRING) for index in range(result.nfields)]
    return tuple(Column(name=name, type=type_) for name, type_ in zip(names, types, strict=True))


async def _none() -> AsyncIterator[Batch]:
    return
    yield


def unique_names(names: list[str]) -> None:
    """Refuses two columns of one name: a row holds one value a name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("UserErrorDuplicateColumnName", f"the query has two columns '{twice[0]}': name one of them AS")


async def _batches(first: tuple[Any, ...], rows: Any, names: list[str]) -> AsyncIterator[Batch]:
    batch = [_row(first, names)]
    async for row in rows:
        batch.append(_row(row, names))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(row: tuple[Any, ...], names: list[str]) -> dict[str, Value]:
    return dict(zip(names, map(plain, row), strict=True))


def plain(value: Value) -> Value:
    """A value of PostgreSQL as one of an interim type."""
    match value:
        case None | bool() | int() | float() | Decimal() | str() | bytes() | UUID() | datetime.timedelta():
            return value
        case datetime.datetime():
            return value
        case datetime.date():
            return datetime.datetime.combine(value, datetime.time())
        case datetime.time():
            return datetime.timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
            )
        case memoryview():
            return bytes(value)
        case dict() | list():
            return write(value)
        case _:
            return str(value)
