"""Starts, queues, cancels and resumes pipeline runs; `runner` executes one.

All runs share one event loop. A run is created and recorded before it is started, so a kill loses none: `start()` takes
up every run that has no final status, in the order they were created.
"""

import asyncio
import logging
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from local_azure.data_factory.activities.base import ActivityType, Inner
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.errors import ActivityError, ArmError
from local_azure.data_factory.injection import NOTHING, Injections
from local_azure.data_factory.parameters import bind
from local_azure.data_factory.records import FactoryId, InvokedBy, PipelineRun, RunStatus, RunStore
from local_azure.data_factory.runner import Runner
from local_azure.data_factory.services import Services

Json = Any
MANUAL = InvokedBy(name="Manual", id="Manual", kind="Manual")
# Limits of the service: queued runs of one pipeline, characters of a run's message.
MAX_QUEUED = 100
MESSAGE_LENGTH = 4000
# Ours: pipelines that start each other, deeper than any real chain; a circle of them would never end.
MAX_CALLS = 50

log = logging.getLogger("local_azure.data_factory")


class Documents(Protocol):
    """The documents of the factories. Names are found whatever their case; None: there is none of that name."""

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        """The name as it was first written, and `properties`; `factory` is `FactoryId.key`."""

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        """`properties` of a dataset."""

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        """`properties` of a linked service."""

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        """The values by name."""

    def factory_name(self, factory: str) -> str:
        """The name of the factory as it was first written."""


class Seal(Protocol):
    """Encrypts what must be kept and not shown."""

    def seal(self, text: str) -> str: ...

    def unseal(self, sealed: str) -> str: ...


