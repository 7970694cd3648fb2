"""Script: statements that a PostgreSQL database runs, and the rows that they give."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local_azure.data_factory import linked_services
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.answers import MAX_BYTES, MAX_ROWS, common, size_of, to_json
from local_azure.data_factory.copying.conversion import Settings, convert
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.copying.shapes import timespan
from local_azure.data_factory.data_errors import DataError, failing_as
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.evaluation import is_expression
from local_azure.data_factory.formats.rows import Column, Value, column_type
from local_azure.data_factory.linked_services import BlobStorage, PostgreSql
from local_azure.data_factory.refusing import Check, Shape, anything, as_flag, count, flag, off, one_of, text
from local_azure.data_factory.stores.postgres import connect, failed, plain, unique_names
from local_azure.data_factory.stores.sql_parameters import with_placeholders
from local_azure.data_factory.timespans import read as read_timespan

if TYPE_CHECKING:
    import psycopg

    from local_azure.data_factory.stores.postgres import Connection

Json = Any
FAILED = "2011"
PATH = "$.typeProperties"
QUERY, NON_QUERY = "Query", "NonQuery"
IN, OUT, IN_OUT = "Input", "Output", "InputOutput"
# Of one block, where scriptBlockExecutionTimeout does not say.
TIMEOUT = "02:00:00"
PROPERTIES = Shape(
    what="a Script activity",
    properties={
        "scripts": anything,
        "scriptBlockExecutionTimeout": timespan,
        "logSettings": anything,
        "treatDecimalAsString": flag,
        "returnMultistatementResult": off("it is of Snowflake"),
    },
)
BLOCK = Shape(
    what="a script block",
    properties={"text": text, "type": one_of((QUERY, NON_QUERY)), "parameters": anything},
)


def _parameter_type(value: Json) -> str | None:
    known = isinstance(value, str) and (value.lower() == "timespan" or column_type(value))
    return None if known else f"'{value}' is not a type of parameters"


PARAMETER: Mapping[str, Check] = {
    "name": text,
    "type": _parameter_type,
    "value": anything,
    "direction": one_of((IN, OUT, IN_OUT)),
    "size": count(0),
}
PARAMETER_SHAPE = Shape(what="a parameter of a script", properties=PARAMETER)
LOGS = Shape(
    what="logSettings",
    properties={"logDestination": one_of(("ActivityOutput", "ExternalStore")), "logLocationSettings": anything},
)


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """What a Script has and is not done here."""
    yield from _refuse(activity.get("typeProperties") or {}, evaluated=False)


def _refuse(properties: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    yield from PROPERTIES.problems(properties, PATH, evaluated=evaluated)
    logs = properties.get("logSettings")
    if isinstance(logs, Mapping) and not is_expression(logs):
        yield from LOGS.problems(logs, f"{PATH}.logSettings", evaluated=evaluated)
        if logs.get("logDestination") == "ExternalStore" and not logs.get("logLocationSettings"):
            yield Problem(path=f"{PATH}.logSettings.logLocationSettings", message="is missing")
    scripts = properties.get("scripts")
    if is_expression(scripts) or isinstance(scripts, str):
        return
    if not isinstance(scripts, list) or not scripts:
        yield Problem(path=f"{PATH}.scripts", message="must be an array with at least one script")
        return
    for index, block in enumerate(scripts):
        yield from _refuse_block(block, f"{PATH}.scripts[{index}]", evaluated=evaluated)


def _refuse_block(block: Json, path: str, *, evaluated: bool) -> Iterator[Problem]:
    if not isinstance(block, Mapping):
        yield Problem(path=path, message="must be an object with text and type")
        return
    yield from BLOCK.problems(block, path, evaluated=evaluated)
    if not block.get("text"):
        yield Problem(path=f"{path}.text", message="is missing")
    for index, parameter in enumerate(block.get("parameters") or ()):
        place = f"{path}.parameters[{index}]"
        if not isinstance(parameter, Mapping) or not parameter.get("name"):
            yield Problem(path=f"{place}.name", message="is missing: parameters without names are not done")
            continue
        yield from PARAMETER_SHAPE.problems(parameter, place, evaluated=evaluated)


@dataclass(slots=True, kw_only=True)
class Results:
    """What all blocks gave."""

    decimal_as_text: bool
    sets: list[dict[str, Json]] = field(default_factory=list)
    affected: int = 0
    parameters: dict[str, Json] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    truncated: bool = False
    size: int = 0

    def add_rows(self, names: list[str], rows: list[tuple[Value, ...]], total: int) -> None:
        """One result set, cut where the output would be too large."""
        kept: list[Json] = []
        for row in rows[:MAX_ROWS]:
            made = to_json(dict(zip(names, map(plain, row), strict=True)), decimal_as_text=self.decimal_as_text)
            self.size += size_of(made)
            if self.size > MAX_BYTES:
                break
            kept.append(made)
        self.truncated = self.truncated or len(kept) < total
        self.sets.append({"rowCount": len(kept), "rows": kept})


async def run(context: ActivityContext) -> dict[str, Json]:
    """Runs the blocks one after the other on one connection; each statement commits when it is done."""
    begun = asyncio.get_running_loop().time()
    properties = context.evaluate(dict(context.properties), path=PATH)
    context.record_input(properties)
    with failing_as(FAILED):
        for problem in _refuse(properties, evaluated=True):
            raise DataError(INVALID, f"{problem.path}: {problem.message}")
        service = await linked_services.resolve(
            context.document.get("linkedServiceName") or {}, context, expected=PostgreSql
        )
        results = Results(decimal_as_text=as_flag(properties.get("treatDecimalAsString") or False))
        seconds = read_timespan(properties.get("scriptBlockExecutionTimeout") or TIMEOUT).total_seconds()
        async with connect(service) as connection:
            connection.add_notice_handler(lambda notice: results.logs.append(str(notice.message_primary)))
            for index, block in enumerate(properties["scripts"]):
                await _run_block(connection, block, results, seconds, place=f"{PATH}.scripts[{index}]")
        location, logs = await _keep_logs(context, properties.get("logSettings") or {}, results)
    return {
        "resultSetCount": len(results.sets),
        "recordsAffected": results.affected,
        "resultSets": results.sets,
        "outputParameters": results.parameters,
        "outputLogs": logs,
        "outputLogsLocation": location,
        "outputTruncated": results.truncated,
    } | common(asyncio.get_running_loop().time() - begun)


async def _run_block(
    connection: "Connection", block: Mapping[str, Json], results: Results, seconds: float, *, place: str
) -> None:
    import psycopg

    declared = block.get("parameters") or []
    values = {parameter["name"]: _value(parameter, place) for parameter in declared}
    statement = with_placeholders(block["text"], values) if values else block["text"]
    cursor = connection.cursor()
    try:
        async with asyncio.timeout(seconds):
            await cursor.execute(statement.encode(), values or None)
            await _take(cursor, block, results)
    except TimeoutError as error:
        raise DataError("ScriptBlockTimeout", f"{place} took longer than {seconds:g} seconds") from error
    except psycopg.Error as error:
        failure = failed(error)
        raise DataError(failure.reason, f"{place}: {failure.message}") from error


async def _take(cursor: "psycopg.AsyncCursor[tuple[Any, ...]]", block: Mapping[str, Json], results: Results) -> None:
    """The results of all statements of the block."""
    outs = [p["name"] for p in block.get("parameters") or () if (p.get("direction") or IN).lower() != IN.lower()]
    more: bool | None = True
    while more:
        if cursor.description is not None:
            names = [column.name for column in cursor.description]
            rows = await cursor.fetchmany(MAX_ROWS)
            _keep_parameters(outs, names, rows, results)
            if block["type"].lower() == QUERY.lower():
                unique_names(names)
                results.add_rows(names, rows, max(cursor.rowcount, len(rows)))
        if block["type"].lower() == NON_QUERY.lower() and cursor.rowcount > 0:
            results.affected += cursor.rowcount
        more = cursor.nextset()


def _keep_parameters(outs: list[str], names: list[str], rows: list[tuple[Value, ...]], results: Results) -> None:
    """Output parameters take the columns of their name in the first row, as the OUT parameters of a CALL come back."""
    columns = {name.lower(): index for index, name in enumerate(names)}
    for name in outs:
        index = columns.get(name.lower())
        if index is not None and rows:
            row = to_json({name: plain(rows[0][index])}, decimal_as_text=results.decimal_as_text)
            results.parameters[name] = row[name]


def _value(parameter: Mapping[str, Json], place: str) -> Value:
    if (parameter.get("direction") or IN).lower() == OUT.lower():
        return None
    value = parameter.get("value")
    if value is None or not parameter.get("type"):
        return value
    column = Column(name=f"@{parameter['name']}", type=column_type(parameter["type"]))
    try:
        return convert(Decimal(repr(value)) if isinstance(value, float) else value, column, Settings())
    except DataError as error:
        raise DataError(error.reason, f"{place}: {error.message}") from error


async def _keep_logs(context: ActivityContext, settings: Mapping[str, Json], results: Results) -> tuple[str, str]:
    """Where the notices of the database went: a place in Blob Storage, or the output itself."""
    destination = (settings.get("logDestination") or "").lower()
    if destination == "activityoutput":
        return "", "\n".join(results.logs)
    if destination != "externalstore":
        return "", ""
    where = settings.get("logLocationSettings") or {}
    place = f"{PATH}.logSettings.logLocationSettings.linkedServiceName"
    service = await linked_services.resolve(
        where.get("linkedServiceName") or {}, context, expected=BlobStorage, place=place
    )
    container, _, folder = (where.get("path") or "").strip("/").partition("/")
    if not container:
        raise DataError(INVALID, f"{PATH}.logSettings.logLocationSettings.path must begin with a container")
    name = "/".join(part for part in (folder, f"{context.activity_run_id}.txt") if part)
    async with open_account(service, context).writer(container, name) as writer:
        await writer.write("".join(f"{line}\n" for line in results.logs).encode())
    return f"{container}/{name}", ""


SCRIPT = ActivityType(
    name="Script", run=run, properties=PROPERTIES.names, after_restart=AfterRestart.FAIL, refuse=refuse
)
