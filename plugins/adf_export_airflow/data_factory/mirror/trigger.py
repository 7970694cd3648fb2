"""One task of a mirror, in the triggerer from its start to its end: no worker is needed to wait or to show a result.

A task that runs a second time was cleared by a user, who wants a new outcome. Where no rerun that it has not seen yet
repeats its activity, it starts one, from that activity on. The runs, what each of them repeats, and how many of them
each task has seen are XComs of the task that started the pipeline.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from weakref import WeakValueDictionary

from airflow.sdk.execution_time.xcom import XCom
from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent
from azure.core.exceptions import AzureError

from adf_export_airflow.data_factory.hook import DataFactoryAsyncHook, is_transient
from adf_export_airflow.data_factory.links import LINK_KEY
from adf_export_airflow.data_factory.mirror.following import Container, Follower, Snapshot, following
from adf_export_airflow.data_factory.mirror.starting import RUN_ID, RUNS
from adf_export_airflow.data_factory.mirror.verdict import Shown, Verdict, document

_EVENTS: Final[dict[Shown, type[TaskSuccessEvent | TaskFailedEvent | TaskSkippedEvent]]] = {
    Shown.SUCCESS: TaskSuccessEvent,
    Shown.FAILED: TaskFailedEvent,
    Shown.SKIPPED: TaskSkippedEvent,
}
# How often a task that was cleared looks whether the newest run has ended.
_LOOK_SECONDS: Final = 2.0
# Per DAG run: tasks that were cleared together find the rerun that the first of them started.
_deciding: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()


class MirrorTrigger(BaseTrigger):
    """Ends its task as the activity ended: success, failed with the error in the log, skipped where it did not run.

    Args:
        pipeline: name of the exported pipeline.
        start_task: the task whose XCom `run_id` names the pipeline run.
        activity: the activity's name; empty for the whole run.
        containers: [name, type, retries] of what it is inside of, outermost first.
        opened: the ExecutePipelines of the pipeline whose runs are looked into.
        where: dag_id, run_id, task_id and try_number, only where the trigger is not started by the scheduler.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        pipeline: str,
        start_task: str,
        activity: str,
        retries: int,
        containers: list[list[Any]],
        opened: list[str],
        where: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.conn_id = conn_id
        self.pipeline = pipeline
        self.start_task = start_task
        self.activity = activity
        self.retries = retries
        self.containers = containers
        self.opened = opened
        self.where = where

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("conn_id", "pipeline", "start_task", "activity", "retries", "containers", "opened", "where")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        if not await self._read(RUN_ID):
            yield self._without_run()
            return
        entry = await self._entry()
        async with following(self.conn_id, entry["run_id"]) as follower:
            await self._link(follower, entry["run_id"])
            yield await self._event(entry["run_id"], await self._verdict(entry, follower), follower)

    def _without_run(self) -> TriggerEvent:
        reason = f"task {self.start_task!r} has started no pipeline run"
        self.log.error(reason)
        return (
            TaskSkippedEvent(xcoms={"reason": reason}) if self.activity else TaskFailedEvent(xcoms={"reason": reason})
        )

    async def on_kill(self) -> None:
        """Cancels the pipeline when a user marks the DAG run as failed; a single task is only a picture of it."""
        if await self._dag_run_state() != "failed":
            return
        run_id = await self._read(RUN_ID)
        if run_id:
            async with DataFactoryAsyncHook(self.conn_id) as hook:
                await hook.cancel(await hook.place(None, None), run_id)

    async def _outcome(self, follower: Follower) -> Verdict:
        while True:
            try:
                verdict = self._judge(await follower.snapshot(frozenset(self.opened)))
                if verdict is not None:
                    return verdict
            except AzureError as error:
                if not is_transient(error):
                    return Verdict(shown=Shown.FAILED, reason=f"Data Factory does not tell about the run: {error}")
                self.log.warning("%s; asking again", error)
            await asyncio.sleep(follower.pause)

    def _judge(self, snapshot: Snapshot) -> Verdict | None:
        if not self.activity:
            return snapshot.judge_pipeline()
        containers = [Container(name=name, kind=kind, retries=retries) for name, kind, retries in self.containers]
        return snapshot.judge(self.activity, self.retries, containers)

    async def _verdict(self, entry: dict[str, Any], follower: Follower) -> Verdict:
        if "error" in entry:
            return Verdict(shown=Shown.FAILED, reason=f"the pipeline was not repeated: {entry['error']}")
        return await self._outcome(follower)

    async def _entry(self) -> dict[str, Any]:
        """The newest run that repeats this activity and that no earlier try has seen; if there is none, a new one."""
        while True:
            # Not held while a run is waited for: other tasks have to be shown meanwhile.
            async with _deciding.setdefault(tuple(self._dag_run.values()), asyncio.Lock()):
                entry = await self._decided()
            if entry is not None:
                return entry
            await asyncio.sleep(_LOOK_SECONDS)

    async def _decided(self) -> dict[str, Any] | None:
        """The entry of RUNS that this try shows; None while a rerun has to wait for the end of the newest run."""
        runs: list[dict[str, Any]] = await self._read(RUNS)
        seen = await self._read(self._seen_key) or {"try_number": 0, "runs": 0, "chosen": 0}
        if seen["try_number"] != self._try_number:
            chosen = self._unseen(runs, seen["runs"])
            if chosen is None:
                repeated = await self._repeat(runs[-1]["run_id"])
                if repeated is None:
                    return None
                chosen = len(runs)
                runs.append(repeated)
                await self._write(RUNS, runs)
                await self._write(RUN_ID, repeated["run_id"])
            # Kept from the start on: a triggerer that takes over shows the same run.
            seen = {"try_number": self._try_number, "runs": len(runs), "chosen": chosen}
            await self._write(self._seen_key, seen)
        entry: dict[str, Any] = runs[seen["chosen"]]
        return entry

    def _unseen(self, runs: list[dict[str, Any]], seen: int) -> int | None:
        repeated = (at for at in range(len(runs) - 1, seen - 1, -1) if self._is_repeated(runs[at]))
        return next(repeated, None)

    def _is_repeated(self, run: dict[str, Any]) -> bool:
        return run["repeats"] is None or self._task_id in run["repeats"]

    async def _repeat(self, run_id: str) -> dict[str, Any] | None:
        """Starts a rerun of the newest run, None if that has not ended."""
        outermost = self.containers[0][0] if self.containers else self.activity
        repeats = sorted(self._repeated(outermost))
        async with following(self.conn_id, run_id) as follower:
            try:
                if not (await follower.snapshot(frozenset(self.opened))).run.is_final:
                    return None
                place = await follower.place()
                new = await follower.hook.rerun(place, self.pipeline, run_id, activity=outermost or None)
            except AzureError as error:
                self.log.exception("run %s could not be repeated", run_id)
                return {"run_id": run_id, "repeats": repeats, "error": str(error)}
        self.log.info("repeats run %s from %s on: %s", run_id, outermost or "what failed", new)
        return {"run_id": new, "repeats": repeats}

    def _repeated(self, outermost: str) -> set[str]:
        """The tasks of the activity at the top of the pipeline that holds ours, and all behind them."""
        task: Any = self.task
        roots = [one for name, one in task.dag.task_dict.items() if name.split(".")[0] == (outermost or task.task_id)]
        return {name for root in roots for name in (root.task_id, *root.get_flat_relative_ids(upstream=False))}

    async def _event(self, run_id: str, verdict: Verdict, follower: Follower) -> TriggerEvent:
        page = await self._page(follower, run_id)
        if verdict.shown is Shown.FAILED:
            self.log.error("%s\n%s", verdict.reason, page)
        else:
            self.log.info("%s\n%s", verdict.reason, page)
        xcoms = {RUN_ID: run_id, "reason": verdict.reason, LINK_KEY: page, **document(verdict)}
        return _EVENTS[verdict.shown](xcoms=xcoms)

    async def _link(self, follower: Follower, run_id: str) -> None:
        here = self._dag_run | {"task_id": self._task_id}
        await XCom.aset(LINK_KEY, await self._page(follower, run_id), **here)

    async def _page(self, follower: Follower, run_id: str) -> str:
        settings = await follower.hook.settings()
        return settings.page(run_id, activity=self.activity)

    @property
    def _dag_run(self) -> dict[str, str]:
        if self.where is not None:
            return {"dag_id": self.where["dag_id"], "run_id": self.where["run_id"]}
        task_instance: Any = self.task_instance
        return {"dag_id": task_instance.dag_id, "run_id": task_instance.run_id}

    @property
    def _task_id(self) -> str:
        task_instance: Any = self.task_instance
        return str(self.where["task_id"] if self.where is not None else task_instance.task_id)

    @property
    def _try_number(self) -> int:
        task_instance: Any = self.task_instance
        return int(self.where["try_number"] if self.where is not None else task_instance.try_number)

    @property
    def _seen_key(self) -> str:
        return f"seen.{self._task_id}"

    async def _read(self, key: str) -> Any:
        return await XCom.aget_one(key=key, task_id=self.start_task, **self._dag_run)

    async def _write(self, key: str, value: Any) -> None:
        await XCom.aset(key, value, task_id=self.start_task, **self._dag_run)

    async def _dag_run_state(self) -> str:
        from airflow.sdk.execution_time.comms import DagRunStateResult, GetDagRunState
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        answer = await SUPERVISOR_COMMS.asend(GetDagRunState.model_validate(self._dag_run))
        return str(answer.state.value) if isinstance(answer, DagRunStateResult) else ""
