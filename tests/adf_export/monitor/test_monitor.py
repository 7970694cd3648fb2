"""`adf-export monitor` against a real local Data Factory, as `local-azure up` starts it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.adf_export.monitor.conftest import MAIN, World
from tests.data_factory.arm import wait_for

pytestmark = pytest.mark.integration


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
    (run,) = [run for run in world.document("orders")["runs"] if run.get("attempts") == 2]
    assert (run["status"], run["others"][0]["run_id"], run["others"][0]["status"]) == ("Succeeded", run_id, "Failed")
    ids = [one["run_id"] for one in world.document()["runs"]]
    assert run["run_id"] in ids
    assert run_id not in ids
    (named,) = world.document(run_id)["runs"]
    assert (named["status"], named["others"][0]["run_id"]) == ("Failed", run["run_id"])


def test_a_running_one_is_followed_to_its_end(world: World) -> None:
    run_id = world.factory("run", "by_hand", "--json").document["runId"]
    done = world.monitor(run_id, "--follow")
    assert done.returncode == 0
    assert "Succeeded" in done.stdout
    assert "InProgress" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "soon"], "90m, 24h or 7d"),
        (["--cloud", "germany"], "'public', 'china', 'usgov'"),
        (["--status", "Broken"], "'failed'"),
        (["--last", "0"], "--last"),
        (["--interval", "0"], "--interval"),
        (["--token-env", "NOT_SET"], "NOT_SET is not set"),
        (["--subscription", ""], "local-azure env"),
        (["--url", "http://factory.example"], "it must be https"),
    ],
)
def test_what_is_asked_wrongly_is_said(world: World, arguments: list[str], said: str) -> None:
    done = world.monitor(*arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["order"], "did you mean orders"),
        (["never"], "pipeline 'never' has no runs in the last 24 hours"),
        (["orders", "--since", "0m"], "pipeline 'orders' has no runs"),
        (["ffffffff-0000-4000-8000-000000000000"], "no pipeline run 'ffffffff-0000-4000-8000-000000000000'"),
        (["--factory", "nowhere"], "there is no factory 'nowhere'"),
        (["last", "--factory", "nowhere"], "there is no factory 'nowhere'"),
        (["ffffffff-0000-4000-8000-000000000000", "--factory", "nowhere"], "there is no factory 'nowhere'"),
        (["--url", "https://localhost:1"], "no answer"),
        (["--url", "https://localhost:1", "--follow"], "no answer"),
    ],
)
def test_what_is_not_there_is_said(world: World, arguments: list[str], said: str) -> None:
    done = world.monitor(*arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)


def test_errors_are_a_document_too(world: World) -> None:
    done = world.monitor("--factory", "nowhere", "--json")
    assert done.returncode == 3
    assert "nowhere" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize("options", [[], ["--follow"]])
def test_a_bad_token_is_said_with_the_remedy(world: World, options: list[str]) -> None:
    done = world.monitor("--token-env", "BAD", *options, BAD="nonsense")
    assert done.returncode == 3
    assert "401" in done.stderr
    assert "put a new token" in done.stderr
    assert "nonsense" not in done.stderr


def test_nobody_signed_in_is_said_with_the_remedy(world: World) -> None:
    done = world.monitor(IDENTITY_HEADER="wrong")
    assert done.returncode == 3
    assert "az login" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_of_a_variable_is_enough(world: World) -> None:
    world.run("by_hand")
    done = world.monitor("last", "--token-env", "TOKEN", TOKEN=world.token(), IDENTITY_ENDPOINT="", IDENTITY_HEADER="")
    assert (done.returncode, done.stderr) == (0, "")
    assert "by_hand" in done.stdout


def test_what_is_secure_is_not_shown(world: World) -> None:
    secret = "correct horse battery staple"
    world.service.answer("/secret", 200, {"value": secret})
    run_id = world.run("secretive")
    shown = world.monitor(run_id)
    written = world.monitor(run_id, "--json")
    assert (shown.returncode, written.returncode) == (0, 0)
    assert "read" in shown.stdout
    assert secret not in shown.stdout + shown.stderr + written.stdout + written.stderr


def test_a_failure_that_nothing_waited_for_counts(world: World) -> None:
    world.service.answer("/inner", 503, {"why": "closed"})
    run_id = world.run("hasty")
    child = wait_for(
        lambda: world.document("orders__part", "--last", "1")["runs"][0], lambda run: run["status"] == "Failed"
    )
    done = world.monitor(run_id)
    assert done.returncode == 1
    assert "closed" in done.stdout
    listed = [run["run_id"] for run in world.document()["runs"]]
    assert child["run_id"] in listed


def test_iterations_have_their_branches(world: World) -> None:
    (run,) = world.document(world.run("loops"))["runs"]
    (until,) = run["children"]
    inside = [[one["label"] for one in flat(iteration)] for iteration in until["children"]]
    assert inside == [
        ["iteration 1", "append", "check", "pause"],
        ["iteration 2", "append", "check", "pause"],
        ["iteration 3", "append", "check"],
    ]


def test_runs_that_have_the_status_are_shown_and_no_more_than_wanted(world: World) -> None:
    world.run("by_hand")
    world.run("by_hand")
    assert len(world.document("by_hand", "--last", "1")["runs"]) == 1
    assert {run["status"] for run in world.document("--status", "succeeded")["runs"]} == {"Succeeded"}
    assert world.monitor("by_hand", "--status", "Failed").returncode == 3


def test_ctrl_c_ends_following(world: World) -> None:
    run_id = world.factory("run", "endless", "--json").document["runId"]
    command = [*MAIN, run_id, "--follow", "--json"]
    env = os.environ | world.environment
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(8)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert world.factory("cancel", run_id).code == 0
    followed = world.monitor(run_id, "--follow")
    assert followed.returncode == 1
    assert "Cancelled" in followed.stdout


def test_starting_imports_no_client() -> None:
    code = "import sys; import adf_export.cli.app; print([name for name in ('httpx', 'azure') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
