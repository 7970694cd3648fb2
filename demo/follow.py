"""Makes the planned DAG runs one after the other and watches them to their end."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from demo.airflow_api import AirflowApi, RunState, TaskState
from demo.errors import DemoError
from demo.plan import AFTER_LANDING, LANDING_TASKS, Planned
from demo.screen import Row, Screen

POLL_SECONDS = 0.5
RUN_SECONDS = 1800.0
ERROR_LINES = 12
LINE_LENGTH = 600
ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}
NOT_STARTED = {"none", "scheduled", "upstream_failed", "skipped", "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What a landing task says that it put into Blob Storage."""

    blob: str
    bytes: int
    rows: int
    provenance: str
    # True: an earlier run had landed it already
    already_landed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A run that ended well."""

    planned: Planned
    run: RunState
    landed: tuple[Landed, ...]
    seconds: float


@dataclass(slots=True, kw_only=True)
class Follower:
    """Runs a plan: `prepare` sets clock and source before each run, `check` raises when a service has died."""

    api: AirflowApi
    screen: Screen
    logs: Path
    prepare: Callable[[Planned], None]
    check: Callable[[], None]
    now: datetime
    _shown: set[tuple[str, str, int]] = field(default_factory=set)

    def follow(self, plan: Iterable[Planned]) -> tuple[Done, ...]:
        """A run starts once the one before has landed its files (same DAG) or ended (another DAG)."""
        planned = tuple(plan)
        rows = [Row(title=one.title) for one in planned]
        with self.screen.following(rows):
            for index, (one, row) in enumerate(zip(planned, rows, strict=True)):
                self.prepare(one)
                row.run = self.api.trigger(one.dag_id, run_id=one.run_id(self.now), conf=one.conf, logical_date=None)
                following = planned[index + 1] if index + 1 < len(planned) else None
                same_dag = following is not None and following.dag_id == one.dag_id
                self._watch(rows, partial(self._may_go_on, row, same_dag=same_dag))
            self._watch(rows, lambda: all(row.run and row.run.is_final for row in rows))
        return tuple(self._done(one, row) for one, row in zip(planned, rows, strict=True))

    def _may_go_on(self, row: Row, *, same_dag: bool) -> bool:
        if row.run is None or row.run.is_final:
            return row.run is not None
        return same_dag and any(task.task_id == AFTER_LANDING and task.state not in NOT_STARTED for task in row.tasks)

    def _watch(self, rows: list[Row], reached: Callable[[], bool]) -> None:
        until = time.monotonic() + RUN_SECONDS
        while True:
            self.check()
            for row in rows:
                self._look_at(row)
            self.screen.refresh()
            if reached():
                return
            if time.monotonic() > until:
                waiting = ", ".join(row.title for row in rows if row.run and not row.run.is_final)
                raise DemoError(f"no end after {RUN_SECONDS / 60:.0f} minutes: {waiting}; see {self.logs}")
            time.sleep(POLL_SECONDS)

    def _look_at(self, row: Row) -> None:
        if row.run is None or row.run.is_final:
            return
        row.tasks = tuple(order(self.api.tasks(row.run.dag_id, row.run.run_id)))
        # one request a look: the run itself is asked for while it waits for its turn and when its tasks have ended
        if row.run.state == "queued" or all(task.state in ENDED for task in row.tasks):
            row.run = self.api.run(row.run.dag_id, row.run.run_id)
        for task in row.tasks:
            if task.state in {"up_for_retry", "failed"}:
                self._show_failure(row, task)
        if row.run.state == "failed":
            raise DemoError(self._failure(row))

    def _show_failure(self, row: Row, task: TaskState) -> None:
        key = (task.run_id, task.label, task.try_number)
        if task.state == "up_for_retry" and key not in self._shown:
            self._shown.add(key)
            self.screen.warn(f"{row.title}: {task.label} will be tried again: {self.cause(task)}")

    def _failure(self, row: Row) -> str:
        failed = [task for task in row.tasks if task.state == "failed" and task.ended]
        if not failed:
            return f"{row.title} failed without a failed task; see {self.logs}"
        first = min(failed, key=lambda task: task.ended or self.now)
        lines = "\n".join(f"  {line}" for line in self.error_lines(first)[-ERROR_LINES:])
        return f"{row.title}: task {first.label} failed\n{lines}\n  log: {self.log_path(first)}"

    def cause(self, task: TaskState) -> str:
        """One line for a failure that may pass: what the task itself says, not what lies below it."""
        told = [line for event in self._events(task) if is_error(event) for line in exceptions(event)[:1]]
        lines = told or self.error_lines(task) or ["see its log"]
        return shorten(lines[-1])

    def error_lines(self, task: TaskState) -> list[str]:
        """What the task's log tells of its failure: error events with the last cause, else its last lines."""
        events = self._events(task)
        errors = [line for event in events if is_error(event) for line in describe(event)]
        lines = errors or [str(event.get("event", "")) for event in events[-ERROR_LINES:]]
        return [shorten(line) for line in lines]

    def _events(self, task: TaskState) -> list[dict[str, Any]]:
        path = self.log_path(task)
        if not path.is_file():
            return []
        return [event for line in path.read_text(errors="replace").splitlines() if (event := read_event(line))]

    def log_path(self, task: TaskState) -> Path:
        parts = [f"dag_id={task.dag_id}", f"run_id={task.run_id}", f"task_id={task.task_id}"]
        if task.map_index >= 0:
            parts.append(f"map_index={task.map_index}")
        return self.logs.joinpath(*parts, f"attempt={task.try_number}.log")

    def _done(self, planned: Planned, row: Row) -> Done:
        if row.run is None:
            raise DemoError(f"{planned.title} was never started")
        returned = [self.api.xcom(task) for task in row.tasks if task.task_id == LANDING_TASKS[planned.dag_id]]
        landed = tuple(read_landed(one) for one in returned if isinstance(one, dict))
        return Done(planned=planned, run=row.run, landed=landed, seconds=row.seconds or 0.0)


def order(tasks: list[TaskState]) -> list[TaskState]:
    """By start, what has not started last."""
    late = datetime.max.replace(tzinfo=UTC)
    return sorted(tasks, key=lambda task: (task.started or late, task.label))


def read_event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def shorten(line: str) -> str:
    """A line that fits a few rows of a terminal: its beginning, which names the fault, and its end."""
    if len(line) <= LINE_LENGTH:
        return line
    return f"{line[: LINE_LENGTH * 2 // 3]} ... {line[-LINE_LENGTH // 3 :]}"


def is_error(event: dict[str, Any]) -> bool:
    return event.get("level") in {"error", "critical"}


def describe(event: dict[str, Any]) -> list[str]:
    """An error event in one line for its text and some for each exception in its chain, without repetitions."""
    return [*str(event.get("event", "")).splitlines()[-1:], *exceptions(event)]


def exceptions(event: dict[str, Any]) -> list[str]:
    """Some lines for each exception in an error's chain, the one that was raised last first."""
    lines = []
    told = set()
    for cause in event.get("error_detail") or []:
        if (value := str(cause.get("exc_value"))) not in told:
            lines += f"{cause.get('exc_type')}: {value}".splitlines()[:4]
        told.add(value)
    return lines


def read_landed(returned: dict[str, Any]) -> Landed:
    return Landed(
        blob=str(returned["blob"]),
        bytes=int(returned["bytes"]),
        rows=int(returned.get("rows") or 0),
        provenance=str(returned.get("provenance") or "unknown"),
        already_landed=bool(returned["already_landed"]),
    )
