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
import uuid
from collections import ChainMap, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import adf_lang
from adf_lang.json_reader import read_json
from adf_lang.scope import MISSING
from adf_lang.text import to_text, write_json
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Inner
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.documents import Activity, read_activities, seconds_of
from local_azure.data_factory.errors import ActivityError, FailureType
from local_azure.data_factory.evaluation import INVALID, evaluate
from local_azure.data_factory.injection import Injections
from local_azure.data_factory.masking import Masks
from local_azure.data_factory.outcome import deciding_failure, may_run
from local_azure.data_factory.parameters import UnfitError, fit, initial_variables
from local_azure.data_factory.records import ActivityRun, ActivityStatus, PipelineRun, RunStore
from local_azure.data_factory.services import Services

Json = Any
RETURN_VALUE = "pipelineReturnValue"
# Under this name an ExecutePipeline remembers the run that it started.
CHILD = "child"
SETTING = ("SetVariable", "AppendVariable")
MICROSECOND = datetime.timedelta(microseconds=1)
# What a record shows of an output that secureOutput hides.
HIDDEN = {"secureOutput": "hidden"}
# How many characters of an error a record keeps.
MESSAGE_LENGTH = 8000


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
    # Which activities give the results of the run before; None: none of them.
    reuse: Callable[[str], bool]
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
        self.store = store
        self.resources = resources
        self.services = services
        self.types = types
        self.choices = choices
        self.host = host
        self.system = system
        self.injections = injections
        self.masks = Masks()
        # Set before a cancel that shall reach the runs that this one started.
        self.recursive = False
        self.variables = initial_variables(run.definition.get("variables") or {})
        self.return_value: dict[str, Json] = dict(run.return_value)
        self._declared = {name.lower(): name for name in self.variables}
        self._known: dict[str, list[ActivityRun]] = defaultdict(list)
        self._memory = dict(store.memory(run.run_id))
        self._previous = {record.key: record for record in previous if record.status.final}
        self._read: dict[int, tuple[Activity, ...]] = {}
        self._last_end = run.created
        self._mask_secure_parameters()
        self._restore(store.activities(run.run_id))

    async def execute(self) -> Inner:
        """Runs the pipeline's activities to their end."""
        return await self.run_frame(
            self.run.definition.get("activities") or (),
            prefix="",
            iteration="",
            item=MISSING,
            around=ChainMap(),
            reuse=self._reused_at_top(),
        )

    async def run_frame(
        self,
        documents: Sequence[Json],
        *,
        prefix: str,
        iteration: str,
        item: Json,
        around: ChainMap[str, Mapping[str, Json]],
        reuse: Callable[[str], bool],
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
                            skipped.append(self._single(activity, frame, ActivityStatus.SKIPPED))
                            pending.append((dependent, ActivityStatus.SKIPPED))

            for name, activity in frame.activities.items():
                if not waiting[name]:
                    group.create_task(run(activity))
        unknown = [record for record in skipped if record.key not in self._known]
        if unknown:
            self.store.save_activities(unknown)

    async def _run_activity(self, activity: Activity, frame: Frame) -> ActivityStatus:
        """Runs an activity with its retries; the status that those see that depend on it."""
        key = frame.prefix + activity.name
        if activity.marked_as is not None:
            if key not in self._known:
                self.store.save_activities([self._single(activity, frame, ActivityStatus.INACTIVE)])
            return activity.marked_as
        if frame.reuse(key):
            return self._take_over(activity, frame, self._previous[key])
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
        known = self._known.get(key)
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
            return self._failed(last, error)
        return Attempt(activity=activity, frame=frame, key=key, number=last.attempt, record=last)

    async def _attempt(self, attempt: Attempt, type_: ActivityType, timeout: float | None) -> ActivityRun:
        """Makes one attempt and records how it ended."""
        record, activity = attempt.record, attempt.activity
        recorded: list[Json] = []

        def record_input(value: Json) -> None:
            recorded[:] = [{"secureInput": "hidden"} if activity.policy.secure_input else self.masks.json(value)]
            self.store.save_activities([replace(record, input=recorded[0])])

        context = self._context(attempt, timeout, record_input)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                output = await self._run(attempt, type_, context)
        except ActivityError as error:
            return self._failed(replace(record, input=recorded[0] if recorded else record.input), error)
        except TimeoutError as error:
            if not limit.expired():
                raise
            late = ActivityError("Timeout", f"the attempt did not end within its timeout of {timeout:g} s")
            late.__cause__ = error
            return self._failed(replace(record, input=recorded[0] if recorded else record.input), late)
        except asyncio.CancelledError:
            if not self.host.stopping:
                cancelled = replace(record, status=ActivityStatus.CANCELLED, end=self._now())
                self.store.save_activities([cancelled])
            raise
        return self._succeeded(replace(record, input=recorded[0] if recorded else record.input), activity, output)

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
            checkpoint=_Checkpoint(self, f"{key}#{attempt.number}"),
            system=self.system,
            activity_run_id=attempt.record.activity_run_id,
            retry=attempt.number,
            deadline=self.services.now() + datetime.timedelta(seconds=timeout or 90 * 86400),
            record_input=record_input,
            mask=self.masks.add,
            flow=_Flow(self, attempt),
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
        record = ActivityRun(
            activity_run_id=str(uuid.uuid4()),
            run_id=self.run.run_id,
            key=key,
            attempt=number,
            name=activity.name,
            type=activity.type,
            status=ActivityStatus.IN_PROGRESS,
            start=self._now(),
            linked_service=_linked_service(activity.document),
            user_properties=self._user_properties(activity, frame),
            iteration=frame.iteration,
        )
        self.store.save_activities([record])
        return Attempt(activity=activity, frame=frame, key=key, number=number, record=record)

    def _succeeded(self, record: ActivityRun, activity: Activity, output: dict[str, Json]) -> ActivityRun:
        shown: Json = HIDDEN if activity.policy.secure_output else self.masks.json(output)
        hidden = None if shown == output else self.host.seal(write_json(output))
        ended = replace(record, status=ActivityStatus.SUCCEEDED, end=self._now(), output=shown, hidden_output=hidden)
        self.store.save_activities([ended])
        return ended

    def _failed(self, record: ActivityRun, error: ActivityError) -> ActivityRun:
        ended = replace(
            record,
            status=ActivityStatus.FAILED,
            end=self._now(),
            error_code=error.code,
            error_message=self.masks.text(error.message)[:MESSAGE_LENGTH],
            failure_type=error.failure_type,
        )
        self.store.save_activities([ended])
        return ended

    def _end_failed(
        self, activity: Activity, frame: Frame, record: ActivityRun, error: ActivityError
    ) -> ActivityStatus:
        failed = self._failed(record, error)
        self._show(activity, frame, failed)
        return failed.status

    def _single(self, activity: Activity, frame: Frame, status: ActivityStatus) -> ActivityRun:
        """The one record of an activity that does not run."""
        now = self._now()
        return ActivityRun(
            activity_run_id=str(uuid.uuid4()),
            run_id=self.run.run_id,
            key=frame.prefix + activity.name,
            attempt=0,
            name=activity.name,
            type=activity.type,
            status=status,
            start=now,
            end=now,
            iteration=frame.iteration,
        )

    def _show(self, activity: Activity, frame: Frame, record: ActivityRun) -> None:
        """Lets expressions see how an activity ended."""
        found: dict[str, Json] = {
            "output": self._output(record),
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

    def _output(self, record: ActivityRun) -> Json:
        if record.hidden_output is not None:
            return read_json(self.host.unseal(record.hidden_output))
        return record.output if record.output is not None else {}

    def _take_over(self, activity: Activity, frame: Frame, before: ActivityRun) -> ActivityStatus:
        """Gives the result of the run before instead of running."""
        record = replace(before, activity_run_id=str(uuid.uuid4()), run_id=self.run.run_id, iteration=frame.iteration)
        if record.key not in self._known:
            self.store.save_activities([record])
            self._apply(record)
        if record.status not in (ActivityStatus.SKIPPED, ActivityStatus.INACTIVE):
            self._show(activity, frame, record)
        return record.status

    def _reused_at_top(self) -> Callable[[str], bool]:
        """Which activities of the pipeline a rerun does not repeat.

        From an activity on: that one and all that depend on it are repeated. From failure: all that did not succeed,
        and all that depend on those.
        """
        run = self.run
        if not self._previous or not (run.start_activity or run.start_from_failure):
            return lambda key: False
        activities = self._activities(run.definition.get("activities") or ())
        if run.start_activity:
            repeated = {activity.name for activity in activities if activity.name.lower() == run.start_activity.lower()}
        else:
            repeated = {activity.name for activity in activities if not self._succeeded_before(activity.name)}
        repeated = _with_dependents(activities, repeated)
        return lambda key: key in self._previous and key not in repeated

    def reused_inside(self, key: str) -> Callable[[str], bool]:
        """Which activities inside a repeated control activity are not: after a failure, those that succeeded."""
        before = self._previous.get(key)
        if not self.run.start_from_failure or before is None or before.status is ActivityStatus.SUCCEEDED:
            return lambda inner: False
        return self._succeeded_before

    def _succeeded_before(self, key: str) -> bool:
        before = self._previous.get(key)
        return before is not None and before.status in (ActivityStatus.SUCCEEDED, ActivityStatus.INACTIVE)

    def previous_child(self, key: str) -> str | None:
        """The run that an ExecutePipeline of this key started in the run before, if a rerun goes on from there."""
        if not self.run.start_from_failure or not self.run.reference_run_id:
            return None
        found = self.store.memory(self.run.reference_run_id).get(f"{key}#{CHILD}")
        return str(found) if found else None

    def set_variable(self, name: str, value: Json) -> None:
        """See `Flow.set_variable`."""
        known = self._declared_name(name)
        declared = str(self.run.definition["variables"][known].get("type", "String"))
        try:
            self.variables[known] = fit(value, declared)
        except UnfitError as error:
            raise ActivityError(INVALID, f"variable '{known}' {error}") from error

    def variable(self, name: str) -> Json:
        """See `Flow.variable`."""
        known = self._declared_name(name)
        return self.variables[known]

    def _declared_name(self, name: str) -> str:
        known = self._declared.get(name.lower())
        if known is None:
            declared = ", ".join(self.variables) or "none"
            raise ActivityError(INVALID, f"there is no variable '{name}' (declared: {declared})")
        return known

    def remember(self, key: str, compute: Callable[[], Json]) -> Json:
        """See `Flow.remember`."""
        if key not in self._memory:
            self.keep(key, compute())
        return self._memory[key]

    def recall(self, key: str) -> Json | None:
        """What was kept under a key."""
        return self._memory.get(key)

    def keep(self, key: str, value: Json) -> None:
        """Keeps a value durably."""
        self.store.remember(self.run.run_id, key, value)
        self._memory[key] = value

    def _restore(self, records: Sequence[ActivityRun]) -> None:
        """Takes up what was done before a restart; variables are set again in the order they were set."""
        for record in sorted(records, key=lambda record: record.attempt):
            self._known[record.key].append(record)
        ended = [record for record in records if record.end is not None]
        for record in sorted(ended, key=lambda record: record.end or record.start):
            self._apply(record)
            self._last_end = max(self._last_end, record.end or record.start)

    def _apply(self, record: ActivityRun) -> None:
        """Does again to the variables what an activity did."""
        if record.type not in SETTING or record.status is not ActivityStatus.SUCCEEDED:
            return
        output = self._output(record)
        if output["name"] == RETURN_VALUE and output["name"].lower() not in self._declared:
            self.return_value.update(output["value"])
        elif record.type == "SetVariable":
            self.variables[self._declared[output["name"].lower()]] = output["value"]
        else:
            name = self._declared[output["name"].lower()]
            self.variables[name] = [*self.variables[name], output["value"]]

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
            variables=self.variables,
            activities=visible,
            item=item,
            dataset=MISSING if dataset is None else dataset,
            linked_service=MISSING if linked_service is None else linked_service,
            now=self.services.now,
        )

    def _user_properties(self, activity: Activity, frame: Frame) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for entry in activity.user_properties:
            try:
                value = evaluate(entry.get("value", ""), frame.scope)
            except ActivityError as error:
                # They describe the activity for people: they never end it.
                value = f"({error.message.splitlines()[0]})"
            found[str(entry["name"])] = self.masks.text(to_text(value))
        return found

    def _mask_secure_parameters(self) -> None:
        for name, document in (self.run.definition.get("parameters") or {}).items():
            if str(document.get("type", "")).lower() == "securestring":
                self.masks.add(str(self.run.parameters.get(name, "")))

    def _now(self) -> datetime.datetime:
        """The time, later than any time before: records that end sort in the order they ended."""
        self._last_end = max(self.services.now(), self._last_end + MICROSECOND)
        return self._last_end


class _Checkpoint:
    """The memory of one attempt, kept in the memory of the run."""

    def __init__(self, runner: Runner, prefix: str) -> None:
        self._runner = runner
        self._prefix = prefix

    def get(self, key: str) -> Json | None:
        return self._runner.recall(f"{self._prefix}#{key}")

    def put(self, key: str, value: Json) -> None:
        self._runner.keep(f"{self._prefix}#{key}", value)


class _Flow:
    """What a control activity may do; see `activities.base.Flow`."""

    def __init__(self, runner: Runner, attempt: Attempt) -> None:
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
            reuse=self._runner.reused_inside(attempt.key),
            visible_after=visible_after,
        )

    def remember(self, name: str, compute: Callable[[], Json]) -> Json:
        return self._runner.remember(f"{self._attempt.key}#{name}", compute)

    def variable(self, name: str) -> Json:
        return self._runner.variable(name)

    def set_variable(self, name: str, value: Json) -> None:
        self._runner.set_variable(name, value)

    def set_return_value(self, values: Mapping[str, Json]) -> None:
        self._runner.return_value.update(values)

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


def _linked_service(document: Mapping[str, Json]) -> str:
    reference = document.get("linkedServiceName")
    return str(reference.get("referenceName", "")) if isinstance(reference, Mapping) else ""
