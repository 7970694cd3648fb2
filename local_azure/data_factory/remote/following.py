"""Looks at a run until it has ended, with the runs that it started."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.records import RunStatus
from local_azure.data_factory.remote.api import FactoryApi
from local_azure.data_factory.remote.tree import Node, build

Json = Any

# The pause between two looks grows from the first to the last; a look that takes long is followed by a longer pause.
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.05, 1.0
_GROWTH = 1.3
# How deep runs that start runs are shown.
_DEPTH = 5


@dataclass(slots=True)
class Follower:
    """Reads a run and what belongs to it; definitions are read once."""

    api: FactoryApi
    _definitions: dict[str, Json] = field(default_factory=dict)

    def nodes(self, run: Json) -> list[Node]:
        """The activities of a run."""
        return build(self.api.activity_runs(run["runId"]), self._definition(run["pipelineName"]))

    def below(self, nodes: list[Node], depth: int = _DEPTH) -> dict[str, tuple[Json, list[Node]]]:
        """The runs that these activities started, and so on."""
        found: dict[str, tuple[Json, list[Node]]] = {}
        for node in _all(nodes):
            if node.child_run and depth:
                run = self.api.run(node.child_run)
                inner = self.nodes(run)
                found |= {node.child_run: (run, inner), **self.below(inner, depth - 1)}
        return found

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


def is_final(run: Json) -> bool:
    """Whether a run has ended."""
    return run["status"] in {status.value for status in RunStatus if status.final}


def _all(nodes: "list[Node]") -> Iterator[Node]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children
