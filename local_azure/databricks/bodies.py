"""Reads the body of runs/submit: every field is known, checked and typed, or refused by name."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local_azure.databricks.errors import invalid_parameter


class RunIf(StrEnum):
    """When a task with upstream tasks runs."""

    ALL_SUCCESS = "ALL_SUCCESS"
    ALL_DONE = "ALL_DONE"
    NONE_FAILED = "NONE_FAILED"
    AT_LEAST_ONE_SUCCESS = "AT_LEAST_ONE_SUCCESS"
    AT_LEAST_ONE_FAILED = "AT_LEAST_ONE_FAILED"
    ALL_FAILED = "ALL_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One task of a run."""

    task_key: str
    # "notebook" or "python".
    kind: str
    # Workspace path (or dbfs:/ for a Python file).
    path: str
    # A notebook's by name, a Python file's in order.
    parameters: Mapping[str, str] | tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    run_if: RunIf = RunIf.ALL_SUCCESS
    # 0: no limit.
    timeout_seconds: int = 0
    # -1: without end.
    max_retries: int = 0
    min_retry_interval_millis: int = 0
    retry_on_timeout: bool = False
    # The task as it was sent, numbers made numbers: shown again by runs/get.
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """A whole runs/submit."""

    run_name: str
    tasks: tuple[TaskSpec, ...]
    timeout_seconds: int
    # None: each submit is a new run.
    idempotency_token: str | None
    document: Mapping[str, Any]
    # Settings that are kept and shown but have no effect on this machine.
    without_effect: tuple[str, ...]


Reader = Callable[[object, str], Any]


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise invalid_parameter(f"{path} must be a string, not {_kind(value)}")
    return value


