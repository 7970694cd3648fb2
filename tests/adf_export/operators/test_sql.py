"""SQL operators: documents by connection, transactions by dialect, and what is refused. Effects: test_sql_effects."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from adf_export.ir.values import Function
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.running import run_in_local_factory

Json = Any
QUERY = "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator"
POSTGRES: dict[str, Any] = {
    "type": "postgres",
    "host": "pg.example.com",
    "schema": "sales",
    "login": "me",
    "secret": "s",
}
AZURE_SQL: dict[str, Any] = {"type": "mssql", "host": "srv.database.windows.net", "schema": "sales"}
SECRET = {
    "type": "AzureKeyVaultSecret",
    "store": {"referenceName": "key_vault", "type": "LinkedServiceReference"},
    "secretName": "s",
}


def one(connection: dict[str, Any], /, **fields: Any) -> Made:
    environment = Environment(
        key_vault="https://kv.vault.azure.net", connections={"db": Connection(conn_id="db", **connection)}
    )
    return made(task(QUERY, **{"conn_id": "db", **fields}), environment=environment)


def blocks(found: Made) -> list[tuple[str, str]]:
    (activity,) = found.activities().values()
    assert activity["type"] == "Script"
    return [(block["type"], block["text"]) for block in activity["typeProperties"]["scripts"]]


# Connection -> type and typeProperties of the linked service.
SERVICES: list[tuple[dict[str, Any], str, Json]] = [
    (
        POSTGRES | {"port": 5433, "extra": {"sslmode": "require"}},
        "AzurePostgreSql",
        {
            "server": "pg.example.com",
            "port": 5433,
            "database": "sales",
            "username": "me",
            "password": SECRET,
            "sslMode": 3,
            "commandTimeout": 0,
        },
    ),
    (
        AZURE_SQL,
        "AzureSqlDatabase",
        {
            "server": "srv.database.windows.net",
            "database": "sales",
            "authenticationType": "SystemAssignedManagedIdentity",
        },
    ),
    (
        AZURE_SQL | {"host": "mi.abc123.database.windows.net", "login": "me", "secret": "s", "port": 1433},
        "AzureSqlMI",
        {
            "server": "mi.abc123.database.windows.net,1433",
            "database": "sales",
            "authenticationType": "SQL",
            "userName": "me",
            "password": SECRET,
        },
    ),
    (
        AZURE_SQL | {"host": "ws.sql.azuresynapse.net"},
        "AzureSqlDW",
        {
            "server": "ws.sql.azuresynapse.net",
            "database": "sales",
            "authenticationType": "SystemAssignedManagedIdentity",
        },
    ),
    (
        AZURE_SQL | {"host": "sql01.corp.local", "login": "me", "secret": "s"},
        "SqlServer",
        {
            "server": "sql01.corp.local",
            "database": "sales",
            "authenticationType": "SQL",
            "userName": "me",
            "password": SECRET,
        },
    ),
]


@pytest.mark.parametrize(("connection", "type", "properties"), SERVICES)
def test_a_connection_is_a_linked_service(connection: dict[str, Any], type: str, properties: Json) -> None:
    found = one(connection, sql="DELETE FROM t")
    service = found.documents("linkedService")["db"]
    assert (service["type"], service["typeProperties"]) == (type, properties)
    assert found.codes == []


def test_another_database_of_the_server_is_another_linked_service() -> None:
    found = one(POSTGRES, sql="DELETE FROM t", database="stock")
    assert found.documents("linkedService")["db_stock"]["typeProperties"]["database"] == "stock"
    assert found.activities()["t"]["linkedServiceName"]["referenceName"] == "db_stock"
    assert found.refused_by_local_factory() == []


WRAPPED = "SET XACT_ABORT ON;\nBEGIN TRANSACTION;\nDELETE FROM t;\nINSERT INTO t VALUES (1);\nCOMMIT TRANSACTION;"
BOTH = ["DELETE FROM t", "INSERT INTO t VALUES (1)"]
# Connection, arguments -> the blocks of the Script.
BLOCKS: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    (POSTGRES, {"sql": "CALL p('@x')"}, [("NonQuery", "CALL p('@x')")]),
    (POSTGRES, {"sql": BOTH, "autocommit": True}, [("NonQuery", sql) for sql in BOTH]),
    (POSTGRES, {"sql": BOTH}, [("NonQuery", f"BEGIN;\n{BOTH[0]};\n{BOTH[1]};\nCOMMIT;")]),
    # PostgreSQL takes one text as one transaction, SQL Server does not.
    (POSTGRES, {"sql": "; ".join(BOTH)}, [("NonQuery", "; ".join(BOTH))]),
    (AZURE_SQL, {"sql": BOTH}, [("NonQuery", WRAPPED)]),
    (AZURE_SQL, {"sql": "; ".join(BOTH), "autocommit": True}, [("NonQuery", "; ".join(BOTH))]),
    (
        AZURE_SQL,
        {"sql": "EXEC p %s, %s", "parameters": ["it's", True]},
        [("NonQuery", "EXEC p N'it''s', 1")],
    ),
]


@pytest.mark.parametrize(("connection", "fields", "wanted"), BLOCKS)
def test_transactions_are_those_of_airflows_hook(
    connection: dict[str, Any], fields: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    assert blocks(one(connection, **fields)) == wanted


def test_a_parameter_that_is_known_at_run_time_is_quoted_then() -> None:
    found = one(POSTGRES, sql="CALL p(%(day)s)", parameters={"day": "{{ run_id }}'"})
    ((_, text),) = blocks(found)
    assert text["value"].startswith("CALL p('@{replace(concat(")
    assert text["value"].endswith(", '''', '''''')}')")


def function(name: str) -> Function:
    return Function(name=name, source="")


HOOKS = "airflow.providers.common.sql.hooks"


@pytest.mark.parametrize(
    "handler", [None, function(f"{HOOKS}.handlers.fetch_all_handler"), function(f"{HOOKS}.sql.fetch_one_handler")]
)
def test_airflows_own_handlers_are_known(handler: Any) -> None:
    assert one(POSTGRES, sql="SELECT 1", handler=handler).codes == []


# Connection, arguments -> code, words.
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (POSTGRES | {"type": "sqlite"}, {"sql": "x"}, "ADF504", "is of type 'sqlite'"),
    (POSTGRES | {"type": ""}, {"sql": "x"}, "ADF504", "has no type"),
    (POSTGRES | {"secret": ""}, {"sql": "x"}, "ADF504", "needs a login and a secret"),
    (POSTGRES | {"schema": ""}, {"sql": "x"}, "ADF504", "needs host and schema"),
    (POSTGRES | {"extra": {"options": "-c a=b"}}, {"sql": "x"}, "ADF504", "'options'"),
    (POSTGRES | {"extra": {"sslmode": "often"}}, {"sql": "x"}, "ADF504", "sslmode"),
    (AZURE_SQL | {"secret": "s"}, {"sql": "x"}, "ADF504", "needs a login"),
    (AZURE_SQL | {"host": "corp"}, {"sql": "x"}, "ADF504", "needs a login"),
    (POSTGRES, {"sql": "x", "conn_id": None}, "ADF104", "conn_id"),
    (POSTGRES, {"sql": " "}, "ADF104", "has no statement"),
    (POSTGRES, {"sql": []}, "ADF104", "has no statement"),
    (POSTGRES, {"sql": "x", "hook_params": {"a": "b"}}, "ADF102", "hook_params"),
    (POSTGRES, {"sql": "x", "handler": function("my_dag.first")}, "ADF102", "handler"),
    (POSTGRES, {"sql": "x", "output_processor": function("my_dag.first")}, "ADF102", "output_processor"),
    (POSTGRES, {"sql": "x %s", "parameters": {"a": 1}}, "ADF104", "no value for %s"),
    (POSTGRES, {"sql": "x %(b)s", "parameters": {"a": 1}}, "ADF104", "no value for %(b)s"),
    (POSTGRES, {"sql": "x %d", "parameters": [1]}, "ADF104", "no place of a parameter"),
    (POSTGRES, {"sql": "x %(a)s", "parameters": {"a": [1, 2]}}, "ADF102", "a list or dict"),
    (POSTGRES, {"sql": "x", "parameters": "{{ run_id }}"}, "ADF104", "parameters"),
]


@pytest.mark.parametrize(("connection", "fields", "code", "words"), REFUSED)
def test_what_is_refused(connection: dict[str, Any], fields: dict[str, Any], code: str, words: str) -> None:
    found = one(connection, **fields)
    assert found.compiled.pipelines == ()
    assert code in found.codes
    assert words in found.summaries


# The result's reader, and whether there is a result to read.
@pytest.mark.parametrize(("connection", "code"), [(POSTGRES, "ADF106"), (AZURE_SQL, "ADF204")])
def test_rows_are_read_from_postgresql_alone(connection: dict[str, Any], code: str) -> None:
    environment = Environment(key_vault="https://kv", connections={"db": Connection(conn_id="db", **connection)})
    ask = task(QUERY, "ask", conn_id="db", sql="SELECT count(*) FROM t")
    use = task(QUERY, "use", "ask", conn_id="db", sql="CALL p({{ ti.xcom_pull('ask')[0][0] }})")
    assert code in made(ask, use, environment=environment).codes


CHECK = "airflow.providers.common.sql.operators.sql.SQLCheckOperator"
SENSOR = "airflow.providers.common.sql.sensors.sql.SqlSensor"


# What the query's first row is, attempt by attempt -> the outcome.
@pytest.mark.parametrize(
    ("rows", "retries", "status"),
    [
        (["[[1]]"], 0, "Succeeded"),
        (["[[0]]"], 0, "Failed"),
        (["[]"], 0, "Failed"),
        (["[[0]]", "[[1]]"], 1, "Succeeded"),
    ],
)
def test_a_check_fails_its_task_and_is_tried_again(rows: list[str], retries: int, status: str, tmp_path: Path) -> None:
    environment = Environment(key_vault="https://kv", connections={"db": Connection(conn_id="db", **POSTGRES)})
    of_task = {"retries": retries, "retry_delay_seconds": 60}
    found = made(task(CHECK, conn_id="db", sql="SELECT 1", of_task=of_task), environment=environment)
    keys = ["t"] if not retries else [f"t_attempts[{turn}]/t" for turn in range(len(rows))]
    injections = {key: answer(text) for key, text in zip(keys, rows, strict=True)}
    assert str(run_in_local_factory(tmp_path, found.factory, "d", injections=injections).run.status) == status


def test_a_sensor_looks_until_the_cell_is_true(tmp_path: Path) -> None:
    environment = Environment(key_vault="https://kv", connections={"db": Connection(conn_id="db", **POSTGRES)})
    found = made(task(SENSOR, conn_id="db", sql="SELECT 1", poke_interval=60), environment=environment)
    injections = {f"t_until[{turn}]/t": answer(rows) for turn, rows in enumerate(("[]", "[[0]]", "[[3]]"))}
    done = run_in_local_factory(tmp_path, found.factory, "d", injections=injections)
    assert (str(done.run.status), done.seconds) == ("Succeeded", pytest.approx(120, abs=5))


def answer(rows: str) -> Injection:
    return Injection(output={"resultSetCount": 1, "resultSets": [{"rowCount": 1, "rows": [{"rows": rows}]}]})
