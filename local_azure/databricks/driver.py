"""The service's side of the Spark driver: starts its process, hands it jobs, starts another one when it dies."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_azure.databricks.processes import kill_group
from local_azure.databricks.settings import DatabricksSettings, settings_to_json

# After so many starts in a row that failed, the waiting runs are told; the next run tries again.
MAX_FAILED_STARTS = 2
STOP_SECONDS = 10.0
# Messages hold a result of up to 5 MB, escaped.
MESSAGE_LIMIT = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A job that is on its way."""

    job: dict[str, Any]
    started: Callable[[], None]
    outcome: asyncio.Future[dict[str, Any]]
    running: bool = False


@dataclass(slots=True)
class Driver:
    """The Spark driver, whichever process it is at the moment."""

    settings: DatabricksSettings
    # "starting", "ready" or "failed".
    status: str = "starting"
    warm: bool = False
    message: str = ""
    # The JVM, for whoever looks at the machine; None: there is none now.
    jvm: int | None = None
    _jobs: dict[str, Waiting] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    _writer: asyncio.StreamWriter | None = None
    _supervisor: asyncio.Task[None] | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def start(self) -> None:
        """Bring the driver up in the background."""
        self._wanted.set()
        self._supervisor = asyncio.create_task(self._supervise(), name="spark driver")

    async def stop(self) -> None:
        """End the driver and all that it started."""
        self._stopping = True
        self._send({"stop": True})
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        for waiting in self._jobs.values():
            if not waiting.outcome.done():
                waiting.outcome.set_result({"kind": "driver", "message": "The local Databricks was stopped"})

    async def execute(self, attempt: str, job: dict[str, Any], started: Callable[[], None]) -> dict[str, Any]:
        """Run a job; `started` is called when a process has it."""
        waiting = Waiting(job=job, started=started, outcome=asyncio.get_running_loop().create_future())
        self._jobs[attempt] = waiting
        self._wanted.set()
        self._send({"start": attempt, "job": job})
        try:
            return await waiting.outcome
        finally:
            self._jobs.pop(attempt, None)

    def cancel(self, attempt: str) -> None:
        """Stop a job's Spark work and its process; its outcome says so."""
        self._send({"cancel": attempt})
        waiting = self._jobs.get(attempt)
        if waiting is not None and not waiting.running and not waiting.outcome.done():
            waiting.outcome.set_result({"kind": "canceled"})

    async def _supervise(self) -> None:
        failed_starts = 0
        while not self._stopping:
            await self._wanted.wait()
            was_ready = await self._live_once()
            if self._stopping:
                return
            self._lose_running()
            failed_starts = 0 if was_ready else failed_starts + 1
            if failed_starts >= MAX_FAILED_STARTS or self.status == "failed":
                failed_starts = 0
                self.status = "failed"
                self._fail_waiting()
                self._wanted.clear()

    async def _live_once(self) -> bool:
        """One life of the driver's process, from its start to its end; whether it was ready in between."""
        self.status, self.warm, self.jvm = "starting", False, None
        ours, theirs = socket.socketpair()
        self.settings.logs.mkdir(parents=True, exist_ok=True)
        with theirs, (self.settings.logs / "driver.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local_azure.databricks.driver_host",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                # Ctrl-C in the terminal reaches the service, which then ends the driver in order.
                start_new_session=True,
                env=self._environment(),
            )
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=MESSAGE_LIMIT)
        try:
            self._send(settings_to_json(self.settings))
            for attempt, waiting in self._jobs.items():
                self._send({"start": attempt, "job": waiting.job})
            while line := await reader.readline():
                self._hear(json.loads(line))
        finally:
            ready = self.status == "ready"
            if self.status == "ready":
                self.status = "starting"
            self._writer.close()
            self._writer = None
            await self._end_process()
        return ready

    async def _end_process(self) -> None:
        process = self._process
        assert process is not None
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            kill_group(process.pid)
            await process.wait()
        finally:
            # The JVM is in the group of its host.
            kill_group(process.pid)

    def _hear(self, message: dict[str, Any]) -> None:
        match message:
            case {"event": "ready", "jvm": jvm}:
                self.status, self.message, self.jvm = "ready", "", jvm
            case {"event": "warm"}:
                self.warm = True
            case {"event": "started", "attempt": attempt} if attempt in self._jobs:
                self._jobs[attempt].running = True
                self._jobs[attempt].started()
            case {"event": "ended", "attempt": attempt, "outcome": outcome} if attempt in self._jobs:
                future = self._jobs[attempt].outcome
                if not future.done():
                    future.set_result(outcome)
            case {"event": "failed", "message": text}:
                self.message = text
                # What cannot become better by another start.
                if message.get("final"):
                    self.status = "failed"

    def _lose_running(self) -> None:
        reason = self.message or "its process ended"
        for waiting in self._jobs.values():
            if waiting.running and not waiting.outcome.done():
                waiting.outcome.set_result({"kind": "driver", "message": f"The Spark driver died: {reason}"})

    def _fail_waiting(self) -> None:
        reason = self.message or f"see {self.settings.logs / 'driver.log'}"
        for waiting in self._jobs.values():
            if not waiting.outcome.done():
                waiting.outcome.set_result({"kind": "driver", "message": f"The Spark driver does not start: {reason}"})

    def _send(self, message: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(message).encode() + b"\n")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.settings.environment,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYTHONUNBUFFERED": "1",
        }