class Engine:
    """Runs the pipelines of all factories of one store."""

    def __init__(
        self,
        store: RunStore,
        documents: Documents,
        services: Services,
        seal: Seal,
        types: Mapping[str, ActivityType],
        *,
        choices: Choices | None = None,
    ) -> None:
        self.store = store
        self.documents = documents
        self.services = services
        self.types = types
        self.choices = choices or Choices()
        self.stopping = False
        self.seal, self.unseal = seal.seal, seal.unseal
        self._runners: dict[str, Runner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, asyncio.Future[PipelineRun]] = {}
        self._queues: dict[tuple[str, str], deque[PipelineRun]] = defaultdict(deque)
        self._active: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._injections: dict[str, Injections] = {}

    async def start(self) -> None:
        """Takes up the runs that were not finished when the service last ended."""
        for run in self.store.unfinished_runs():
            if run.status is RunStatus.CANCELING:
                self._finish(run, RunStatus.CANCELLED, "")
            elif run.status is RunStatus.QUEUED:
                self._queues[_pipeline_key(run)].append(run)
            else:
                self._launch(run)
        for key in list(self._queues):
            self._next(key)

    async def stop(self) -> None:
        """Ends all work and leaves it where it is: the next start goes on with it."""
        self.stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def create_run(
        self,
        factory: FactoryId,
        pipeline: str,
        parameters: Mapping[str, Json],
        *,
        invoked_by: InvokedBy = MANUAL,
        reference_run_id: str | None = None,
        is_recovery: bool = False,
        start_activity: str | None = None,
        start_from_failure: bool = False,
        run_id: str | None = None,
        injections: Injections = NOTHING,
    ) -> PipelineRun:
        """Creates a run, or a rerun of another one, and starts it unless it has to wait.

        Raises:
            ArmError: no such pipeline or run, parameters that do not fit, a queue that is full.
        """
        name, definition = self._definition(factory.key, pipeline)
        reference = self._reference(factory.key, name, reference_run_id)
        if is_recovery and reference is None:
            raise ArmError(400, "BadRequest", "isRecovery needs referencePipelineRunId: the run to group this one with")
        if (start_activity or start_from_failure) and reference is None:
            raise ArmError(
                400, "BadRequest", "a run can start in the middle only if referencePipelineRunId names another"
            )
        if start_activity:
            _require_activity(definition, start_activity, name)
        declared = definition.get("parameters") or {}
        given = parameters if parameters or reference is None else reference.parameters
        now = self.services.now()
        identifier = run_id or str(uuid.uuid4())
        run = PipelineRun(
            run_id=identifier,
            group_id=reference.group_id if reference and is_recovery else identifier,
            factory=factory.key,
            pipeline=name,
            parameters=bind(declared, given, name, self.choices),
            definition=definition,
            global_parameters=self.documents.global_parameters(factory.key),
            invoked_by=invoked_by,
            status=RunStatus.QUEUED,
            created=now,
            last_updated=now,
            reference_run_id=reference.run_id if reference else None,
            start_activity=start_activity,
            start_from_failure=start_from_failure,
            annotations=tuple(definition.get("annotations") or ()),
        )
        key = _pipeline_key(run)
        if self._must_wait(run) and len(self._queues[key]) >= MAX_QUEUED:
            raise ArmError(
                400, "BadRequest", f"{MAX_QUEUED} runs of pipeline '{name}' wait already, one more cannot be queued"
            )
        with self.store.transaction():
            if reference and is_recovery:
                for earlier in self.store.runs_of_group(factory.key, reference.group_id):
                    if earlier.is_latest:
                        self.store.save_run(replace(earlier, is_latest=False))
            self.store.save_run(run)
        if injections is not NOTHING:
            self._injections[identifier] = injections
        self._queues[key].append(run)
        self._next(key)
        return self._current(run)

    def cancel(self, factory: FactoryId, run_id: str, *, recursive: bool = False) -> None:
        """Cancels a run; with `recursive` those that it started, too.

        Raises:
            ArmError: no such run, or one that has ended.
        """
        run = self.store.run(run_id)
        if run is None or run.factory != factory.key:
            raise ArmError(
                404, "PipelineRunNotFound", f"there is no pipeline run '{run_id}' in this factory", target=run_id
            )
        if run.status.final:
            raise ArmError(
                400,
                "PipelineRunNotRunning",
                f"pipeline run '{run_id}' is not running: it is {run.status}",
                target=run_id,
            )
        self._cancel(run, recursive=recursive)

    async def finished(self, run_id: str) -> PipelineRun:
        """The run when it has ended."""
        run = self.store.run(run_id)
        if run is not None and run.status.final:
            return run
        future = self._ended.get(run_id)
        if future is None:
            future = self._ended[run_id] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(future)

    def start_child(
        self, parent: PipelineRun, activity: str, run_id: str, pipeline: str, parameters: Mapping[str, Json]
    ) -> None:
        """See `runner.Host`: creates the run of this id, unless it was created before a restart."""
        if self.store.run(run_id) is not None:
            return
        invoked_by = InvokedBy(
            name=activity,
            id=parent.run_id,
            kind="PipelineActivity",
            pipeline_name=parent.pipeline,
            pipeline_run_id=parent.run_id,
        )
        self._require_shallow(parent)
        runner = self._runners.get(parent.run_id)
        before = runner.rerun.child(activity) if runner else None
        try:
            self.create_run(
                _factory_of(parent.factory),
                pipeline,
                parameters,
                invoked_by=invoked_by,
                run_id=run_id,
                reference_run_id=before,
                is_recovery=before is not None,
                start_from_failure=before is not None,
                injections=self._injections.get(parent.run_id, NOTHING),
            )
        except ArmError as error:
            raise ActivityError(error.code, error.message) from error

    def _require_shallow(self, parent: PipelineRun) -> None:
        names = [parent.pipeline]
        above: PipelineRun | None = parent
        while above is not None and above.invoked_by.pipeline_run_id and len(names) <= MAX_CALLS:
            above = self.store.run(above.invoked_by.pipeline_run_id)
            names.extend([above.pipeline] if above else [])
        if len(names) > MAX_CALLS:
            circle = " <- ".join(dict.fromkeys(names))
            raise ActivityError("BadRequest", f"{MAX_CALLS} runs started each other ({circle}): is it a circle?")

    def cancel_child(self, run_id: str) -> None:
        """See `runner.Host`."""
        run = self.store.run(run_id)
        if run is not None and not run.status.final:
            self._cancel(run, recursive=True)

    def _definition(self, factory: str, pipeline: str) -> tuple[str, Mapping[str, Json]]:
        found = self.documents.pipeline(factory, pipeline)
        if found is None:
            raise ArmError(
                404, "PipelineNotFound", f"there is no pipeline '{pipeline}' in this factory", target=pipeline
            )
        return found

    def _reference(self, factory: str, pipeline: str, run_id: str | None) -> PipelineRun | None:
        if not run_id:
            return None
        run = self.store.run(run_id)
        if run is None or run.factory != factory:
            raise ArmError(
                404, "PipelineRunNotFound", f"there is no pipeline run '{run_id}' to refer to", target=run_id
            )
        if run.pipeline.lower() != pipeline.lower():
            raise ArmError(400, "BadRequest", f"run '{run_id}' is one of pipeline '{run.pipeline}', not '{pipeline}'")
        if not run.status.final:
            raise ArmError(400, "BadRequest", f"run '{run_id}' is {run.status}: it can be repeated when it has ended")
        return run

    def _must_wait(self, run: PipelineRun) -> bool:
        limit = int(run.definition.get("concurrency") or 0)
        return limit > 0 and len(self._active[_pipeline_key(run)]) >= limit

    def _next(self, key: tuple[str, str]) -> None:
        """Starts the queued runs of a pipeline that may start."""
        queue = self._queues[key]
        while queue and not self._must_wait(queue[0]):
            self._launch(queue.popleft())

    def _launch(self, run: PipelineRun) -> None:
        now = self.services.now()
        started = replace(run, status=RunStatus.IN_PROGRESS, start=run.start or now, last_updated=now)
        self.store.save_run(started)
        runner = Runner(
            started,
            store=self.store,
            resources=_Resources(self.documents, run.factory),
            services=self.services,
            types=self.types,
            choices=self.choices,
            host=self,
            system=self._system(started),
            injections=self._injections.get(run.run_id, NOTHING),
            previous=self.store.activities(run.reference_run_id) if run.reference_run_id else (),
        )
        if dimensions := runner.run_dimensions():
            runner.run = replace(started, run_dimensions=dimensions)
            self.store.save_run(runner.run)
        self._runners[run.run_id] = runner
        self._active[_pipeline_key(run)].add(run.run_id)
        self._tasks[run.run_id] = asyncio.get_running_loop().create_task(self._execute(runner), name=run.run_id)

    async def _execute(self, runner: Runner) -> None:
        """Executes a run to its end, whatever happens in it."""
        try:
            inner = await runner.execute()
        except asyncio.CancelledError:
            if self.stopping:
                self._forget(runner.run)
                raise
            self._end(runner, RunStatus.CANCELLED, "")
        except Exception as error:  # the top of a run: whatever is wrong in it, the service and its other runs live on
            log.exception("run %s ended by a fault of the local Data Factory", runner.run.run_id)
            self._end(runner, RunStatus.FAILED, f"a fault of the local Data Factory, not of the pipeline: {error!r}")
        else:
            self._end(runner, RunStatus.SUCCEEDED if inner.succeeded else RunStatus.FAILED, _message(inner))

    def _end(self, runner: Runner, status: RunStatus, message: str) -> None:
        run = replace(runner.run, variables=dict(runner.variables.values), return_value=dict(runner.variables.returned))
        self._finish(run, status, runner.journal.masks.text(message)[:MESSAGE_LENGTH])

    def _finish(self, run: PipelineRun, status: RunStatus, message: str) -> None:
        now = self.services.now()
        ended = replace(run, status=status, start=run.start or now, end=now, last_updated=now, message=message)
        # It may have got a rerun meanwhile.
        stored = self.store.run(run.run_id)
        self.store.save_run(replace(ended, is_latest=stored.is_latest if stored else True))
        self._forget(run)
        waiting = self._ended.pop(run.run_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)
        if not self.stopping:
            self._next(_pipeline_key(run))

    def _forget(self, run: PipelineRun) -> None:
        self._active[_pipeline_key(run)].discard(run.run_id)
        for table in (self._runners, self._tasks, self._injections):
            table.pop(run.run_id, None)

    def _cancel(self, run: PipelineRun, *, recursive: bool) -> None:
        queue = self._queues[_pipeline_key(run)]
        if run.status is RunStatus.QUEUED:
            remaining = [item for item in queue if item.run_id != run.run_id]
            queue.clear()
            queue.extend(remaining)
            self._finish(run, RunStatus.CANCELLED, "")
            return
        runner = self._runners[run.run_id]
        runner.recursive = recursive
        self.store.save_run(replace(runner.run, status=RunStatus.CANCELING, last_updated=self.services.now()))
        self._tasks[run.run_id].cancel()

    def _current(self, run: PipelineRun) -> PipelineRun:
        return self.store.run(run.run_id) or run

    def _system(self, run: PipelineRun) -> dict[str, Json]:
        """What pipeline() gives besides parameters; times are those of the run, UTC."""
        child = run.invoked_by.kind == "PipelineActivity"
        return {
            "DataFactory": self.documents.factory_name(run.factory),
            "Pipeline": run.pipeline,
            "RunId": run.run_id,
            "GroupId": run.group_id,
            "TriggerType": run.invoked_by.kind,
            "TriggerId": run.invoked_by.id,
            "TriggerName": run.invoked_by.name,
            "TriggerTime": run.created.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
            "TriggeredByPipelineName": run.invoked_by.pipeline_name if child else None,
            "TriggeredByPipelineRunId": run.invoked_by.pipeline_run_id if child else None,
        }


