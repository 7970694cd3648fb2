"""Checks and sensors find on a real PostgreSQL what Airflow's own ones find."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

import adf_lang
from adf_export.environment import Connection, Environment
from adf_export.ir.values import Function
from local_azure.data_factory.activities.script import SCRIPT
from tests.adf_export.operators.given import Made, made, task
from tests.data_factory.world import World, run
from tests.fixtures.postgres import Postgres

pytestmark = pytest.mark.integration
Json = Any
OPERATORS, SENSORS = "airflow.providers.common.sql.operators.sql", "airflow.providers.common.sql.sensors.sql"
ROWS = "(1, 'x', 2.5), (2, '', NULL), (3, 'x', 0)"
SETUP = f"CREATE TABLE t (a int, b text, c numeric); INSERT INTO t VALUES {ROWS}; CREATE TABLE nothing (a int)"

# Class -> arguments.
CHECKS: list[tuple[str, dict[str, Any]]] = [
    ("SQLCheckOperator", {"sql": "SELECT count(*) FROM t"}),
    ("SQLCheckOperator", {"sql": "SELECT count(*) FROM nothing"}),
    ("SQLCheckOperator", {"sql": "SELECT a FROM nothing"}),
    ("SQLCheckOperator", {"sql": "SELECT 1, true, 'x', 0.5, '0' -- all true"}),
    ("SQLCheckOperator", {"sql": "SELECT 1, ''"}),
    ("SQLCheckOperator", {"sql": "SELECT 1, NULL"}),
    ("SQLCheckOperator", {"sql": "SELECT false, 1"}),
    ("SQLCheckOperator", {"sql": "SELECT 0.00, 1"}),
    ("SQLCheckOperator", {"sql": "SELECT 1 AS a, 0 AS a"}),
    ("SQLCheckOperator", {"sql": "SELECT a FROM t ORDER BY a"}),
    ("SQLCheckOperator", {"sql": "SELECT a > %(n)s FROM t ORDER BY a DESC", "parameters": {"n": 2}}),
    ("SQLTableCheckOperator", {"table": "t", "checks": {"rows": {"check_statement": "COUNT(*) >= 3"}}}),
    ("SQLTableCheckOperator", {"table": "t", "checks": {"rows": {"check_statement": "COUNT(*) > 3"}}}),
    ("SQLTableCheckOperator", {"table": "t", "checks": {"each": {"check_statement": "a > 0"}}}),
    ("SQLTableCheckOperator", {"table": "t", "checks": {"each": {"check_statement": "c > 1"}}}),
    (
        "SQLTableCheckOperator",
        {"table": "t", "checks": {"big": {"check_statement": "c > 1", "partition_clause": "a = 1"}}},
    ),
    ("SQLTableCheckOperator", {"table": "nothing", "checks": {"each": {"check_statement": "a > 0"}}}),
    ("SQLColumnCheckOperator", {"table": "t", "column_mapping": {"c": {"null_check": {"equal_to": 0}}}}),
    ("SQLColumnCheckOperator", {"table": "t", "column_mapping": {"c": {"null_check": {"leq_to": 1}}}}),
    ("SQLColumnCheckOperator", {"table": "t", "column_mapping": {"b": {"unique_check": {"equal_to": 0}}}}),
    (
        "SQLColumnCheckOperator",
        {"table": "t", "column_mapping": {"a": {"min": {"geq_to": 1, "less_than": 2}, "max": {"greater_than": 2}}}},
    ),
    (
        "SQLColumnCheckOperator",
        {
            "table": "t",
            "column_mapping": {"a": {"max": {"equal_to": 4, "tolerance": 0.25}, "min": {"greater_than": 1}}},
        },
    ),
    ("SQLColumnCheckOperator", {"table": "t", "column_mapping": {"a": {"max": {"equal_to": 4, "tolerance": 0.25}}}}),
    ("SQLColumnCheckOperator", {"table": "nothing", "column_mapping": {"a": {"max": {"equal_to": 0}}}}),
    (
        "SQLColumnCheckOperator",
        {"table": "nothing", "column_mapping": {"a": {"max": {"equal_to": 0}}}, "accept_none": False},
    ),
    (
        "SQLColumnCheckOperator",
        {"table": "t", "partition_clause": "a < 3", "column_mapping": {"a": {"max": {"less_than": 3}}}},
    ),
]
# Fields of the sensor.
LOOKS: list[dict[str, Any]] = [
    {"sql": "SELECT count(*) FROM t"},
    {"sql": "SELECT count(*) FROM nothing"},
    {"sql": "SELECT a FROM nothing"},
    {"sql": "SELECT b FROM t WHERE a = 2"},
    {"sql": "SELECT '0'"},
    {"sql": "SELECT a FROM nothing", "fail_on_empty": True},
    {"sql": "SELECT a FROM t ORDER BY a", "success": "lambda cell: cell > 1"},
    {"sql": "SELECT a FROM t ORDER BY a DESC", "success": "lambda cell: cell > 1"},
    {"sql": "SELECT a FROM nothing", "success": "lambda cell: cell > 1"},
    {"sql": "SELECT a, b FROM t ORDER BY a", "selector": "lambda row: row[1]", "success": 'lambda cell: cell == "x"'},
    {"sql": "SELECT a FROM t ORDER BY a", "failure": "lambda cell: cell == 1"},
    {"sql": "SELECT a FROM t ORDER BY a", "failure": "lambda cell: cell == 2"},
    {"sql": "SELECT a FROM t ORDER BY a", "failure": "lambda cell: cell == 2", "success": "lambda cell: cell == 2"},
]


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(b"DROP DATABASE IF EXISTS checks")
        connection.execute(b"CREATE DATABASE checks")
    with psycopg.connect(postgres.url("checks"), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    return postgres.url("checks")


def of_airflow(module: str, name: str, url: str, arguments: Mapping[str, Any]) -> Any:
    """Airflow's operator, with a hook that reaches the database."""
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    class Hook(DbApiHook):
        conn_name_attr = "postgres_conn_id"

        def get_conn(self) -> Any:
            return psycopg.connect(url, cursor_factory=psycopg.ClientCursor)

    cls = getattr(import_module(module), name)
    found = {"get_db_hook": lambda self: Hook(), "_get_hook": lambda self: Hook()}
    return type(name, (cls,), found)(task_id="t", conn_id="warehouse", **arguments)


