"""What the command line does before and after it calls: reads folders and arguments, orders, makes trees."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.data_factory.endpoint_map import endpoint_map, read_changes, stand_ins
from local_azure.data_factory.remote.arguments import read_parameters
from local_azure.data_factory.remote.folder import Document, in_order, read_folder
from local_azure.data_factory.remote.screen import duration_text
from local_azure.data_factory.remote.tree import Node, build, summarize
from local_azure.errors import LocalAzureError

Json = Any


def write(root: Path, name: str, document: Json) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return file


def refers(name: str, kind: str) -> dict[str, str]:
    return {"referenceName": name, "type": f"{kind}Reference"}


# -- folders -------------------------------------------------------------------------------------------------------


def test_documents_come_after_those_that_they_refer_to(tmp_path: Path) -> None:
    write(tmp_path, "pipeline/a.json", {"name": "a", "properties": {"x": [refers("Z", "Pipeline")]}})
    write(tmp_path, "pipeline/z.json", {"name": "z", "properties": {"x": {"y": refers("data", "Dataset")}}})
    write(tmp_path, "dataset/data.json", {"name": "data", "properties": {"l": refers("store", "LinkedService")}})
    write(
        tmp_path, "linkedService/store.json", {"name": "store", "properties": {"p": refers("vault", "LinkedService")}}
    )
    write(tmp_path, "linkedService/vault.json", {"name": "vault", "properties": {}})
    write(tmp_path, "trigger/t.json", {"name": "t", "properties": {"pipelines": [refers("a", "Pipeline")]}})
    write(tmp_path, "factory/f.json", {"name": "f", "properties": {"globalParameters": {}}})
    names = [document.name for document in read_folder(tmp_path).documents]
    assert names == ["f", "vault", "store", "data", "z", "a", "t"]


NAMES = st.sampled_from("abcdefgh")


@given(st.dictionaries(NAMES, st.frozensets(NAMES)))
def test_the_order_holds_all_once_and_needs_first_unless_in_a_circle(graph: Mapping[str, frozenset[str]]) -> None:
    documents = {
        ("pipeline", name): Document(
            file=Path(name), kind="pipeline", name=name, body={}, needs=frozenset(("pipeline", need) for need in needs)
        )
        for name, needs in graph.items()
    }
    order = [document.name for document in in_order(documents)]
    assert sorted(order) == sorted(graph)
    for name, needs in graph.items():
        for need in needs & graph.keys() - {name}:
            assert order.index(need) < order.index(name) or reaches(graph, need, name)


def reaches(graph: Mapping[str, frozenset[str]], start: str, end: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for need in graph.get(waiting.pop(), frozenset()) - seen:
            seen.add(need)
            waiting.append(need)
    return end in seen


def test_a_long_chain_of_pipelines_is_ordered() -> None:
    documents = {
        ("pipeline", str(number)): Document(
            file=Path("x"),
            kind="pipeline",
            name=str(number),
            body={},
            needs=frozenset({("pipeline", str(number + 1))}) if number < 4999 else frozenset(),
        )
        for number in range(5000)
    }
    assert [document.name for document in in_order(documents)] == [str(number) for number in reversed(range(5000))]


@pytest.mark.parametrize(
    ("content", "path", "text"),
    [
        ('{"name": "a",\n  "properties": {,}}', "line 2, column 18", "not JSON"),
        ("[]", "$", "expected an object"),
        ('{"name": 1, "properties": {}}', "$.name", "expected a text"),
        ('{"name": "a"}', "$.properties", "expected an object"),
        ('{"name": "a", "properties": []}', "$.properties", "expected an object"),
        ("[" * 100_000, "$", "cannot be read"),
    ],
)
def test_files_that_are_no_documents_are_faults_with_a_place(
    tmp_path: Path, content: str, path: str, text: str
) -> None:
    write(tmp_path, "pipeline/a.json", content)
    write(tmp_path, "pipeline/b.json", {"name": "b", "properties": {}})
    folder = read_folder(tmp_path)
    assert [document.name for document in folder.documents] == ["b"]
    (fault,) = folder.faults
    assert (fault.file.name, fault.problem.path) == ("a.json", path)
    assert text in fault.problem.message


def test_a_byte_order_mark_and_a_missing_name_are_taken(tmp_path: Path) -> None:
    write(tmp_path, "pipeline/a.json", '\ufeff{"properties": {}}')
    assert [document.name for document in read_folder(tmp_path).documents] == ["a"]


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    write(tmp_path, "pipeline/a.json", {"name": "Same", "properties": {}})
    write(tmp_path, "pipeline/b.json", {"name": "same", "properties": {}})
    (fault,) = read_folder(tmp_path).faults
    assert (fault.file.name, "a.json has a pipeline of the name 'same'" in fault.problem.message) == ("b.json", True)


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, "integrationRuntime/r.json", {"name": "r", "properties": {}})
    write(tmp_path, "dataflow/d.json", {"name": "d", "properties": {}})
    folder = read_folder(tmp_path)
    assert {left.folder: left.count for left in folder.left_out} == {"integrationRuntime": 1, "dataflow": 1}
    assert all(left.reason for left in folder.left_out)


def test_a_folder_without_a_factory_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalAzureError, match="holds no factory: expected folders factory, linkedService"):
        read_folder(tmp_path)
    with pytest.raises(LocalAzureError, match="is not a folder"):
        read_folder(tmp_path / "nowhere")


# -- arguments -----------------------------------------------------------------------------------------------------

DECLARED = {
    "Text": {"type": "string"},
    "secret": {"type": "SecureString"},
    "number": {"type": "Int"},
    "flag": {"type": "bool"},
    "list": {"type": "Array"},
    "map": {"type": "Object"},
}


def test_parameters_are_read_by_their_declared_type() -> None:
    given = ["text=007", "SECRET=a=b", "number=7", "flag=true", "list=[1]", 'map={"a": null}']
    expected = {"Text": "007", "secret": "a=b", "number": 7, "flag": True, "list": [1], "map": {"a": None}}
    assert read_parameters(given, DECLARED, "p") == expected


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("text", "expected NAME=VALUE"),
        ("other=1", r"pipeline 'p' has no parameter 'other'; it has: Text \(string\), secret"),
        ("number=seven", "expected JSON of type Int"),
        ("list=", "expected JSON of type Array"),
    ],
)
def test_parameters_that_do_not_fit_are_told(given: str, text: str) -> None:
    with pytest.raises(LocalAzureError, match=text):
        read_parameters([given], DECLARED, "p")


# -- the tree ------------------------------------------------------------------------------------------------------


def row(name: str, status: str = "Succeeded", kind: str = "Wait", **more: Json) -> dict[str, Json]:
    return {"activityName": name, "activityType": kind, "status": status, "durationInMs": 1500, **more}


def activity(name: str, kind: str = "Wait", **properties: Json) -> dict[str, Json]:
    return {"name": name, "type": kind, "typeProperties": properties}


def shape(nodes: "list[Node] | tuple[Node, ...]") -> list[Json]:
    """Labels, with what is below them."""
    return [{node.label: shape(tuple(node.children))} if node.children else node.label for node in nodes]


DEFINITION = {
    "properties": {
        "activities": [
            activity("Start"),
            activity(
                "Each",
                "ForEach",
                activities=[activity("Work"), activity("Pick", "Switch", cases=[{"activities": [activity("Case")]}])],
            ),
            activity("If", "IfCondition", ifTrueActivities=[activity("Yes")], ifFalseActivities=[activity("No")]),
        ]
    }
}


def test_rows_are_put_below_their_container_and_iteration() -> None:
    rows = [
        row("Each", kind="ForEach"),
        row("Start"),
        *(row("Work", iterationHash=f"Each[{number}]") for number in (10, 2, 0)),
        row("Pick", kind="Switch", iterationHash="Each[2]"),
        row("Case", "Failed", iterationHash="Each[2]"),
        row("If", kind="IfCondition"),
        row("No"),
    ]
    nodes = build(rows, DEFINITION)
    inside = [{"[0]": ["Work"]}, {"[2]": ["Work", {"Pick": ["Case"]}]}, {"[10]": ["Work"]}]
    assert shape(nodes) == ["Start", {"Each": inside}, {"If": ["No"]}]


def test_iterations_are_told_apart_by_any_hash() -> None:
    rows = [row("Each", kind="ForEach"), *(row("Work", iterationHash=digest) for digest in ("c0ffee", "beef"))]
    assert shape(build(rows, DEFINITION)) == [{"Each": [{"[0]": ["Work"]}, {"[1]": ["Work"]}]}]


def test_an_iteration_is_what_its_activities_are() -> None:
    rows = [
        row("Each", "InProgress", "ForEach"),
        row("Work", iterationHash="Each[0]"),
        row("Work", "Failed", iterationHash="Each[1]", error={"errorCode": "2108", "message": "no answer"}),
        row("Work", "InProgress", iterationHash="Each[2]", durationInMs=None),
    ]
    (each,) = build(rows, DEFINITION)
    assert [child.status for child in each.children] == ["Succeeded", "Failed", "InProgress"]
    assert each.children[1].children[0].error == "2108: no answer"
    assert each.children[2].children[0].seconds is None


def test_without_a_definition_rows_stay_in_their_order() -> None:
    rows = [row("b"), row("a", "Failed"), row("a")]
    nodes = build(rows, None)
    assert [(node.label, node.attempts, node.status) for node in nodes] == [
        ("b", 1, "Succeeded"),
        ("a", 2, "Succeeded"),
    ]
    assert shape(build([row("old")], DEFINITION)) == ["old"]


def test_a_started_run_is_known_by_its_id() -> None:
    (node,) = build([row("Call", kind="ExecutePipeline", output={"pipelineRunId": "x"})], None)
    assert node.child_run == "x"


def test_texts() -> None:
    assert summarize(["Failed", "Succeeded", "Succeeded"]) == "2 Succeeded, 1 Failed"
    assert [duration_text(seconds) for seconds in (0.5, 65, 7800)] == ["0.50 s", "1 min 5 s", "2 h 10 min"]


# -- the endpoint map ----------------------------------------------------------------------------------------------

STAND_INS = stand_ins(
    blob="https://127.0.0.1:1",
    coingecko="http://127.0.0.1:2",
    data_factory="https://localhost:3",
    databricks="http://127.0.0.1:4",
    identity="http://127.0.0.1:5",
    key_vault="https://localhost:6",
)


@pytest.mark.parametrize(
    ("url", "served"),
    [
        ("https://acme.blob.core.windows.net/c/b.json?x=1", "https://127.0.0.1:1/acme/c/b.json?x=1"),
        ("https://adb-1234.5.azuredatabricks.net/api/2.2/jobs/runs/get", "http://127.0.0.1:4/api/2.2/jobs/runs/get"),
        ("https://my-vault.vault.azure.net/secrets/a", "https://localhost:6/secrets/a"),
        ("https://api.coingecko.com/api/v3/ping", "http://127.0.0.1:2/api/v3/ping"),
        ("https://pro-api.coingecko.com/api/v3/ping", "http://127.0.0.1:2/pro/api/v3/ping"),
        ("https://management.azure.com/subscriptions/s", "https://localhost:3/subscriptions/s"),
        ("https://example.com/", "https://example.com/"),
    ],
)
def test_the_stand_ins_take_the_place_of_azures_hosts(url: str, served: str) -> None:
    assert endpoint_map(STAND_INS, {}).locate(url) == served


def test_the_real_market_is_left_alone_with_live() -> None:
    live = stand_ins(blob="b", coingecko=None, data_factory="f", databricks="d", identity="i", key_vault="k")
    assert (
        endpoint_map(live, {}).locate("https://api.coingecko.com/api/v3/ping")
        == "https://api.coingecko.com/api/v3/ping"
    )


def test_a_file_adds_moves_and_leaves_alone(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "endpoints.json",
        {
            "API.example.com": "http://localhost:8080/v1/",
            "*.example.org": "http://localhost:9/{account}",
            "real.vault.azure.net": None,
            "*.azuredatabricks.net": None,
        },
    )
    found = endpoint_map(STAND_INS, read_changes(file))
    assert found.locate("https://api.example.com/prices?a=b") == "http://localhost:8080/v1/prices?a=b"
    assert found.locate("https://one.example.org/x") == "http://localhost:9/one/x"
    assert found.locate("https://real.vault.azure.net/x") == "https://real.vault.azure.net/x"
    assert found.locate("https://other.vault.azure.net/x") == "https://localhost:6/x"
    assert found.locate("https://adb-1.2.azuredatabricks.net/x") == "https://adb-1.2.azuredatabricks.net/x"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "is not JSON"),
        ("[]", "expected an object"),
        ('{"https://a.b": "http://c"}', "'https://a.b' is not a host"),
        ('{"a.b/c": "http://c"}', "'a.b/c' is not a host"),
        ('{"a.*.b": "http://c"}', r"'a.\*.b' is not a host"),
        ('{"a.b": "localhost:8080"}', "'a.b' leads to 'localhost:8080': expected a base URL"),
        ('{"a.b": 8080}', "'a.b' leads to 8080: expected a base URL"),
        ('{"a.b": "http://c?x=1"}', "expected a base URL"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, content: str, text: str) -> None:
    file = write(tmp_path, "endpoints.json", content)
    with pytest.raises(LocalAzureError, match=text):
        read_changes(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalAzureError, match="cannot be read"):
        read_changes(tmp_path / "nowhere.json")
