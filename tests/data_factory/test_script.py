"""Script on real PostgreSQL."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from local_azure.data_factory.activities.base import AfterRestart
from local_azure.data_factory.activities.script import SCRIPT
from local_azure.data_factory.stores.sql_parameters import with_placeholders
from local_azure.storage import BlobAccount
from tests.data_factory.lab import Lab, lab_of, reference
from tests.data_factory.world import Ran
from tests.fakes.activity_context import attempt

pytestmark = pytest.mark.integration
Json = Any
COMMON = {"effectiveIntegrationRuntime", "executionDuration", "durationInQueue"}


def service_of(url: str) -> dict[str, Json]:
    parts = urlsplit(url)
    return {
        "type": "AzurePostgreSql",
        "typeProperties": {
            "connectionString": f"host={parts.hostname};port={parts.port};database={parts.path[1:]};uid=postgres",
            "password": {"type": "SecureString", "value": "not-looked-at"},
        },
    }


@pytest.fixture
def lab(azurite: BlobAccount, postgres_database: str) -> Lab:
    return lab_of(azurite, "http://127.0.0.1:9", db=service_of(postgres_database))


def script(lab: Lab, *blocks: Json, **properties: Json) -> Ran:
    more = {"linkedServiceName": reference("db", "LinkedService")}
    return lab.run(SCRIPT, {"scripts": list(blocks), **properties}, more=more, parameters={"n": 5})


def query(text: str, *parameters: Json) -> dict[str, Json]:
    return {"type": "Query", "text": text, "parameters": list(parameters)}


def command(text: str, *parameters: Json) -> dict[str, Json]:
    return {"type": "NonQuery", "text": text, "parameters": list(parameters)}


def output(ran: Ran) -> dict[str, Json]:
    assert ran.error is None, ran.error
    assert set(ran.output) >= COMMON
    return {name: value for name, value in ran.output.items() if name not in COMMON}


def test_the_shape_of_the_output(lab: Lab) -> None:
    ran = script(
        lab,
        command("create table t (a int, b text); insert into t values (1, 'x'), (2, null)"),
        query("select a, b from t order by a; select count(*) as n from t"),
        command("update t set b = '%y'"),
    )
    assert output(ran) == {
        "resultSetCount": 2,
        "recordsAffected": 4,
        "resultSets": [
            {"rowCount": 2, "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": None}]},
            {"rowCount": 1, "rows": [{"n": 2}]},
        ],
        "outputParameters": {},
        "outputLogs": "",
        "outputLogsLocation": "",
        "outputTruncated": False,
    }
    assert ran.made.inputs[0]["scripts"][1]["type"] == "Query"


def test_parameters_go_in_by_name_and_are_never_sql(lab: Lab) -> None:
    text = "select @Day::text as d, @n + 1 as m, '@n' as t, 7 % 4 as r, @nothing::text as z -- @n"
    ran = script(
        lab,
        query(
            text,
            {"name": "day", "value": "it's; drop table x --", "type": "String", "direction": "Input"},
            {"name": "n", "value": "@pipeline().parameters.n", "type": "Int32"},
            {"name": "nothing", "value": None, "type": "String"},
        ),
    )
    assert output(ran)["resultSets"][0]["rows"] == [
        {"d": "it's; drop table x --", "m": 6, "t": "@n", "r": 3, "z": None}
    ]


def test_output_parameters_come_back(lab: Lab) -> None:
    ran = script(
        lab,
        command(
            "create procedure p(a int, out twice int, inout note text) language plpgsql as "
            "$$ begin twice := a * 2; note := note || '!'; end $$"
        ),
        command(
            "call p(@a, @twice, @note)",
            {"name": "a", "value": 21, "type": "Int32"},
            {"name": "twice", "type": "Int32", "direction": "Output"},
            {"name": "note", "type": "String", "direction": "InputOutput", "value": "hi", "size": 10},
        ),
    )
    assert output(ran)["outputParameters"] == {"twice": 42, "note": "hi!"}
    assert output(ran)["resultSets"] == []


@pytest.mark.parametrize(("as_text", "value"), [(True, "12345678901234567890.10"), (False, 12345678901234567890.10)])
def test_decimals(lab: Lab, as_text: bool, value: Json) -> None:
    ran = script(lab, query("select 12345678901234567890.10 as d"), treatDecimalAsString=as_text)
    assert output(ran)["resultSets"][0]["rows"] == [{"d": value}]


def test_more_than_five_thousand_rows_are_cut_and_told(lab: Lab) -> None:
    found = output(script(lab, query("select generate_series(1, 5001) as n"), query("select 1 as n")))
    assert [each["rowCount"] for each in found["resultSets"]] == [5000, 1]
    assert found["outputTruncated"] is True


def test_more_than_four_megabytes_are_cut_and_told(lab: Lab) -> None:
    found = output(script(lab, query("select repeat('x', 10000) as t from generate_series(1, 1000)")))
    assert 300 < found["resultSets"][0]["rowCount"] < 450
    assert found["outputTruncated"] is True


def test_notices_are_the_log(lab: Lab) -> None:
    notice = command("do $$ begin raise notice 'step %', 1; end $$")
    assert output(script(lab, notice))["outputLogs"] == ""
    logged = output(script(lab, notice, logSettings={"logDestination": "ActivityOutput"}))
    assert logged["outputLogs"] == "step 1"
    place = {"linkedServiceName": reference("storage", "LinkedService"), "path": f"{lab.container}/logs"}
    settings = {"logDestination": "ExternalStore", "logLocationSettings": place}
    kept = output(script(lab, notice, logSettings=settings))
    assert kept["outputLogs"] == ""
    assert lab.get(kept["outputLogsLocation"].removeprefix(f"{lab.container}/")) == b"step 1\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("selekt 1", "42601"),
        ("select 1/0", "22012"),
        ("select 1 a, 2 a", "two columns 'a'"),
        ("select pg_sleep(60)", r"$.typeProperties.scripts[1] took longer than 0.5 seconds"),
    ],
)
def test_what_fails_names_the_block_and_what_was_done_before_stays(
    lab: Lab, postgres_database: str, text: str, reason: str
) -> None:
    ran = script(lab, command("create table done (a int)"), query(text), scriptBlockExecutionTimeout="00:00:00.5")
    code, message = ran.failure
    assert code == "2011"
    assert reason in message
    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("select count(*) from done").fetchone() == (0,)


def test_a_cancelled_activity_cancels_its_statement(lab: Lab, postgres_database: str) -> None:
    running = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"
    document = {
        "name": "a",
        "type": "Script",
        "linkedServiceName": reference("db", "LinkedService"),
        "typeProperties": {"scripts": [query("select pg_sleep(300)")]},
    }

    async def main() -> None:
        async with (
            lab.world.services() as services,
            await psycopg.AsyncConnection.connect(postgres_database, autocommit=True) as watcher,
        ):

            async def count() -> int:
                row = await (await watcher.execute(running)).fetchone()
                assert row is not None
                return int(row[0])

            task = asyncio.create_task(SCRIPT.run(attempt(document, services, resources=lab.world.documents).context))
            async with asyncio.timeout(60):
                while not await count():
                    assert not task.done()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                while await count():
                    pass

    asyncio.run(main())


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"scripts": []}, "$.typeProperties.scripts"),
        ({"scripts": [{"type": "Query"}]}, "$.typeProperties.scripts[0].text"),
        ({"scripts": [{"type": "Other", "text": "x"}]}, "$.typeProperties.scripts[0].type"),
        ({"scripts": [query("x", {"value": 1})]}, "$.typeProperties.scripts[0].parameters[0].name"),
        (
            {"scripts": [query("x", {"name": "a", "direction": "ReturnValue"})]},
            "$.typeProperties.scripts[0].parameters[0].direction",
        ),
        ({"returnMultistatementResult": True}, "$.typeProperties.returnMultistatementResult"),
        ({"logSettings": {"logDestination": "ExternalStore"}}, "$.typeProperties.logSettings.logLocationSettings"),
        ({"scriptBlockExecutionTimeout": "5 minutes"}, "$.typeProperties.scriptBlockExecutionTimeout"),
    ],
)
def test_refused_by_name(change: dict[str, Json], path: str) -> None:
    properties = {"scripts": [query("select 1")]} | change
    assert path in [problem.path for problem in SCRIPT.refuse({"typeProperties": properties})]
    assert SCRIPT.when_restarted({}) is AfterRestart.FAIL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select @a, @A, @b, a@a", "select %(a)s, %(a)s, @b, a@a"),
        ("select '@a', 'it''s @a', \"@a\", E'\\'@a' , @a", "select '@a', 'it''s @a', \"@a\", E'\\'@a' , %(a)s"),
        ("$$ @a $$ @a $x$ @a $$ @a $x$", "$$ @a $$ %(a)s $x$ @a $$ @a $x$"),
        ("-- @a\n@a /* @a /* @a */ @a */ @a", "-- @a\n%(a)s /* @a /* @a */ @a */ %(a)s"),
        ("like '10%' and 5 % @a", "like '10%%' and 5 %% %(a)s"),
        ("select x @> y, @@a, '@a", "select x @> y, @@a, '%(a)s"),
    ],
)
def test_placeholders_stand_where_postgresql_reads_them(text: str, expected: str) -> None:
    assert with_placeholders(text, ["a"]) == expected
