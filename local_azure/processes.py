"""Starts child processes that write to a log file and never outlive their parent."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_azure.errors import LocalAzureError


@dataclass(frozen=True, slots=True)
class Child:
    """A running child in a process group of its own, so that ctrl-C in the terminal reaches only its parent.

    Its standard input is a pipe: it closes when the parent ends, by kill -9 too, on Linux and macOS alike. The child
    must watch it (Azurite is told to by `blob/guard.js`).
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> "Child":
        """Start a program; all that it prints goes to the log."""
        try:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise LocalAzureError(f"cannot start {name} ({command[0]}): {error.strerror}") from error
        return cls(name, process, log)

    def tell(self, line: str) -> None:
        """Write one line to its standard input; a child that has ended hears nothing, and `alive` tells."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, *, seconds: float = 5.0) -> None:
        """Ask to end, wait, then force the whole group."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self._signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def last_words(self, *, lines: int = 5) -> str:
        """The end of its log, for an error message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " | ".join(text.strip().splitlines()[-lines:]) or "it printed nothing"
