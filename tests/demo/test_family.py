"""The guard ends every process below it, however its starter ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from demo.errors import DemoError
from demo.family import Family

# a child, a grandchild, and an orphan in a session of its own
TREE = ["bash", "-c", "sleep 600 & (setsid sleep 600 &); echo up; wait"]
STUBBORN = ["bash", "-c", "trap '' TERM; echo up; while true; do sleep 600; done"]


def wait_for(log: Path, text: str) -> None:
    tail = subprocess.run(["bash", "-c", f"until grep -q {text} {log}; do sleep 0.02; done"], timeout=30, check=True)
    assert tail.returncode == 0


def start(family: Family, argv: list[str], folder: Path, name: str = "child") -> list[psutil.Process]:
    log = folder / f"{name}.log"
    child = family.start(name, argv, env=os.environ, cwd=folder, log=log)
    wait_for(log, "up")
    assert psutil.pid_exists(child.pid)
    return psutil.Process(family.guard_pid).children(recursive=True)


@pytest.mark.parametrize("argv", [TREE, STUBBORN])
def test_leaving_ends_everything(argv: list[str], tmp_path: Path) -> None:
    with Family() as family:
        below = start(family, argv, tmp_path)
        family.stop("child", grace=0.2)
    assert not psutil.wait_procs(below, timeout=10)[1]


def test_stopping_one_leaves_the_other(tmp_path: Path) -> None:
    with Family() as family:
        start(family, TREE, tmp_path, "first")
        start(family, TREE, tmp_path, "second")
        second = psutil.Process(family.children["second"].pid)
        family.stop("first")
        assert [*family.children] == ["second"]
        assert second.is_running()


def test_the_end_of_a_child_is_seen_with_its_code_and_last_lines(tmp_path: Path) -> None:
    with Family() as family:
        child = family.start(
            "child", ["bash", "-c", "echo one; echo two; exit 7"], env=os.environ, cwd=tmp_path, log=tmp_path / "log"
        )
        subprocess.run(["bash", "-c", f"until ! kill -0 {child.pid} 2>&-; do sleep 0.02; done"], timeout=30, check=True)
        while (code := family.code("child")) is None:
            pass
        assert code == 7
        assert child.last_lines(1) == "two"


def test_a_command_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with Family() as family, pytest.raises(DemoError, match=r"cannot start child: .*no-such-command"):
        family.start("child", ["no-such-command"], env=os.environ, cwd=tmp_path, log=tmp_path / "log")


def test_a_killed_guard_is_told(tmp_path: Path) -> None:
    with Family() as family:
        below = [psutil.Process(family.start("child", ["sleep", "600"], env={}, cwd=tmp_path, log=tmp_path / "l").pid)]
        os.kill(family.guard_pid, signal.SIGKILL)
        assert not psutil.wait_procs(below, timeout=10)[1]
        with pytest.raises(DemoError, match="guard process was killed"):
            family.start("next", ["true"], env={}, cwd=tmp_path, log=tmp_path / "l")


def test_a_killed_starter_takes_its_children_along(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from demo.family import Family
family = Family().__enter__()
family.start("child", {TREE!r}, env=os.environ, cwd=Path("/"), log=Path({str(tmp_path / "log")!r}))
print(family.guard_pid, flush=True)
signal.pause()
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert starter.stdout
    with starter.stdout:
        guard = psutil.Process(int(starter.stdout.readline()))
        wait_for(tmp_path / "log", "up")
        below = [guard, *guard.children(recursive=True)]
        starter.kill()
        starter.wait()
    assert not psutil.wait_procs(below, timeout=20)[1]
