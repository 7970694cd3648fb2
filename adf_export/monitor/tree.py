"""Makes a tree of a run: activities inside of what runs them, iterations, attempts, pipelines that were started.

Data Factory lists activity runs without saying what they are inside of; the definition of the pipeline says it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adf_export.monitor.api import FactoryApi

Json = Any
_INSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "ForEach": ("activities",),
    "Until": ("activities",),
    "IfCondition": ("ifTrueActivities", "ifFalseActivities"),
    "Switch": ("defaultActivities",),
}
_ENDED: Final = ("Succeeded", "Failed", "Cancelled")
# What is shown first.
_ORDER: Final = ("Failed", "Cancelled", "Canceling", "InProgress", "Queued")
# The compiler writes the place of a task in its DAG file at the end of the description.
_PLACE: Final = re.compile(r"([\w./-]+\.py:\d+)\)?$")


@dataclass(slots=True, kw_only=True)
class Node:
    """A pipeline run, an activity run, or an iteration of a loop (then `status` is that of the worst inside)."""

    label: str
    kind: str
    status: str
    # Of a pipeline run its id, of an activity run that of it.
    run_id: str = ""
    started: str = ""
    duration_in_ms: int | None = None
    error_code: str = ""
    error_message: str = ""
    failure_type: str = ""
    attempts: int = 1
    dag_id: str = ""
    task_id: str = ""
    # The task that it is a helper of.
    helper: str = ""
    source: str = ""
    output: Json = None
    children: list["Node"] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.status not in ("Queued", "InProgress", "Canceling")

    @property
    def failed(self) -> bool:
        return self.status in ("Failed", "Cancelled")


def of_run(run: Json) -> Node:
    """A pipeline run alone."""
    return Node(
        label=run["pipelineName"],
        kind="Pipeline",
        status=run["status"],
        run_id=run["runId"],
        started=run.get("runStart") or "",
        duration_in_ms=run.get("durationInMs"),
        error_message=run.get("message") or "",
    )


def with_activities(api: FactoryApi, run: Json) -> Node:
    """A pipeline run with all that it ran."""
    node = of_run(run)
    rows = api.activity_runs(node.run_id)
    definition = api.pipeline(node.label) or {}
    defined = definition.get("activities", [])
    node.children = [*_Builder(api, rows).level(defined, None)]
    known = {one["name"] for one in _all(defined)}
    node.children += [_Builder(api, rows).row([row], {}) for row in rows if row["activityName"] not in known]
    node.children.sort(key=_rank)
    return node


@dataclass(slots=True)
class _Builder:
    api: FactoryApi
    rows: Sequence[Json]

    def level(self, defined: Sequence[Json], iteration: str | None) -> Iterator[Node]:
        """Nodes of activities that stand in one list; of one iteration where they are inside a loop."""
        for activity in defined:
            found = [row for row in self.rows if row["activityName"] == activity["name"]]
            if iteration is not None:
                found = [row for row in found if (row.get("iterationHash") or "") == iteration]
            if found:
                yield self.row(found, activity, iteration)

    def row(self, attempts: Sequence[Json], activity: Json, iteration: str | None = None) -> Node:
        """One activity: its last attempt, and what is inside of it."""
        node = _of_activity(attempts[-1], activity)
        node.attempts = len(attempts)
        inside = list(_inside(activity)) if activity else []
        if node.kind in ("ForEach", "Until"):
            node.children = self.iterations(inside)
        elif inside:
            node.children = [*self.level(inside, iteration)]
        elif node.kind == "ExecutePipeline" and isinstance(node.output, dict) and node.output.get("pipelineRunId"):
            node.children = [with_activities(self.api, self.api.run(str(node.output["pipelineRunId"])))]
        node.children.sort(key=_rank)
        return node

    def iterations(self, inside: Sequence[Json]) -> list[Node]:
        names = {one["name"] for one in _all(inside)}
        hashes = dict.fromkeys(row.get("iterationHash") or "" for row in self.rows if row["activityName"] in names)
        found = [[*self.level(inside, one)] for one in hashes]
        if len(found) == 1:
            return found[0]
        made = [
            Node(label=f"iteration {number}", kind="Iteration", status=_worst(nodes), children=sorted(nodes, key=_rank))
            for number, nodes in enumerate(found, 1)
            if nodes
        ]
        return sorted(made, key=_rank)


def _of_activity(row: Json, activity: Json) -> Node:
    error = row.get("error") or {}
    marks = {one["name"]: str(one["value"]) for one in activity.get("userProperties", ()) if "value" in one}
    place = _PLACE.search(activity.get("description") or "")
    return Node(
        label=row["activityName"],
        kind=row["activityType"],
        status=row["status"],
        run_id=row["activityRunId"],
        started=row.get("activityRunStart") or "",
        duration_in_ms=row.get("durationInMs"),
        error_code=str(error.get("errorCode") or ""),
        error_message=str(error.get("message") or ""),
        failure_type=str(error.get("failureType") or ""),
        dag_id=marks.get("airflow_dag_id", ""),
        task_id=marks.get("airflow_task_id", ""),
        helper=marks.get("airflow_helper", ""),
        source=place[1] if place else "",
        output=row.get("output"),
    )


def _inside(activity: Json) -> Iterator[Json]:
    given = activity.get("typeProperties", {})
    for name in _INSIDE.get(activity.get("type", ""), ()):
        yield from given.get(name, ())
    for case in given.get("cases", ()) if activity.get("type") == "Switch" else ():
        yield from case.get("activities", ())


def _all(activities: Sequence[Json]) -> Iterator[Json]:
    for one in activities:
        yield one
        yield from _all(list(_inside(one)))


def _rank(node: Node) -> tuple[int, str]:
    return (_ORDER.index(node.status) if node.status in _ORDER else len(_ORDER), node.started)


def _worst(nodes: Sequence[Node]) -> str:
    return min(nodes, key=_rank).status if nodes else _ENDED[0]
