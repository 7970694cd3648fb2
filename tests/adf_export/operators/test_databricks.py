"""Databricks operators: the activities that an engineer would have written, and what Airflow itself would submit."""

from collections.abc import Mapping as AnyMapping
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from adf_export.ir.dag import Mapping, Param
from tests.adf_export.operators.given import Made, made, task, value

Json = Any
MODULE = "airflow.providers.databricks.operators.databricks"
SUBMIT, NOTEBOOK = f"{MODULE}.DatabricksSubmitRunOperator", f"{MODULE}.DatabricksNotebookOperator"
RUN_NOW, TASK = f"{MODULE}.DatabricksRunNowOperator", f"{MODULE}.DatabricksTaskOperator"
WORKSPACE = Connection(
    conn_id="databricks_default", type="databricks", host="adb-12.3.azuredatabricks.net", secret="databricks-token"
)
ENVIRONMENT = Environment(
    key_vault="https://kv-test.vault.azure.net",
    connections={"databricks_default": WORKSPACE},
    variables={"cluster": "0101-1-x"},
)
CLUSTER = {"existing_cluster_id": "0101-120000-abcdef12"}
LOAD = {"notebook_path": "/Shared/load"}
NEW = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 2}
TOKEN = {
    "type": "AzureKeyVaultSecret",
    "store": {"referenceName": "key_vault", "type": "LinkedServiceReference"},
    "secretName": "databricks-token",
}


def one(operator: str, /, of_dag: AnyMapping[str, Any] | None = None, **fields: Any) -> Made:
    return made(task(operator, **fields), environment=ENVIRONMENT, **(of_dag or {}))


def test_a_notebook_on_a_cluster_as_microsofts_pages_write_it() -> None:
    found = one(SUBMIT, **CLUSTER, notebook_task=LOAD | {"base_parameters": {"day": "2026-01-31", "n": 5}})
    (activity,) = found.activities().values()
    assert activity["type"] == "DatabricksNotebook"
    assert activity["typeProperties"] == {
        "notebookPath": "/Shared/load",
        "baseParameters": {"day": "2026-01-31", "n": "5"},
    }
    assert activity["linkedServiceName"] == {
        "referenceName": "databricks_default_0101_120000_abcdef12",
        "type": "LinkedServiceReference",
    }
    service = found.documents("linkedService")["databricks_default_0101_120000_abcdef12"]
    assert service["type"] == "AzureDatabricks"
    assert service["typeProperties"] == {
        "domain": "https://adb-12.3.azuredatabricks.net",
        "accessToken": TOKEN,
        "existingClusterId": "0101-120000-abcdef12",
    }
    assert found.refused_by_local_factory() == []
    assert found.codes == []


