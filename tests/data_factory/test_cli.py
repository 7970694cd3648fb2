"""`local-azure factory` against a real `local-azure up`: load, run, see what failed, mend it, repeat it from there."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data_factory.command_line import Factory, call
from tests.data_factory.harness import activity, expression, set_variable
from tests.local_azure.running import MAIN, Running, up, wait_until

pytestmark = pytest.mark.integration
Json = Any


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("factory") / "state") as started:
        yield started


@pytest.fixture
def factory(running: Running, tmp_path: Path, request: pytest.FixtureRequest) -> Factory:
    """A factory of its own for each test."""
    name = re.sub(r"[^a-z0-9]+", "-", str(request.node.name)).strip("-")[:63].strip("-")
    return Factory(state=running.state, name=name, folder=tmp_path / "folder")


def fail(name: str, message: str = "out of luck", after: "tuple[str, ...]" = ()) -> Json:
    return activity(name, "Fail", after, message=message, errorCode="42")


def wait(name: str, seconds: int, after: "tuple[str, ...]" = ()) -> Json:
    return activity(name, "Wait", after, waitTimeInSeconds=seconds)


def quick(name: str, after: "tuple[str, ...]" = ()) -> Json:
    """Succeeds at once."""
    always = expression("@equals(1, 1)")
    return activity(name, "Filter", after, items=expression("@createArray(1)"), condition=always)


# -- load ----------------------------------------------------------------------------------------------------------


def test_load_puts_all_and_tells_it(factory: Factory) -> None:
    factory.write(
        "linkedService",
        "store",
        {"type": "AzureBlobStorage", "typeProperties": {"serviceEndpoint": "https://a.blob.core.windows.net"}},
    )
    factory.pipeline(
        "a_parent",
        activity(
            "Call",
            "ExecutePipeline",
            pipeline={"referenceName": "child", "type": "PipelineReference"},
            waitOnCompletion=True,
        ),
    )
    factory.pipeline("child", quick("W"))
    factory.write("factory", "production", {"globalParameters": {"env": {"type": "String", "value": "dev"}}})
    done = factory.load()
    assert (done.code, done.err) == (0, "")
    assert f"loaded into factory '{factory.name}'" in done.out
    again = factory("load", str(factory.folder), "--json")
    assert again.code == 0
    files = {file["file"]: file["outcome"] for file in again.document["files"]}
    assert files == dict.fromkeys(
        (
            "factory/production.json",
            "linkedService/store.json",
            "pipeline/child.json",
            "pipeline/a_parent.json",
        ),
        "loaded",
    )
    assert again.document["factory"] == factory.name


def test_load_tells_every_problem_with_file_and_place_and_loads_the_rest(factory: Factory) -> None:
    factory.pipeline("good", quick("W"))
    factory.pipeline("bad", activity("Odd", "NoSuchType"), set_variable("Set", "undeclared", "x"))
    factory.pipeline(
        "above", activity("Call", "ExecutePipeline", pipeline={"referenceName": "Bad", "type": "PipelineReference"})
    )
    (factory.folder / "pipeline" / "broken.json").write_text('{"name": "broken",\n oops}')
    done = factory("load", str(factory.folder), "--json")
    assert done.code == 1
    files = {file["file"]: file for file in done.document["files"]}
    assert {name: file["outcome"] for name, file in files.items()} == {
        "pipeline/good.json": "loaded",
        "pipeline/bad.json": "refused",
        "pipeline/above.json": "not tried",
        "pipeline/broken.json": "refused",
    }
    places = {problem["path"] for problem in files["pipeline/bad.json"]["problems"]}
    assert any(place.startswith(("$.properties.activities[0]", "$.activities[0]")) for place in places), places
    assert files["pipeline/broken.json"]["problems"][0]["path"] == "line 2, column 2"
    assert "pipeline/bad.json" in files["pipeline/above.json"]["problems"][0]["message"]
    shown = factory.load()
    assert shown.code == 1
    for text in (
        "refused: pipeline/bad.json",
        "not tried: pipeline/above.json",
        "line 2, column 2",
        "3 of 4 files were not",
    ):
        assert text in shown.out
    assert factory("run", "good", "--wait").code == 0


def test_load_leaves_out_what_has_no_place_here_and_says_so(factory: Factory) -> None:
    factory.pipeline("p", quick("W"))
    factory.write("integrationRuntime", "mine", {"type": "SelfHosted"})
    done = factory.load()
    assert (done.code, "left out: integrationRuntime/ (1 files)" in done.out) == (0, True)


def test_a_folder_without_a_factory_and_a_factory_without_a_folder(factory: Factory, tmp_path: Path) -> None:
    for folder, text in ((tmp_path, "holds no factory"), (tmp_path / "nowhere", "is not a folder")):
        done = factory("load", str(folder))
        assert (done.code, text in done.err, "Traceback" in done.err) == (1, True, False)


def test_global_parameters_and_the_place_of_the_factory_stay(factory: Factory) -> None:
    factory.pipeline(
        "p", set_variable("Set", "v", "@pipeline().globalParameters.env"), variables={"v": {"type": "String"}}
    )
    file = factory.write("factory", "prod", {"globalParameters": {"env": {"type": "String", "value": "dev"}}})
    file.write_text(json.dumps({**json.loads(file.read_text()), "location": "westeurope"}))
    assert factory.load().code == 0
    assert factory.load().code == 0
    done = factory("run", "p", "--wait", "--json")
    assert done.document["activities"][0]["output"]["value"] == "dev"


WATCH_SECONDS = 60


def test_watch_loads_what_changes_until_it_is_ended(factory: Factory) -> None:
    file = factory.pipeline("p", quick("First"))
    other = factory.pipeline("q", quick("W"))
    command = [
        "factory",
        "load",
        str(factory.folder),
        "--watch",
        "--state",
        str(factory.state),
        "--factory",
        factory.name,
    ]
    with subprocess.Popen(
        [*MAIN, *command], stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
    ) as process:
        assert process.stdout is not None
        assert "2 pipeline" in process.stdout.readline()
        assert process.stdout.readline().startswith("watching ")
        factory.pipeline("p", fail("Second"))
        assert "1 pipeline" in process.stdout.readline()
        file.write_text("{")
        assert process.stdout.readline().startswith("refused: pipeline/p.json")
        process.stdout.readline()
        assert "1 of 1 files were not" in process.stdout.readline()
        other.unlink()
        assert process.stdout.readline().startswith("pipeline/q.json was deleted")
        process.send_signal(signal.SIGINT)
        assert process.wait(WATCH_SECONDS) == 130
    assert factory("run", "p", "--wait").code == 1
    assert factory("run", "q", "--wait").code == 0


def test_watch_and_json_exclude_each_other(factory: Factory) -> None:
    done = factory("load", str(factory.folder), "--watch", "--json")
    assert (done.code, done.out) == (2, "")


# -- run -----------------------------------------------------------------------------------------------------------


def test_parameters_reach_the_run_with_their_types(factory: Factory) -> None:
    factory.pipeline(
        "p",
        set_variable(
            "Set",
            "v",
            "@{pipeline().parameters.text}@{add(pipeline().parameters.number, 1)}@{pipeline().parameters.list[1]}",
        ),
        parameters={"text": {"type": "String"}, "number": {"type": "Int"}, "list": {"type": "Array"}},
        variables={"v": {"type": "String"}},
    )
    assert factory.load().code == 0
    done = factory("run", "P", "-p", "text=01", "-p", "number=41", "-p", 'list=["a","b"]', "--wait", "--json")
    assert done.code == 0
    assert done.document["run"]["status"] == "Succeeded"
    assert done.document["activities"][0]["output"]["value"] == "0142b"
    missing = factory("run", "p", "-p", "text=01", "--json")
    assert missing.code == 1
    assert "number" in missing.document["error"]


def test_run_says_only_the_id_and_does_not_wait(factory: Factory) -> None:
    factory.pipeline("p", wait("W", 600))
    assert factory.load().code == 0
    run_id = factory("run", "p").out.strip()
    assert re.fullmatch(r"[0-9a-f-]{36}", run_id)
    other = factory("run", "p", "--json").document
    assert list(other) == ["runId"]
    assert {run["runId"]: run["status"] for run in factory("runs", "--json").document} == {
        run_id: "InProgress",
        other["runId"]: "InProgress",
    }
    for each in (run_id, other["runId"]):
        assert factory("cancel", each).code == 0


def test_follow_shows_the_tree_with_iterations_branches_and_the_run_below(factory: Factory) -> None:
    child = activity(
        "Each",
        "ForEach",
        items=expression("@createArray('a','b')"),
        activities=[
            activity(
                "If b",
                "IfCondition",
                expression=expression("@equals(item(),'b')"),
                ifTrueActivities=[fail("Boom", "b is bad")],
                ifFalseActivities=[quick("Fine")],
            )
        ],
    )
    factory.pipeline("child", child, quick("After", ("Each",)))
    factory.pipeline(
        "parent",
        activity(
            "Call",
            "ExecutePipeline",
            pipeline={"referenceName": "child", "type": "PipelineReference"},
            waitOnCompletion=True,
        ),
    )
    assert factory.load().code == 0
    done = factory("run", "parent", "--follow")
    assert done.code == 1
    lines = [line.lstrip(" │├└─") for line in done.out.splitlines()]
    order = [line for line in lines if line[:1] in "✓✗\N{EN DASH}"]
    heads = [re.split(r"  +", line)[0] for line in order]
    assert heads == [
        "✗ parent",
        "✗ Call",
        "✗ child",
        "✗ Each",
        "✓ [0]",
        "✓ If b",
        "✓ Fine",
        "✗ [1]",
        "✗ If b",
        "✗ Boom",
        "\N{EN DASH} After",
    ]
    assert any("42: b is bad" in line for line in lines)
    assert len(done.out.splitlines()) < 40
    newest, before = factory("runs", "--json").document
    assert (newest["pipelineName"], before["pipelineName"]) == ("child", "parent")
    assert factory("show", "last", "--json").document["run"]["runId"] == before["runId"]


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_the_list_of_runs_has_a_line_a_run_on_any_screen(factory: Factory, columns: str) -> None:
    factory.pipeline("a_name_of_medium_length", fail("F", "a long message " * 20))
    assert factory.load().code == 0
    run_id = json.loads(factory("run", "a_name_of_medium_length", "--wait", "--json").out)["run"]["runId"]
    head, *lines = factory("runs", COLUMNS=columns).out.splitlines()
    assert len(lines) == 1
    assert head.startswith("run")
    assert lines[0].startswith(f"{run_id[:8]}  a_name_of_medium_length  ✗ Failed")
    assert len(lines[0]) <= int(columns)


def test_a_loop_of_many_iterations_shows_those_that_failed(factory: Factory) -> None:
    inside = activity(
        "If", "IfCondition", expression=expression("@equals(item(), 77)"), ifTrueActivities=[fail("Boom")]
    )
    factory.pipeline("many", activity("Each", "ForEach", items=expression("@range(0, 200)"), activities=[inside]))
    assert factory.load().code == 0
    done = factory("run", "many", "--follow")
    assert "200 iterations: 199 Succeeded, 1 Failed" in done.out
    assert "✗ [77]" in done.out
    assert len(done.out.splitlines()) < 24


def test_an_unknown_pipeline_is_told_with_the_known_ones(factory: Factory) -> None:
    factory.pipeline("known", quick("W"))
    assert factory.load().code == 0
    done = factory("run", "unknown", "--json")
    assert done.code == 1
    assert done.document == {"error": f"factory '{factory.name}' has no pipeline 'unknown'; it has: known"}


def test_an_unknown_factory_is_told(running: Running) -> None:
    done = call("factory", "runs", "--state", str(running.state), "--factory", "nowhere")
    assert done.code == 1
    assert "nowhere" in done.err


# -- what a user does when something fails ---------------------------------------------------------------------------


def test_see_what_failed_mend_it_and_go_on_from_there(factory: Factory) -> None:
    first = set_variable("First", "v", "done once")
    variables = {"v": {"type": "String"}}
    factory.pipeline(
        "p", first, fail("Middle", "the cause", ("First",)), quick("Last", ("Middle",)), variables=variables
    )
    assert factory.load().code == 0
    failed = factory("run", "p", "--wait", "--json")
    assert failed.code == 1
    before = failed.document["run"]["runId"]
    shown = factory("show", "last")
    assert shown.code == 0
    assert "42: the cause" in shown.out
    assert '"value": "done once"' in shown.out
    detail = factory("show", before[:8], "--activity", "MIDDLE", "--json").document
    assert [(row["activityName"], row["error"]["errorCode"]) for row in detail["activities"]] == [("Middle", "42")]
    factory.pipeline("p", first, quick("Middle", ("First",)), quick("Last", ("Middle",)), variables=variables)
    assert factory.load().code == 0
    mended = factory("rerun", before, "--from-failure", "--wait", "--json")
    assert mended.code == 0
    rows = {row["activityName"]: row for row in mended.document["activities"]}
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys(
        ("First", "Middle", "Last"), "Succeeded"
    )
    original = {row["activityName"]: row for row in failed.document["activities"]}
    assert rows["First"]["activityRunStart"] == original["First"]["activityRunStart"]
    assert rows["Last"]["activityRunStart"] > original["Middle"]["activityRunStart"]
    assert mended.document["run"]["runGroupId"] == failed.document["run"]["runGroupId"]
    listed = {run["runId"]: run["isLatest"] for run in factory("runs", "--json").document}
    assert listed == {before: False, mended.document["run"]["runId"]: True}


def test_rerun_whole_and_from_an_activity(factory: Factory) -> None:
    factory.pipeline("p", quick("A"), quick("B", ("A",)), parameters={"x": {"type": "Int"}})
    assert factory.load().code == 0
    first = factory("run", "p", "-p", "x=5", "--wait", "--json").document
    starts = {row["activityName"]: row["activityRunStart"] for row in first["activities"]}
    from_b = factory("rerun", first["run"]["runId"], "--from", "B", "--wait", "--json").document
    again = {row["activityName"]: row["activityRunStart"] for row in from_b["activities"]}
    assert (again["A"] == starts["A"], again["B"] > starts["B"]) == (True, True)
    whole = factory("rerun", "last", "--wait", "--json").document
    assert all(row["activityRunStart"] > again["B"] for row in whole["activities"])
    assert whole["run"]["parameters"] == {"x": "5"}
    unknown = factory("rerun", first["run"]["runId"], "--from", "Nothing")
    assert (unknown.code, "no activity 'Nothing'" in unknown.err) == (1, True)
    both = factory("rerun", "last", "--from", "A", "--from-failure")
    assert (both.code, both.out) == (2, "")


def test_runs_are_filtered_and_counted(factory: Factory) -> None:
    factory.pipeline("good", quick("W"))
    factory.pipeline("bad", fail("F"))
    assert factory.load().code == 0
    codes = [factory("run", name, "--wait").code for name in ("good", "bad", "good")]
    assert codes == [0, 1, 0]

    def names(*options: str) -> list[str]:
        return [run["pipelineName"] for run in factory("runs", *options, "--json").document]

    assert names() == ["good", "bad", "good"]
    assert names("--status", "failed") == ["bad"]
    assert names("--pipeline", "good") == ["good", "good"]
    assert names("--last", "2") == ["good", "bad"]
    assert names("--pipeline", "other") == []
    table = factory("runs").out.splitlines()
    assert len(table) == 4
    assert factory("runs", "--pipeline", "other").out == "no runs\n"
    wrong = factory("runs", "--status", "fine")
    assert (wrong.code, "expected one of Queued" in wrong.err) == (2, True)


def test_more_runs_than_a_page_holds(factory: Factory) -> None:
    factory.pipeline("p", quick("W"))
    assert factory.load().code == 0
    for _ in range(120):
        assert factory("run", "p").code == 0
    assert len(factory("runs", "--last", "500", "--json").document) == 120


def test_cancel_reaches_the_runs_below_when_asked(factory: Factory) -> None:
    factory.pipeline("child", wait("W", 600))
    factory.pipeline(
        "parent",
        activity(
            "Call",
            "ExecutePipeline",
            pipeline={"referenceName": "child", "type": "PipelineReference"},
            waitOnCompletion=True,
        ),
    )
    assert factory.load().code == 0
    parent = factory("run", "parent").out.strip()

    def statuses() -> dict[str, str]:
        return {run["pipelineName"]: run["status"] for run in factory("runs", "--json").document}

    wait_until(lambda: statuses().get("child") == "InProgress")
    done = factory("cancel", parent, "--recursive", "--json")
    assert (done.code, done.document) == (0, {"runId": parent})
    wait_until(lambda: statuses() == {"parent": "Cancelled", "child": "Cancelled"})
    again = factory("cancel", parent)
    assert (again.code, "Cancelled" in again.err) == (1, True)


def test_names_of_runs_that_name_none(factory: Factory) -> None:
    factory.pipeline("p", quick("W"))
    assert factory.load().code == 0
    for given in ("last", "abc", "00000000-0000-0000-0000-000000000000"):
        done = factory("show", given)
        assert (done.code, done.out) == (1, "")
        assert given in done.err
    runs = [factory("run", "p").out.strip() for _ in range(17)]
    twice = next(first for first in "0123456789abcdef" if sum(run.startswith(first) for run in runs) > 1)
    assert "is the beginning of" in factory("show", twice).err


def test_names_are_shown_as_they_are(factory: Factory) -> None:
    name = "Größe [bold]x"
    factory.pipeline(name, fail("Bööm [red]", "[/] is no markup, 中文 neither"))
    assert factory.load().code == 0
    done = factory("run", name, "--follow")
    assert done.code == 1
    for text in (name, "Bööm [red]", "[/] is no markup, 中文 neither"):
        assert text in done.out
    assert name in factory("runs").out


def test_long_errors_fit_on_a_screen(factory: Factory) -> None:
    factory.pipeline("p", fail("F", "word " * 1000))
    assert factory.load().code == 0
    done = factory("run", "p", "--follow")
    assert len(done.out) < 2000
    whole = factory("show", "last", "--activity", "F", "--json").document["activities"][0]["error"]["message"]
    assert len(whole) > 4000


# -- another factory -------------------------------------------------------------------------------------------------


def test_with_a_url_and_a_token_it_works_the_same(factory: Factory, running: Running) -> None:
    factory.pipeline("p", quick("W"))
    assert factory.load().code == 0
    environment = json.loads(running.run("env", "--json").stdout)
    token = management_token(environment)
    other = (
        "factory",
        "--url",
        environment["AZURE_RESOURCE_MANAGER_URL"],
        "--token-env",
        "MY_TOKEN",
        "--subscription",
        environment["AZURE_SUBSCRIPTION_ID"],
        "--resource-group",
        environment["AZURE_RESOURCE_GROUP"],
    )
    trust = {"SSL_CERT_FILE": environment["SSL_CERT_FILE"]}
    done = call(*other, "run", "p", "--factory", factory.name, "--wait", "--json", MY_TOKEN=token, **trust)
    assert (done.code, done.err) == (0, "")
    assert done.document["run"]["status"] == "Succeeded"
    refused = call(*other, "runs", "--factory", factory.name, MY_TOKEN="wrong-token", **trust)
    assert refused.code == 1
    assert "wrong-token" not in refused.err
    assert "Traceback" not in refused.err


def management_token(environment: dict[str, str]) -> str:
    import httpx

    answer = httpx.get(
        environment["IDENTITY_ENDPOINT"],
        params={"api-version": "2019-08-01", "resource": "https://management.azure.com/"},
        headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
        trust_env=False,
    )
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ("--url", "https://management.azure.com"),
            "--url needs --token-env, --subscription, --resource-group, --factory",
        ),
        (
            ("--url", "http://example.com", "--token-env", "T", "--subscription", "s", "--resource-group", "g"),
            "expected https://",
        ),
        (
            ("--url", "https://localhost:1", "--token-env", "T", "--subscription", "s", "--resource-group", "g"),
            "T is not set",
        ),
    ],
)
def test_a_url_needs_all_of_its_options(options: tuple[str, ...], text: str) -> None:
    command = ("runs", "--factory", "f") if "--token-env" in options else ("runs",)
    done = call("factory", *options, *command)
    assert (done.code, text in done.err) == (1, True), done.err


def test_nothing_runs(tmp_path: Path) -> None:
    done = call("factory", "runs", "--state", str(tmp_path), "--json")
    assert (done.code, "nothing runs on" in done.document["error"]) == (1, True)
