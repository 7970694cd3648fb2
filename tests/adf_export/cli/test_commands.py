"""The command line, as people and pipelines call it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.adf_export.cli.commands import DAGS, ENVIRONMENT, AdfExport

LEFT_OUT = {"again", "daily.load", "daily_load", "shell", "starter"}
ENV = ("--env", ENVIRONMENT)


def test_what_can_be_exported_is_written_and_the_rest_is_left_out_whole(adf_export: AdfExport, tmp_path: Path) -> None:
    ran = adf_export("compile", "dags", *ENV, "--out", tmp_path, "--json")
    assert ran.code == 1
    assert {dag["dag_id"]: dag["exported"] for dag in ran.document["dags"]} == {
        "prices": True,
        **dict.fromkeys(LEFT_OUT, False),
    }
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json")}
    assert files == {".adf-export.json", "factory/adf-test.json", "pipeline/prices.json", "source_map.json"}
    assert set(ran.document["written"]) == files - {".adf-export.json"}


def test_each_error_has_its_code_and_line(adf_export: AdfExport) -> None:
    report = adf_export("report", "dags", *ENV, "--format", "json").document
    assert report["diagnostics"] == []
    told = [item for dag in report["dags"] for item in dag["diagnostics"]]
    told += [item for dag in report["dags"] for task in dag["tasks"] for item in task["diagnostics"]]
    errors = {(item["code"], f"{item['file']}:{item['line']}") for item in told if item["severity"] == "error"}
    assert errors == {
        ("ADF003", "dags/twice.py:8"),
        ("ADF101", "dags/shell.py:10"),
        ("ADF602", "dags/starter.py:8"),
        ("ADF602", "dags/twice.py:8"),
    }


def test_a_file_that_cannot_be_imported_is_told_at_its_line(adf_export: AdfExport) -> None:
    ran = adf_export("report", "broken", "--json")
    (told,) = ran.document["diagnostics"]
    assert (ran.code, told["code"], told["file"], told["line"]) == (1, "ADF001", "broken/broken.py", 3)


def test_a_dag_file_that_prints_does_not_disturb_the_document(tmp_path: Path, adf_export: AdfExport) -> None:
    """Also where nothing is kept: `document` reads all of standard output."""
    shutil.copy(DAGS / "prices.py", tmp_path)
    ran = adf_export("compile", tmp_path, "--out", tmp_path / "out", "--json", "--no-cache")
    assert ran.document["totals"]["dags"] == 1, ran.err
    assert "by a DAG file" not in ran.out + ran.err
    assert ran.code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("compile", "nowhere"), 2, "there is no such file or folder\n  in nowhere"),
        (("compile", "dags", "--env", "nowhere.toml"), 2, "cannot read the environment file"),
        (("compile", "dags", "--format", "yaml"), 2, "yaml"),
        (("report", "dags", "--cache", "environment.toml/cache"), 2, "use --no-cache"),
        (("report", "dags", "--out", "environment.toml/report"), 2, "cannot write the file"),
        (("compile", "dags", "--out", "environment.toml"), 2, "cannot write the output"),
        (("explain", "nobody", "dags"), 2, "there is no DAG 'nobody'"),
        (("explain", "prices", "nothing", "dags"), 2, "it has 'ask', 'tell'"),
        (("codes", "ADF999"), 2, "there is no code 'ADF999'"),
        (("graph", "shell", "dags"), 1, "BashOperator 'count' has no activity"),
        (("explain", "shell", "dags"), 1, ""),
        (("explain", "prices", "dags"), 0, ""),
        (("validate", "dags/prices.py"), 0, "1 DAG: 1 exported"),
        (("validate", "dags", "--quiet"), 1, "error[ADF101]"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_exit_codes_and_messages(adf_export: AdfExport, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = adf_export(*arguments)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_an_error_is_a_document_too(adf_export: AdfExport) -> None:
    ran = adf_export("compile", "nowhere", "--json")
    assert ran.code == 2
    assert "nowhere" in ran.document["error"]


def test_only_our_files_are_removed(adf_export: AdfExport, tmp_path: Path) -> None:
    dags, out = tmp_path / "dags", tmp_path / "out"
    shutil.copytree(DAGS, dags)
    adf_export("compile", dags, "--out", out)
    theirs = out / "pipeline" / "by_hand.json"
    theirs.write_text("{}")
    text = (dags / "prices.py").read_text()
    (dags / "prices.py").write_text(text.replace('dag_id="prices"', 'dag_id="quotes"'))
    ran = adf_export("compile", dags, "--out", out, "--json")
    assert ran.document["removed"] == ["pipeline/prices.json"]
    assert theirs.read_text() == "{}"
    # Where no DAG is left, the folder stays as it is.
    (dags / "prices.py").unlink()
    ran = adf_export("compile", dags, "--out", out)
    assert ran.code == 1
    assert (out / "pipeline" / "quotes.json").exists()
    assert "nothing is written" in ran.err


@pytest.mark.parametrize(("format", "files"), [("arm", 2), ("bicep", 2)])
def test_deployments(adf_export: AdfExport, tmp_path: Path, format: str, files: int) -> None:
    ran = adf_export("compile", "dags/prices.py", "--format", format, "--out", tmp_path, "--json")
    assert ran.code == 0
    assert len(ran.document["written"]) == files


NOTHING_IMPORTED = """
import sys
from adf_export.cli.app import app
try:
    app(sys.argv[1:])
