"""Executes one pipeline run: the prose first, then the code.

A run is a tree of frames: the pipeline's own activities, and those inside a control activity, once for every iteration
or branch. Within a frame an activity starts when all it depends on is final and every entry of its `dependsOn` is met;
otherwise it is skipped. A frame has ended when all of its activities are final; its leaves decide how (`outcome`).

An activity is one or more attempts, each with a record that is durable when it starts and again when it ends. Each
activity has a key that names its place in the tree ("Load[3]/Copy"). After a restart the same tree is walked again,
and for every key the records say what is known: a finished activity gives its recorded result, an interrupted one does
what its type says (`AfterRestart`), anything else runs. Values that decide the shape of the tree (the items of a
ForEach, the branch of an If) were remembered before they were used. Variables are rebuilt from the records of the
activities that set them.

A rerun walks the tree in the same way with the records of the run before.
"""

import asyncio
import datetime
from collections import ChainMap, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import adf_lang
from adf_lang.scope import MISSING
from adf_lang.text import to_text
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Inner
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.documents import Activity, read_activities, seconds_of
from local_azure.data_factory.errors import ActivityError, FailureType
from local_azure.data_factory.evaluation import INVALID, evaluate
from local_azure.data_factory.flow import AttemptMemory, RunnerFlow
from local_azure.data_factory.injection import Injections
from local_azure.data_factory.journal import Journal
from local_azure.data_factory.outcome import deciding_failure, may_run
from local_azure.data_factory.records import ActivityRun, ActivityStatus, PipelineRun, RunStore
from local_azure.data_factory.reruns import Rerun, Reuse
from local_azure.data_factory.services import Services
from local_azure.data_factory.variables import Variables

Json = Any
LONGEST = datetime.timedelta(days=90)


class Host(Protocol):
    """What a run needs of the engine around it."""

    # True while the service stops: what is cancelled now goes on after the next start.
    stopping: bool

    def seal(self, text: str) -> str:
        """Encrypts what must be kept and not shown."""

    def unseal(self, text: str) -> str:
        """The opposite of `seal`."""

    def start_child(
        self, parent: PipelineRun, activity: str, run_id: str, pipeline: str, parameters: Mapping[str, Json]
    ) -> None:
        """Creates the run of this id for ExecutePipeline, unless there is one already."""

    async def finished(self, run_id: str) -> PipelineRun:
        """The run when it has ended."""

    def cancel_child(self, run_id: str) -> None:
        """Cancels a run and what it started."""


class FactoryResources(Protocol):
    """The documents of the run's factory, as they are now; see `activities.base.Resources`."""

    def dataset(self, name: str) -> Mapping[str, Json]: ...

    def linked_service(self, name: str) -> Mapping[str, Json]: ...