# Operator and fields -> type and typeProperties.
ACTIVITIES: dict[str, tuple[str, dict[str, Any], str, Json]] = {
    "python": (
        SUBMIT,
        {**CLUSTER, "spark_python_task": {"python_file": "dbfs:/load.py", "parameters": ["--n", 5, True]}},
        "DatabricksSparkPython",
        {"pythonFile": "dbfs:/load.py", "parameters": ["--n", "5", "true"]},
    ),
    "jar": (
        SUBMIT,
        {
            **CLUSTER,
            "json": {"spark_jar_task": {"main_class_name": "com.acme.Load"}, "libraries": [{"jar": "dbfs:/a.jar"}]},
        },
        "DatabricksSparkJar",
        {"mainClassName": "com.acme.Load", "libraries": [{"jar": "dbfs:/a.jar"}]},
    ),
    "named arguments win over json": (
        SUBMIT,
        {**CLUSTER, "json": {"notebook_task": {"notebook_path": "/old"}}, "notebook_task": LOAD},
        "DatabricksNotebook",
        {"notebookPath": "/Shared/load"},
    ),
    "json as a text": (
        SUBMIT,
        {
            "json": '{"notebook_task": {"notebook_path": "/Shared/load", "base_parameters": {"n": 5, "b": true}}, '
            '"existing_cluster_id": "c"}'
        },
        "DatabricksNotebook",
        {"notebookPath": "/Shared/load", "baseParameters": {"n": "5", "b": "true"}},
    ),
    "json as a template": (
        SUBMIT,
        {**CLUSTER, "json": '{"spark_python_task": {"python_file": "/{{ run_id }}/\\"{{ run_id }}.py"}}'},
        "DatabricksSparkPython",
        {"pythonFile": {"value": '/@{pipeline().RunId}/"@{pipeline().RunId}.py', "type": "Expression"}},
    ),
    "one task of tasks": (
        SUBMIT,
        {"json": {"tasks": [{"task_key": "a", "notebook_task": LOAD, **CLUSTER, "email_notifications": {}}]}},
        "DatabricksNotebook",
        {"notebookPath": "/Shared/load"},
    ),
    "libraries": (
        SUBMIT,
        {
            **CLUSTER,
            "notebook_task": LOAD,
            "libraries": [
                {"whl": "dbfs:/a.whl"},
                {"pypi": {"package": "requests==2.0"}},
                {"maven": {"coordinates": "a:b:1", "exclusions": ["c:d"]}},
            ],
        },
        "DatabricksNotebook",
        {
            "notebookPath": "/Shared/load",
            "libraries": [
                {"whl": "dbfs:/a.whl"},
                {"pypi": {"package": "requests==2.0"}},
                {"maven": {"coordinates": "a:b:1", "exclusions": ["c:d"]}},
            ],
        },
    ),
    "notebook operator": (
        NOTEBOOK,
        {
            **CLUSTER,
            "notebook_path": "/Shared/load",
            "source": "WORKSPACE",
            "notebook_params": {"full": True},
            "notebook_packages": [{"pypi": {"package": "requests"}}],
        },
        "DatabricksNotebook",
        {
            "notebookPath": "/Shared/load",
            "baseParameters": {"full": "true"},
            "libraries": [{"pypi": {"package": "requests"}}],
        },
    ),
    "task operator": (
        TASK,
        {**CLUSTER, "task_config": {"spark_python_task": {"python_file": "dbfs:/load.py"}}},
        "DatabricksSparkPython",
        {"pythonFile": "dbfs:/load.py"},
    ),
    "job": (
        RUN_NOW,
        {"job_id": 42, "job_parameters": {"day": "x"}},
        "DatabricksJob",
        {"jobId": "42", "jobParameters": {"day": "x"}},
    ),
}


@pytest.mark.parametrize("case", ACTIVITIES)
def test_what_a_task_becomes(case: str) -> None:
    operator, fields, type, properties = ACTIVITIES[case]
    (activity,) = one(operator, **fields).activities().values()
    assert (activity["type"], activity["typeProperties"]) == (type, properties)


def test_a_new_cluster_is_a_linked_service_made_of_its_settings_and_shared() -> None:
    cluster = NEW | {
        "autoscale": {"min_workers": 1, "max_workers": 8},
        "spark_conf": {"spark.speculation": True},
        "spark_env_vars": {"A": "b"},
        "custom_tags": {"team": "x"},
        "driver_node_type_id": "Standard_DS4_v2",
        "policy_id": "p-1",
        "data_security_mode": "SINGLE_USER",
        "init_scripts": [{"workspace": {"destination": "/init.sh"}}],
        "cluster_log_conf": {"dbfs": {"destination": "dbfs:/logs"}},
        "enable_elastic_disk": True,
    }
    del cluster["num_workers"]
    tasks = [task(SUBMIT, name, new_cluster=cluster, notebook_task=LOAD) for name in ("a", "b")]
    found = made(*tasks, environment=ENVIRONMENT)
    service, vault = sorted(found.documents("linkedService"))
    assert (service.rpartition("_")[0], vault) == ("databricks_default_new_cluster", "key_vault")
    properties = found.documents("linkedService")[service]["typeProperties"]
    assert {name: given for name, given in properties.items() if name not in ("domain", "accessToken")} == {
        "newClusterVersion": "15.4.x-scala2.12",
        "newClusterNodeType": "Standard_DS3_v2",
        "newClusterNumOfWorker": "1:8",
        "newClusterSparkConf": {"spark.speculation": "true"},
        "newClusterSparkEnvVars": {"A": "b"},
        "newClusterCustomTags": {"team": "x"},
        "newClusterDriverNodeType": "Standard_DS4_v2",
        "policyId": "p-1",
        "dataSecurityMode": "SINGLE_USER",
        "newClusterInitScripts": ["/init.sh"],
        "newClusterLogDestination": "dbfs:/logs",
        "newClusterEnableElasticDisk": True,
    }
    assert found.refused_by_local_factory() == []


def test_other_clusters_are_other_linked_services() -> None:
    tasks = [
        task(SUBMIT, name, new_cluster=NEW | {"num_workers": n}, notebook_task=LOAD) for name, n in (("a", 1), ("b", 2))
    ]
    assert len(made(*tasks, environment=ENVIRONMENT).documents("linkedService")) == 3


