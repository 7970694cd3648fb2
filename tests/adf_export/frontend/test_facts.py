"""Small DAG files against what they say."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.frontend import read_dags
from adf_export.ir.dag import Dag, Reading
from adf_export.ir.values import Members
from tests.adf_export.frontend.facts import DAGS, TASKS

HERE = Path(__file__).parent / "dags"


@pytest.fixture(scope="module")
def readings() -> tuple[Reading, ...]:
    return read_dags([HERE])


@pytest.fixture(scope="module")
def dags(readings: tuple[Reading, ...]) -> dict[str, Dag]:
    return {dag.dag_id: dag for reading in readings for dag in reading.dags}


def look_up(value: Any, path: str) -> Any:
    """A member of a member: of records by name, of pairs by their first, of tuples by number."""
    name, _, rest = path.partition(".")
    value = value.members if isinstance(value, Members) else value
    if isinstance(value, tuple):
        value = value[int(name)] if name.isdigit() else dict(value).get(name)
    else:
        value = getattr(value, name)
    return look_up(value, rest) if rest else value


@pytest.mark.parametrize(("dag_id", "path", "value"), DAGS)
def test_dag(dags: dict[str, Dag], dag_id: str, path: str, value: Any) -> None:
    assert look_up(dags[dag_id], path) == value


@pytest.mark.parametrize(("dag_id", "task_id", "path", "value"), TASKS)
def test_task(dags: dict[str, Dag], dag_id: str, task_id: str, path: str, value: Any) -> None:
    assert look_up(dags[dag_id].task(task_id), path) == value


def test_groups(dags: dict[str, Dag]) -> None:
    groups = {group.group_id: (group.parent, group.tooltip, group.origin.line) for group in dags["mapping"].groups}
    assert groups == {"each": (None, "Of one number.", 35), "outer": (None, "", 37), "outer.inner": ("outer", "", 37)}


def test_nothing_is_told(readings: tuple[Reading, ...]) -> None:
    assert [reading.file for reading in readings] == ["classic.py", "mapping.py", "said.py", "taskflow.py"]
    assert [found for reading in readings for found in reading.diagnostics] == []
