"""What needs no Spark: bodies of runs/submit, notebook files, workspace paths, redaction, SQL cells."""

import doctest
from pathlib import Path
from typing import Any

import pytest

from local_azure.databricks import driver_host, notebook, sql_text
from local_azure.databricks.bodies import RunIf, read_submit
from local_azure.databricks.engine import without_running
from local_azure.databricks.errors import ApiError
from local_azure.databricks.records import State
from local_azure.databricks.redaction import Redactor
from local_azure.databricks.workspace import ResourceDoesNotExistError, Workspace

TASK = {"task_key": "t", "notebook_task": {"notebook_path": "/a"}}


def test_numbers_arrive_as_text() -> None:
    spec = read_submit(
        {
            "run_name": "bronze run",
            "timeout_seconds": "3600",
            "notebook_task": {"notebook_path": "/a", "base_parameters": {"n": 1, "x": "2", "b": True}},
            "existing_cluster_id": "local",
            "libraries": [],
            "email_notifications": {},
        }
    )
    assert spec.timeout_seconds == 3600
    assert spec.tasks[0].task_key == "bronze_run"
    assert spec.tasks[0].parameters == {"n": "1", "x": "2", "b": "true"}
    assert spec.without_effect == ()
    task = TASK | {"max_retries": "2", "min_retry_interval_millis": "2000", "retry_on_timeout": "true"}
    read = read_submit({"tasks": [task]}).tasks[0]
    assert (read.max_retries, read.min_retry_interval_millis, read.retry_on_timeout) == (2, 2000, True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the request body must be an object"),
        ({}, "the run has no task: give tasks, or one of notebook_task, spark_python_task"),
        ({"notebok_task": {}}, "notebok_task: unknown field; did you mean notebook_task?"),
        (
            {"notebook_task": {"notebook_pth": "/a"}},
            "notebook_task.notebook_pth: unknown field; did you mean notebook_path?",
        ),
        ({"notebook_task": {}}, "notebook_task.notebook_path is missing"),
        (
            {"notebook_task": {"notebook_path": "/a", "source": "GIT"}},
            "notebook_task.source: only WORKSPACE is offered",
        ),
        ({"notebook_task": {"notebook_path": 1}}, "notebook_task.notebook_path must be a string, not 1"),
        (
            {"notebook_task": {"notebook_path": "/a", "base_parameters": {"x": {}}}},
            "notebook_task.base_parameters.x must be a string, not an object",
        ),
        ({"spark_jar_task": {}}, "spark_jar_task: this task type is not run by the local Databricks"),
        ({"tasks": [TASK | {"dbt_task": {}}]}, "tasks[0].dbt_task: this task type is not run"),
        ({"tasks": [TASK], "git_source": {}}, "git_source is not offered by the local Databricks"),
        ({"tasks": [TASK], "timeout_seconds": "soon"}, "timeout_seconds must be an integer, not 'soon'"),
        ({"tasks": [TASK], "timeout_seconds": -1}, "timeout_seconds must not be negative"),
        ({"tasks": [TASK], "timeout_seconds": 1.5}, "timeout_seconds must be an integer, not 1.5"),
        ({"tasks": [TASK], "notebook_task": {"notebook_path": "/a"}}, "tasks and notebook_task exclude each other"),
        ({"tasks": []}, "tasks must hold 1 to 100 tasks, not 0"),
        ({"tasks": [TASK, TASK]}, "task_key 't' is used twice"),
        ({"tasks": [{"task_key": "t"}]}, "task 't' must have exactly one of notebook_task, spark_python_task"),
        ({"tasks": [TASK | {"depends_on": [{"task_key": "tt"}]}]}, "depends on unknown task 'tt'; did you mean t?"),
        ({"tasks": [TASK | {"depends_on": [{"task_key": "t"}]}]}, "the tasks t depend on each other in a circle"),
        ({"tasks": [TASK | {"run_if": "ALL_SUCESS"}]}, "unknown value 'ALL_SUCESS'; did you mean ALL_SUCCESS?"),
        (
            {"tasks": [TASK | {"existing_cluster_id": "a", "new_cluster": {}}]},
            "existing_cluster_id and new_cluster exclude each other",
        ),
        ({"tasks": [TASK], "idempotency_token": "x" * 65}, "idempotency_token has 65 characters"),
    ],
)
def test_refused_bodies(body: Any, message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read_submit(body)
    assert message in refusal.value.message
    assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("run_if", "upstream", "result"),
    [
        ("ALL_SUCCESS", ["SUCCESS", "SUCCESS"], None),
        ("ALL_SUCCESS", ["SUCCESS", "FAILED"], "UPSTREAM_FAILED"),
        ("ALL_SUCCESS", ["SUCCESS", "CANCELED"], "UPSTREAM_CANCELED"),
        ("ALL_SUCCESS", ["SUCCESS", "EXCLUDED"], "EXCLUDED"),
        ("ALL_DONE", ["FAILED", "CANCELED"], None),
        ("NONE_FAILED", ["SUCCESS", "EXCLUDED"], None),
        ("NONE_FAILED", ["SUCCESS", "TIMEDOUT"], "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_SUCCESS", ["SUCCESS", "FAILED"], None),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED", "FAILED"], "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_FAILED", ["SUCCESS", "FAILED"], None),
        ("AT_LEAST_ONE_FAILED", ["SUCCESS", "SUCCESS"], "EXCLUDED"),
        ("ALL_FAILED", ["FAILED", "FAILED"], None),
        ("ALL_FAILED", ["FAILED", "SUCCESS"], "EXCLUDED"),
    ],
)
def test_run_if(run_if: str, upstream: list[str], result: str | None) -> None:
    verdict = without_running(RunIf(run_if), [State(life_cycle="TERMINATED", result=each) for each in upstream])
    assert (verdict and verdict.result) == result