def test_a_cluster_that_is_known_at_run_time_is_a_parameter_of_its_linked_service() -> None:
    found = one(SUBMIT, existing_cluster_id="{{ var.value.cluster }}", notebook_task=LOAD)
    service = found.documents("linkedService")["databricks_default_existing_cluster"]
    assert service["parameters"] == {"existingClusterId": {"type": "string"}}
    assert service["typeProperties"]["existingClusterId"] == "@linkedService().existingClusterId"
    (activity,) = found.activities().values()
    assert activity["linkedServiceName"]["parameters"] == {
        "existingClusterId": {"value": "@pipeline().globalParameters.cluster", "type": "Expression"}
    }
    assert found.refused_by_local_factory() == []


def test_the_managed_identity_takes_the_workspaces_resource_id() -> None:
    identity = Connection(
        conn_id="databricks_default", host="https://x", extra={"azure_resource_id": "/subscriptions/s"}
    )
    environment = Environment(connections={"databricks_default": identity})
    found = made(task(SUBMIT, **CLUSTER, notebook_task=LOAD), environment=environment)
    (service,) = found.documents("linkedService").values()
    assert service["typeProperties"] | {"existingClusterId": ""} == {
        "domain": "https://x",
        "authentication": "MSI",
        "workspaceResourceId": "/subscriptions/s",
        "existingClusterId": "",
    }


# The DAG's params stand in for base_parameters that are not given, as the provider forwards them.
def test_params_are_forwarded_by_a_submitted_run_and_not_by_a_notebook_operator() -> None:
    params = (Param(name="mode", default='"full"'), Param(name="n", default="3"), Param(name="dry", default="true"))
    (submitted,) = one(SUBMIT, {"params": params}, **CLUSTER, notebook_task=LOAD).activities().values()
    given = {name: member["value"] for name, member in submitted["typeProperties"]["baseParameters"].items()}
    assert given == {
        "mode": "@pipeline().parameters.mode",
        "n": "@pipeline().parameters.n",
        "dry": "@toLower(string(pipeline().parameters.dry))",
    }
    fields = {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE"}
    (notebook,) = one(NOTEBOOK, {"params": params}, **fields).activities().values()
    assert "baseParameters" not in notebook["typeProperties"]
    (job,) = one(RUN_NOW, {"params": params}, job_id=1, forward_dag_params=False).activities().values()
    assert "jobParameters" not in job["typeProperties"]


@pytest.mark.parametrize(
    ("limit", "execution", "timeout"), [(1200, None, "0.00:20:00"), (1200, 900, "0.00:15:00"), (0, 900, "0.00:15:00")]
)
def test_the_shorter_timeout_rules(limit: int, execution: float | None, timeout: str) -> None:
    of_task = {"execution_timeout_seconds": execution}
    (activity,) = (
        one(SUBMIT, **CLUSTER, notebook_task=LOAD, timeout_seconds=limit, of_task=of_task).activities().values()
    )
    assert activity["policy"]["timeout"] == timeout


# Operator and fields -> code, words of the diagnostic.
FIELDS = {**CLUSTER, "notebook_task": LOAD}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    (
        NOTEBOOK,
        {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE", "wait_for_termination": False},
        "ADF102",
        "wait",
    ),
    (SUBMIT, {"pipeline_task": {"pipeline_name": "x"}}, "ADF102", "by its id"),
    (SUBMIT, {**FIELDS, "notebook_task": LOAD | {"source": "GIT"}}, "ADF102", "'notebook_task.source'"),
    (SUBMIT, {**FIELDS, "notebook_task": {"notebook_path": "load"}}, "ADF104", "begins with /"),
    (SUBMIT, {**FIELDS, "notebook_task": LOAD | {"base_parameters": {"a": ""}}}, "ADF104", "gives 'a' no text"),
    (SUBMIT, {**FIELDS, "notebook_task": LOAD | {"base_parameters": {"a": [1]}}}, "ADF104", "is a list or an object"),
    (SUBMIT, {**FIELDS, "new_cluster": NEW}, "ADF104", "excludes 'new_cluster'"),
    (SUBMIT, {"notebook_task": LOAD}, "ADF104", "is missing"),
    (SUBMIT, {**CLUSTER}, "ADF104", "'notebook_task'"),
    (SUBMIT, {**FIELDS, "spark_python_task": {"python_file": "dbfs:/a"}}, "ADF102", "an activity runs one task"),
    (SUBMIT, {**FIELDS, "json": "{{ run_id }}"}, "ADF104", "known when the DAG is compiled"),
    (SUBMIT, {**FIELDS, "timeout_seconds": "{{ params.t }}"}, "ADF203", "t"),
    (SUBMIT, {"notebook_task": LOAD, "new_cluster": NEW | {"aws_attributes": {"a": "b"}}}, "ADF102", "aws_attributes"),
    (SUBMIT, {**FIELDS, "libraries": [{"requirements": "/r.txt"}]}, "ADF102", "requirements"),
    (NOTEBOOK, {**CLUSTER, "notebook_path": "/a", "source": "GIT"}, "ADF102", "'notebook_task.source'"),
    (NOTEBOOK, {"notebook_path": "/a", "source": "WORKSPACE", "job_cluster_key": "k"}, "ADF102", "job_cluster_key"),
    (NOTEBOOK, {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE", "max_retries": 2}, "ADF102", "'max_retries'"),
    (RUN_NOW, {"job_name": "load"}, "ADF102", "'job_name'"),
    (RUN_NOW, {"notebook_params": {"a": "b"}}, "ADF104", "'job_id'"),
    (RUN_NOW, {"job_id": 1, "repair_run": True}, "ADF102", "'repair_run'"),
    (RUN_NOW, {}, "ADF104", "'job_id'"),
]


@pytest.mark.parametrize(("operator", "fields", "code", "words"), REFUSED)
def test_what_is_refused(operator: str, fields: dict[str, Any], code: str, words: str) -> None:
    found = one(operator, **fields)
    assert found.compiled.pipelines == ()
    assert code in found.codes
    assert words in found.summaries


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"secret": ""}, "neither a token nor"),
        ({"extra": {"token": "dapi"}}, "holds a token"),
        ({"login": "me"}, "logs in with a password"),
        ({"extra": {"azure_tenant_id": "t"}}, "service principal"),
    ],
)
def test_connections_that_no_linked_service_can_make(more: dict[str, Any], words: str) -> None:
    connection = Connection(**{"conn_id": "databricks_default", "host": "https://x", "secret": "s", **more})
    environment = Environment(connections={"databricks_default": connection})
    found = made(task(SUBMIT, **FIELDS), environment=environment)
    assert found.codes == ["ADF504"]
    assert words in found.summaries


