"""Databricks operators: a notebook, Python or jar task, or a job, on the linked service of its cluster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import NO_NATIVE_ACTIVITY
from adf_export.ir.factory import Object, obj
from adf_export.ir.unit import Attempts, Unit
from adf_export.operators.databricks_requests import (
    NOT_OF_JOBS,
    forwards_params,
    needs_job_request,
    needs_request,
    started,
    submitted,
)
from adf_export.operators.databricks_runs import run_by_request
from adf_export.operators.databricks_services import Service, workspace, workspace_with
from adf_export.operators.databricks_tasks import NOT_OF_TASKS, activity_of, forwarded, parameters
from adf_export.operators.mapped_items import field_value
from adf_export.operators.payload import Given, Payload, argument
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import call, literal, select


def submit_run(bench: Workbench) -> Unit:
    """DatabricksSubmitRunOperator: `json`, with the named arguments over it; else the request that Airflow makes."""
    _check_settings(bench, but="wait_for_termination")
    payload = _merged(bench, _SUBMIT_ARGUMENTS)
    if not _waits(bench) or needs_request(payload):
        return run_by_request(bench, "runs/submit", submitted(bench, payload), waits=_waits(bench))
    payload.ignore(_IGNORED_MEMBERS)
    limits = [payload.take("timeout_seconds")]
    tasks = payload.take("tasks")
    task = _only(tasks) if tasks else payload
    limits += [task.take("timeout_seconds")]
    unit = _task(bench, task, limits=limits, forwards=True)
    payload.close(NOT_OF_TASKS)
    return unit


def notebook(bench: Workbench) -> Unit:
    """DatabricksNotebookOperator outside of a workflow: it submits a run of its own."""
    task = obj(
        notebook_path=field_value(bench, "notebook_path"),
        source=field_value(bench, "source"),
        base_parameters=field_value(bench, "notebook_params"),
    )
    return _own_task(
        bench,
        notebook_task=Given(bench=bench, field="notebook_params", place="notebook_task", value=task),
        libraries=argument(bench, "notebook_packages"),
    )


def task_config(bench: Workbench) -> Unit:
    """DatabricksTaskOperator outside of a workflow."""
    config = argument(bench, "task_config").payload()
    return _own_task(bench, **config.take_all())


def run_now(bench: Workbench) -> Unit:
    """DatabricksRunNowOperator: a job with job parameters, else the request that Airflow makes."""
    _check_settings(bench, but="wait_for_termination")
    payload = _merged(bench, _RUN_NOW_ARGUMENTS)
    payload.refuse(NOT_OF_JOBS)
    if not _waits(bench) or needs_job_request(payload):
        return run_by_request(bench, "run-now", started(bench, payload), waits=_waits(bench))
    job, given = payload.take("job_id"), payload.take("job_parameters")
    payload.close({})
    if job is None:
        raise bench.invalid("job_id", "is missing", hint="give job_id")
    values = parameters(given) if given else None
    if values is None and forwards_params(bench):
        values = forwarded(bench, "job_parameters")
    properties = obj(jobId=job.text(), jobParameters=values)
    return _unit(bench, "DatabricksJob", properties, workspace(bench), bench.attempts())


def workflow(bench: Workbench) -> Unit:
    """The task by which a DatabricksWorkflowTaskGroup starts its job.

    Raises:
        Refusal: always.
    """
    raise bench.refusal(
        NO_NATIVE_ACTIVITY,
        f"the workflow of '{bench.task.task_id}' has no activity in Data Factory: its tasks share a job's clusters",
        hint="make a Databricks job of it and start it with DatabricksRunNowOperator",
    )


def _own_task(bench: Workbench, **members: Given) -> Unit:
    _check_settings(bench)
    own = {name: argument(bench, name) for name in _TASK_ARGUMENTS if bench.has(name)}
    payload = Payload({**members, **own})
    payload.ignore(_IGNORED_MEMBERS)
    return _task(bench, payload, limits=[payload.take("timeout_seconds")], forwards=False)


def _task(bench: Workbench, payload: Payload, *, limits: list[Given | None], forwards: bool) -> Unit:
    type, properties = activity_of(bench, payload, forwards=forwards)
    payload.refuse(NOT_OF_TASKS)
    service = workspace_with(bench, payload)
    payload.close(NOT_OF_TASKS)
    return _unit(bench, type, properties, service, _within(bench, limits))


def _unit(bench: Workbench, type: str, properties: Object, service: Service, attempts: Attempts) -> Unit:
    name = bench.name()
    step = bench.activity(name, type, properties, linked_service=service.name, linked_service_parameters=service.values)
    # Not run_id: the page's address tells it in some workspaces only.
    page = select(call("activity", literal(name)), "output", "runPageUrl")
    return bench.unit(step, results={"run_page_url": page} if bench.task.do_xcom_push else {}, attempts=attempts)


def _within(bench: Workbench, limits: list[Given | None]) -> Attempts:
    """A run's own timeout fails the attempt as execution_timeout does; 0 is none."""
    attempts = bench.attempts()
    seconds = [] if attempts.timeout_seconds is None else [attempts.timeout_seconds]
    for limit in filter(None, limits):
        text = limit.constant()
        if not text.isdecimal():
            raise limit.invalid(f"is '{text}', not a number of seconds")
        seconds += [float(text)] if float(text) else []
    return replace(attempts, timeout_seconds=min(seconds, default=None))