def _integer(value: object, path: str) -> int:
    """Airflow sends every number as a string: "3600"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise invalid_parameter(f"{path} must be an integer, not {_kind(value)}")
    try:
        number = float(value)
        whole = int(value) if isinstance(value, str) and value.strip().lstrip("+-").isdigit() else int(number)
    except (ValueError, OverflowError):
        raise invalid_parameter(f"{path} must be an integer, not {value!r}") from None
    if whole != number:
        raise invalid_parameter(f"{path} must be an integer, not {value!r}")
    return whole


def _natural(value: object, path: str) -> int:
    number = _integer(value, path)
    if number < 0:
        raise invalid_parameter(f"{path} must not be negative, but is {number}")
    return number


def _retries(value: object, path: str) -> int:
    number = _integer(value, path)
    if number < -1:
        raise invalid_parameter(f"{path} must be -1 (without end), 0 or more, but is {number}")
    return number


def _flag(value: object, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise invalid_parameter(f"{path} must be true or false, not {_kind(value)}")


def _scalar(value: object, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise invalid_parameter(f"{path} must be a string, not {_kind(value)}")


def _scalars(value: object, path: str) -> dict[str, str]:
    return {key: _scalar(item, f"{path}.{key}") for key, item in _object(value, path).items()}


def _scalar_list(value: object, path: str) -> list[str]:
    return [_scalar(item, f"{path}[{index}]") for index, item in enumerate(_list(value, path))]


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid_parameter(f"{path} must be an object, not {_kind(value)}")
    return value


def _list(value: object, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid_parameter(f"{path} must be a list, not {_kind(value)}")
    return value


def _anything(value: object, path: str) -> object:
    del path
    return value


def _empty(value: object, path: str) -> object:
    """A field that clients send empty, and that cannot be honoured when it is not."""
    if value:
        raise invalid_parameter(f"{path} is not honoured by the local Databricks: leave it out or empty")
    return value


def _workspace_source(value: object, path: str) -> str:
    text = _text(value, path)
    if text != "WORKSPACE":
        raise invalid_parameter(f"{path}: only WORKSPACE is offered by the local Databricks, not {text!r}")
    return text


def _run_if(value: object, path: str) -> str:
    text = _text(value, path)
    if text not in RunIf.__members__:
        raise invalid_parameter(f"{path}: unknown value {text!r}{_nearest(text, RunIf.__members__)}")
    return text


def _dependencies(value: object, path: str) -> list[dict[str, Any]]:
    return [
        _fields(item, f"{path}[{index}]", {"task_key": _text}, required=("task_key",))
        for index, item in enumerate(_list(value, path))
    ]


def _notebook_task(value: object, path: str) -> dict[str, Any]:
    return _fields(value, path, NOTEBOOK_TASK, required=("notebook_path",))


def _spark_python_task(value: object, path: str) -> dict[str, Any]:
    return _fields(value, path, SPARK_PYTHON_TASK, required=("python_file",))


def _task(value: object, path: str) -> dict[str, Any]:
    return _fields(value, path, TASK, required=("task_key",))


def _tasks(value: object, path: str) -> list[dict[str, Any]]:
    tasks = [_task(item, f"{path}[{index}]") for index, item in enumerate(_list(value, path))]
    if not 0 < len(tasks) <= 100:
        raise invalid_parameter(f"{path} must hold 1 to 100 tasks, not {len(tasks)}")
    return tasks


NOTEBOOK_TASK: dict[str, Reader] = {
    "base_parameters": _scalars,
    "notebook_path": _text,
    "source": _workspace_source,
    "warehouse_id": _empty,
}
SPARK_PYTHON_TASK: dict[str, Reader] = {
    "parameters": _scalar_list,
    "python_file": _text,
    "source": _workspace_source,
}
# Kept and shown again; where the compute is, who is told and who may see it means nothing on one machine.
DESCRIPTION: dict[str, Reader] = {
    "access_control_list": _anything,
    "budget_policy_id": _anything,
    "email_notifications": _anything,
    "environments": _list,
    "existing_cluster_id": _text,
    "new_cluster": _object,
    "notification_settings": _anything,
    "performance_target": _anything,
    "queue": _anything,
    "run_as": _anything,
    "webhook_notifications": _anything,
}
TASK_DESCRIPTION: dict[str, Reader] = {
    "description": _text,
    "email_notifications": _anything,
    "environment_key": _text,
    "existing_cluster_id": _text,
    "new_cluster": _object,
    "notification_settings": _anything,
    "webhook_notifications": _anything,
}
TASK_TYPES: dict[str, Reader] = {"notebook_task": _notebook_task, "spark_python_task": _spark_python_task}
OTHER_TASK_TYPES = (
    "alert_task",
    "clean_rooms_notebook_task",
    "condition_task",
    "dashboard_task",
    "dbt_task",
    "for_each_task",
    "gen_ai_compute_task",
    "pipeline_task",
    "power_bi_task",
    "python_wheel_task",
    "run_job_task",
    "spark_jar_task",
    "spark_submit_task",
    "sql_task",
)
TASK: dict[str, Reader] = {
    **TASK_DESCRIPTION,
    **TASK_TYPES,
    "depends_on": _dependencies,
    "libraries": _list,
    "max_retries": _retries,
    "min_retry_interval_millis": _natural,
    "retry_on_timeout": _flag,
    "run_if": _run_if,
    "task_key": _text,
    "timeout_seconds": _natural,
}
SUBMIT: dict[str, Reader] = {
    **DESCRIPTION,
    **TASK_TYPES,
    "idempotency_token": _text,
    "libraries": _list,
    "run_name": _text,
    "tasks": _tasks,
    "timeout_seconds": _natural,
}
# Of the real service, not offered here: named as such, so that nobody looks for a typing error.
NOT_OFFERED = ("git_source", "health", "job_clusters", "job_cluster_key", "disabled", "compute", "edit_mode")
# What a client may leave as it is without being told: it names compute, and this machine is the compute.
COMPUTE = ("environments", "environment_key", "existing_cluster_id", "new_cluster", "description")


def read_submit(body: object) -> RunSpec:
    """A checked run, or the refusal of the first field that is wrong."""
    document = _fields(body, "", SUBMIT)
    single = [name for name in TASK_TYPES if name in document]
    if "tasks" in document and single:
        raise invalid_parameter(f"tasks and {single[0]} exclude each other")
    if "tasks" not in document and not single:
        raise invalid_parameter(f"the run has no task: give tasks, or one of {', '.join(TASK_TYPES)}")
    run_name = document.get("run_name") or "Untitled"
    timeout = document.get("timeout_seconds", 0)
    if "tasks" in document:
        tasks = tuple(_task_spec(task, f"tasks[{index}]") for index, task in enumerate(document["tasks"]))
    else:
        tasks = (_task_spec(_as_task(document, run_name), ""),)
    _check_graph(tasks)
    token = document.get("idempotency_token") or None
    if token is not None and len(token) > 64:
        raise invalid_parameter(f"idempotency_token has {len(token)} characters: at most 64 are allowed")
    return RunSpec(
        run_name=run_name,
        tasks=tasks,
        timeout_seconds=timeout,
        idempotency_token=token,
        document=document,
        without_effect=_without_effect(document),
    )


def _as_task(document: dict[str, Any], run_name: str) -> dict[str, Any]:
    """The older body with one task at its top, as the one task that Databricks makes of it."""
    key = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in run_name)[:100]
    kept = (*TASK_TYPES, "libraries", "existing_cluster_id", "new_cluster")
    return {"task_key": key, **{name: document[name] for name in kept if name in document}}


def _task_spec(task: dict[str, Any], path: str) -> TaskSpec:
    types = [name for name in TASK_TYPES if name in task]
    key = task["task_key"]
    place = f"{path}: " if path else ""
    if len(types) != 1:
        raise invalid_parameter(f"{place}task {key!r} must have exactly one of {', '.join(TASK_TYPES)}")
    if "existing_cluster_id" in task and "new_cluster" in task:
        raise invalid_parameter(f"{place}existing_cluster_id and new_cluster exclude each other")
    details = task[types[0]]
    notebook = types[0] == "notebook_task"
    return TaskSpec(
        task_key=key,
        kind="notebook" if notebook else "python",
        path=details["notebook_path" if notebook else "python_file"],
        parameters=details.get("base_parameters", {}) if notebook else tuple(details.get("parameters", ())),
        depends_on=tuple(item["task_key"] for item in task.get("depends_on", ())),
        run_if=RunIf(task.get("run_if", RunIf.ALL_SUCCESS)),
        timeout_seconds=task.get("timeout_seconds", 0),
        max_retries=task.get("max_retries", 0),
        min_retry_interval_millis=task.get("min_retry_interval_millis", 0),
        retry_on_timeout=task.get("retry_on_timeout", False),
        document=task,
    )


def _check_graph(tasks: tuple[TaskSpec, ...]) -> None:
    keys = [task.task_key for task in tasks]
    for key in keys:
        if not key or len(key) > 100:
            raise invalid_parameter(f"task_key must have 1 to 100 characters, but is {key!r}")
        if keys.count(key) > 1:
            raise invalid_parameter(f"task_key {key!r} is used twice")
    for task in tasks:
        for upstream in task.depends_on:
            if upstream not in keys:
                raise invalid_parameter(
                    f"task {task.task_key!r} depends on unknown task {upstream!r}{_nearest(upstream, keys)}"
                )
    done: set[str] = set()
    while len(done) < len(tasks):
        ready = {task.task_key for task in tasks if task.task_key not in done and done.issuperset(task.depends_on)}
        if not ready:
            circle = ", ".join(sorted(set(keys) - done))
            raise invalid_parameter(f"the tasks {circle} depend on each other in a circle")
        done |= ready


def _without_effect(document: Mapping[str, Any]) -> tuple[str, ...]:
    described = {**DESCRIPTION, **TASK_DESCRIPTION}
    places = [document, *document.get("tasks", ())]
    return tuple(
        sorted(
            {
                name
                for place in places
                for name, value in place.items()
                if value and name in described and name not in COMPUTE
            }
        )
    )


def _fields(
    value: object, path: str, readers: Mapping[str, Reader], *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    known = _object(value, path or "the request body")
    prefix = f"{path}." if path else ""
    for name in known:
        if name in OTHER_TASK_TYPES:
            raise invalid_parameter(
                f"{prefix}{name}: this task type is not run by the local Databricks, only {', '.join(TASK_TYPES)}"
            )
        if name in NOT_OFFERED:
            raise invalid_parameter(f"{prefix}{name} is not offered by the local Databricks")
        if name not in readers:
            raise invalid_parameter(f"{prefix}{name}: unknown field{_nearest(name, readers)}")
    for name in required:
        if known.get(name) in (None, ""):
            raise invalid_parameter(f"{prefix}{name} is missing")
    return {name: readers[name](item, prefix + name) for name, item in known.items() if item is not None}


def _nearest(name: str, known: "Mapping[str, object] | list[str]") -> str:
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", bool: "a boolean", type(None): "null"}
    return names.get(type(value), repr(value))
