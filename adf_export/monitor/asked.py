"""Finds the pipeline runs that a user asks for: by id, its beginning, the name of a pipeline, a time, a status."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from adf_export.monitor.api import KEPT, FactoryApi, MissingError
from adf_export.monitor.tree import Node, of_run, only_failures, with_activities

Json = Any
LAST: Final = "last"
_RUN_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BEGINNING: Final = re.compile(r"[0-9a-f][0-9a-f-]*", re.IGNORECASE)
_ENDED_BADLY: Final = ("Failed", "Cancelled")
# Near names, or all names if the factory has no more.
_NAMES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user wants to see."""

    which: Sequence[str]
    since: timedelta
    statuses: Sequence[str]
    # None: all.
    last: int | None

    @property
    def _filters(self) -> list[Json]:
        return [_equals("Status", *self.statuses)] if self.statuses else []

    def find(self, api: FactoryApi) -> list[Json]:
        """The runs as they are now; of reruns of one run the newest, unless another is named.

        Raises:
            MissingError: what is named is not there.
        """
        if self.which:
            found = [run for name in self.which for run in self._named(api, name)]
            return list({run["runId"]: run for run in found}.values())
        return _top(list(api.runs(since=self.since, filters=self._filters)))[: self.last]

    def node(self, api: FactoryApi, run: Json) -> Node:
        """A run: opened if it is named, else to its failures, if it has any."""
        opened = bool(self.which) or run["status"] in _ENDED_BADLY
        node = with_activities(api, run) if opened else of_run(run)
        if not self.which:
            only_failures(node)
        node.others = [of_run(other) for other in _chain(api, run) if other["runId"] != run["runId"]]
        node.attempts = 1 + len(node.others)
        return node

    def _named(self, api: FactoryApi, name: str) -> list[Json]:
        if _RUN_ID.fullmatch(name):
            return [api.run(name)]
        if name == LAST:
            return self._newest(api)
        found = api.runs(since=self.since, filters=[*self._filters, _equals("PipelineName", name)])
        return [run for run in found if _is_newest(run)][: self.last] or self._beginning(api, name)

    def _newest(self, api: FactoryApi) -> list[Json]:
        for run in api.runs(filters=self._filters):
            if _parent(run) is None and _is_newest(run):
                return [run]
        raise MissingError("the factory has no such run", place=api.place.path)

    def _beginning(self, api: FactoryApi, beginning: str) -> list[Json]:
        looks_like_one = _BEGINNING.fullmatch(beginning)
        found = [run for run in api.runs() if run["runId"].startswith(beginning.lower())] if looks_like_one else []
        if len(found) > 1:
            ids = ", ".join(run["runId"] for run in found[:_NAMES])
            raise MissingError(f"{len(found)} runs begin with '{beginning}': {ids}", remedy="write more of it")
        if not found:
            raise self._nothing(api, beginning)
        return found

    def _nothing(self, api: FactoryApi, name: str) -> MissingError:
        names, place = api.pipelines(), api.place.path
        if name in names:
            of_status = f" that are {' or '.join(self.statuses)}" if self.statuses else ""
            text = f"pipeline '{name}' has no runs{of_status} in the last {_hours(self.since)}"
            return MissingError(text, place=place, remedy=f"look further back with --since, up to {KEPT.days}d")
        near = get_close_matches(name, names, n=_NAMES) or (sorted(names) if len(names) <= _NAMES else [])
        remedy = f"did you mean {', '.join(near)}?" if near else f"the factory has {len(names)} pipelines"
        return MissingError(f"no pipeline and no run is called '{name}'", place=place, remedy=remedy)


def _equals(operand: str, *values: str) -> Json:
    return {"operand": operand, "operator": "In", "values": list(values)}


def _top(runs: Sequence[Json]) -> list[Json]:
    """Without runs that were repeated, and those that another pipeline started, unless they alone tell a failure."""
    opened = {run["runId"] for run in runs if run["status"] in _ENDED_BADLY}
    return [run for run in runs if _is_newest(run) and _stands_alone(run, opened)]


def _stands_alone(run: Json, failed: set[str]) -> bool:
    parent = _parent(run)
    return parent is None or (run["runId"] in failed and parent not in failed)


def _parent(run: Json) -> str | None:
    return (run.get("invokedBy") or {}).get("pipelineRunId") or None


def _is_newest(run: Json) -> bool:
    return run.get("isLatest") is not False


def _chain(api: FactoryApi, run: Json) -> list[Json]:
    """All runs of its chain of reruns, which has the id of the first; the newest first."""
    group = run.get("runGroupId") or run["runId"]
    if group == run["runId"] and _is_newest(run):
        return [run]
    return list(api.runs(filters=[_equals("RunGroupId", group)]))


def _hours(since: timedelta) -> str:
    hours = since / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours > 48 else f"{hours:g} hours"
