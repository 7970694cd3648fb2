"""Builds a DAG from each exported pipeline of a factory's folder."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from airflow.sdk import DAG, BaseOperator, Param, TaskGroup
from airflow.sdk.definitions.param import ParamsDict

from adf_export_airflow.data_factory.mirror.operators import MirrorOperator, StartPipelineOperator
from adf_export_airflow.data_factory.mirror.plan import Activity, Parameter, Pipeline, read_folder
from adf_export_airflow.data_factory.mirror.run_values import is_of_the_run

# DAGs with this tag are not exported themselves.
TAG: Final = "adf-mirror"
SUFFIX: Final = "__adf"
Tasks = list[BaseOperator]
# Type of a parameter -> JSON Schema's.
_TYPES: Final = {
    "string": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "array",
    "object": "object",
}


def mirror_dags(folder: str | Path, *, conn_id: str = "azure_data_factory_default") -> dict[str, DAG]:
    """`<dag_id>__adf` for every DAG that was exported into a folder; put them into the globals of a DAG file.

    Its first task starts the pipeline with the params of the run. Each activity is a task: the triggerer follows it,
    and it ends as the activity did, with output, times and error. `pipeline_run` is the pipeline while it runs,
    `outcome` how it ended; the DAG run ends as it did.

    Args:
        folder: the factory's Git folder, with `pipeline/`.
        conn_id: a connection of type `azure_data_factory` that names subscription, resource group and factory.

    Raises:
        FactoryFolderError: there are no pipelines, or one cannot be read.
    """
    return {f"{one.dag_id}{SUFFIX}": _Builder(one, conn_id).dag() for one in read_folder(Path(folder))}


class _Ends(NamedTuple):
    """The tasks of an activity that what comes before leads to, and the one that shows the activity itself."""

    first: Tasks
    last: BaseOperator


class _Builder:
    def __init__(self, pipeline: Pipeline, conn_id: str) -> None:
        self.pipeline = pipeline
        self.conn_id = conn_id
        names = {one.name for one in pipeline.activities}
        self.start_task = _free("start_pipeline", names)
        self.run_task = _free("pipeline_run", names)
        self.end_task = _free("outcome", names)
        self.opened = sorted({one.name for one in _walk(pipeline.activities) if one.starts_pipeline and one.inside})

    def dag(self) -> DAG:
        pipeline = self.pipeline
        with DAG(
            dag_id=f"{pipeline.dag_id}{SUFFIX}",
            description=f"Data Factory's pipeline {pipeline.name}: {pipeline.description}",
            schedule=None,
            catchup=False,
            tags=[*pipeline.tags, TAG],
            default_args={"retries": 0},
        ) as dag:
            start = StartPipelineOperator(
                task_id=self.start_task,
                pipeline=pipeline.name,
                azure_data_factory_conn_id=self.conn_id,
                parameters={one.name: is_of_the_run(one) for one in pipeline.parameters},
                # The one task that may be repeated by itself: it finds the run that it has started.
                retries=2,
                retry_delay=timedelta(seconds=10),
            )
            # Stands for the pipeline while it runs, so that there is always a task whose end can cancel it.
            whole = self.mirror(None, within=(), task_id=self.run_task)
            roots, leaves = self.level(pipeline.activities, within=())
            start.set_downstream([whole, *roots])
            # The only leaf: Airflow takes the state of a DAG run from its leaves, Data Factory has rules of its own.
            end = self.mirror(None, within=(), task_id=self.end_task)
            end.set_upstream([whole, *leaves])
        # Last: each task that is made copies the params of its DAG, which takes as long as all the rest.
        dag.params = ParamsDict({one.name: _param(one) for one in pipeline.parameters if not is_of_the_run(one)})
        return dag

    def level(self, activities: Sequence[Activity], *, within: tuple[Activity, ...]) -> tuple[Tasks, Tasks]:
        """Activities that are in one list of the pipeline: the tasks that come first and those that come last."""
        made = {one.name: self.activity(one, within=within) for one in activities}
        followed: set[str] = set()
        for one in activities:
            for name in one.after:
                made[name].last.set_downstream(made[one.name].first)
                followed.add(name)
        roots = [task for one in activities if not one.after for task in made[one.name].first]
        return roots, [ends.last for name, ends in made.items() if name not in followed]

    def activity(self, one: Activity, *, within: tuple[Activity, ...]) -> "_Ends":
        if not one.inside:
            task = self.mirror(one, within=within, task_id=one.name)
            return _Ends([task], task)
        with TaskGroup(one.name, tooltip=one.description):
            roots, leaves = self.level(one.inside, within=(*within, one))
            own = self.mirror(one, within=within, task_id=_free(one.kind, {inner.name for inner in one.inside}))
            own.set_upstream(leaves)
        return _Ends(roots, own)

    def mirror(self, one: Activity | None, *, within: tuple[Activity, ...], task_id: str) -> MirrorOperator:
        return MirrorOperator(
            task_id=task_id,
            trigger_rule="all_done",
            doc=one.description if one else "the outcome of the whole pipeline run",
            mirrored={
                "conn_id": self.conn_id,
                "pipeline": self.pipeline.name,
                "start_task": self.start_task,
                "activity": one.name if one else "",
                "retries": one.retries if one else 0,
                "containers": [[outer.name, outer.kind, outer.retries] for outer in within],
                "opened": self.opened,
            },
        )


def _param(parameter: Parameter) -> Param:
    schema: dict[str, Any] = {"type": _TYPES[parameter.kind]}
    if parameter.required:
        return Param(**schema)
    return Param(parameter.default, **schema)


def _walk(activities: Sequence[Activity]) -> Iterator[Activity]:
    for one in activities:
        yield one
        yield from _walk(one.inside)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
