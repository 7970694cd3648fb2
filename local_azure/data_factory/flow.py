"""What control activities do to the run around them; see `activities.base.Flow`."""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adf_lang.scope import MISSING
from local_azure.data_factory.activities.base import Inner
from local_azure.data_factory.journal import Journal
from local_azure.data_factory.records import PipelineRun
from local_azure.data_factory.reruns import CHILD

if TYPE_CHECKING:
    from local_azure.data_factory.runner import Attempt, Runner

Json = Any


class AttemptMemory:
    """The memory of one attempt, kept in that of its run; see `activities.base.Checkpoint`."""

    def __init__(self, journal: Journal, prefix: str) -> None:
        self._journal = journal
        self._prefix = prefix

    def get(self, key: str) -> Json | None:
        return self._journal.recall(f"{self._prefix}#{key}")

    def put(self, key: str, value: Json) -> None:
        self._journal.keep(f"{self._prefix}#{key}", value)


class RunnerFlow:
    """The flow of one attempt of a control activity."""

    def __init__(self, runner: "Runner", attempt: "Attempt") -> None:
        self._runner = runner
        self._attempt = attempt

    async def run(
        self, activities: Sequence[Json], *, part: str, item: Json = MISSING, visible_after: bool = False
    ) -> Inner:
        attempt, looping = self._attempt, part.startswith("[")
        return await self._runner.run_frame(
            activities,
            prefix=f"{attempt.key}{part}/",
            iteration=f"{attempt.key}{part}" if looping else attempt.frame.iteration,
            item=attempt.frame.scope.item if item is MISSING else item,
            around=attempt.frame.visible,
            reuse=self._runner.rerun.reused_inside(attempt.key),
            visible_after=visible_after,
        )

    def remember(self, name: str, compute: Callable[[], Json]) -> Json:
        return self._runner.journal.remember(f"{self._attempt.key}#{name}", compute)

    def variable(self, name: str) -> Json:
        return self._runner.variables.get(name)

    def set_variable(self, name: str, value: Json) -> None:
        self._runner.variables.set(name, value)

    def set_return_value(self, values: Mapping[str, Json]) -> None:
        self._runner.variables.returned.update(values)

    def start_pipeline(self, name: str, parameters: Mapping[str, Json]) -> str:
        run_id: str = self.remember(CHILD, lambda: str(uuid.uuid4()))
        self._runner.host.start_child(self._runner.run, self._attempt.key, run_id, name, parameters)
        return run_id

    async def wait_for(self, run_id: str) -> PipelineRun:
        try:
            return await self._runner.host.finished(run_id)
        except asyncio.CancelledError:
            if self._runner.recursive:
                self._runner.host.cancel_child(run_id)
            raise
