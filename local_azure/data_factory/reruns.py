"""Which activities a rerun repeats, and which give the results of the run before."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local_azure.data_factory.documents import Activity
from local_azure.data_factory.records import ActivityRun, ActivityStatus, PipelineRun

Json = Any
Reuse = Callable[[str], bool]
# Under this name an ExecutePipeline remembers the run that it started.
CHILD = "child"


class Rerun:
    """The run before, seen from its rerun; of a run that is none, nothing is reused."""

    def __init__(self, run: PipelineRun, previous: Sequence[ActivityRun], memory: Mapping[str, Json]) -> None:
        self._run = run
        self._memory = memory
        # The last record by key.
        self.records = {record.key: record for record in previous if record.status.final}

    def reused_at_top(self, activities: Sequence[Activity]) -> Reuse:
        """Which activities of the pipeline are not repeated.

        From an activity on: that one and all that depend on it are repeated. From failure: all that did not succeed,
        and all that depend on those.
        """
        run = self._run
        if not self.records or not (run.start_activity or run.start_from_failure):
            return _nothing
        if run.start_activity:
            wanted = run.start_activity.lower()
            repeated = {activity.name for activity in activities if activity.name.lower() == wanted}
        else:
            repeated = {activity.name for activity in activities if not self._succeeded(activity.name)}
        repeated = _with_dependents(activities, repeated)
        return lambda key: key in self.records and key not in repeated

    def reused_inside(self, key: str) -> Reuse:
        """Which activities inside a repeated control activity are not: after a failure, those that succeeded."""
        before = self.records.get(key)
        if not self._run.start_from_failure or before is None or before.status is ActivityStatus.SUCCEEDED:
            return _nothing
        return self._succeeded

    def child(self, key: str) -> str | None:
        """The run that an ExecutePipeline of this key started in the run before, if the rerun goes on from there."""
        found = self._memory.get(f"{key}#{CHILD}") if self._run.start_from_failure else None
        return str(found) if found else None

    def _succeeded(self, key: str) -> bool:
        before = self.records.get(key)
        return before is not None and before.status in (ActivityStatus.SUCCEEDED, ActivityStatus.INACTIVE)


def _nothing(key: str) -> bool:
    return False


def _with_dependents(activities: Sequence[Activity], names: set[str]) -> set[str]:
    found = set(names)
    while True:
        more = {
            activity.name
            for activity in activities
            if activity.name not in found and any(entry.activity in found for entry in activity.depends_on)
        }
        if not more:
            return found
        found |= more
