"""Operators that start other DAGs: their pipelines in the same factory."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import FIELD_INVALID
from adf_export.ir.dag import Dag
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.unit import Unit
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node

_STANDARD: Final = {"allowed_states": "success", "failed_states": "failed"}


def trigger_dag_run(bench: Workbench) -> Unit:
    """ExecutePipeline of the other DAG's pipeline; its conf gives the pipeline's parameters, as it gives params."""
    wanted = bench.constant("trigger_dag_id")
    other = bench.context.dags.get(str(wanted))
    if other is None:
        raise bench.refusal(
            FIELD_INVALID,
            f"DAG '{wanted}' is not among those that are compiled",
            field="trigger_dag_id",
            hint="compile both DAGs together",
        )
    for name, state in _STANDARD.items():
        if bench.has(name) and bench.value(name) != (state,):
            raise bench.not_exported(name, f"only ['{state}'] means what Data Factory does")
    parameters = _parameters(bench, other)
    waits = bench.value("wait_for_completion") if bench.has("wait_for_completion") else False
    properties = obj(
        pipeline=obj(referenceName=shorten(clean(other.dag_id), PIPELINE_LENGTH), type="PipelineReference"),
        waitOnCompletion=waits,
        parameters=parameters if parameters.members else None,
    )
    return bench.unit(bench.activity(bench.name(), "ExecutePipeline", properties))


def _parameters(bench: Workbench, other: Dag) -> Object:
    found = _conf(bench, other)
    if bench.has("logical_date"):
        found["logical_date"] = bench.value("logical_date")
    return Object(tuple(found.items()))


def _conf(bench: Workbench, other: Dag) -> dict[str, Json]:
    given = bench.value("conf") if bench.has("conf") else Object()
    if not isinstance(given, Object):
        raise bench.not_exported("conf", "its keys must be known when the DAG is compiled")
    params = {param.name for param in other.params}
    for name, _ in given.members:
        if name not in params:
            raise bench.not_exported(
                "conf",
                f"DAG '{other.dag_id}' has no param '{name}', which becomes a parameter of its pipeline",
                hint=f"add '{name}' to its params",
            )
    return {name: as_node(value) if isinstance(value, tuple | Object) else value for name, value in given.members}


DAGS: Final[Mapping[str, Operator]] = {
    "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator": Operator(
        translate=trigger_dag_run,
        activities=("ExecutePipeline",),
        ignored={
            "deferrable": "no worker waits for the run",
            "fail_when_dag_is_paused": "pipelines are not paused",
            "openlineage_inject_parent_info": "there is no OpenLineage",
            "poke_interval": "ExecutePipeline knows by itself when the run ends",
        },
    )
}
