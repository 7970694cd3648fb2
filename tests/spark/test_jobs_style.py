"""The notebooks are plain Databricks sources: they compile, and import only what a cluster has."""

import ast
import builtins

import pytest

from tests.spark.notebook import JOBS

NOTEBOOKS = sorted(path.stem for path in JOBS.glob("*.py"))
GIVEN = {"spark", "dbutils"}
IMPORTABLE = {"json", "os", "sys", "crypto_lakehouse"}


@pytest.fixture(params=NOTEBOOKS)
def source(request: pytest.FixtureRequest) -> str:
    return (JOBS / f"{request.param}.py").read_text()


def test_the_notebooks_are_the_documented_ones() -> None:
    assert NOTEBOOKS == ["bronze", "gold", "optimize", "quality", "silver"]


def test_starts_as_a_databricks_notebook_with_a_title(source: str) -> None:
    lines = source.splitlines()
    assert lines[:2] == ["# Databricks notebook source", "# MAGIC %md"]
    assert lines[2].startswith("# MAGIC # ")
    assert max(map(len, lines)) <= 120


def test_imports_only_what_a_cluster_has(source: str) -> None:
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = [[alias.name for alias in n.names] if isinstance(n, ast.Import) else [str(n.module)] for n in imports]
    assert {name.split(".")[0] for names in named for name in names} <= IMPORTABLE


def test_uses_no_name_that_a_notebook_does_not_have(source: str) -> None:
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    bound |= {
        alias.asname or alias.name for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names
    }
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    assert used - bound - GIVEN - set(dir(builtins)) == set()


def test_holds_no_path_and_no_secret(source: str) -> None:
    texts = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in texts if "://" in text or text.startswith(("/", "dapi", "~"))]


def test_ends_with_its_report(source: str) -> None:
    assert source.rstrip().endswith("dbutils.notebook.exit(json.dumps(report))")


def test_every_path_is_a_widget() -> None:
    widgets = {name: _widgets((JOBS / f"{name}.py").read_text()) for name in NOTEBOOKS}
    assert widgets == {
        "bronze": ["catalog", "dataset", "landing_url", "checkpoint_root", "max_files_per_trigger"],
        "silver": ["catalog", "checkpoint_root"],
        "gold": ["catalog"],
        "optimize": ["catalog"],
        "quality": ["catalog", "mode", "expectations"],
    }


def _widgets(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.literal_eval(c.args[0]) for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "text"]
