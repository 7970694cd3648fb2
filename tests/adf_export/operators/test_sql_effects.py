"""What an exported Script does to a real PostgreSQL, and what it returns, is what Airflow's own operator does."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from adf_export.environment import Connection, Environment
from local_azure.data_factory.activities.script import SCRIPT
from tests.adf_export.operators.given import made, task
from tests.data_factory.world import World, run
from tests.fixtures.postgres import Postgres

pytestmark = pytest.mark.integration
Json = Any
QUERY = "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator"
TABLE = "CREATE TABLE t (a int UNIQUE, b text)"
INSERTS = ["INSERT INTO t VALUES (1, 'x')", "INSERT INTO t VALUES (1, 'y')"]


@dataclass(frozen=True)
class Effect:
    """What is there afterwards."""

    failed: bool
    returned: Json
    rows: list[tuple[Any, ...]]


# Arguments of the operator.
CASES: list[dict[str, Any]] = [
    {"sql": "INSERT INTO t VALUES (1, 'x')"},
    {"sql": "INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, NULL)"},
    {"sql": "INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (1, 'y')"},
    {"sql": "INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (1, 'y')", "autocommit": True},
    {"sql": INSERTS},
    {"sql": INSERTS, "autocommit": True},
    {"sql": "; ".join(INSERTS), "split_statements": True},
    {"sql": "; ".join(INSERTS), "split_statements": True, "autocommit": True},
    {"sql": "INSERT INTO t VALUES (1, 'a;b'); -- c\nINSERT INTO t VALUES (2, '--');", "split_statements": True},
    {"sql": ["INSERT INTO t VALUES (1, 'x') -- first", "INSERT INTO t VALUES (2, '@{y}');"]},
    {"sql": ["INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, 'y') -- two", "INSERT INTO t VALUES (3, NULL)"]},
    {"sql": ["INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, 'y')", "INSERT INTO t VALUES (1, NULL);"]},
    {"sql": "INSERT INTO t VALUES (%(n)s, %(t)s)", "parameters": {"n": 7, "t": "it's 100% 'x'"}},
    {"sql": "INSERT INTO t VALUES (%s, %s), (3, '5%%')", "parameters": [2, None]},
    {"sql": ["INSERT INTO t VALUES (%(n)s, 'a')", "INSERT INTO t VALUES (%(n)s + 1, 'b')"], "parameters": {"n": 1}},
    {"sql": "INSERT INTO t VALUES (1, '5% of 10%s')"},
    {"sql": "DO $$ BEGIN INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, 'y'); END $$"},
    {"sql": "SELECT no_such_column FROM t"},
    {"sql": "SELECT 1 AS a, 'x' AS b, NULL AS c, true AS d, 0.5::float8 AS e"},
    {"sql": "SELECT n, chr(96 + n) FROM generate_series(1, 3) AS n ORDER BY n DESC"},
    {"sql": "SELECT 1 AS same, 2 AS same;"},
    {"sql": "SELECT a FROM t -- nothing there"},
    {"sql": ["SELECT 1, 2"]},
    {"sql": "SELECT 1", "split_statements": True, "return_last": False},
    {"sql": "WITH x AS (SELECT 5 AS n) SELECT n, '[{\"a\": 1}]' FROM x"},
]


@pytest.fixture
def databases(postgres: Postgres) -> list[str]:
    """Two empty databases, the same in all."""
    names = ["of_airflow", "of_adf"]
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
            connection.execute(f"CREATE DATABASE {name}".encode())
    for name in names:
        with psycopg.connect(postgres.url(name), autocommit=True) as connection:
            connection.execute(TABLE.encode())
    return [postgres.url(name) for name in names]


def rows_in(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT a, b FROM t ORDER BY a, b").fetchall()


def by_airflow(url: str, arguments: dict[str, Any]) -> Effect:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    class Hook(DbApiHook):
        """As PostgresHook: parameters are written in by the client."""

        conn_name_attr = "postgres_conn_id"
        supports_autocommit = True

        def get_conn(self) -> Any:
            return psycopg.connect(url, cursor_factory=psycopg.ClientCursor)

    class Operator(SQLExecuteQueryOperator):
        def get_db_hook(self) -> Any:
            return Hook()

    operator = Operator(task_id="t", conn_id="warehouse", **arguments)
    try:
        returned = operator.execute({})
    except psycopg.Error:
        return Effect(failed=True, returned=None, rows=rows_in(url))
    return Effect(failed=False, returned=as_json(returned), rows=rows_in(url))


def as_json(value: Any) -> Json:
    return [as_json(item) for item in value] if isinstance(value, list | tuple) else value


def by_data_factory(url: str, arguments: dict[str, Any], *, read: bool) -> Effect:
    parts = urlsplit(url)
    connection = Connection(
        conn_id="warehouse",
        type="postgres",
        host=str(parts.hostname),
        port=parts.port,
        schema=parts.path[1:],
        login="postgres",
        secret="password",
        extra={"sslmode": "disable"},
    )
    reader = task(QUERY, "reader", "t", conn_id="warehouse", sql="SELECT '{{ ti.xcom_pull(task_ids='t') | tojson }}'")
    environment = Environment(connections={"warehouse": connection}, key_vault="https://kv.vault.azure.net")
    found = made(task(QUERY, conn_id="warehouse", **arguments), *([reader] if read else []), environment=environment)
    activities = found.activities()
    services = found.documents("linkedService")
    services["warehouse"]["typeProperties"]["password"] = {"type": "SecureString", "value": "not looked at"}
    world = World(linked_services=services)
    first = run(SCRIPT, activities["t"]["typeProperties"], world, linked_service="warehouse")
    if first.error is not None:
        return Effect(failed=True, returned=None, rows=rows_in(url))
    returned = None
    if read:
        outputs = {"t": {"output": first.output, "status": "Succeeded", "error": None}}
        second = run(
            SCRIPT, activities["reader"]["typeProperties"], world, linked_service="warehouse", activities=outputs
        )
        text = second.made.inputs[0]["scripts"][0]["text"]
        returned = json.loads(text.removeprefix("SELECT '").removesuffix("'"))
    return Effect(failed=False, returned=returned, rows=rows_in(url))


@pytest.mark.parametrize("arguments", CASES, ids=lambda case: str(case["sql"])[:40])
def test_the_effect_is_the_same(arguments: dict[str, Any], databases: list[str]) -> None:
    wanted, found = by_airflow(databases[0], arguments), by_data_factory(databases[1], arguments, read=False)
    assert (found.failed, found.rows) == (wanted.failed, wanted.rows)


QUERIES = [case for case in CASES if "SELECT" in str(case["sql"])]


@pytest.mark.parametrize("arguments", QUERIES, ids=lambda case: str(case["sql"])[:40])
def test_the_result_is_the_same(arguments: dict[str, Any], databases: list[str]) -> None:
    wanted, found = by_airflow(databases[0], arguments), by_data_factory(databases[1], arguments, read=True)
    assert (found.failed, found.returned) == (wanted.failed, wanted.returned)
