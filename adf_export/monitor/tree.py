"""Makes a tree of a run: activities inside of what runs them, iterations, attempts, pipelines that were started."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from adf_export.monitor.api import MissingError
from adf_export.monitor.nesting import LOOPS, Round, inside, names, repeats, rounds

Json = Any
_UNDER_WAY: Final = ("Queued", "InProgress", "Canceling")
# What is shown first.
_ORDER: Final = ("Failed", "Cancelled", "Canceled", "Canceling", "InProgress", "Queued")
# The compiler writes the place of a task in its DAG file at the end of the description.
_PLACE: Final = re.compile(r"([\w./-]+\.py:\d+)\)?$")
_CHANGED: Final = "the pipeline was changed since: what is not in it any more is shown beside what is"
_DELETED: Final = "the pipeline was deleted since: what was inside of what cannot be told"
_MIXED: Final = "cannot be told apart: Data Factory does not say which iteration each belongs to"


class Source(Protocol):
    """What answers about runs."""

    def run(self, run_id: str) -> Json: ...

    def activity_runs(self, run_id: str) -> list[Json]: ...

    def pipeline(self, name: str) -> Json | None: ...


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
    # As Data Factory names an iteration.
    iteration: str = ""
    # What cannot be told about what is below.
    note: str = ""
    output: Json = None
    # Of a pipeline run: the other runs of its chain of reruns, without their activities.
    others: list["Node"] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.status not in _UNDER_WAY

    @property
    def failed(self) -> bool:
        return self.status in ("Failed", "Cancelled", "Canceled")

    def all(self) -> Iterator["Node"]:
        """This one and all below."""
        yield self
        for child in self.children:
            yield from child.all()

    @property
    def counts_as_failed(self) -> bool:
        """Whether it failed, or started a pipeline that failed and that nothing waited for."""
        return self.failed or any(
            child.failed
            for node in self.all()
            if not node.failed
            for child in node.children
            if child.kind == "Pipeline"
        )


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


def with_activities(api: Source, run: Json) -> Node:
    """A pipeline run with all that it ran."""
    node = of_run(run)
    rows = api.activity_runs(node.run_id)
    definition = api.pipeline(node.label)
    defined = (definition or {}).get("activities") or []
    known = set(names(defined))
    strangers = [row for row in rows if row["activityName"] not in known]
    builder = _Builder(api)
    node.children = sorted([*builder.level(defined, rows), *builder.single(strangers)], key=_rank)
    node.note = "" if not strangers else _DELETED if definition is None else _CHANGED
    node.source = _place(definition)
    dags = {child.dag_id for child in node.children if child.dag_id}
    node.dag_id = dags.pop() if len(dags) == 1 else ""
    return node


def only_failures(node: Node) -> None:
    """Leaves below a node what leads to failures."""
    node.children = [child for child in node.children if child.counts_as_failed]
    for child in node.children:
        only_failures(child)


@dataclass(slots=True)
class _Builder:
    api: Source

    def level(self, defined: Sequence[Json], rows: Sequence[Json]) -> Iterator[Node]:
        """Nodes of activities that stand in one list, from the rows of it and of all inside."""
        for activity in defined:
            deeper = set(names(inside(activity)))
            own = [row for row in rows if row["activityName"] == activity["name"]]
            inner = [row for row in rows if row["activityName"] in deeper]
            if own and not repeats(own):
                yield self.activity(own, activity, inner)
            else:
                yield from self.single([*own, *inner], activity)

    def single(self, rows: Sequence[Json], activity: Json | None = None) -> Iterator[Node]:
        """A node for each row: nothing says what is inside of what."""
        for row in rows:
            is_own = activity is not None and activity["name"] == row["activityName"]
            yield self.activity([row], activity if is_own else {}, [])

    def activity(self, attempts: Sequence[Json], activity: Json, inner: Sequence[Json]) -> Node:
        """One activity: its last attempt, and what is inside of it."""
        node = _of_activity(max(attempts, key=lambda row: row.get("retryAttempt") or 0), activity)
        node.attempts = len(attempts)
        body = list(inside(activity))
        node.children = list(self.iterations(body, inner) if node.kind in LOOPS else self.level(body, inner))
        started = node.output.get("pipelineRunId") if isinstance(node.output, dict) else None
        if node.kind == "ExecutePipeline" and started:
            self.open(node, str(started))
        node.children.sort(key=_rank)
        return node

    def open(self, node: Node, run_id: str) -> None:
        """Puts the pipeline run that an activity started below it."""
        try:
            node.children = [with_activities(self.api, self.api.run(run_id))]
        except MissingError:
            node.note = f"the run that it started is not kept any more: {run_id}"

    def iterations(self, body: Sequence[Json], rows: Sequence[Json]) -> Iterator[Node]:
        found, lost = rounds(body, rows)
        if len(found) == 1:
            yield from self.level(body, found[0].rows)
        else:
            yield from (self.iteration(number, body, each) for number, each in enumerate(found, 1))
        if lost:
            mixed = sorted(self.single(lost), key=_rank)
            yield Node(label="iterations", kind="Iterations", status=_worst(mixed), note=_MIXED, children=mixed)

    def iteration(self, number: int, body: Sequence[Json], found: Round) -> Node:
        nodes = sorted(self.level(body, found.rows), key=_rank)
        return Node(
            label=f"iteration {number}",
            kind="Iteration",
            status=_worst(nodes),
            started=min((node.started for node in nodes if node.started), default=""),
            iteration=found.hash,
            children=nodes,
        )


def _of_activity(row: Json, activity: Json) -> Node:
    error = row.get("error") or {}
    # What it had when it ran; as Azure reports them: a mapping.
    marks = row.get("userProperties") or {one["name"]: one.get("value") for one in activity.get("userProperties") or ()}
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
        dag_id=str(marks.get("airflow_dag_id") or ""),
        task_id=str(marks.get("airflow_task_id") or ""),
        helper=str(marks.get("airflow_helper") or ""),
        source=_place(activity),
        output=row.get("output"),
    )


def _place(described: Json | None) -> str:
    found = _PLACE.search((described or {}).get("description") or "")
    return found[1] if found else ""


def _rank(node: Node) -> tuple[int, str]:
    return (_ORDER.index(node.status) if node.status in _ORDER else len(_ORDER), node.started)


def _worst(nodes: Sequence[Node]) -> str:
    return min(nodes, key=_rank).status if nodes else "Succeeded"
