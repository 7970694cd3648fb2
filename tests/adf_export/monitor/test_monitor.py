"""`adf-export monitor` against a real local Data Factory, as `local-azure up` starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_azure.endpoints import Endpoints
from local_azure.environment import client_environment, without_proxy
from local_azure.state import Secrets, State
from tests.data_factory.command_line import Factory
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.running import up
from tests.plugins.data_factory.orders import pipelines

pytestmark = pytest.mark.integration
MAIN = [sys.executable, "-c", "from adf_export.cli.app import main; main()", "monitor"]


@dataclass(frozen=True, kw_only=True)
class World:
    """A factory whose pipelines ask a web service."""

    service: WebService
    factory: Factory
    environment: dict[str, str]

    def run(self, pipeline: str, *parameters: str) -> str:
        """Runs a pipeline to its end; its id."""
        options = [part for one in parameters for part in ("-p", one)]
        run_id: str = self.factory("run", pipeline, "--wait", "--json", *options).document["run"]["runId"]
        return run_id

    def monitor(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        env = os.environ | self.environment | {"COLUMNS": "200", "NO_COLOR": "1"} | variables
        return subprocess.run([*MAIN, *arguments], env=env, capture_output=True, text=True, timeout=120, check=False)

    def document(self, *arguments: str) -> Any:
        return json.loads(self.monitor(*arguments, "--json").stdout)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    service, folder = WebService(), tmp_path_factory.mktemp("monitor")
    with serving(service) as origin, up(folder / "state") as cloud:
        factory = Factory(state=cloud.state, name="local", folder=folder / "factory")
        for name, properties in pipelines(origin).items():
            factory.write("pipeline", name, properties)
        assert factory.load().code == 0
        state = State(Path(cloud.state))
        variables = client_environment(state, Endpoints.read(state), Secrets.load(state)) | without_proxy({})
        yield World(service=service, factory=factory, environment=variables)


@pytest.fixture(autouse=True)
def _forget(world: World) -> None:
    world.service.answers.clear()


def flat(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("children", ()):
        yield from flat(child)


def test_a_run_is_a_tree(world: World) -> None:
    run_id = world.run("orders")
    done = world.monitor(run_id)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = world.document(run_id)["runs"]
    assert (run["label"], run["status"], run["run_id"]) == ("orders", "Succeeded", run_id)
    each = next(one for one in run["children"] if one["label"] == "each")
    assert [one["label"] for one in each["children"]] == ["iteration 1", "iteration 2"]
    inside = [[one["label"] for one in flat(iteration)] for iteration in each["children"]]
    assert sorted(inside) == [
        ["iteration 1", "load", "check"],
        ["iteration 2", "load", "check", "on_two"],
    ]
    part = next(one for one in run["children"] if one["label"] == "part")
    assert [one["label"] for one in flat(part)] == ["part", "orders__part", "inner"]
    publish = next(one for one in run["children"] if one["label"] == "publish")
    assert (publish["dag_id"], publish["task_id"], publish["source"]) == ("orders", "publish", "orders.py:7")
    assert publish["output"]["path"] == "/publish"


def test_failures_come_first_with_their_error(world: World) -> None:
    world.service.answer("/inner", 503, {"why": "closed for today"})
    run_id = world.run("orders")
    done = world.monitor(run_id[:8])
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    order = [
        next(at for at, line in enumerate(lines) if f" {name} " in f"{line} ") for name in ("part", "inner", "fetch")
    ]
    assert order == sorted(order)
    assert "closed for today" in done.stdout
    listed = world.monitor()
    assert listed.returncode == 1
    assert "closed for today" in listed.stdout
    assert "fetch" not in listed.stdout


def test_reruns_are_attempts_of_one_run(world: World) -> None:
    world.service.answer("/publish", 503, {"why": "closed"})
    run_id = world.run("orders")
    world.service.answers.clear()
    assert world.factory("rerun", run_id, "--from-failure", "--wait").code == 0
    found = [run for run in world.document("orders")["runs"] if run.get("attempts") == 2]
    assert [run["status"] for run in found] == ["Succeeded"]


def test_a_running_one_is_followed_to_its_end(world: World) -> None:
    run_id = world.factory("run", "by_hand", "--json").document["runId"]
    done = world.monitor(run_id, "--follow")
    assert done.returncode == 0
    assert "Succeeded" in done.stdout
    assert "InProgress" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["order"], "did you mean orders"),
        (["--factory", "nowhere"], "nowhere"),
        (["--since", "soon"], "90m, 24h or 7d"),
        (["--cloud", "germany"], "public, china, usgov"),
        (["--token-env", "NOT_SET"], "NOT_SET is not set"),
        (["--url", "https://localhost:1"], "no answer"),
        (["--subscription", ""], "local-azure env"),
    ],
)
def test_what_cannot_work_is_said(world: World, arguments: list[str], said: str) -> None:
    done = world.monitor(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_bad_token_is_said_with_the_remedy(world: World) -> None:
    done = world.monitor("--token-env", "BAD", BAD="nonsense")
    assert done.returncode == 2
    assert "401" in done.stderr
    assert "az login" in done.stderr