class _Resources:
    """The documents of one factory, for executors."""

    def __init__(self, documents: Documents, factory: str) -> None:
        self._documents = documents
        self._factory = factory

    def dataset(self, name: str) -> Mapping[str, Json]:
        return _require(self._documents.dataset(self._factory, name), "dataset", name)

    def linked_service(self, name: str) -> Mapping[str, Json]:
        return _require(self._documents.linked_service(self._factory, name), "linked service", name)


def _require(found: Mapping[str, Json] | None, what: str, name: str) -> Mapping[str, Json]:
    if found is None:
        raise ActivityError("ReferenceNotFound", f"there is no {what} '{name}' in this factory (any more)")
    return found


def _message(inner: Inner) -> str:
    """Of a failed run, in Data Factory's words."""
    return "" if inner.succeeded else f"Operation on target {inner.failed} failed: {inner.message}"


def _pipeline_key(run: PipelineRun) -> tuple[str, str]:
    return run.factory, run.pipeline.lower()


def _factory_of(key: str) -> FactoryId:
    subscription, group, name = key.split("/")
    return FactoryId(subscription=subscription, resource_group=group, name=name)


def _require_activity(definition: Mapping[str, Json], name: str, pipeline: str) -> None:
    names = [activity["name"] for activity in definition.get("activities") or ()]
    if name.lower() not in (known.lower() for known in names):
        raise ArmError(
            400,
            "BadRequest",
            f"pipeline '{pipeline}' has no activity '{name}' to start from (there are: {', '.join(names)})",
            target=name,
        )