def compiled(operator: str, url: str, fields: Mapping[str, Any]) -> Made:
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
    environment = Environment(connections={"warehouse": connection}, key_vault="https://kv.vault.azure.net")
    return made(task(operator, conn_id="warehouse", **fields), environment=environment)


def asked(found: Made, script: Json) -> dict[str, Json]:
    """What a Script gives, in the form that expressions see; empty: it failed."""
    services = found.documents("linkedService")
    services["warehouse"]["typeProperties"]["password"] = {"type": "SecureString", "value": "not looked at"}
    ran = run(SCRIPT, script["typeProperties"], World(linked_services=services), linked_service="warehouse")
    return {} if ran.error else {script["name"]: {"output": ran.output, "status": "Succeeded", "error": None}}


def told(expression: Json, activities: dict[str, Json]) -> bool:
    found = adf_lang.evaluate(expression["value"], adf_lang.Scope(activities=activities))
    assert isinstance(found, bool)
    return found


@pytest.mark.parametrize(("name", "arguments"), CHECKS)
def test_a_check_fails_where_airflows_fails(name: str, arguments: dict[str, Any], database: str) -> None:
    from airflow.sdk.exceptions import AirflowException

    operator = of_airflow(OPERATORS, name, database, arguments)
    found = compiled(f"{OPERATORS}.{name}", database, arguments | {"sql": operator.sql})
    activities = found.activities()
    output = asked(found, activities["t"])
    failed = not output or told(activities["t_verdict"]["typeProperties"]["expression"], output)
    try:
        operator.execute({})
    except (AirflowException, TypeError, ValueError):
        assert failed
    else:
        assert not failed


@pytest.mark.parametrize("arguments", LOOKS, ids=lambda case: str(case["sql"]))
def test_a_sensor_finds_what_airflows_finds(arguments: dict[str, Any], database: str) -> None:
    from airflow.sdk.exceptions import AirflowException

    functions = {name: text for name, text in arguments.items() if name in ("failure", "selector", "success")}
    fields = arguments | {name: Function(name="test.<lambda>", source=text) for name, text in functions.items()}
    found = compiled(f"{SENSORS}.SqlSensor", database, fields)
    activities = found.activities()
    inner = {one["name"]: one for one in activities["t_until"]["typeProperties"]["activities"]}
    output = asked(found, inner["t"])
    met = told(inner["t_found"]["typeProperties"]["value"], output)
    verdict = activities.get("t_verdict")
    bad = verdict is not None and told(verdict["typeProperties"]["expression"], output)
    try:
        python = {name: eval(text) for name, text in functions.items()}
        poked = of_airflow(SENSORS, "SqlSensor", database, arguments | python).poke({})
    except AirflowException:
        assert (met, bad) == (True, True)
    else:
        assert (met, bad) == (poked, False)
