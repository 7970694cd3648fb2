"""Starts the worker process, hands over the files, and takes the answers; it leaves no process behind."""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

import msgspec

from adf_export.errors import AdfExportError
from adf_export.frontend.protocol import READY, Answer, Request

# Until airflow and the providers are imported.
_START_SECONDS: Final = 180
# Beyond the limit of a file, which the worker itself watches.
_GRACE_SECONDS: Final = 30
_CHUNK: Final = 1 << 20


def ask(request: Request) -> Iterator[Answer]:
    """The answers, as they come.

    Raises:
        AdfExportError: the worker does not start, or ends before its time.
    """
    reading, writing = os.pipe()
    try:
        with tempfile.TemporaryDirectory(prefix="adf-export-airflow-") as home, tempfile.TemporaryFile() as log:
            worker = _start(home, log, writing)
            os.close(writing)
            writing = -1
            try:
                yield from _answers(worker, request, reading, log)
            finally:
                _stop(worker)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)


def _start(home: str, log: IO[bytes], answers: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "adf_export.frontend.worker", str(answers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=log,
        env=_environment(home),
        pass_fds=[answers],
        start_new_session=True,
    )


def _environment(home: str) -> Mapping[str, str]:
    """The user's, but for what would make Airflow write to the user's own installation."""
    return {
        **os.environ,
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{home}/logs",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        # A core's worth of threads in each of several forks slows all of them.
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _answers(worker: subprocess.Popen[bytes], request: Request, reading: int, log: IO[bytes]) -> Iterator[Answer]:
    assert worker.stdin is not None
    try:
        worker.stdin.write(msgspec.json.encode(request) + b"\n")
        worker.stdin.flush()
    except BrokenPipeError:
        raise _broken("the process that imports DAG files ended before it started", log) from None
    lines = _lines(reading, request.timeout_seconds + _GRACE_SECONDS)
    if next(lines, b"") != READY:
        raise _broken("the process that imports DAG files did not start", log)
    number = 0
    for line in lines:
        yield msgspec.json.decode(line, type=Answer)
        number += 1
    if number < len(request.files):
        raise _broken("the process that imports DAG files ended before its time", log)


def _lines(reading: int, seconds: float) -> Iterator[bytes]:
    """Lines from the worker; ends when it is gone or silent for too long."""
    received = bytearray()
    deadline = time.monotonic() + _START_SECONDS
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(reading, _CHUNK) if ready else b""
        if not chunk:
            return
        received += chunk
        while (end := received.find(b"\n") + 1) > 0:
            yield bytes(received[:end])
            del received[:end]
            deadline = time.monotonic() + seconds


def _stop(worker: subprocess.Popen[bytes]) -> None:
    """End of its input makes the worker end its forks and itself."""
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.close()
    try:
        worker.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _broken(summary: str, log: IO[bytes]) -> AdfExportError:
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:]
    return AdfExportError(
        summary, place=str(Path(sys.executable)), remedy=last[0] if last else "is apache-airflow installed there?"
    )
