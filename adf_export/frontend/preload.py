"""Finds the modules of Airflow that DAG files import: the worker imports them once instead of each fork."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def airflow_modules(files: Iterable[str]) -> list[str]:
    """Modules below `airflow` that the files import at their top level, sorted."""
    found: set[str] = set()
    for file in files:
        found.update(name for name in _imported(file) if name.partition(".")[0] == "airflow")
    return sorted(found)


def _imported(file: str) -> Iterator[str]:
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
