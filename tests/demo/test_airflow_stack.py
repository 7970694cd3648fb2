"""A real Airflow, started and stopped as the demo does it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from stat import S_IMODE

import psutil
import pytest

from demo.airflow_api import AirflowApi, RunState
from demo.airflow_settings import AirflowPaths, write_settings
from demo.airflow_stack import COMPONENTS, AirflowStack
from demo.errors import DemoError
from demo.family import Family

DAGS = Path(__file__).parent / "dags"
SECONDS = 120


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {SECONDS} s"
        time.sleep(0.1)


def make_stack(family: Family, home: Path) -> AirflowStack:
    plugins = home / "no-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    return AirflowStack(family=family, home=home, dags=DAGS, plugins=plugins, parallelism=2)


def run_tiny(api: AirflowApi, run_id: str, *, fail: bool = False) -> RunState:
    until(lambda: "tiny" in api.dag_ids(), "the DAG file being read")
    api.unpause("tiny")
    api.trigger("tiny", run_id=run_id, conf={"fail": fail}, logical_date=None)
    until(lambda: api.run("tiny", run_id).is_final, "the run's end")
    return api.run("tiny", run_id)


@pytest.fixture
def family() -> Iterator[Family]:
    with Family() as members:
        below = psutil.Process(members.guard_pid)
        yield members
        seen = below.children(recursive=True)
    assert not psutil.wait_procs(seen, timeout=SECONDS)[1]


def test_settings_are_private_and_stay(tmp_path: Path) -> None:
    paths = AirflowPaths(home=tmp_path / "airflow", dags=DAGS, plugins=tmp_path)
    write_settings(paths, port=1, parallelism=2)
    first = paths.keys.read_text()
    write_settings(paths, port=2, parallelism=2)
    assert paths.keys.read_text() == first
    assert {S_IMODE(path.stat().st_mode) for path in (paths.config, paths.keys)} == {0o600}
    assert "load_examples = False" in paths.config.read_text()


@pytest.mark.integration
def test_stack_runs_a_dag_through_the_scheduler_and_leaves_nothing(family: Family, tmp_path: Path) -> None:
    stack = make_stack(family, tmp_path / "airflow")
    stack.migrate()
    stack.start()
    api = stack.wait_healthy()
    assert run_tiny(api, "good").state == "success"
    assert [task.state for task in api.tasks("tiny", "good")] == ["success"] * 3
    assert {api.xcom(task) for task in api.tasks("tiny", "good")} == {1, 2, 3}
    assert run_tiny(api, "bad", fail=True).state == "failed"
    failed = next(task for task in api.tasks("tiny", "bad") if task.state == "failed")
    assert "asked to fail" in str(api.log(failed))
    assert S_IMODE(stack.password_file.stat().st_mode) == 0o600
    assert not api.import_errors()
    stack.stop()
    assert not family.children


@pytest.mark.integration
def test_a_component_that_dies_is_told_with_its_last_lines(family: Family, tmp_path: Path) -> None:
    stack = make_stack(family, tmp_path / "airflow")
    stack.migrate()
    stack.start()
    os.kill(family.children["airflow-triggerer"].pid, signal.SIGKILL)
    with pytest.raises(DemoError, match="airflow-triggerer ended by itself"):
        stack.wait_healthy()


@pytest.mark.integration
def test_two_stacks_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    with ExitStack() as both:
        families = [both.enter_context(Family()) for _ in range(2)]
        stacks = [make_stack(family, tmp_path / str(number)) for number, family in enumerate(families)]
        for stack in stacks:
            stack.migrate()
        for stack in stacks:
            stack.start()
        clients = [stack.wait_healthy() for stack in stacks]
        states = [run_tiny(api, "same").state for api in clients]
        assert states == ["success", "success"]
        assert [len(api.runs("tiny")) for api in clients] == [1, 1]
        stacks[0].stop()
        assert run_tiny(clients[1], "again").state == "success"


@pytest.mark.integration
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_its_starter(ending: signal.Signals, tmp_path: Path) -> None:
    script = f"""
import time
from pathlib import Path
from demo.airflow_stack import AirflowStack
from demo.family import Family
with Family() as family:
    stack = AirflowStack(family=family, home=Path({str(tmp_path / "airflow")!r}), dags=Path({str(DAGS)!r}))
    stack.migrate()
    stack.start()
    print("started", flush=True)
    stack.wait_healthy()
    time.sleep({SECONDS})
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert starter.stdout
    with starter.stdout:
        assert starter.stdout.readline() == b"started\n"
        below = psutil.Process(starter.pid).children(recursive=True)
        assert len(below) >= len(COMPONENTS)
        starter.send_signal(ending)
        starter.wait(SECONDS)
    assert not psutil.wait_procs(below, timeout=SECONDS)[1]
