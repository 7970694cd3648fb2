"""Starts the real `local-azure up` as a user does, without Spark, and ends it whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MAIN = [sys.executable, "-c", "from local_azure.cli import main; main()"]
START_SECONDS = 90.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A started cloud: its process, its state folder, and the document that it printed when it was ready."""

    process: "subprocess.Popen[str]"
    state: Path
    ready: dict[str, Any]

    def family(self) -> list[psutil.Process]:
        """Its process and all below it, now."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def run(self, *arguments: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Another command on the same state folder."""
        return run(*arguments, "--state", str(self.state), given=given)


def run(
    *arguments: str, given: str | None = None, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """One command to its end."""
    env = os.environ | (environment or {})
    return subprocess.run(
        [*MAIN, *arguments], capture_output=True, text=True, timeout=90, check=False, input=given, env=env
    )


@contextmanager
def up(state: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """A cloud on free ports until the block ends; the block may end it itself."""
    command = [*MAIN, "up", "--state", str(state), "--ports", "free", "--no-spark", "--json", *options]
    errors = state.with_name(f"{state.name}.stderr")
    with (
        errors.open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | (environment or {})
        ) as process,
    ):
        try:
            yield Running(process=process, state=state, ready=_ready(process, errors))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)


def _ready(process: "subprocess.Popen[str]", errors: Path) -> dict[str, Any]:
    """The document on its standard output, which stays open; a line that is only "}" ends it."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        line = process.stdout.readline()
        assert line, f"it ended before it was ready: {errors.read_text()}"
        lines.append(line)
    document: dict[str, Any] = json.loads("".join(lines))
    return document


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Poll a condition, bounded."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
