"""Ten usual DAGs: what comes out, whole, and whether it is what an engineer would have drawn."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from adf_export.backends.git import git_files, write_files
from adf_export.backends.graph import graph_svg
from adf_export.codes import Severity
from adf_export.diagnostics import Diagnostic
from adf_export.ir.factory import inside
from adf_export.session import Session
from adf_export.validate import validate
from adf_export.validate.secrets import find_secrets
from tests.adf_export.golden.compiling import export
from tests.adf_export.golden.drawn import DRAWN
from tests.adf_export.running import refusals

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent.name for path in HERE.glob("*/dag.py"))


@pytest.fixture(scope="module")
def exported() -> Mapping[str, Session]:
    """All are read in one go: importing Airflow takes longer than everything else."""
    return export(HERE, FOLDERS, HERE / "environment.toml")


def test_there_are_ten() -> None:
    assert sorted(DRAWN) == FOLDERS
    assert len(FOLDERS) == 10


@pytest.mark.parametrize("name", FOLDERS)
def test_is_as_expected(exported: Mapping[str, Session], name: str, update: bool) -> None:
    folder, one = HERE / name, exported[name]
    found = {f"expected/{path}": text for path, text in git_files(one.factory).items()}
    found["diagnostics.txt"] = "".join(f"{line(item)}\n" for item in one.diagnostics)
    for compiled in one.compiled:
        found[f"{compiled.dag.dag_id}.svg"] = graph_svg(compiled.dag, compiled.pipelines)
    if update:
        rewrite(folder, found)
    assert found == {path: (folder / path).read_text(encoding="utf-8") for path in present(folder)}


@pytest.mark.parametrize("name", FOLDERS)
def test_is_what_an_engineer_would_have_drawn(exported: Mapping[str, Session], name: str) -> None:
    found = {
        pipeline.name: Counter(activity.type for activity in inside(pipeline.activities))
        for pipeline in exported[name].factory.pipelines
    }
    assert found == {pipeline: Counter(types) for pipeline, types in DRAWN[name].items()}


@pytest.mark.parametrize("name", FOLDERS)
def test_is_valid_for_both_judges_and_holds_no_secret(exported: Mapping[str, Session], name: str) -> None:
    one = exported[name]
    assert [line(item) for item in one.diagnostics if item.severity is Severity.ERROR] == []
    assert validate(one.factory) == ()
    assert refusals(one.factory) == []
    assert find_secrets(one.factory) == ()


def line(found: Diagnostic) -> str:
    hint = f" ({found.hint})" if found.hint else ""
    return f"{found.origin}: {found.severity}[{found.code}]: {found.summary}{hint}"


def present(folder: Path) -> list[str]:
    """The golden files of a folder, but for the DAG itself."""
    listed = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in listed if path != "dag.py" and "__pycache__" not in path)


def rewrite(folder: Path, files: Mapping[str, str]) -> None:
    for path in present(folder):
        if path not in files:
            (folder / path).unlink()
    write_files(files, folder)
    (folder / ".adf-export.json").unlink()
