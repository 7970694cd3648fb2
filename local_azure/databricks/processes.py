"""Ties the life of child processes to their parent's and ends whole process groups."""

import contextlib
import ctypes
import glob
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Called in a fresh child: the kernel kills it when the thread that made it ends, even by kill -9."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def kill_group(leader: int) -> None:
    """Kill a process group that we made."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes that a process has started (none where there is no /proc)."""
    found: list[int] = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError), open(path) as stream:
            found += [int(child) for child in stream.read().split()]
    return found


def process_environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with, empty when it cannot be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            entries = stream.read().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def process_command(pid: int) -> list[str]:
    """The command line of a running process, empty when there is none (or where there is no /proc)."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return [part.decode(errors="replace") for part in stream.read().split(b"\0") if part]
    except OSError:
        return []
