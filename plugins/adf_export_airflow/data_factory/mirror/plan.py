"""Reads a factory's Git folder: the pipelines that were exported from DAGs, with their activities nested as they run.

Only the standard library: this runs while Airflow parses DAG files.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adf_export_airflow.data_factory.errors import FactoryFolderError

Json = Any
# Activity type -> where the activities inside of it are.
_INSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "ForEach": ("activities",),
    "Until": ("activities",),
    "IfCondition": ("ifTrueActivities", "ifFalseActivities"),
    "Switch": ("defaultActivities",),
}
_DAG, _TASK = "airflow_dag_id", "airflow_task_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a pipeline; `required` where it has no default."""

    name: str
    kind: str
    default: Json
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity; `inside` are those that it runs, of an ExecutePipeline those of the pipeline that it starts."""

    name: str
    kind: str
    description: str
    # Empty for helpers of the compiler.
    task_id: str
    after: tuple[str, ...]
    retries: int
    inside: tuple["Activity", ...] = ()

    @property
    def starts_pipeline(self) -> bool:
        return self.kind == "ExecutePipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One exported DAG."""

    name: str
    dag_id: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    activities: tuple[Activity, ...]


def read_folder(folder: Path) -> tuple[Pipeline, ...]:
    """The pipelines that were exported from DAGs, each whole one once: parts that it starts stand inside of it.

    Raises:
        FactoryFolderError: the folder has no pipelines, or a file is no pipeline's document.
    """
    files = sorted((folder / "pipeline").glob("*.json"))
    if not files:
        raise FactoryFolderError(
            f"{folder / 'pipeline'} holds no pipelines", remedy="Write them with 'adf-export compile dags --out FOLDER'"
        )
    documents = dict(map(_read, files))
    exported = {name: dag for name, properties in documents.items() if (dag := _dag_id(properties))}
    parts = {
        started
        for name, dag in exported.items()
        for started in _started(documents[name]["activities"])
        if started != name and exported.get(started) == dag
    }
    whole: dict[str, str] = {}
    for name, dag in exported.items():
        if name not in parts and whole.setdefault(dag, name) != name:
            raise FactoryFolderError(
                f"pipelines {whole[dag]!r} and {name!r} both come from DAG {dag!r}, and neither starts the other",
                place=str(folder / "pipeline"),
                remedy="Delete what is left over, or compile the DAGs again",
            )
    return tuple(_Reader(documents, exported, dag).pipeline(name) for dag, name in whole.items())


@dataclass(frozen=True, slots=True)
class _Reader:
    documents: Mapping[str, Json]
    exported: Mapping[str, str]
    dag_id: str

    def pipeline(self, name: str) -> Pipeline:
        properties = self.documents[name]
        return Pipeline(
            name=name,
            dag_id=self.dag_id,
            description=properties.get("description", ""),
            tags=tuple(map(str, properties.get("annotations", ()))),
            parameters=tuple(_parameter(*one) for one in properties.get("parameters", {}).items()),
            activities=self.activities(properties["activities"], within=(name,)),
        )

    def activities(self, found: Sequence[Json], *, within: tuple[str, ...]) -> tuple[Activity, ...]:
        made = tuple(self.activity(one, within=within) for one in found)
        names = {one.name for one in made}
        for one in made:
            for missing in set(one.after) - names:
                raise FactoryFolderError(
                    f"activity {one.name!r} depends on {missing!r}, which is not there",
                    place=f"pipeline {within[-1]!r}",
                )
        return made

    def activity(self, found: Json, *, within: tuple[str, ...]) -> Activity:
        marks = _marks(found)
        inside = self.activities(list(_inside(found)), within=within)
        started = _pipeline_of(found)
        if started in self.documents and started not in within and self.exported.get(started) == self.dag_id:
            inside = self.activities(self.documents[started]["activities"], within=(*within, started))
        return Activity(
            name=found["name"],
            kind=found["type"],
            description=found.get("description", ""),
            task_id=marks.get(_TASK, ""),
            after=tuple(one["activity"] for one in found.get("dependsOn", ())),
            retries=_count(found.get("policy", {}).get("retry", 0)),
            inside=inside,
        )


def _read(file: Path) -> tuple[str, Json]:
    try:
        document = json.loads(file.read_bytes())
        name, properties = str(document["name"]), document["properties"]
        properties["activities"]
    except (ValueError, KeyError, TypeError) as error:
        raise FactoryFolderError(
            f"is no document of a pipeline: {error!r}", place=str(file), remedy="Compile the DAGs again"
        ) from error
    return name, properties


def _parameter(name: str, declared: Json) -> Parameter:
    return Parameter(
        name=name,
        kind=str(declared["type"]).lower(),
        default=declared.get("defaultValue"),
        required="defaultValue" not in declared,
    )


def _dag_id(properties: Json) -> str:
    return next((found for one in _all(properties["activities"]) if (found := _marks(one).get(_DAG))), "")


def _marks(activity: Json) -> dict[str, str]:
    return {one["name"]: str(one["value"]) for one in activity.get("userProperties", ())}


def _all(activities: Sequence[Json]) -> Iterator[Json]:
    for one in activities:
        yield one
        yield from _all(list(_inside(one)))


def _inside(activity: Json) -> Iterator[Json]:
    given = activity.get("typeProperties", {})
    for name in _INSIDE.get(activity["type"], ()):
        yield from given.get(name, ())
    for case in given.get("cases", ()) if activity["type"] == "Switch" else ():
        yield from case.get("activities", ())


def _started(activities: Sequence[Json]) -> Iterator[str]:
    return (name for one in _all(activities) if (name := _pipeline_of(one)))


def _pipeline_of(activity: Json) -> str:
    if activity["type"] != "ExecutePipeline":
        return ""
    return str(activity["typeProperties"]["pipeline"]["referenceName"])


def _count(value: Json) -> int:
    # An expression cannot be read here; the run's end decides then.
    return value if isinstance(value, int) else 0
