"""Carries runs from submit to their end: the order of tasks, attempts, time limits, cancellation."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local_azure.databricks.bodies import RunIf, RunSpec, TaskSpec
from local_azure.databricks.driver import Driver
from local_azure.databricks.driver_host import describe_exit
from local_azure.databricks.errors import DatabricksError, invalid_parameter
from local_azure.databricks.notebook import missing_requirement
from local_azure.databricks.records import BLOCKED, PENDING, RUNNING, Record, RunStore, State
from local_azure.databricks.settings import DatabricksSettings
from local_azure.databricks.workspace import ResourceDoesNotExistError, Workspace

Clock = Callable[[], int]

SUCCESS = State(life_cycle="TERMINATED", result="SUCCESS", code="SUCCESS", kind="SUCCESS")
FAILED = State(
    life_cycle="TERMINATED",
    result="FAILED",
    message="Workload failed, see run output for details",
    code="RUN_EXECUTION_ERROR",
    kind="CLIENT_ERROR",
)
CANCELED = State(
    life_cycle="TERMINATED",
    result="CANCELED",
    message="Run cancelled.",
    code="USER_CANCELED",
    kind="CLIENT_ERROR",
)
TIMED_OUT = State(life_cycle="TERMINATED", result="TIMEDOUT", code="CANCELED", kind="CLIENT_ERROR")
SERVICE_ENDED = State(
    life_cycle="INTERNAL_ERROR",
    result="FAILED",
    message="The local Databricks ended while the run was active: submit it again",
    code="DRIVER_ERROR",
    kind="INTERNAL_ERROR",
)
FAILURES = ("FAILED", "TIMEDOUT", "UPSTREAM_FAILED")
CANCELS = ("CANCELED", "UPSTREAM_CANCELED")


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Control:
    """How a run is told to stop."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    # What its unfinished tasks become.
    state: State = CANCELED


