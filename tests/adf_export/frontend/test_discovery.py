"""Which files are DAG files: by hand, and as Airflow itself finds them."""

from pathlib import Path

import pytest

from adf_export.frontend.discovery import dag_files

DAG_TEXT = "from airflow.sdk import DAG"
FILES = [
    "a.py",
    "b.txt",
    "sub/c.py",
    "sub/deep/d.py",
    "sub/skipped.py",
    "vendor/e.py",
    "test_f.py",
    "keep/test_g.py",
    "__pycache__/h.py",
    ".hidden/i.py",
]
# Text of .airflowignore, syntax, files that are left.
CASES = [
    ("", "glob", ["a.py", "sub/c.py", "sub/deep/d.py", "sub/skipped.py", "vendor/e.py", "test_f.py", "keep/test_g.py"]),
    ("vendor/\ntest_*\n# nothing\n", "glob", ["a.py", "sub/c.py", "sub/deep/d.py", "sub/skipped.py"]),
    (
        "test_*\n!test_g.py\n/sub/skipped.py\n",
        "glob",
        ["a.py", "sub/c.py", "sub/deep/d.py", "vendor/e.py", "keep/test_g.py"],
    ),
    ("sub/deep\n**/e.py # gone", "glob", ["a.py", "sub/c.py", "sub/skipped.py", "test_f.py", "keep/test_g.py"]),
    ("test_.*\n[\nsub/d", "regexp", ["a.py", "sub/c.py", "sub/skipped.py", "vendor/e.py"]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "dags" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DAG_TEXT, encoding="utf-8")
    (tmp_path / "dags" / "plain.py").write_text("x = 1", encoding="utf-8")
    return tmp_path / "dags"


@pytest.mark.parametrize(("ignored", "syntax", "left"), CASES)
def test_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch, ignored: str, syntax: str, left: list[str]) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX", syntax)
    (folder / ".airflowignore").write_text(ignored, encoding="utf-8")
    found = [path.relative_to(folder).as_posix() for path in dag_files([folder])]
    assert [name for name in found if not name.startswith((".hidden", "__pycache__"))] == sorted(left)


@pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning")  # Airflow uses it
@pytest.mark.parametrize(("ignored", "syntax"), [case[:2] for case in CASES])
def test_as_airflow(folder: Path, monkeypatch: pytest.MonkeyPatch, ignored: str, syntax: str) -> None:
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    monkeypatch.setenv("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX", syntax)
    (folder / ".airflowignore").write_text(ignored, encoding="utf-8")
    (folder / "sub" / ".airflowignore").write_text("c.py", encoding="utf-8")
    airflow = {Path(path) for path in find_path_from_directory(folder, ".airflowignore", syntax)}
    expected = {path for path in airflow if path.suffix == ".py" and path.name != "plain.py"}
    assert set(dag_files([folder])) == {path for path in expected if "__pycache__" not in path.parts}


def test_safe_mode_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE", "False")
    assert folder / "plain.py" in dag_files([folder])


def test_a_file_that_is_named_is_one(folder: Path) -> None:
    assert dag_files([folder / "plain.py", folder / "plain.py"]) == [folder / "plain.py"]


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    assert folder / "a.py" in dag_files([folder])