@dataclass(slots=True, kw_only=True)
class Frame:
    """The activities that run beside each other: of a pipeline, or of one iteration or branch."""

    # Of the keys of its activities: "" or "Load[3]/".
    prefix: str
    # The ForEach or Until iteration it belongs to; empty outside.
    iteration: str
    activities: Mapping[str, Activity]
    scope: adf_lang.Scope
    # What activity('x') gives, of this frame and the ones around it.
    visible: ChainMap[str, Mapping[str, Json]]
    # Which keys give the results of the run before.
    reuse: Reuse
    statuses: dict[str, ActivityStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that is under way."""

    activity: Activity
    frame: Frame
    key: str
    number: int
    record: ActivityRun


class Runner:
    """Executes one run; `run` is its record as it was last saved."""

    def __init__(
        self,
        run: PipelineRun,
        *,
        store: RunStore,
        resources: FactoryResources,
        services: Services,
        types: Mapping[str, ActivityType],
        choices: Choices,
        host: Host,
        system: Mapping[str, Json],
        injections: Injections,
        previous: Sequence[ActivityRun] = (),
    ) -> None:
        self.run = run
        self.resources = resources
        self.services = services
        self.types = types
        self.choices = choices
        self.host = host
        self.system = system
        self.injections = injections
        self.journal = Journal(run, store, host, services.now)
        self.variables = Variables(run.definition.get("variables") or {})
        before = store.memory(run.reference_run_id) if run.reference_run_id else {}
        self.rerun = Rerun(run, previous, before)
        # Set before a cancel that shall reach the runs that this one started.
        self.recursive = False
        self._read: dict[int, tuple[Activity, ...]] = {}
        self._mask_secure_parameters()
        for record in self.journal.ended:
            self.variables.apply(record, self.journal.output(record))

    async def execute(self) -> Inner:
        """Runs the pipeline's activities to their end."""
        return await self.run_frame(
            self.run.definition.get("activities") or (),
            prefix="",
            iteration="",
            item=MISSING,
            around=ChainMap(),
            reuse=self.rerun.reused_at_top(self._activities(self.run.definition.get("activities") or ())),
        )

    async def run_frame(
        self,
        documents: Sequence[Json],
        *,
        prefix: str,
        iteration: str,
        item: Json,
        around: ChainMap[str, Mapping[str, Json]],
        reuse: Reuse,
        visible_after: bool = False,
    ) -> Inner:
        """Runs activities beside each other and says how they ended."""
        activities = self._activities(documents)
        visible = around.new_child()
        frame = Frame(
            prefix=prefix,
            iteration=iteration,
            activities={activity.name: activity for activity in activities},
            scope=self._scope(visible, item),
            visible=visible,
            reuse=reuse,
        )
        await self._walk(frame)
        if visible_after:
            outside = around.maps[0]
            for activity in activities:
                outside.pop(activity.name, None)
            outside.update(visible.maps[0])
        failed = deciding_failure(activities, frame.statuses, self.choices.leaf_reading)
        if failed is None:
            return Inner(succeeded=True)
        error = frame.visible.get(failed, {}).get("error") or {}
        return Inner(succeeded=False, failed=failed, message=str(error.get("message", "")))

    async def _walk(self, frame: Frame) -> None:
        """Starts every activity when what it depends on is final; returns when all are final."""
        waiting = {name: len(activity.depends_on) for name, activity in frame.activities.items()}
        dependents: dict[str, list[str]] = defaultdict(list)
        for name, activity in frame.activities.items():
            for entry in activity.depends_on:
                dependents[entry.activity].append(name)
        skipped: list[ActivityRun] = []
        async with asyncio.TaskGroup() as group:

            async def run(activity: Activity) -> None:
                settle(activity.name, await self._run_activity(activity, frame))

            def settle(name: str, status: ActivityStatus) -> None:
                pending = [(name, status)]
                while pending:
                    settled, status = pending.pop()
                    frame.statuses[settled] = status
                    for dependent in dependents[settled]:
                        waiting[dependent] -= 1
                        if waiting[dependent]:
                            continue
                        activity = frame.activities[dependent]
                        if activity.marked_as or may_run(activity.depends_on, frame.statuses):
                            group.create_task(run(activity))
                        else:
                            skipped.append(self._not_run(activity, frame, ActivityStatus.SKIPPED))
                            pending.append((dependent, ActivityStatus.SKIPPED))

            for name, activity in frame.activities.items():
                if not waiting[name]:
                    group.create_task(run(activity))
        self.journal.save_new(skipped)

    async def _run_activity(self, activity: Activity, frame: Frame) -> ActivityStatus:
        """Runs an activity with its retries; the status that those see that depend on it."""
        key = frame.prefix + activity.name
        if activity.marked_as is not None:
            self.journal.save_new([self._not_run(activity, frame, ActivityStatus.INACTIVE)])
            return activity.marked_as
        if frame.reuse(key):
            return self._take_over(activity, frame, self.rerun.records[key])
        type_ = self.types.get(activity.type)
        if type_ is None:
            record = self._begin(activity, frame, key, 0).record
            error = ActivityError("NotSupported", f"activity type '{activity.type}' is not executed here")
            return self._end_failed(activity, frame, record, error)
        try:
            retry, timeout = self._policy(activity, frame, type_)
        except ActivityError as error:
            return self._end_failed(activity, frame, self._begin(activity, frame, key, 0).record, error)
        attempt = self._resume(activity, frame, key, type_)
        while True:
            if isinstance(attempt, ActivityRun):
                record = attempt
            else:
                record = await self._attempt(attempt, type_, timeout)
            self._show(activity, frame, record)
            again = record.status is ActivityStatus.FAILED and record.error_code != INVALID
            if not again or record.attempt >= retry:
                return record.status
            await asyncio.sleep(activity.policy.retry_interval_seconds)
            attempt = self._begin(activity, frame, key, record.attempt + 1)

    def _resume(self, activity: Activity, frame: Frame, key: str, type_: ActivityType) -> Attempt | ActivityRun:
        """Where to begin: a fresh attempt, an interrupted one, or the record of a finished one."""
        known = self.journal.known.get(key)
        if not known:
            return self._begin(activity, frame, key, 0)
        last = known[-1]
        if last.status.final:
            return last
        if type_.when_restarted(activity.document) is AfterRestart.FAIL:
            error = ActivityError(
                "ServiceRestarted",
                "the local Data Factory was restarted while this attempt ran; it may have had its effect or not, so it "
                "is repeated only as often as the policy's retry says",
                failure_type=FailureType.SYSTEM,
            )
            return self.journal.failed(last, error)
        return Attempt(activity=activity, frame=frame, key=key, number=last.attempt, record=last)

    async def _attempt(self, attempt: Attempt, type_: ActivityType, timeout: float | None) -> ActivityRun:
        """Makes one attempt and records how it ended."""
        record, activity = attempt.record, attempt.activity

        def record_input(value: Json) -> None:
            nonlocal record
            record = self.journal.given(record, activity, value)

        context = self._context(attempt, timeout, record_input)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                output = await self._run(attempt, type_, context)
        except ActivityError as error:
            return self.journal.failed(record, error)
        except TimeoutError as error:
            if not limit.expired():
                raise
            late = ActivityError("Timeout", f"the attempt did not end within its timeout of {timeout:g} s")
            late.__cause__ = error
            return self.journal.failed(record, late)
        except asyncio.CancelledError:
            if not self.host.stopping:
                self.journal.cancelled(record)
            raise
        return self.journal.succeeded(record, activity, output)

    async def _run(self, attempt: Attempt, type_: ActivityType, context: ActivityContext) -> dict[str, Json]:
        injected = self.injections.take(attempt.key, attempt.activity.name, attempt.number)
        if injected is None:
            return await type_.run(context)
        if injected.seconds:
            await asyncio.sleep(injected.seconds)
        return injected.result()

    def _context(
        self, attempt: Attempt, timeout: float | None, record_input: Callable[[Json], None]
    ) -> ActivityContext:
        frame, key = attempt.frame, attempt.key

        def evaluate_here(
            value: Json,
            *,
            path: str = "$",
            dataset: Mapping[str, Json] | None = None,
            linked_service: Mapping[str, Json] | None = None,
            item: Json = MISSING,
        ) -> Json:
            scope = frame.scope
            if dataset is not None or linked_service is not None or item is not MISSING:
                inner = frame.scope.item if item is MISSING else item
                scope = self._scope(frame.visible, inner, dataset, linked_service)
            return evaluate(value, scope, path=path)

        return ActivityContext(
            name=attempt.activity.name,
            document=attempt.activity.document,
            evaluate=evaluate_here,
            resources=self.resources,
            services=self.services,
            checkpoint=AttemptMemory(self.journal, f"{key}#{attempt.number}"),
            system=self.system,
            activity_run_id=attempt.record.activity_run_id,
            retry=attempt.number,
            deadline=self.services.now() + (datetime.timedelta(seconds=timeout) if timeout else LONGEST),
            record_input=record_input,
            mask=self.journal.masks.add,
            flow=RunnerFlow(self, attempt),
            choices=self.choices,
            stopping=lambda: self.host.stopping,
        )

    def _policy(self, activity: Activity, frame: Frame, type_: ActivityType) -> tuple[int, float | None]:
        """How often to retry and how many seconds an attempt may take; without a policy: never, for ever."""
        if not type_.policy:
            return 0, None
        policy = activity.policy
        retry = evaluate(policy.retry, frame.scope, path="$.policy.retry")
        try:
            count = int(retry)
        except (TypeError, ValueError) as error:
            raise ActivityError(INVALID, f"$.policy.retry must be an integer, but is {retry!r}") from error
        if policy.timeout is None:
            return count, float(self.choices.activity_timeout_seconds)
        timeout = evaluate(policy.timeout, frame.scope, path="$.policy.timeout")
        return count, seconds_of(timeout, path="$.policy.timeout")

    def _begin(self, activity: Activity, frame: Frame, key: str, number: int) -> Attempt:
        """Records that an attempt starts."""
        properties = self._user_properties(activity, frame)
        record = self.journal.begin(
            activity, key=key, attempt=number, iteration=frame.iteration, user_properties=properties
        )
        return Attempt(activity=activity, frame=frame, key=key, number=number, record=record)

    def _end_failed(
        self, activity: Activity, frame: Frame, record: ActivityRun, error: ActivityError
    ) -> ActivityStatus:
        failed = self.journal.failed(record, error)
        self._show(activity, frame, failed)
        return failed.status

    def _not_run(self, activity: Activity, frame: Frame, status: ActivityStatus) -> ActivityRun:
        key = frame.prefix + activity.name
        return self.journal.not_run(activity, key=key, iteration=frame.iteration, status=status)

    def _show(self, activity: Activity, frame: Frame, record: ActivityRun) -> None:
        """Lets expressions see how an activity ended."""
        found: dict[str, Json] = {
            "output": self.journal.output(record),
            "status": record.status.value,
            "activityRunId": record.activity_run_id,
        }
        if record.status is ActivityStatus.FAILED:
            found["error"] = {
                "errorCode": record.error_code,
                "message": record.error_message,
                "failureType": record.failure_type,
                "target": record.name,
            }
        frame.visible[activity.name] = found

    def _take_over(self, activity: Activity, frame: Frame, before: ActivityRun) -> ActivityStatus:
        """Gives the result of the run before instead of running."""
        record = self.journal.taken_over(before, iteration=frame.iteration)
        if record.key not in self.journal.known:
            self.journal.save(record)
            self.variables.apply(record, self.journal.output(record))
        if record.status not in (ActivityStatus.SKIPPED, ActivityStatus.INACTIVE):
            self._show(activity, frame, record)
        return record.status

    def _activities(self, documents: Sequence[Json]) -> tuple[Activity, ...]:
        """The activities of a list in the definition, read once however often it runs."""
        known = self._read.get(id(documents))
        if known is None:
            known = self._read[id(documents)] = read_activities(documents)
        return known

    def _scope(
        self,
        visible: ChainMap[str, Mapping[str, Json]],
        item: Json,
        dataset: Mapping[str, Json] | None = None,
        linked_service: Mapping[str, Json] | None = None,
    ) -> adf_lang.Scope:
        return adf_lang.Scope(
            parameters=self.run.parameters,
            global_parameters=self.run.global_parameters,
            system=self.system,
            variables=self.variables.values,
            activities=visible,
            item=item,
            dataset=MISSING if dataset is None else dataset,
            linked_service=MISSING if linked_service is None else linked_service,
            now=self.services.now,
        )

    def run_dimensions(self) -> dict[str, str]:
        """The pipeline's `runDimensions`, evaluated and masked."""
        dimensions = self.run.definition.get("runDimensions") or {}
        scope = self._scope(ChainMap(), MISSING)
        return {name: self.journal.masks.text(_description(value, scope)) for name, value in dimensions.items()}

    def _user_properties(self, activity: Activity, frame: Frame) -> Mapping[str, str]:
        return {
            str(entry["name"]): _description(entry.get("value", ""), frame.scope) for entry in activity.user_properties
        }

    def _mask_secure_parameters(self) -> None:
        for name, document in (self.run.definition.get("parameters") or {}).items():
            if str(document.get("type", "")).lower() == "securestring":
                self.journal.masks.add(str(self.run.parameters.get(name, "")))


def _description(value: Json, scope: adf_lang.Scope) -> str:
    """A value that describes a run or an activity for people: what cannot be evaluated is told, and ends nothing."""
    try:
        return to_text(evaluate(value, scope))
    except ActivityError as error:
        return f"({error.message.splitlines()[0]})"
