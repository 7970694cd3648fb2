"""What the operators send to the Jobs API, where no activity of Data Factory can ask for the same."""

from collections.abc import Mapping
from typing import Final

from adf_export.ir.factory import Json, Object, obj
from adf_export.operators.databricks_tasks import forwarded
from adf_export.operators.payload import Payload
from adf_export.operators.workbench import Workbench

# Members of a run or task that the activities have no place for.
_WITHOUT_PLACE: Final = frozenset(
    {
        "access_control_list",
        "dbt_task",
        "environments",
        "git_source",
        "idempotency_token",
        "performance_target",
        "pipeline_task",
        "python_wheel_task",
        "run_job_task",
        "spark_submit_task",
        "sql_task",
    }
)
# Kind of task -> the member that gets the params of the DAG where it is not given.
_TAKES_PARAMS: Final[Mapping[str, str]] = {
    "notebook_task": "base_parameters",
    "python_wheel_task": "named_parameters",
    "run_job_task": "job_parameters",
    "sql_task": "parameters",
}
# Parameters of a job that exclude its job parameters.
_SLOTS: Final = frozenset(
    {
        "dbt_commands",
        "jar_params",
        "notebook_params",
        "python_named_params",
        "python_params",
        "spark_submit_params",
    }
)
NOT_OF_JOBS: Final = {"job_name": ("a job is started by its id", "give job_id")}


def needs_request(payload: Payload) -> bool:
    """Whether a run asks for more than one task on a cluster."""
    names = set(payload)
    tasks = payload.value("tasks")
    if isinstance(tasks, tuple) and len(tasks) == 1 and isinstance(tasks[0], Object):
        names |= {name for name, _ in tasks[0].members}
    return bool(names & _WITHOUT_PLACE) or (isinstance(tasks, tuple) and len(tasks) > 1)


def submitted(bench: Workbench, payload: Payload) -> Object:
    """The body of the request.

    Raises:
        Refusal: a pipeline is given by its name, which the provider would look up.
    """
    members = {name: given.value for name, given in payload.take_all().items()}
    pipeline = members.get("pipeline_task")
    if isinstance(pipeline, Object) and pipeline.get("pipeline_name") is not None:
        raise bench.not_exported("pipeline_task", "a pipeline is started by its id", hint="give pipeline_id")
    members.setdefault("run_name", bench.task.task_id)
    tasks = members.get("tasks")
    if isinstance(tasks, tuple):
        members["tasks"] = tuple(_with_params(bench, task) for task in tasks)
        return obj(members)
    return _with_params(bench, obj(members))


def needs_job_request(payload: Payload) -> bool:
    """Whether a job is given more than job parameters."""
    return bool(set(payload) & (_SLOTS | _WITHOUT_PLACE))


def started(bench: Workbench, payload: Payload) -> Object:
    """The body of run-now.

    Raises:
        Refusal: no job is named.
    """
    if "job_id" not in payload:
        raise bench.invalid("job_id", "is missing", hint="give job_id")
    members = {name: given.value for name, given in payload.take_all().items()}
    if forwards_params(bench) and not set(members) & (_SLOTS | {"job_parameters"}):
        members["job_parameters"] = forwarded(bench, "job_parameters")
    return obj(members)


def forwards_params(bench: Workbench) -> bool:
    """Whether the DAG's params stand in for job parameters that are not given."""
    return not bench.has("forward_dag_params") or bench.constant("forward_dag_params") is not False


def _with_params(bench: Workbench, task: Json) -> Object:
    if not isinstance(task, Object):
        raise bench.invalid("tasks", "must be dicts that are known when the DAG is compiled")
    return Object(tuple((name, _taking_params(bench, name, member)) for name, member in task.members))


def _taking_params(bench: Workbench, kind: str, value: Json) -> Json:
    field = _TAKES_PARAMS.get(kind)
    if field is None or not isinstance(value, Object) or value.get(field) not in (None, Object()):
        return value
    return obj({**dict(value.members), field: forwarded(bench, f"{kind}.{field}")})