finally:
    print(*(name for name in ("airflow", "jinja2", "adf_export.compiler") if name in sys.modules), file=sys.stderr)
"""


def test_with_nothing_changed_neither_airflow_nor_the_compiler_is_imported(
    adf_export: AdfExport, tmp_path: Path
) -> None:
    again = ("compile", "dags/prices.py", "--out", tmp_path, "--quiet")
    first = adf_export(*again)
    ran = adf_export(*again, code=NOTHING_IMPORTED)
    assert (ran.code, ran.err.strip()) == (first.code, "")


def test_another_environment_compiles_anew(adf_export: AdfExport, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    for host in ("one", "two"):
        other.write_text(f'[connections.api]\ntype = "http"\nhost = "https://{host}.example.com"\n')
        adf_export("compile", "dags/prices.py", "--env", other, "--out", tmp_path / "out")
        assert f"https://{host}.example.com/" in (tmp_path / "out" / "pipeline" / "prices.json").read_text()


def test_explain_tells_what_an_activity_waits_for(adf_export: AdfExport) -> None:
    ran = adf_export("explain", "prices", "tell", "dags", *ENV, "--json")
    (task,) = ran.document["tasks"]
    (activity,) = task["activities"]
    assert activity["after"] == ["'ask' ended, in whatever way"]
    assert activity["activity"]["typeProperties"]["url"] == "https://api.example.com/told"
    text = adf_export("explain", "prices", "tell", "dags", *ENV).out
    assert "after 'ask' ended, in whatever way" in text
    assert '"url": "https://api.example.com/told"' in text


def test_pictures(adf_export: AdfExport, tmp_path: Path) -> None:
    assert adf_export("graph", "prices", "dags").out.startswith("flowchart LR\n")
    adf_export("graph", "prices", "dags", "--format", "svg", "--out", tmp_path / "prices.svg")
    assert (tmp_path / "prices.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("command", ["", "compile", "validate", "report", "explain", "graph", "codes"])
def test_help_has_examples(adf_export: AdfExport, command: str) -> None:
    ran = adf_export(*command.split(), "--help")
    assert ran.code == 0
    assert "Example" in ran.out
    assert command == "codes" or "Exit codes" in ran.out
    assert "\x1b" not in ran.out


def test_codes(adf_export: AdfExport) -> None:
    assert adf_export("codes", "adf101").out == "ADF101  error    Data Factory has no activity for the operator\n"
    assert json.loads(adf_export("codes", "--json").out)[0]["code"] == "ADF001"