class Engine:
    """Runs what is submitted."""

    def __init__(
        self, settings: DatabricksSettings, store: RunStore, driver: Driver, clock: Clock = wall_clock
    ) -> None:
        self._settings = settings
        self._store = store
        self._driver = driver
        self._clock = clock
        self._workspace = Workspace(settings.workspace)
        self._slots = asyncio.Semaphore(settings.max_concurrent_runs)
        self._controls: dict[int, Control] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, spec: RunSpec) -> int:
        """Begin a run; the same idempotency token gives the same run."""
        if spec.idempotency_token is not None:
            known = self._store.run_of_token(spec.idempotency_token)
            if known is not None:
                return known
        run_id, job_id, now = self._store.new_id(), self._store.new_id(), self._clock()
        self._store.save(
            Record(
                run_id=run_id,
                job_id=job_id,
                parent_id=None,
                name=spec.run_name,
                state=PENDING,
                start_time=now,
                document=dict(spec.document),
            )
        )
        if spec.idempotency_token is not None:
            self._store.save_token(spec.idempotency_token, run_id)
        firsts = {task.task_key: self._new_attempt(run_id, job_id, task, 0).run_id for task in spec.tasks}
        self._controls[run_id] = Control()
        work = asyncio.create_task(self._run(run_id, spec, firsts), name=f"run {run_id}")
        self._tasks.add(work)
        work.add_done_callback(lambda task: self._after(run_id, task))
        return run_id

    def _after(self, run_id: int, task: "asyncio.Task[None]") -> None:
        """A fault of ours must not leave a run active for ever."""
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        state = replace(SERVICE_ENDED, message=f"The local Databricks failed: {task.exception()!r}")
        for record in (self._store.get(run_id), *self._store.attempts(run_id)):
            if record is not None and record.state.active:
                self._store.change(record.run_id, state=state, end_time=self._clock(), error=state.message)

    def cancel(self, run_id: int) -> None:
        """Stop a run, or the run of a task's attempt; one that has ended stays as it is."""
        record = self._store.get(run_id)
        parent = record.parent_id if record and record.parent_id is not None else run_id
        control = self._controls.get(parent)
        if control is not None:
            control.stop.set()

    async def close(self) -> None:
        """Forget what runs: the records say so."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.end_active(SERVICE_ENDED, self._clock())

    def log_path(self, run_id: int) -> Path:
        """Where an attempt's output is."""
        return self._settings.logs / f"{run_id}.log"

    def _new_attempt(self, run_id: int, job_id: int, task: TaskSpec, number: int) -> Record:
        return self._store.save(
            Record(
                run_id=self._store.new_id(),
                job_id=job_id,
                parent_id=run_id,
                name=task.task_key,
                state=BLOCKED if task.depends_on and number == 0 else PENDING,
                start_time=self._clock(),
                attempt_number=number,
                document=dict(task.document),
            )
        )

    async def _run(self, run_id: int, spec: RunSpec, firsts: dict[str, int]) -> None:
        control = self._controls[run_id]
        finals: dict[str, asyncio.Future[State]] = {
            task.task_key: asyncio.get_running_loop().create_future() for task in spec.tasks
        }
        limit = asyncio.create_task(self._limit(control, spec.timeout_seconds))
        try:
            await asyncio.gather(
                *(self._run_task(run_id, task, firsts[task.task_key], finals, control, spec) for task in spec.tasks)
            )
        finally:
            limit.cancel()
            del self._controls[run_id]
        states = {key: future.result() for key, future in finals.items()}
        stopped = control.state if control.stop.is_set() else None
        self._store.change(run_id, state=run_state(spec, states, stopped), end_time=self._clock())

    async def _limit(self, control: Control, seconds: int) -> None:
        if seconds:
            await asyncio.sleep(seconds)
            control.state = timed_out(seconds)
            control.stop.set()

    async def _run_task(
        self,
        run_id: int,
        task: TaskSpec,
        attempt_id: int,
        finals: dict[str, asyncio.Future[State]],
        control: Control,
        spec: RunSpec,
    ) -> None:
        upstream = [await asyncio.shield(finals[key]) for key in task.depends_on]
        verdict = without_running(task.run_if, upstream)
        number = 0
        while True:
            if verdict is not None:
                state = self._end(attempt_id, verdict)
                break
            state = await self._attempt(run_id, task, attempt_id, control, spec)
            if not retried(task, state, number) or control.stop.is_set():
                break
            if await stopped_within(control.stop, task.min_retry_interval_millis / 1000):
                break
            number += 1
            record = self._store.get(run_id)
            assert record is not None
            attempt_id = self._new_attempt(run_id, record.job_id, task, number).run_id
        finals[task.task_key].set_result(state)

    async def _attempt(self, run_id: int, task: TaskSpec, attempt_id: int, control: Control, spec: RunSpec) -> State:
        """One attempt from PENDING to its end."""
        if control.stop.is_set():
            return self._end(attempt_id, control.state)
        self._store.change(attempt_id, state=PENDING)
        try:
            job = self._job(task, attempt_id, spec)
        except DatabricksError as error:
            missing = isinstance(error, ResourceDoesNotExistError)
            state = State(
                life_cycle="INTERNAL_ERROR",
                result="FAILED",
                message=str(error),
                code="RESOURCE_NOT_FOUND" if missing else "INVALID_RUN_CONFIGURATION",
                kind="CLIENT_ERROR",
            )
            return self._end(attempt_id, state, error=str(error))
        async with contextlib.AsyncExitStack() as stack:
            slot = asyncio.create_task(stack.enter_async_context(self._slots))
            if await first_of(slot, control.stop):
                slot.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await slot
                return self._end(attempt_id, control.state)
            await slot
            return await self._execute(run_id, task, attempt_id, control, job)

    async def _execute(
        self, run_id: int, task: TaskSpec, attempt_id: int, control: Control, job: dict[str, Any]
    ) -> State:
        started = asyncio.Event()

        def on_start() -> None:
            started.set()
            self._store.change(attempt_id, state=RUNNING, execution_start=self._clock())
            record = self._store.get(run_id)
            if record is not None and not record.execution_start:
                self._store.change(run_id, state=RUNNING, execution_start=self._clock())

        work = asyncio.create_task(self._driver.execute(str(attempt_id), job, on_start))
        limit = asyncio.create_task(self._task_limit(started, task.timeout_seconds))
        end_of_limit = asyncio.Event()
        limit.add_done_callback(lambda _: end_of_limit.set())
        try:
            ending: State | None = None
            stop = asyncio.create_task(control.stop.wait())
            late = asyncio.create_task(end_of_limit.wait())
            await asyncio.wait((work, stop, late), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                ending = control.state if control.stop.is_set() else timed_out(task.timeout_seconds)
                self._store.change(attempt_id, state=State(life_cycle="TERMINATING", message=ending.message))
                self._driver.cancel(str(attempt_id))
            outcome = await work
        finally:
            for waiter in (limit, stop, late, work):
                waiter.cancel()
        if ending is not None:
            return self._end(attempt_id, ending, error=ending.message)
        state = outcome_state(outcome)
        return self._end(
            attempt_id,
            state,
            result=outcome.get("result"),
            truncated=bool(outcome.get("truncated")),
            error=outcome.get("error") or (None if state is SUCCESS else state.message),
            error_trace=outcome.get("error_trace"),
        )

    async def _task_limit(self, started: asyncio.Event, seconds: int) -> None:
        """Ends when the task has run for too long; never, without a limit."""
        await started.wait()
        await asyncio.sleep(seconds or 10**9)

    def _end(self, attempt_id: int, state: State, **output: Any) -> State:
        self._store.change(attempt_id, state=state, end_time=self._clock(), **output)
        return state

    def _job(self, task: TaskSpec, attempt_id: int, spec: RunSpec) -> dict[str, Any]:
        """What the run process is given."""
        check_libraries(task.document.get("libraries", ()))
        log = self.log_path(attempt_id)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(f"{name} has no effect in the local Databricks\n" for name in spec.without_effect))
        return {
            "kind": task.kind,
            "file": str(self._file(task)),
            "name": f"{spec.run_name} / {task.task_key}",
            "parameters": list(task.parameters) if isinstance(task.parameters, tuple) else dict(task.parameters),
            "log": str(log),
        }

    def _file(self, task: TaskSpec) -> Path:
        if task.kind == "notebook":
            return self._workspace.notebook(task.path)
        if task.path.startswith("dbfs:/"):
            root = self._settings.dbfs.resolve()
            file = (root / task.path.removeprefix("dbfs:").lstrip("/")).resolve()
            if not file.is_relative_to(root) or not file.is_file():
                raise ResourceDoesNotExistError(f"RESOURCE_DOES_NOT_EXIST: File not found: {task.path}")
            return file
        return self._workspace.file(task.path)


