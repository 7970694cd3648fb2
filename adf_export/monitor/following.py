"""Asks about runs once, or again and again until all have ended."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adf_export.monitor.api import FactoryApi, UnreachableError
from adf_export.monitor.asked import Asked
from adf_export.monitor.tree import Node

Json = Any
Show = Callable[[Sequence[Node], Iterable[str]], None]
# How long a factory may be out of reach before following it is given up.
PATIENCE_SECONDS: Final = 600.0


def once(api: FactoryApi, asked: Asked) -> list[Node]:
    """The runs as they are now, failed ones first, then those that run."""
    return in_order(asked.node(api, run) for run in asked.find(api))


def in_order(nodes: Iterable[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: (not node.counts_as_failed, node.ended))


@dataclass(slots=True, kw_only=True)
class Following:
    """Runs that were found, and what is known of them."""

    api: FactoryApi
    asked: Asked
    pause: float
    show: Show
    _nodes: dict[str, Node] = field(init=False, default_factory=dict)
    _settled: set[str] = field(init=False, default_factory=set)
    # Ended, while of their activities something seems to run: the list of these lags behind. They are asked once more.
    _lagging: set[str] = field(init=False, default_factory=set)

    def to_the_end(self) -> list[Node]:
        """Shows the runs that there are now until all have ended.

        Raises:
            OutsideError: what was asked for is not there, or the factory is out of reach for too long.
        """
        runs = self.asked.find(self.api)
        self._ask(runs)
        given_up = None
        while len(self._settled) < len(runs):
            time.sleep(self.pause)
            try:
                self._ask([self.api.run(run["runId"]) for run in runs if run["runId"] not in self._settled])
                given_up = None
            except UnreachableError as error:
                given_up = given_up or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() > given_up:
                    raise
                self.show(self.nodes, [f"{error.summary}; asking again", *([error.remedy] if error.remedy else [])])
        return self.nodes

    @property
    def nodes(self) -> list[Node]:
        return in_order(self._nodes.values())

    def _ask(self, runs: Sequence[Json]) -> None:
        for run in runs:
            self._take(self.asked.node(self.api, run))
        self.show(self.nodes, [])

    def _take(self, node: Node) -> None:
        self._nodes[node.run_id] = node
        under_way = [one for one in node.all() if not one.ended]
        if any(one.kind == "Pipeline" for one in under_way):
            return
        if under_way and node.run_id not in self._lagging:
            self._lagging.add(node.run_id)
        else:
            self._settled.add(node.run_id)
