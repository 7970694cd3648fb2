"""`adf-export verify` on DAG files of a user."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adf_export.ir.dag import TriggerRule
from adf_export.passes.trigger_rules.rules import RULES
from adf_proof.command import verify_command
from adf_proof.mutation import Mutant

DAG = """
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

with DAG("daily", schedule=None, params={"full": False}):

    @task.branch
    def choose(params=None):
        return "load_all" if params["full"] else "load_changes"

    extract = HttpOperator(task_id="extract", endpoint="prices", method="GET", retries=2)
    load_all = HttpOperator(task_id="load_all", endpoint="all", method="POST")
    load_changes = HttpOperator(task_id="load_changes", endpoint="changes", method="POST")
    report = HttpOperator(
        task_id="report", endpoint="report", method="POST", trigger_rule="none_failed_min_one_success"
    )
    alert = HttpOperator(task_id="alert", endpoint="alert", method="POST", trigger_rule="one_failed")
    decided = choose()
    extract >> decided >> [load_all, load_changes] >> report
    [extract, report] >> alert
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("dags")
    (made / "daily.py").write_text(DAG)
    return made


@pytest.fixture
def broken() -> Iterator[None]:
    """A compiler that takes one_failed for all_success."""
    mutant = Mutant("", RULES, TriggerRule.ONE_FAILED, RULES[TriggerRule.ALL_SUCCESS])  # type: ignore[arg-type]
    with mutant.applied():
        yield


def verify(folder: Path, *options: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(verify_command)
    ended = CliRunner().invoke(app, ["daily", str(folder), "--cache", str(folder / "cache"), *options])
    return ended.exit_code, ended.stdout


def verify_json(folder: Path, *options: str) -> tuple[int, Any]:
    code, text = verify(folder, "--json", *options)
    return code, json.loads(text)


def test_finds_no_difference(folder: Path) -> None:
    code, found = verify_json(folder)
    assert (code, found["verdict"], found["complete"], found["counterexamples"]) == (0, "agreed", True, [])
    # 2 where extract fails; else for each choice: load fails (2), report fails (2), all is well (1).
    assert found["outcomes"] == 2 + 2 * 5


def test_says_that_it_is_a_sample(folder: Path) -> None:
    code, text = verify(folder, "--outcomes", "5", "--seed", "3")
    assert code == 0
    assert "daily: no difference found (5 outcomes, a sample (seed 3)" in text


def test_shows_what_differs(folder: Path, broken: None) -> None:
    code, found = verify_json(folder)
    assert code == 1
    one = found["counterexamples"][0]
    ways = [way["tasks"]["alert"] for way in one["airflow"]]
    assert one["data_factory"]["tasks"]["alert"] not in ways
    code, text = verify(folder)
    assert code == 1
    assert "the pipeline differs from the DAG" in text
    assert "Data Factory" in text
