"""The forms of the report: one content, whole in each of them."""

import json
from typing import Any

import msgspec
import pytest

from adf_export.codes import all_codes
from adf_export.ir.factory import Condition, Dependency
from adf_export.report.as_json import as_json
from adf_export.report.as_markdown import as_markdown
from adf_export.report.as_sarif import as_sarif
from adf_export.report.as_text import report_text
from adf_export.report.explaining import in_words
from adf_export.report.wording import summary
from tests.adf_export.report.sample import REPORT

SUMMARY = (
    "2 DAGs: 1 exported, 1 left out; 3 tasks: 1 native, 1 approximated, 1 refused; 5 activities, of them 3 helpers"
)
TOLD = {
    ("ADF001", "dags/broken.py:2"),
    ("ADF101", "dags/sub folder/shell.py:9"),
    ("ADF405", "dags/daily.py:3"),
    ("ADF408", "dags/daily.py:12"),
}


def test_summary() -> None:
    assert summary(REPORT) == SUMMARY


@pytest.mark.parametrize("text", [report_text(REPORT, everything=True).plain, as_markdown(REPORT)])
def test_texts_tell_everything(text: str) -> None:
    assert SUMMARY in text
    for code, place in TOLD:
        assert code in text
        assert place in text
    assert text.index("ADF001") < text.index("ADF405")


def test_a_table_of_markdown_keeps_its_columns() -> None:
    rows = [line.replace("\\|", "") for line in as_markdown(REPORT).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows if "Operator" in line} == {6}
    assert "'owner' \\| is \\*ignored\\*" in as_markdown(REPORT)


def test_json_has_each_diagnostic_once() -> None:
    document = json.loads(json.dumps(as_json(REPORT)))
    found = list(objects_with("code", document))
    assert sorted((item["code"], f"{item['file']}:{item['line']}") for item in found) == sorted(TOLD)
    assert document["totals"] == {
        "dags": 2,
        "dags_exported": 1,
        "tasks": 3,
        "native": 1,
        "approximated": 1,
        "refused": 1,
        "activities": 5,
        "helpers": 3,
        "errors": 2,
        "warnings": 1,
        "notes": 1,
    }
    assert [task["verdict"] for dag in document["dags"] for task in dag["tasks"]] == [
        *("native", "approximated", "refused")
    ]


def test_sarif_has_what_the_standard_asks_for() -> None:
    """Sections 3.13 to 3.27 of SARIF 2.1.0: required members, and what refers to what."""
    log = json.loads(json.dumps(as_sarif(REPORT)))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "adf-export"
    assert [rule["id"] for rule in driver["rules"]] == [code.id for code in all_codes()]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in run["results"]:
        assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations"}
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"].endswith(".")
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert " " not in place["artifactLocation"]["uri"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("ADF001", "error"),
        ("ADF405", "note"),
        ("ADF408", "warning"),
        ("ADF101", "error"),
    ]
    assert run["results"][2]["message"]["text"] == "on_retry_callback is left out. Why."
    assert run["results"][3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "dags/sub%20folder/shell.py"
    )
    assert len(run["properties"]["tasks"]) == 3


def test_sarif_names_files_elsewhere_by_their_whole_address() -> None:
    log = as_sarif(msgspec.structs.replace(REPORT, folder="/srv/my dags"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///srv/my%20dags/broken.py"


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ("Succeeded", "'a' succeeded"),
        ("Failed", "'a' failed"),
        ("Skipped", "'a' was skipped"),
        ("Failed Skipped", "'a' failed or was skipped"),
        ("Succeeded Skipped", "'a' succeeded or was skipped"),
        ("Completed", "'a' ran to an end, well or not"),
        ("Succeeded Failed", "'a' succeeded or failed"),
        ("Completed Skipped", "'a' ended, in whatever way"),
        ("Succeeded Completed Skipped", "'a' ended, in whatever way"),
    ],
)
def test_dependencies_in_words(conditions: str, words: str) -> None:
    edge = Dependency(activity="a", conditions=tuple(Condition(one) for one in conditions.split()))
    assert in_words(edge) == words


def objects_with(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        if key in value:
            yield value
        for member in value.values():
            yield from objects_with(key, member)
    elif isinstance(value, list):
        for item in value:
            yield from objects_with(key, item)
