"""Owns the demo's child processes, so that none of them outlives the demo, however the demo ends.

Runs as a small process of its own, in its own session. It takes orders as JSON lines on standard input and
tells what happened as JSON lines on standard output. When standard input closes (the demo ended, was killed,
or lost its terminal), it ends every process below it and exits.

Three nets catch a process: it is asked to end (SIGTERM to our child); what is left below us is killed, orphans
included, since on Linux the guard is the reaper of its descendants; and if the guard itself is killed, the
kernel kills its children.
"""

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 8.0


def prctl(option: int, value: int) -> None:
    """Sets a process attribute where the kernel has it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_the_guard() -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def tell(**event: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


class Guard:
    """The children by name, and what is still to be told about them."""

    def __init__(self) -> None:
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *, name: str, argv: list[str], env: dict[str, str], cwd: str, stdout: str, stderr: str) -> None:
        try:
            with Path(stdout).open("ab") as out, Path(stderr).open("ab") as err:
                self.children[name] = subprocess.Popen(
                    argv,
                    env=env,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                    preexec_fn=die_with_the_guard,
                )
        except OSError as error:
            tell(event="failed", name=name, reason=str(error))
            return
        tell(event="started", name=name, pid=self.children[name].pid)

    def tell_ended(self) -> None:
        for name, child in list(self.children.items()):
            if child.poll() is not None:
                del self.children[name]
                tell(event="ended", name=name, code=child.returncode)

    def stop(self, names: list[str], *, grace: float) -> None:
        """Asks, waits, then kills what is left of these children and of what they started."""
        running = {name: self.children[name] for name in names if name in self.children}
        members = [pid for child in running.values() for pid in (child.pid, *descendants(child.pid))]
        for child in running.values():
            child.terminate()
        until = time.monotonic() + grace
        while time.monotonic() < until and any(child.poll() is None for child in running.values()):
            time.sleep(0.02)
        # an id that is no longer below us may belong to somebody else by now
        below = descendants(os.getpid())
        kill([pid for pid in members if pid in below])
        for child in running.values():
            child.wait()
        self.tell_ended()

    def stop_all(self, *, grace: float = GRACE_SECONDS) -> None:
        """Ends everything below this process; orphans whose parent is gone have become our children."""
        self.stop(list(self.children), grace=grace)
        until = time.monotonic() + GRACE_SECONDS
        while (rest := descendants(os.getpid())) and time.monotonic() < until:
            kill(rest)
            time.sleep(0.02)
            reap()


def parents() -> dict[int, int]:
    """Process id: parent's id, of every process that is not a zombie."""
    if sys.platform != "linux":
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False)
        rows = [line.split() for line in listed.stdout.splitlines()]
        return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # the name, in parentheses, may hold blanks and parentheses itself
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(folder.name)] = int(parent)
    return found


def descendants(pid: int) -> list[int]:
    """The living processes below this one."""
    children: dict[int, list[int]] = {}
    for child, parent in parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill(members: list[int]) -> None:
    for pid in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def reap() -> None:
    """Reads the exits of orphans that have become our children."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def obey(guard: Guard, order: dict[str, Any]) -> None:
    kind = order.pop("order")
    if kind == "start":
        guard.start(**order)
    elif kind == "stop":
        guard.stop(order["names"], grace=order["grace"])
        tell(event="stopped", names=order["names"])
    else:
        tell(event="failed", name=kind, reason="the guard knows no such order")


def leave(*_: object) -> None:
    raise SystemExit(0)


def main() -> None:
    """Obeys until standard input closes."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)
    guard = Guard()
    orders = selectors.DefaultSelector()
    orders.register(sys.stdin.fileno(), selectors.EVENT_READ)
    pending = b""
    try:
        while True:
            guard.tell_ended()
            if not orders.select(timeout=0.2):
                continue
            received = os.read(sys.stdin.fileno(), 1 << 16)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                obey(guard, json.loads(line))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        guard.stop_all()


if __name__ == "__main__":
    main()
