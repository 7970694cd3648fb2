"""Lets one `local-azure up` at a time own a state folder."""

import contextlib
import fcntl
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local_azure.errors import LocalAzureError


@dataclass(frozen=True, slots=True)
class Held:
    """A held lock: the kernel frees it when its process ends, so a killed owner leaves nothing to clean up."""

    file: IO[str]

    def release(self) -> None:
        self.file.truncate(0)
        self.file.close()


def acquire(path: Path) -> Held:
    """Take the lock or say who holds it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        pid = _pid(path)
        raise LocalAzureError(
            f"{path.parent} is in use by process {pid or 'that is just starting'}: "
            f"end it with 'local-azure down --state {path.parent}', or choose another folder with --state"
        ) from error
    file.truncate(0)
    json.dump({"pid": os.getpid()}, file)
    file.flush()
    return Held(file)


def owner(path: Path) -> int | None:
    """The process that holds the lock; None when nobody does (what a killed one wrote is ignored)."""
    try:
        file = path.open("r")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _pid(path)
    return None


def end_owner(path: Path, *, seconds: float) -> int | None:
    """Ask the process that holds the lock to end and wait until it has let go; None when nobody held it."""
    pid = owner(path)
    if pid is None:
        return None
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    # By the lock and not by the process: it is let go last, and a dead process may wait for its parent as a zombie.
    while owner(path) == pid:
        if time.monotonic() > deadline:
            raise LocalAzureError(
                f"process {pid} did not stop within {seconds:.0f} s: look at it, then 'kill -9 {pid}'"
            )
        time.sleep(0.05)
    return pid


def _pid(path: Path) -> int | None:
    try:
        return int(json.loads(path.read_text())["pid"])
    except (ValueError, KeyError):
        return None
