"""Every argument of an operator is exported, told, or refused for a reason: a new one of a provider is noticed here."""

import inspect
from importlib import import_module
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from adf_export.ir.values import Duration, Function, Opaque
from tests.adf_export.operators.given import made, task
from tests.adf_export.operators.test_databricks import CLUSTER, LOAD
from tests.adf_export.operators.test_databricks import MODULE as DATABRICKS

FACTORY = "airflow.providers.microsoft.azure.operators.data_factory"
FACTORY_SENSORS = "airflow.providers.microsoft.azure.sensors.data_factory"
COMMON_SQL = "airflow.providers.common.sql.operators.sql"
ENVIRONMENT = Environment(
    name="own",
    key_vault="https://kv.vault.azure.net",
    connections={
        "databricks_default": Connection(conn_id="databricks_default", host="https://x", secret="token"),
        "azure_data_factory_default": Connection(
            conn_id="azure_data_factory_default",
            extra={"subscriptionId": "s", "resource_group_name": "g", "factory_name": "f"},
        ),
        "warehouse": Connection(
            conn_id="warehouse", type="postgres", host="h", schema="d", login="l", secret="password"
        ),
    },
)
STANDARD = "airflow.providers.standard"
FUNCTION = {"python_callable": Function(name="f", source="def f():\n    return 'a'\n")}
BRANCHING = Function(name="f", source="def f():\n    return None\n")
FOLLOWS = {"follow_task_ids_if_true": [], "follow_task_ids_if_false": []}
NOON = Opaque(kind="datetime.time", text="12:00:00")
# Operator -> arguments that it cannot do without.
OPERATORS: dict[str, dict[str, Any]] = {
    f"{DATABRICKS}.DatabricksSubmitRunOperator": {**CLUSTER, "notebook_task": LOAD},
    f"{DATABRICKS}.DatabricksNotebookOperator": {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE"},
    f"{DATABRICKS}.DatabricksRunNowOperator": {"job_id": 1},
    f"{DATABRICKS}.DatabricksTaskOperator": {**CLUSTER, "task_config": {"notebook_task": LOAD}},
    f"{DATABRICKS}.DatabricksSQLStatementsOperator": {"statement": "SELECT 1", "warehouse_id": "w"},
    f"{FACTORY}.AzureDataFactoryRunPipelineOperator": {"pipeline_name": "p"},
    "airflow.providers.microsoft.azure.sensors.data_factory.AzureDataFactoryPipelineRunStatusSensor": {
        "run_id": "4711"
    },
    "adf_export_airflow.data_factory.operators.DataFactoryRunPipelineOperator": {"pipeline_name": "p"},
    "adf_export_airflow.data_factory.sensors.DataFactoryPipelineRunStatusSensor": {"run_id": "4711"},
    f"{COMMON_SQL}.SQLExecuteQueryOperator": {"conn_id": "warehouse", "sql": "SELECT 1"},
    f"{COMMON_SQL}.SQLCheckOperator": {"conn_id": "warehouse", "sql": "SELECT 1"},
    f"{COMMON_SQL}.SQLColumnCheckOperator": {
        "conn_id": "warehouse",
        "sql": "SELECT 1",
        "column_mapping": {"a": {"min": {"equal_to": 0}}},
    },
    f"{COMMON_SQL}.SQLTableCheckOperator": {"conn_id": "warehouse", "sql": "SELECT 1"},
    "airflow.providers.common.sql.sensors.sql.SqlSensor": {"conn_id": "warehouse", "sql": "SELECT 1"},
    f"{STANDARD}.operators.datetime.BranchDateTimeOperator": {**FOLLOWS, "target_lower": NOON, "target_upper": None},
    f"{STANDARD}.operators.empty.EmptyOperator": {},
    f"{STANDARD}.operators.latest_only.LatestOnlyOperator": {},
    f"{STANDARD}.operators.python.BranchPythonOperator": {"python_callable": BRANCHING},
    f"{STANDARD}.operators.python.PythonOperator": FUNCTION,
    f"{STANDARD}.operators.python.ShortCircuitOperator": FUNCTION,
    f"{STANDARD}.operators.weekday.BranchDayOfWeekOperator": {**FOLLOWS, "week_day": "Monday"},
    f"{STANDARD}.sensors.date_time.DateTimeSensor": {"target_time": "2026-01-01"},
    f"{STANDARD}.sensors.date_time.DateTimeSensorAsync": {"target_time": "2026-01-01"},
    f"{STANDARD}.sensors.external_task.ExternalTaskMarker": {"external_dag_id": "d", "external_task_id": "t"},
    f"{STANDARD}.sensors.time.TimeSensor": {"target_time": NOON},
    f"{STANDARD}.sensors.time.TimeSensorAsync": {"target_time": NOON},
    f"{STANDARD}.sensors.time_delta.TimeDeltaSensor": {"delta": Duration(seconds=5)},
    f"{STANDARD}.sensors.time_delta.WaitSensor": {"time_to_wait": Duration(seconds=5)},
    f"{STANDARD}.sensors.weekday.DayOfWeekSensor": {"week_day": "Monday"},
}
# Arguments that no code looks at: they are refused wherever they are given.
REFUSED = {
    "DatabricksNotebookOperator": {"caller", "workflow_run_metadata"},
    "DatabricksTaskOperator": {"caller", "workflow_run_metadata"},
}
# Of all operators, not of these: the front-end gives them a place of their own.
OF_ALL = {"args", "kwargs", "self", "do_xcom_push"}


def arguments_of(name: str) -> set[str]:
    """Of the class and its bases, down to BaseOperator."""
    from airflow.sdk import BaseOperator

    module, _, short = name.rpartition(".")
    found: set[str] = set()
    for cls in getattr(import_module(module), short).__mro__:
        if cls is BaseOperator:
            break
        found |= set(inspect.signature(cls.__init__).parameters) if "__init__" in vars(cls) else set()
    return found - OF_ALL


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_argument_is_accounted_for(operator: str) -> None:
    unknown = set()
    for argument in arguments_of(operator):
        fields = OPERATORS[operator] | ({} if argument in OPERATORS[operator] else {argument: "x"})
        found = made(task(operator, **fields), environment=ENVIRONMENT)
        if "or register a translator that knows it" in "".join(one.hint for one in found.compiled.diagnostics):
            unknown.add(argument)
    assert unknown == REFUSED.get(operator.rpartition(".")[2], set())
