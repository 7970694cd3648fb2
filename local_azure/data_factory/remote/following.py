"""Looks at a run, with the runs that it started, until it has ended."""

import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.records import RunStatus
from local_azure.data_factory.remote.api import FactoryApi, RunFilter
from local_azure.data_factory.remote.tree import Node, build

Json = Any

# The pause between two looks grows from the first to the last; a look that takes long is followed by a longer pause.
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.05, 1.0
_GROWTH = 1.3
# Among how many of the newest runs those are looked for that a run started.
_SEARCHED = 200
# How much of what was seen is looked at again, while it runs and at its end: rows may become visible in another order
# than they were written.
_OVERLAP, _LAST_OVERLAP = datetime.timedelta(seconds=2), datetime.timedelta(seconds=10)
# How deep runs that start runs are shown.
_DEPTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTree:
    """A run with its activities, and what these started."""

    run: Json
    nodes: Sequence[Node]
    below: "Sequence[tuple[Node, RunTree]]" = ()

    def started_by(self, node: Node) -> "RunTree | None":
        """What an activity started."""
        return next((tree for caller, tree in self.below if caller is node), None)


@dataclass(slots=True)
class Follower:
    """Reads a run and what belongs to it: definitions once, activities as they change."""

    api: FactoryApi
    _definitions: dict[str, Json] = field(default_factory=dict)
    # Run -> activity run -> its row, as it was when it was looked at last.
    _rows: dict[str, dict[str, Json]] = field(default_factory=dict)

    def nodes(self, run: Json) -> list[Node]:
        """The activities of a run."""
        known = self._rows.setdefault(run["runId"], {})
        after = _newest(known.values(), overlap=_LAST_OVERLAP if is_final(run) else _OVERLAP)
        known |= {row["activityRunId"]: row for row in self.api.activity_runs(run["runId"], changed_after=after)}
        return build(sorted(known.values(), key=_start), self._definition(run["pipelineName"]))

    def tree(self, run: Json, depth: int = _DEPTH) -> RunTree:
        """A run with its activities, the runs that they started, and so on."""
        nodes = self.nodes(run)
        callers = [node for node in _all(nodes) if node.type == "ExecutePipeline"] if depth else []
        # An activity's output tells the run that it started when it has succeeded; before, only that run tells by whom.
        started = self._started_by(run) if any(not node.child_run for node in callers) else []
        below: list[tuple[Node, RunTree]] = []
        for node in callers:
            child = self.api.run(node.child_run) if node.child_run else _child_of(node, started)
            if child is not None:
                below.append((node, self.tree(child, depth - 1)))
        return RunTree(run=run, nodes=nodes, below=below)

    def _started_by(self, run: Json) -> list[Json]:
        newest = self.api.runs(RunFilter(limit=_SEARCHED))
        return [child for child in newest if (child.get("invokedBy") or {}).get("pipelineRunId") == run["runId"]]

    def _definition(self, pipeline: str) -> Json:
        if pipeline not in self._definitions:
            self._definitions[pipeline] = self.api.pipeline(pipeline)
        return self._definitions[pipeline]


def until_final(api: FactoryApi, run_id: str, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Json]:
    """The run as it is, again and again, the last time when it has ended."""
    seconds = _FIRST_PAUSE_SECONDS
    while True:
        looked = time.monotonic()
        run = api.run(run_id)
        yield run
        if is_final(run):
            return
        pause(max(seconds, time.monotonic() - looked))
        seconds = min(seconds * _GROWTH, _LAST_PAUSE_SECONDS)


def _newest(rows: Iterable[Json], *, overlap: datetime.timedelta) -> datetime.datetime | None:
    """Shortly before the last change that is known, by the service's clock."""
    times = [row.get("activityRunEnd") or _start(row) for row in rows]
    return datetime.datetime.fromisoformat(max(times)) - overlap if times else None


def _start(row: Json) -> str:
    return str(row.get("activityRunStart") or "")


def is_final(run: Json) -> bool:
    """Whether a run has ended."""
    return run["status"] in {status.value for status in RunStatus if status.final}


def _child_of(node: Node, started: Sequence[Json]) -> Json:
    """The newest run of this activity; None where there is none. The service names activities of loops by a path."""
    for run in started:
        name = str(run["invokedBy"].get("name") or "")
        if name.rpartition("/")[2] == node.label and name.startswith(node.iteration):
            return run
    return None


def _all(nodes: Sequence[Node]) -> Iterator[Node]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children
