"""The worker process: imports airflow once, then forks for each DAG file, so that no file can disturb another.

Run by `client`. The request comes on stdin, answers go to a descriptor of their own: DAG files write to stdout.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from adf_export.codes import IMPORT_FAILED, IMPORT_TIMED_OUT, Code
from adf_export.diagnostics import diagnostic
from adf_export.frontend.places import relative
from adf_export.frontend.preload import airflow_modules
from adf_export.frontend.protocol import READY, Answer, Request
from adf_export.ir.dag import Reading
from adf_export.ir.origin import Origin

_POLL_SECONDS: Final = 0.05
_CHUNK: Final = 1 << 16


@dataclass(slots=True)
class Child:
    """A fork at work on one file."""

    pid: int
    file: str
    pipe: int
    deadline: float
    received: bytearray = field(default_factory=bytearray)


def main() -> None:
    """Serves one request and ends; also when the process that asked is gone."""
    answers = int(sys.argv[1])
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=Request)
    sys.path += [folder for folder in request.search if folder not in sys.path]
    from adf_export.frontend.fork import Server

    for module in airflow_modules(request.files):
        # Also SystemExit: whatever a provider does on import is told by the fork that imports it again.
        with contextlib.suppress(BaseException):
            importlib.import_module(module)
    serve = Server(request).serve
    gc.freeze()
    _silence()
    _send(answers, READY)
    for line in _lines(request, serve):
        _send(answers, line)


def _silence() -> None:
    """DAG files and Airflow's logs write to stdout and stderr; the parent reads them only until the worker is ready."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _send(answers: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(answers, view) :]


def _lines(request: Request, serve: Callable[[str, int], None]) -> Iterator[bytes]:
    """The answers, in the order in which the forks end."""
    waiting = list(reversed(request.files))
    running: list[Child] = []
    try:
        while waiting or running:
            while waiting and len(running) < request.parallel:
                running.append(_fork(waiting.pop(), request, serve))
            for child in _finished(running):
                running.remove(child)
                yield _ended(child, request)
    finally:
        for child in running:
            _kill(child)


def _fork(file: str, request: Request, serve: Callable[[str, int], None]) -> Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(reading)
        # Ends the fork also when the worker is gone.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, request.timeout_seconds + 5)
        try:
            serve(file, writing)
        finally:
            os._exit(0)
    os.close(writing)
    os.set_blocking(reading, False)
    return Child(pid, file, reading, time.monotonic() + request.timeout_seconds)


def _finished(running: list[Child]) -> list[Child]:
    """The forks that have answered, ended, or used up their time."""
    ready, _, _ = select.select([0, *(child.pipe for child in running)], [], [], _POLL_SECONDS)
    if 0 in ready and not os.read(0, 1):
        for child in running:
            _kill(child)
        os._exit(1)
    return [child for child in running if _is_done(child)]


def _is_done(child: Child) -> bool:
    ended = not _receive(child)
    return ended or child.received.endswith(b"\n") or time.monotonic() > child.deadline


def _receive(child: Child) -> bool:
    """Takes what the fork has written; False: it will write no more."""
    while True:
        try:
            chunk = os.read(child.pipe, _CHUNK)
        except BlockingIOError:
            return True
        if not chunk:
            return False
        child.received += chunk


def _ended(child: Child, request: Request) -> bytes:
    """Its answer, or a diagnostic of how it ended without one."""
    status = _kill(child)
    if child.received.endswith(b"\n"):
        return bytes(child.received)
    limit = f"{request.timeout_seconds:g} s"
    if time.monotonic() > child.deadline:
        return _failure(child, request, IMPORT_TIMED_OUT, f"the file takes longer than {limit} to import", _SLOW)
    how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with exit code {status}"
    return _failure(child, request, IMPORT_FAILED, f"importing the file ended the process {how}", _CRASHED)


_SLOW: Final = "move queries, requests and sleeps from the top level of the file into tasks"
_CRASHED: Final = "a DAG file must not end the process: remove the call from its top level"


def _failure(child: Child, request: Request, code: Code, summary: str, hint: str) -> bytes:
    file = relative(child.file, request.root)
    found = diagnostic(code, summary, origin=Origin(file=file), hint=hint)
    answer = Answer(file=child.file, reading=Reading(file=file, diagnostics=(found,)))
    return msgspec.json.encode(answer) + b"\n"


def _kill(child: Child) -> int:
    """Ends the fork and whatever it started; its exit code, negative for a signal."""
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if pid == 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
    os.close(child.pipe)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
