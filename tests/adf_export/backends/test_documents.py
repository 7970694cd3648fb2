"""The documents: their text, their order, what is escaped, and that an independent reader takes and runs them."""

import json
from pathlib import Path
from typing import Any

import pytest

from adf_export.backends.documents import documents
from adf_export.backends.plain import evaluated, verbatim
from adf_export.backends.source_map import source_map
from adf_export.ir.factory import Json, Role, obj
from adf_lang import Scope, evaluate
from adf_lang.nodes import call, interpolate, literal
from local_azure.data_factory.injection import Injection
from tests.adf_export.backends.samples import activity, everything, factory
from tests.adf_export.running import refusals, run_in_local_factory
from tests.data_factory.harness import FAILED, OK

# A value of the IR -> how it stands where Data Factory evaluates, and where it does not.
VALUES: tuple[tuple[Json, Any, Any], ...] = (
    ("text", "text", "text"),
    ("@text", "@@text", "@text"),
    ("a @{b}", "a @@{b}", "a @{b}"),
    ("@", "@@", "@"),
    (literal("@text"), "@@text", "@text"),
    (literal(3), 3, 3),
    (literal(None), "@null", None),
    (True, True, True),
    ((1, "@a", None), [1, "@@a", "@null"], [1, "@a", None]),
    (obj(a=obj(b="@")), {"a": {"b": "@@"}}, {"a": {"b": "@"}}),
)


@pytest.mark.parametrize(("value", "where_evaluated", "where_not"), VALUES, ids=str)
def test_literals_are_escaped_where_data_factory_evaluates(value: Json, where_evaluated: Any, where_not: Any) -> None:
    assert evaluated(value) == where_evaluated
    assert verbatim(value) == where_not


@pytest.mark.parametrize("text", ["plain", "@x", "@@x", "@{x}", "a@{x}b", "@@{x}", "x@@{", "@", "@@", " @a", "'"])
def test_an_escaped_text_evaluates_to_itself(text: str) -> None:
    assert evaluate(evaluated(text), Scope()) == text


ONE = call("string", literal(1))
WRITTEN = {"value": "@string(1)", "type": "Expression"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (obj(url=ONE), {"url": WRITTEN}),
        (obj(url="text", n=1), {"url": "text", "n": 1}),
        (obj(text=interpolate(["a", ONE])), {"text": {"value": "a@{string(1)}", "type": "Expression"}}),
        (obj(source=obj(file=ONE)), {"source": {"file": WRITTEN}}),
        (obj(parameters=(ONE, "x")), {"parameters": ["@string(1)", "x"]}),
        (obj(scripts=(obj(text=ONE),)), {"scripts": [{"text": WRITTEN}]}),
        (obj(body=ONE), {"body": WRITTEN}),
        (obj(body=obj(day=ONE)), {"body": {"day": "@string(1)"}}),
        (
            obj(value=(obj(key="k", value=obj(type="Expression", content=ONE)),)),
            {"value": [{"key": "k", "value": {"type": "Expression", "content": "@string(1)"}}]},
        ),
    ],
    ids=str,
)
def test_expressions_have_the_form_that_studio_writes(value: Json, expected: Any) -> None:
    assert evaluated(value) == expected


def test_a_constant_is_an_object_too_where_data_factory_takes_nothing_else() -> None:
    (choose,) = _activities(documents(factory(activity("Choose", "Switch", on="a"))))
    assert choose["typeProperties"]["on"] == {"value": "a", "type": "Expression"}


def test_text_is_canonical() -> None:
    written = documents(everything())
    assert sorted(written) == [
        "dataset/landing.json",
        "factory/adf-test.json",
        "linkedService/key_vault.json",
        "linkedService/store.json",
        "linkedService/workspace.json",
        "pipeline/daily.json",
    ]
    assert written == documents(everything())
    for text in written.values():
        assert text.endswith("}\n")
        assert "null" not in text
        assert text == json.dumps(json.loads(text), indent=4, ensure_ascii=False) + "\n"


def test_umlauts_stay_as_they_are() -> None:
    wait = activity("Wait", description="Kürzt Größen")
    assert "Kürzt Größen (dags/daily.py:10)" in documents(factory(wait))["pipeline/daily.json"]


def test_activities_tell_where_they_come_from() -> None:
    load, gate = _activities(documents(factory(activity("Load"), activity("Gate", role=Role.HELPER))))
    assert load["userProperties"] == [
        {"name": "airflow_dag_id", "value": "daily"},
        {"name": "airflow_task_id", "value": "load"},
    ]
    assert gate["userProperties"][1] == {"name": "airflow_helper", "value": "gate"}
    assert load["description"] == "dags/daily.py:10"


def test_source_map_finds_every_activity() -> None:
    places = source_map(everything())["pipeline/daily.json"]
    document = json.loads(documents(everything())["pipeline/daily.json"])
    assert len(places) == 12
    for path, place in places.items():
        assert _at(document, path)["name"] == place["activity"]


def test_the_local_data_factory_takes_everything() -> None:
    assert refusals(everything()) == []


@pytest.mark.parametrize(("copied", "outcome"), [(OK, "Succeeded"), (FAILED, "Failed")])
def test_the_local_data_factory_runs_it(tmp_path: Path, copied: Injection, outcome: str) -> None:
    done = run_in_local_factory(
        tmp_path, everything(), "daily", {"size": 1, "day": "2026-01-31"}, {"Extract": OK, "Copy": copied}
    )
    statuses = done.statuses()
    assert (statuses["Copy"], statuses["Failed"]) == (outcome, "Skipped" if outcome == "Succeeded" else "Failed")
    if outcome == "Succeeded":
        assert {"Yes", "One", "Two"} <= {record.name for record in done.records}


def _activities(written: dict[str, str]) -> Any:
    return json.loads(written["pipeline/daily.json"])["properties"]["activities"]


def _at(document: Any, path: str) -> Any:
    for part in path.removeprefix("$.").replace("[", ".").replace("]", "").split("."):
        document = document[int(part)] if part.isdigit() else document[part]
    return document


def test_interpolated_texts_keep_their_literal_parts() -> None:
    assert evaluated(interpolate(["@a ", call("item"), " @{b}"])) == "@{'@'}a @{item()} @@{b}"