def test_a_connection_that_is_not_configured_is_told_and_exported() -> None:
    found = made(task(SUBMIT, **FIELDS), environment=Environment())
    assert found.codes == ["ADF501"]
    assert found.refused_by_local_factory() == []


# Mapped arguments -> properties of the activity in the ForEach.
MAPPED: list[tuple[str, dict[str, Any], dict[str, Any], Json]] = [
    (
        NOTEBOOK,
        {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE"},
        {"notebook_params": [{"day": "x", "n": 1}, {"day": "y", "n": 2}]},
        {"notebookPath": "/a", "baseParameters": {"day": "@item().day", "n": "@item().n"}},
    ),
    (
        NOTEBOOK,
        {**CLUSTER, "notebook_path": "/a", "source": "WORKSPACE"},
        {"notebook_params": [{"day": "x"}, {"night": "y"}]},
        {"notebookPath": "/a", "baseParameters": "@item()"},
    ),
    (
        SUBMIT,
        CLUSTER,
        {"notebook_task": [{"notebook_path": "/a"}, {"notebook_path": "/b"}]},
        {"notebookPath": "@item().notebook_path"},
    ),
    (RUN_NOW, {}, {"job_id": [1, 2]}, {"jobId": "@item()"}),
]


@pytest.mark.parametrize(("operator", "fields", "mapped", "wanted"), MAPPED)
def test_copies_of_a_mapped_task_take_their_parts(
    operator: str, fields: dict[str, Any], mapped: dict[str, Any], wanted: Json
) -> None:
    mapping = Mapping(expand=tuple((name, value(items)) for name, items in mapped.items()))
    found = one(operator, **fields, of_task={"mapping": mapping})
    (loop,) = found.activities().values()
    (inner,) = loop["typeProperties"]["activities"]
    assert bare(inner["typeProperties"]) == wanted


def bare(document: Json) -> Json:
    """Expressions as their texts."""
    if isinstance(document, dict):
        if document.get("type") == "Expression":
            return document["value"]
        return {name: bare(member) for name, member in document.items()}
    return document