def _waits(bench: Workbench) -> bool:
    return not bench.has("wait_for_termination") or bench.constant("wait_for_termination") is not False


def _merged(bench: Workbench, arguments: tuple[str, ...]) -> Payload:
    base = argument(bench, "json").parsed().payload().take_all() if bench.has("json") else {}
    return Payload(base | {name: argument(bench, name) for name in arguments if bench.has(name)})


def _only(tasks: Given) -> Payload:
    """The one task of a run."""
    first, *more = tasks.items()
    if more:
        raise tasks.refusal("an activity runs one task", hint="make an operator of each task")
    payload = first.payload()
    payload.ignore(_IGNORED_MEMBERS)
    return payload


def _check_settings(bench: Workbench, *, but: str = "") -> None:
    """Settings of the operators that must be left at their defaults.

    Raises:
        Refusal: one is not.
    """
    for name, (default, why, hint) in _DEFAULTS.items():
        if name != but and bench.has(name) and bench.constant(name) != default:
            raise bench.not_exported(name, why, hint=hint)


_SUBMIT_ARGUMENTS: Final = (
    "tasks",
    "spark_jar_task",
    "notebook_task",
    "spark_python_task",
    "spark_submit_task",
    "pipeline_task",
    "dbt_task",
    "new_cluster",
    "existing_cluster_id",
    "libraries",
    "environments",
    "run_name",
    "timeout_seconds",
    "idempotency_token",
    "access_control_list",
    "git_source",
    "performance_target",
)
_RUN_NOW_ARGUMENTS: Final = (
    "job_id",
    "job_name",
    "job_parameters",
    "dbt_commands",
    "notebook_params",
    "python_params",
    "python_named_params",
    "jar_params",
    "spark_submit_params",
    "idempotency_token",
    "performance_target",
)
_TASK_ARGUMENTS: Final = (
    "existing_cluster_id",
    "new_cluster",
    "job_cluster_key",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
)
# Argument -> the value that changes nothing, why another is refused, and the remedy.
_DEFAULTS: Final[Mapping[str, tuple[bool, str, str]]] = {
    "cancel_previous_runs": (False, "no activity cancels runs", "limit the job's concurrent runs in Databricks"),
    "openlineage_inject_parent_job_info": (False, "the run is told of no lineage", "leave it out"),
    "openlineage_inject_transport_info": (False, "the run is told of no lineage", "leave it out"),
    "repair_run": (False, "no activity repairs a run", "give retries of the task, or of the job's tasks"),
    "wait_for_termination": (
        True,
        "an activity ends when its run ends",
        "put the task into a DAG of its own and start it with TriggerDagRunOperator",
    ),
}
# Members that change nothing of what the run does.
_IGNORED_MEMBERS: Final = {
    "databricks_task_key": "Data Factory names the task",
    "description": "it is documentation",
    "run_name": "Data Factory names the run after the pipeline and the activity",
    "task_key": "Data Factory names the task",
}
_POLLING: Final = "Data Factory asks for the run's state itself"
_RETRYING: Final = "Data Factory repeats its own calls of the Databricks API"
_IGNORED: Final[Mapping[str, str]] = {
    "databricks_retry_args": _RETRYING,
    "databricks_retry_delay": _RETRYING,
    "databricks_retry_limit": _RETRYING,
    "deferrable": "no worker waits for the run",
    "durable": "an activity follows its own run, whatever happens to a worker",
    "polling_period_seconds": _POLLING,
}
_MODULE: Final = "airflow.providers.databricks.operators.databricks"
_TASK_TYPES: Final = ("DatabricksNotebook", "DatabricksSparkPython", "DatabricksSparkJar")

DATABRICKS: Final[Mapping[str, Operator]] = {
    f"{_MODULE}.DatabricksNotebookOperator": Operator(
        translate=notebook, ignored={**_IGNORED, **_IGNORED_MEMBERS}, activities=("DatabricksNotebook",)
    ),
    f"{_MODULE}.DatabricksRunNowOperator": Operator(
        translate=run_now,
        ignored={**_IGNORED, "databricks_repair_reason_new_settings": "runs are not repaired"},
        activities=("DatabricksJob", "WebActivity", "Until", "IfCondition"),
    ),
    f"{_MODULE}.DatabricksSubmitRunOperator": Operator(translate=submit_run, ignored=_IGNORED, activities=_TASK_TYPES),
    f"{_MODULE}_workflow._CreateDatabricksWorkflowOperator": Operator(translate=workflow),
    f"{_MODULE}.DatabricksTaskOperator": Operator(
        translate=task_config, ignored={**_IGNORED, **_IGNORED_MEMBERS}, activities=_TASK_TYPES
    ),
}