def test_cells_keep_their_lines() -> None:
    source = (
        "# Databricks notebook source\n"
        "x = 1\n"
        "\n"
        "# COMMAND ----------\n"
        "\n"
        "# MAGIC %sql\n"
        "# MAGIC SELECT 1\n"
        "# MAGIC\n"
        "# MAGIC   , 2\n"
        "\n"
        "# COMMAND ----------\n"
        "\n"
        "# COMMAND ----------\n"
        "\n"
        "# DBTITLE 1,Title\n"
        "# MAGIC %run ./a $x=1\n"
    )
    cells = notebook.parse(source, Path("n.py"))
    assert [(cell.line, cell.magic, cell.text) for cell in cells] == [
        (2, "python", "x = 1\n"),
        (6, "sql", "\nSELECT 1\n\n  , 2\n"),
        (16, "run", "./a $x=1"),
    ]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "bronze.py").write_text("# Databricks notebook source\n")
    (tmp_path / "jobs" / "plain.py").write_text("x = 1\n")
    (tmp_path / "secret.py").write_text("# Databricks notebook source\n")
    (tmp_path / "jobs" / "link.py").symlink_to(tmp_path / "secret.py")
    return Workspace({"/Shared/jobs": tmp_path / "jobs"})


def test_workspace_paths(workspace: Workspace, tmp_path: Path) -> None:
    bronze = tmp_path / "jobs" / "bronze.py"
    for path in ("/Shared/jobs/bronze", "/Workspace/Shared/jobs/bronze", "//Shared/./jobs/bronze"):
        assert workspace.notebook(path) == bronze
    assert workspace.path_of(bronze) == "/Shared/jobs/bronze"
    assert workspace.file("/Shared/jobs/plain.py") == tmp_path / "jobs" / "plain.py"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/Shared/jobs/bronce", "Nearby: /Shared/jobs/bronze."),
        ("/Shared/jobs/bronze.py", "has no extension: did you mean /Shared/jobs/bronze?"),
        ("/Shared/jobs/plain", "plain.py is there but is a file"),
        ("/Shared/jobs/../secret", "has '..' in it"),
        ("/Shared/jobs/link", "a link that leads out of the mounted folder"),
        ("/Shared/jobs", "Notebook not found"),
        ("/Shared/jobsbronze", "Notebook not found"),
        ("bronze", "is not a workspace path"),
        ("", "is not a workspace path"),
    ],
)
def test_workspace_refusals(workspace: Workspace, path: str, message: str) -> None:
    with pytest.raises(ResourceDoesNotExistError) as refusal:
        workspace.notebook(path)
    assert str(refusal.value).startswith("RESOURCE_DOES_NOT_EXIST")
    assert message in str(refusal.value)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_redaction_across_chunks(size: int) -> None:
    redactor = Redactor()
    redactor.add("abcab")
    redactor.add("line one\nline two")
    text = b"xabcabcab abca abcab\nline one\nline two line on ab"
    shown = b"".join(redactor.feed(text[at : at + size]) for at in range(0, len(text), size)) + redactor.flush()
    assert shown == b"x[REDACTED]cab abca [REDACTED]\n[REDACTED]\n[REDACTED] line on ab"


@pytest.mark.parametrize("module", [sql_text, notebook, driver_host])
def test_examples_in_the_documentation(module: Any) -> None:
    failures, tried = doctest.testmod(module)
    assert tried
    assert failures == 0
