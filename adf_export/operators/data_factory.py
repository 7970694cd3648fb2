"""Data Factory operators: ExecutePipeline within the factory that is compiled, else calls of the REST API."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import SETTING_LOST
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.unit import SkipsItself, Unit
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.factory_calls import (
    create_run,
    factory_url,
    failure,
    has_ended,
    has_succeeded,
    is_own,
    read_run,
    segment,
)
from adf_export.operators.following import Following, fails_unless, follow
from adf_export.operators.polling import IGNORED, poll, polling
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import any_of
from adf_lang.nodes import call, literal, select

_WEEK: Final = 7 * 24 * 60 * 60
_INTERVAL: Final = 60
# Argument -> parameter of createRun.
_RERUNS: Final = {
    "reference_pipeline_run_id": "referencePipelineRunId",
    "is_recovery": "isRecovery",
    "start_activity_name": "startActivityName",
    "start_from_failure": "startFromFailure",
}


def run_pipeline(bench: Workbench) -> Unit:
    """AzureDataFactoryRunPipelineOperator."""
    query = {wire: _flag(bench.value(name)) for name, wire in _RERUNS.items() if bench.has(name)}
    pipeline = _exported(bench) if is_own(bench) and not query else None
    waits = not bench.has("wait_for_termination") or bench.constant("wait_for_termination") is not False
    if pipeline is not None:
        return _execute(bench, pipeline, waits=waits)
    factory = factory_url(bench)
    start = create_run(bench, factory, query)
    run_id = select(call("activity", literal(start.name)), "output", "runId")
    if not waits:
        return bench.unit(start, results={"run_id": run_id})
    read = read_run(bench, factory, run_id)
    how = Following(
        read=read,
        ended=has_ended(read),
        succeeded=has_succeeded(read),
        message=failure(run_id),
        interval=_interval(bench),
        timeout=_limit(bench),
    )
    attempts = replace(bench.attempts(), timeout_seconds=None)
    return bench.unit(start, *follow(bench, start, how), results={"run_id": run_id}, attempts=attempts)


def _execute(bench: Workbench, pipeline: str, *, waits: bool) -> Unit:
    name = bench.name()
    parameters = bench.value("parameters")
    properties = obj(
        pipeline=obj(referenceName=pipeline, type="PipelineReference"),
        waitOnCompletion=waits,
        parameters=_arguments(bench, parameters) if parameters else None,
    )
    run_id = select(call("activity", literal(name)), "output", "pipelineRunId")
    attempts = replace(bench.attempts(), timeout_seconds=_limit(bench)) if bench.has("timeout") else bench.attempts()
    step = bench.activity(name, "ExecutePipeline", properties)
    return bench.unit(step, results={"run_id": run_id}, attempts=attempts)


def _exported(bench: Workbench) -> str | None:
    """The pipeline among those that are compiled, or that the environment file names."""
    wanted = bench.value("pipeline_name")
    names = [shorten(clean(dag_id), PIPELINE_LENGTH) for dag_id in bench.context.dags]
    names += bench.context.environment.pipelines
    return next((name for name in names if isinstance(wanted, str) and name.lower() == wanted.lower()), None)


def _arguments(bench: Workbench, given: Json) -> Object:
    if not isinstance(given, Object):
        raise bench.invalid("parameters", "must be a dict that is known when the DAG is compiled")
    return Object(tuple((name, _argument(value)) for name, value in given.members))


def _argument(value: Json) -> Json:
    """Arrays and objects arrive as texts unless an expression gives them (control-flow-execute-pipeline-activity)."""
    return as_node(value) if isinstance(value, tuple | Object) else value


def _flag(value: Json) -> Json:
    return str(value).lower() if isinstance(value, bool) else value


def _interval(bench: Workbench) -> float:
    given = bench.constant("check_interval") if bench.has("check_interval") else _INTERVAL
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise bench.invalid("check_interval", f"is {given!r}, not a number of seconds")
    return given


def _limit(bench: Workbench) -> int:
    """Seconds that the run may take: `timeout`, and execution_timeout."""
    given = bench.constant("timeout") if bench.has("timeout") else _WEEK
    if isinstance(given, bool) or not isinstance(given, int | float) or given < 1:
        raise bench.invalid("timeout", f"is {given!r}, not a number of seconds")
    return round(min(given, bench.task.execution_timeout_seconds or given))


def run_sensor(bench: Workbench) -> Unit:
    """AzureDataFactoryPipelineRunStatusSensor."""
    how = polling(bench)
    if not bench.has("run_id"):
        raise bench.invalid("run_id", "is missing")
    run_id = bench.value("run_id")
    read = read_run(bench, factory_url(bench), segment(run_id))
    unit = poll(bench, how, read, has_ended(read))
    gave_up = unit.decision.when if isinstance(unit.decision, SkipsItself) else None
    good = any_of(gave_up, has_succeeded(read)) if gave_up else has_succeeded(read)
    check = fails_unless(bench, good, failure(run_id), after=unit.steps[-1].name)
    return replace(unit, steps=(*unit.steps, check))


def run_pipeline_once(bench: Workbench) -> Unit:
    """DataFactoryRunPipelineOperator of adf_export_airflow: Airflow's, with retries that go on from what failed."""
    repeats_all = bench.has("retry_from_failure") and bench.constant("retry_from_failure") is False
    if bench.task.retries and not repeats_all:
        bench.tell(
            SETTING_LOST,
            "a retry repeats the whole pipeline, not what failed in it",
            hint="write retry_from_failure=False, or give the activities of the pipeline retries of their own",
        )
    return run_pipeline(bench)


_RUN: Final = {
    "check_interval": "ExecutePipeline knows by itself when the run ends",
    "deferrable": "no worker waits for the run",
    "resource_group_name": "the pipeline is in the same factory",
    "timeout": "the task does not wait for the run",
}
_PUSHED: Final = {"push_activities": "results are read from activities"}
_RUN_ACTIVITIES: Final = ("ExecutePipeline", "WebActivity", "Until", "IfCondition")
_SENSOR_ACTIVITIES: Final = ("Until", "WebActivity", "IfCondition")
DATA_FACTORY: Final[Mapping[str, Operator]] = {
    "airflow.providers.microsoft.azure.operators.data_factory.AzureDataFactoryRunPipelineOperator": Operator(
        translate=run_pipeline, ignored=_RUN, activities=_RUN_ACTIVITIES
    ),
    "airflow.providers.microsoft.azure.sensors.data_factory.AzureDataFactoryPipelineRunStatusSensor": Operator(
        translate=run_sensor, ignored=IGNORED, activities=_SENSOR_ACTIVITIES
    ),
    "adf_export_airflow.data_factory.operators.DataFactoryRunPipelineOperator": Operator(
        translate=run_pipeline_once, ignored={**_RUN, **_PUSHED}, activities=_RUN_ACTIVITIES
    ),
    "adf_export_airflow.data_factory.sensors.DataFactoryPipelineRunStatusSensor": Operator(
        translate=run_sensor, ignored={**IGNORED, **_PUSHED}, activities=_SENSOR_ACTIVITIES
    ),
}
