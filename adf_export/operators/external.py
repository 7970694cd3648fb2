"""ExternalTaskSensor for whole DAGs: asks Data Factory for runs of the other pipeline with the same logical date."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import FIELD_INVALID
from adf_export.ir.factory import Activity, Role, obj
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import Unit
from adf_export.ir.values import Duration
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.factory_calls import factory_url, query_runs
from adf_export.operators.polling import IGNORED, poll, polling
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.passes.run_fields import ISO
from adf_lang.nodes import Node, Property, call, literal, select

_ITEM: Final = call("item")
# State of a DAG run -> status of a pipeline run.
_STATUSES: Final = {"success": "Succeeded", "failed": "Failed"}
_TASKS: Final = ("external_task_id", "external_task_ids", "external_task_group_id")
_NOT_EXPORTED: Final = {
    "execution_date_fn": "the function runs in Airflow",
    "failed_states": "the sensor goes on until a run has an allowed state",
    "skipped_states": "the sensor goes on until a run has an allowed state",
}


def external_dag(bench: Workbench) -> Unit:
    """A run's logical date is its parameter of that name, and its start where that is empty."""
    name = _pipeline(bench)
    wanted = _date(bench)
    look = query_runs(
        bench, factory_url(bench), since=wanted, filters={"PipelineName": [name], "Status": _wanted(bench)}
    )
    same = bench.activity(
        bench.name("same_date"),
        "Filter",
        obj(items=select(_output(look), "value"), condition=call("equals", _date_of_run(), wanted)),
        role=Role.HELPER,
        description="Runs of the same logical date.",
        after=(look.name,),
    )
    found = call("greater", call("length", select(_output(same), "value")), literal(0))
    return poll(bench, polling(bench), look, found, through=(same,))


def _pipeline(bench: Workbench) -> str:
    for name in _TASKS:
        if bench.has(name):
            raise bench.not_exported(
                name, "a pipeline run has no state of its tasks that others may wait for", hint="wait for the whole DAG"
            )
    for name, why in _NOT_EXPORTED.items():
        if bench.has(name) and bench.value(name) != ():
            raise bench.not_exported(name, why)
    wanted = bench.constant("external_dag_id")
    if wanted not in bench.context.dags:
        summary = f"DAG '{wanted}' is not among those that are compiled"
        raise bench.refusal(FIELD_INVALID, summary, field="external_dag_id", hint="compile both DAGs together")
    return shorten(clean(str(wanted)), PIPELINE_LENGTH)


def _wanted(bench: Workbench) -> list[str]:
    states = bench.value("allowed_states") if bench.has("allowed_states") else ("success",)
    if not isinstance(states, tuple) or not set(states) <= _STATUSES.keys():
        raise bench.not_exported("allowed_states", f"only {' and '.join(_STATUSES)} are states of a pipeline run too")
    return [_STATUSES[str(state)] for state in states]


def _date(bench: Workbench) -> Node:
    """The logical date that the other run must have, as utcNow() writes it."""
    date: Node = run(RunField.LOGICAL_DATE)
    delta = bench.field("execution_delta") if bench.has("execution_delta") else Duration(seconds=0)
    if not isinstance(delta, Duration):
        raise bench.invalid("execution_delta", "is no timedelta")
    if delta.seconds:
        date = call("addSeconds", date, literal(-round(delta.seconds)))
    return call("formatDateTime", date, literal(ISO))


def _date_of_run() -> Node:
    given = Property(target=select(_ITEM, "parameters"), name="logical_date", safe=True)
    start = select(_ITEM, "runStart")
    return call("formatDateTime", call("if", call("empty", given), start, given), literal(ISO))


def _output(activity: Activity) -> Node:
    return select(call("activity", literal(activity.name)), "output")


EXTERNAL: Final[Mapping[str, Operator]] = {
    "airflow.providers.standard.sensors.external_task.ExternalTaskSensor": Operator(
        translate=external_dag,
        activities=("Until", "WebActivity", "Filter"),
        ignored={**IGNORED, "check_existence": "both DAGs are compiled together"},
    )
}
