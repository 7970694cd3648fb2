"""What is drawn: the graph of a DAG and that of its pipelines, as nodes in nested boxes with edges between them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adf_export.ir.dag import Dag, Task, TriggerRule
from adf_export.ir.factory import Activity, Condition, Pipeline, Role


class Style(StrEnum):
    """How a node looks."""

    TASK = "task"
    HELPER = "helper"


class Line(StrEnum):
    """How an edge looks; the colours are those of Data Factory Studio."""

    FLOW = "flow"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    COMPLETED = "Completed"
    # Several conditions.
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task or an activity."""

    id: str
    title: str
    # Operator or activity type, and what else is worth a line.
    details: tuple[str, ...] = ()
    style: Style = Style.TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A task group, a container, a branch of one, a pipeline."""

    id: str
    title: str
    members: "tuple[Node | Box, ...]" = ()
    style: Style = Style.TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From one node or box to another."""

    source: str
    target: str
    line: Line = Line.FLOW
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One graph."""

    box: Box
    edges: tuple[Edge, ...]


_SLOTS: Final[Mapping[str, str]] = {
    "ifTrueActivities": "True",
    "ifFalseActivities": "False",
    "defaultActivities": "Default",
}


def draw_dag(dag: Dag) -> Drawing:
    """Tasks in their groups, as Airflow shows them."""
    ids = {task.task_id: f"t{index}" for index, task in enumerate(dag.tasks)}
    edges = [
        Edge(source=ids[upstream], target=ids[task.task_id], label=dict(task.edge_labels).get(upstream, ""))
        for task in dag.tasks
        for upstream in task.upstream
        if upstream in ids
    ]
    members = tuple(_groups_and_tasks(dag, None, ids))
    return Drawing(box=Box(id="airflow", title=f"Airflow: {dag.dag_id}", members=members), edges=tuple(edges))


def draw_pipelines(pipelines: Iterable[Pipeline]) -> tuple[Drawing, ...]:
    """Activities in their containers, as Studio shows them; a drawing for each pipeline."""
    return tuple(_draw_pipeline(pipeline, f"p{index}") for index, pipeline in enumerate(pipelines))


def _groups_and_tasks(dag: Dag, parent: str | None, ids: Mapping[str, str]) -> Iterator[Node | Box]:
    for index, group in enumerate(dag.groups):
        if group.parent == parent:
            title = _last(group.group_id) + (" [ ]" if group.mapping else "")
            yield Box(id=f"g{index}", title=title, members=tuple(_groups_and_tasks(dag, group.group_id, ids)))
    for task in dag.tasks:
        if task.group == parent:
            yield _task(task, ids[task.task_id])


def _task(task: Task, id: str) -> Node:
    details = [task.operator.rpartition(".")[2]]
    if task.trigger_rule is not TriggerRule.ALL_SUCCESS:
        details.append(str(task.trigger_rule))
    if task.is_setup or task.is_teardown:
        details.append("setup" if task.is_setup else "teardown")
    title = task.task_id.removeprefix(f"{task.group}.") if task.group else task.task_id
    return Node(id=id, title=title + (" [ ]" if task.mapping else ""), details=tuple(details))


def _last(group_id: str) -> str:
    return group_id.rpartition(".")[2]


def _draw_pipeline(pipeline: Pipeline, id: str) -> Drawing:
    edges: list[Edge] = []
    members = _activities(pipeline.activities, id, edges)
    return Drawing(box=Box(id=id, title=f"Data Factory: {pipeline.name}", members=members), edges=tuple(edges))


def _activities(activities: tuple[Activity, ...], prefix: str, edges: list[Edge]) -> tuple[Node | Box, ...]:
    ids = {activity.name: f"{prefix}a{index}" for index, activity in enumerate(activities)}
    for activity in activities:
        for edge in activity.depends_on:
            if edge.activity in ids:
                line, label = _line(edge.conditions)
                edges.append(Edge(source=ids[edge.activity], target=ids[activity.name], line=line, label=label))
    return tuple(_activity(activity, ids[activity.name], edges) for activity in activities)


def _activity(activity: Activity, id: str, edges: list[Edge]) -> Node | Box:
    style = Style.HELPER if activity.role is Role.HELPER else Style.TASK
    if not activity.bodies:
        return Node(id=id, title=activity.name, details=(activity.type,), style=style)
    title = f"{activity.type}: {activity.name}"
    slots = tuple(
        (
            body.case if body.case is not None else _SLOTS.get(body.slot, ""),
            _activities(body.activities, f"{id}b{index}", edges),
        )
        for index, body in enumerate(activity.bodies)
    )
    if len(slots) == 1 and not slots[0][0]:
        return Box(id=id, title=title, members=slots[0][1], style=style)
    inner = tuple(
        Box(id=f"{id}s{index}", title=name, members=members, style=style)
        for index, (name, members) in enumerate(slots)
        if members
    )
    return Box(id=id, title=title, members=inner, style=style)


def _line(conditions: tuple[Condition, ...]) -> tuple[Line, str]:
    """Success has no label: it is what is meant where nothing is said."""
    if len(conditions) == 1:
        line = Line(str(conditions[0]))
        return line, "" if line is Line.SUCCEEDED else str(line)
    return Line.MIXED, " or ".join(str(condition) for condition in conditions)