def check_libraries(libraries: Any) -> None:
    """Nothing is installed for a run: a library must be in the project's environment already."""
    for library in libraries:
        package = library.get("pypi", {}).get("package") if isinstance(library, dict) else None
        if package is None:
            raise invalid_library(f"libraries: only {{'pypi': {{'package': ...}}}} is offered, not {library!r}")
        missing = missing_requirement(package)
        if missing:
            raise invalid_library(
                f"libraries: {missing}: add it to the project's own environment, in which runs happen"
            )


def invalid_library(message: str) -> DatabricksError:
    """A library that this machine lacks."""
    return invalid_parameter(message)


async def first_of(task: "asyncio.Task[Any]", stop: asyncio.Event) -> bool:
    """Wait for a task or for the stop; True when it was the stop."""
    waiter = asyncio.create_task(stop.wait())
    await asyncio.wait((task, waiter), return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    return not task.done()


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, unless the stop comes first; True when it came."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


def retried(task: TaskSpec, state: State, number: int) -> bool:
    """Whether another attempt follows."""
    if task.max_retries != -1 and number >= task.max_retries:
        return False
    return state.result == "FAILED" or (state.result == "TIMEDOUT" and task.retry_on_timeout)


def timed_out(seconds: int) -> State:
    """The state after a time limit."""
    return replace(TIMED_OUT, message=f"Run timed out: it took longer than timeout_seconds={seconds}")


def outcome_state(outcome: dict[str, Any]) -> State:
    """The last state for what the driver says of a job."""
    match outcome["kind"]:
        case "success":
            return SUCCESS
        case "failed":
            return FAILED
        case "canceled":
            return CANCELED
        case "exited":
            message = "The run's Python process was ended by sys.exit before the run was over"
        case "died":
            message = f"The run's Python process ended before the run was over: {describe_exit(outcome['code'])}"
        case _:
            message = f"{outcome['message']}. Submit the run again"
    return State(
        life_cycle="INTERNAL_ERROR", result="FAILED", message=message, code="DRIVER_ERROR", kind="INTERNAL_ERROR"
    )


def without_running(run_if: RunIf, upstream: list[State]) -> State | None:
    """The last state of a task that its upstream tasks keep from running; None when it runs."""
    results = [state.result or "" for state in upstream]
    failed = [result for result in results if result in FAILURES]
    canceled = [result for result in results if result in CANCELS]
    good = [result for result in results if result == "SUCCESS"]
    bad = len(failed) + len(canceled)
    met = {
        RunIf.ALL_SUCCESS: len(good) == len(results),
        RunIf.ALL_DONE: True,
        RunIf.NONE_FAILED: not bad and (not results or bool(good)),
        RunIf.AT_LEAST_ONE_SUCCESS: bool(good) or not results,
        RunIf.AT_LEAST_ONE_FAILED: bool(failed) or not results,
        RunIf.ALL_FAILED: len(failed) == len(results),
    }[run_if]
    if met:
        return None
    wants_failure = run_if in (RunIf.AT_LEAST_ONE_FAILED, RunIf.ALL_FAILED)
    result = "EXCLUDED" if wants_failure or not bad else "UPSTREAM_FAILED" if failed else "UPSTREAM_CANCELED"
    return State(
        life_cycle="TERMINATED",
        result=result,
        message=f"An upstream task did not end as run_if={run_if} needs",
        code="SKIPPED",
        kind="CLIENT_ERROR",
    )


def run_state(spec: RunSpec, states: dict[str, State], stopped: State | None) -> State:
    """The last state of a run, from those of its tasks; `stopped` says why the whole run was."""
    bad = {key: state for key, state in states.items() if state.result not in ("SUCCESS", "EXCLUDED")}
    if not bad:
        return SUCCESS
    if stopped is not None:
        return stopped
    upstream = {key for task in spec.tasks for key in task.depends_on}
    if all(key in upstream for key in bad):
        return State(
            life_cycle="TERMINATED",
            result="SUCCESS_WITH_FAILURES",
            message="Some tasks failed, all leaf tasks succeeded",
            code="SUCCESS_WITH_FAILURES",
            kind="SUCCESS",
        )
    if len(states) == 1:
        return next(iter(bad.values()))
    own = {key: state for key, state in bad.items() if state.code != "SKIPPED"}
    key, first = next(iter((own or bad).items()))
    return replace(first, result="FAILED", message=f"Task {key} failed with message: {first.message}.")
