"""Operators that start other DAGs: their pipelines in the same factory."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS, FIELD_INVALID
from adf_export.ir.dag import Dag, Param
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.symbols import RunField
from adf_export.ir.unit import Unit
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.passes.params import frozen, kind_of
from adf_export.templating import as_node
from adf_lang.nodes import Literal, Node, call

_STATES: Final = {"allowed_states": "success", "failed_states": "failed"}
_DATE: Final = RunField.LOGICAL_DATE.value


def trigger_dag_run(bench: Workbench) -> Unit:
    """ExecutePipeline of the other DAG's pipeline; its conf gives the pipeline's parameters, as it gives params."""
    other = _other(bench)
    waits = bench.has("wait_for_completion") and bench.constant("wait_for_completion") is True
    _check_states(bench, waits=waits)
    _check_run(bench)
    parameters = _parameters(bench, other)
    properties = obj(
        pipeline=obj(referenceName=shorten(clean(other.dag_id), PIPELINE_LENGTH), type="PipelineReference"),
        waitOnCompletion=waits,
        parameters=parameters if parameters.members else None,
    )
    return bench.unit(bench.activity(bench.name(), "ExecutePipeline", properties))


def _other(bench: Workbench) -> Dag:
    wanted = str(bench.constant("trigger_dag_id"))
    other = bench.context.dags.get(wanted)
    if other is None:
        raise bench.refusal(
            FIELD_INVALID,
            f"DAG '{wanted}' is not among those that are compiled",
            field="trigger_dag_id",
            hint="compile both DAGs together",
        )
    return other


def _check_states(bench: Workbench, *, waits: bool) -> None:
    """Which states are good has a meaning only for who waits."""
    for name, state in _STATES.items():
        given = bench.value(name) if bench.has(name) else (state,)
        if waits and given != (state,):
            raise bench.not_exported(name, f"only ['{state}'] means what Data Factory does")


def _check_run(bench: Workbench) -> None:
    """What is said of the run itself, and of one that exists already: without a date of its own, none does."""
    if bench.has("trigger_run_id"):
        raise bench.not_exported("trigger_run_id", "Data Factory gives its runs their ids")
    if "run_after" in bench.task.given:
        raise bench.not_exported("run_after", "Data Factory starts the run at once")
    if _DATE in bench.task.given and not bench.has(_DATE):
        raise bench.not_exported(_DATE, "a run without a date is not known to Data Factory", hint="leave it out")
    resets, skips = (bench.has(n) and bench.constant(n) is True for n in ("reset_dag_run", "skip_when_already_exists"))
    if not bench.has(_DATE) or resets:
        return
    if skips:
        raise bench.not_exported("skip_when_already_exists", "Data Factory may run a pipeline twice for one date")
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' also starts a run for a date that has one already, where Airflow would fail",
        field=_DATE,
        hint="say reset_dag_run=True if that is as it should be",
    )


def _parameters(bench: Workbench, other: Dag) -> Object:
    """What the other DAG reads neither as a param nor of its run is left out later, by passes/starts.py."""
    conf = _conf(bench)
    params = {param.name: param for param in other.params}
    found = {name: _given(bench, params[name], other, value) for name, value in conf.members if name in params}
    of_run: dict[str, Json] = {}
    if conf.members:
        of_run[RunField.CONF.value] = as_node(conf)
    if bench.has(_DATE):
        of_run[_DATE] = _date(bench)
    return Object(tuple((of_run | found).items()))


def _conf(bench: Workbench) -> Object:
    given = bench.value("conf") if bench.has("conf") else Object()
    if isinstance(given, str):
        try:
            given = frozen(json.loads(given))
        except ValueError:
            raise bench.invalid("conf", "is a text that is no JSON") from None
    if not isinstance(given, Object):
        raise bench.not_exported("conf", "its keys must be known when the DAG is compiled")
    return given


def _given(bench: Workbench, param: Param, other: Dag, value: Json) -> Json:
    """As passes/params.py reads it: a param that may be None is a text, of JSON where the param is none."""
    kind, nullable = kind_of(param, other)
    if value is None or value == Literal(value=None):
        if nullable:
            return ""
        raise bench.invalid("conf", f"gives None for param '{param.name}', which '{other.dag_id}' does not allow")
    if not nullable or kind == "string":
        return as_node(value) if isinstance(value, tuple | Object) else value
    if isinstance(value, tuple | Object | Node):
        return call("string", as_node(value))
    return json.dumps(value)


def _date(bench: Workbench) -> Json:
    """In UTC, as the other pipeline expects it; one without an offset is UTC."""
    given = bench.value(_DATE)
    if not isinstance(given, str):
        return given
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise bench.invalid(_DATE, f"is {given!r}, not a datetime in ISO 8601") from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


DAGS: Final[Mapping[str, Operator]] = {
    "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator": Operator(
        translate=trigger_dag_run,
        activities=("ExecutePipeline",),
        ignored={
            "deferrable": "no worker waits for the run",
            "fail_when_dag_is_paused": "pipelines are not paused",
            "note": "runs of pipelines have no notes",
            "openlineage_inject_parent_info": "there is no OpenLineage",
            "poke_interval": "ExecutePipeline knows by itself when the run ends",
        },
    )
}
