"""What the exported activity asks of the Jobs API is what Airflow's own operator asks of it."""

from importlib import import_module
from typing import Any

import pytest

from local_azure.data_factory.activities import TYPES
from tests.adf_export.operators.given import made, task
from tests.adf_export.operators.test_databricks import CLUSTER, ENVIRONMENT, LOAD, MODULE, NEW, TOKEN
from tests.data_factory.world import World, run, serving
from tests.fakes.jobs_api import JobsApi

Json = Any
# Data Factory names runs and tasks itself, keeps the time by its own policy, and reads from the workspace alone.
_OF_ITS_OWN = ("run_name", "task_key", "timeout_seconds", "email_notifications", "source")

# Class -> arguments.
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("DatabricksSubmitRunOperator", {**CLUSTER, "notebook_task": LOAD}),
    (
        "DatabricksSubmitRunOperator",
        {**CLUSTER, "notebook_task": LOAD | {"base_parameters": {"n": 5, "b": True, "t": "@{x}", "u": "it's"}}},
    ),
    ("DatabricksSubmitRunOperator", {"new_cluster": NEW, "json": {"notebook_task": LOAD}}),
    (
        "DatabricksSubmitRunOperator",
        {
            "new_cluster": NEW
            | {
                "spark_conf": {"a.b": 1, "c": "@{d}"},
                "spark_env_vars": {"E": "f"},
                "init_scripts": [{"workspace": {"destination": "/init.sh"}}, {"dbfs": {"destination": "dbfs:/i.sh"}}],
                "cluster_log_conf": {"dbfs": {"destination": "dbfs:/logs"}},
                "custom_tags": {"team": "x"},
                "policy_id": "p",
            },
            "notebook_task": LOAD,
        },
    ),
    (
        "DatabricksSubmitRunOperator",
        {
            "new_cluster": {"spark_version": "15.4.x", "instance_pool_id": "pool-1", "num_workers": 1},
            "notebook_task": LOAD,
        },
    ),
    (
        "DatabricksSubmitRunOperator",
        {
            **CLUSTER,
            "spark_python_task": {"python_file": "dbfs:/load.py", "parameters": ["--n", 5, "@now"]},
            "libraries": [{"pypi": {"package": "requests"}}, {"whl": "dbfs:/a.whl"}],
        },
    ),
    (
        "DatabricksNotebookOperator",
        {
            **CLUSTER,
            "notebook_path": "/Shared/load",
            "source": "WORKSPACE",
            "notebook_params": {"n": 5, "b": False},
            "notebook_packages": [{"pypi": {"package": "requests"}}],
        },
    ),
    ("DatabricksTaskOperator", {**CLUSTER, "task_config": {"notebook_task": LOAD}}),
]


def normal(value: Json) -> Json:
    """Scalars as texts, which Databricks takes for them; without what says nothing."""
    if isinstance(value, dict):
        kept = {name: normal(member) for name, member in value.items() if name not in _OF_ITS_OWN}
        return {name: member for name, member in kept.items() if member not in ({}, [])}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def by_airflow(name: str, arguments: dict[str, Any]) -> Json:
    operator = getattr(import_module(MODULE), name)(task_id="t", **arguments)
    return operator._prepare_submit_json({}) if name == "DatabricksSubmitRunOperator" else operator._get_run_json()


def by_data_factory(name: str, arguments: dict[str, Any]) -> Json:
    found = made(task(f"{MODULE}.{name}", **arguments), environment=ENVIRONMENT)
    (activity,) = found.activities().values()
    services = found.documents("linkedService")
    for service in services.values():
        if service["type"] == "AzureDatabricks":
            assert service["typeProperties"]["accessToken"] == TOKEN
            service["typeProperties"]["accessToken"] = {"type": "SecureString", "value": "dapi"}
    api = JobsApi()
    with serving(api) as origin:
        world = World(hosts={"*.azuredatabricks.net": origin}, linked_services=services)
        kind = TYPES[activity["type"]]
        ran = run(kind, activity["typeProperties"], world, linked_service=activity["linkedServiceName"])
    assert ran.error is None, ran.error
    return api.submitted[0]["tasks"][0]


@pytest.mark.parametrize(("name", "arguments"), REQUESTS)
def test_the_same_run_is_asked_for(name: str, arguments: dict[str, Any]) -> None:
    assert normal(by_data_factory(name, arguments)) == normal(by_airflow(name, arguments))
