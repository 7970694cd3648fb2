"""What Data Factory tells of one run, asked once for all tasks of a triggerer that mirror it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from adf_export_airflow.data_factory.hook import DataFactoryAsyncHook
from adf_export_airflow.data_factory.mirror.verdict import Verdict, judge, judge_pipeline
from adf_export_airflow.data_factory.records import ActivityRun, PipelineRun

# It asks often while something changes, and rarely when nothing did for long: a tenth of the quiet time in between.
_SHORTEST: Final = 1.0
_LONGEST: Final = 15.0
_SHARE: Final = 0.1
_LOOPS: Final = frozenset({"ForEach", "Until"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What an activity is inside of: a control activity, or an ExecutePipeline that starts its pipeline."""

    name: str
    kind: str
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run at one moment, with the activity runs of it and of the pipelines of its DAG that it started."""

    run: PipelineRun
    # Pipeline run id to its activity runs.
    activities: dict[str, list[ActivityRun]]

    def judge(self, name: str, retries: int, containers: Iterable[Container]) -> Verdict | None:
        """The verdict on an activity, None while it is open."""
        scope, over, inside_loop = [self.run.run_id], self.run.is_final, False
        for container in containers:
            found = self._named(scope, container.name)
            closed = judge(found, retries=container.retries, inside_loop=inside_loop, over=over)
            over = over or closed is not None
            inside_loop = inside_loop or container.kind in _LOOPS
            if container.kind == "ExecutePipeline":
                scope = [child for run in found if (child := started_by(run))]
        return judge(self._named(scope, name), retries=retries, inside_loop=inside_loop, over=over)

    def judge_pipeline(self) -> Verdict | None:
        return judge_pipeline(self.run)

    def _named(self, scope: list[str], name: str) -> list[ActivityRun]:
        return [run for run_id in scope for run in self.activities.get(run_id, ()) if run.name == name]


def started_by(run: ActivityRun) -> str:
    """The pipeline run that an ExecutePipeline has started; empty where there is none yet."""
    return str(run.output.get("pipelineRunId") or "") if isinstance(run.output, dict) else ""


@dataclass(slots=True, kw_only=True)
class Follower:
    """Asks for one run; `snapshot` gives what was told a moment ago to all who ask together."""

    hook: DataFactoryAsyncHook
    run_id: str
    users: int = 0
    _latest: Snapshot | None = None
    _asked: float = 0.0
    _changed: float = field(default_factory=time.monotonic)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def pause(self) -> float:
        """Seconds until the next question is worth it."""
        return min(max(_SHORTEST, (time.monotonic() - self._changed) * _SHARE), _LONGEST)

    async def snapshot(self, opened: frozenset[str]) -> Snapshot:
        """The run, not older than the pause; `opened` are the ExecutePipelines whose runs belong to it."""
        async with self._lock:
            now = time.monotonic()
            if self._latest is None or now - self._asked >= self.pause * 0.9:
                found = await self._ask(opened)
                if found != self._latest:
                    self._changed = now
                self._latest, self._asked = found, time.monotonic()
            return self._latest

    async def place(self) -> tuple[str, str]:
        """Resource group and factory of the connection."""
        return await self.hook.place(None, None)

    async def _ask(self, opened: frozenset[str]) -> Snapshot:
        place = await self.place()
        # The run before its activities: a run that was final then has no activity runs to come.
        run = await self.hook.pipeline_run(place, self.run_id)
        activities: dict[str, list[ActivityRun]] = {}
        todo = [self.run_id]
        while todo:
            run_id = todo.pop()
            activities[run_id] = await self.hook.activity_runs(place, run_id)
            children = (started_by(one) for one in activities[run_id] if one.name in opened)
            todo.extend(child for child in children if child and child not in activities)
        return Snapshot(run=run, activities=activities)


_followers: dict[tuple[Any, ...], Follower] = {}


@asynccontextmanager
async def following(conn_id: str, run_id: str) -> AsyncIterator[Follower]:
    """The one follower of a run in this process, made by the first who asks and closed by the last."""
    key = (conn_id, run_id, asyncio.get_running_loop())
    follower = _followers.get(key)
    if follower is None:
        follower = _followers[key] = Follower(hook=DataFactoryAsyncHook(conn_id), run_id=run_id)
    follower.users += 1
    try:
        yield follower
    finally:
        follower.users -= 1
        if not follower.users:
            _followers.pop(key, None)
            await follower.hook.close()
