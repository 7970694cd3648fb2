"""Starts, watches and stops the demo's child processes through a guard that outlives the demo by a moment."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from demo import guard
from demo.errors import DemoError

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process that the family runs; what it prints goes to the log."""

    name: str
    pid: int
    log: Path

    def last_lines(self, count: int = 12) -> str:
        """The end of the log, for an error message."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(errors="replace").rstrip().splitlines()[-count:])


@dataclass(slots=True)
class Family:
    """The running children of one demo; leaving the context ends them all."""

    children: dict[str, Child] = field(default_factory=dict)
    # exit codes of children that ended, asked or not
    ended: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _events: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def guard_pid(self) -> int:
        return self._running().pid

    def start(
        self,
        name: str,
        argv: Iterable[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        errors: Path | None = None,
    ) -> Child:
        """Starts a child; its standard error goes to `errors`, else to the log too."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._order(
            order="start",
            name=name,
            argv=[*argv],
            env=dict(env),
            cwd=str(cwd),
            stdout=str(log),
            stderr=str(errors or log),
        )
        answer = self._await(("started", "failed"), name=name)
        if answer["event"] == "failed":
            raise DemoError(f"cannot start {name}: {answer['reason']}")
        self.ended.pop(name, None)
        self.children[name] = Child(name=name, pid=answer["pid"], log=errors or log)
        return self.children[name]

    def code(self, name: str) -> int | None:
        """The exit code of a child, None while it runs."""
        while True:
            try:
                self._note(self._events.get_nowait())
            except queue.Empty:
                return self.ended.get(name)

    def stop(self, *names: str, grace: float = guard.GRACE_SECONDS) -> None:
        """Ends these children and all that they started."""
        running = [name for name in names if name in self.children]
        if running and self._process and self._process.poll() is None:
            self._order(order="stop", names=running, grace=grace)
            self._await(("stopped",), seconds=grace + ANSWER_SECONDS)
        for name in running:
            self.children.pop(name, None)

    def close(self) -> None:
        """Ends every child, then the guard. Safe to call twice and to interrupt: the guard goes on alone."""
        process = self._process
        if process is None:
            return
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        process.wait()
        if process.stdout:
            process.stdout.close()
        self._process = None
        self.children.clear()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise DemoError("the process family is closed: use it as a context manager")
        return self._process

    def _listen(self, events: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in events:
                self._events.put(json.loads(line))

    def _order(self, **order: Any) -> None:
        pipe = self._running().stdin
        if pipe is None:
            raise DemoError("the guard has no standard input")
        try:
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise DemoError("the guard process was killed: the demo's children are gone with it") from error

    def _await(
        self, kinds: tuple[str, ...], *, name: str | None = None, seconds: float = ANSWER_SECONDS
    ) -> dict[str, Any]:
        while True:
            try:
                event = self._events.get(timeout=seconds)
            except queue.Empty as error:
                raise DemoError(f"the guard did not answer within {seconds:.0f} s") from error
            self._note(event)
            if event["event"] in kinds and (name is None or event.get("name") == name):
                return event

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "ended":
            self.ended[event["name"]] = event["code"]
