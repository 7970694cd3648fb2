"""What a branch follows: groups, lists, tasks that also come after a followed one; run in the local Data Factory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adf_export.ir.dag import Group, Task, TriggerRule
from tests.adf_export.operators.given import made, task
from tests.adf_export.operators.test_core import BRANCH, EMPTY, HERE, NUMBER, empty, function, run

GROUPS = (Group(group_id="g"), Group(group_id="g.h", parent="g"))


def one_group(params: Any) -> str:
    return "g" if params["n"] else "other"


def group_or_all(params: Any) -> list[str]:
    return ["g.h", "other"] if params["n"] else []


def either(params: Any) -> Any:
    return "other" if params["n"] else None


def in_group(name: str, group: str, *upstream: str) -> Task:
    return task(EMPTY, name, *upstream, of_task={"group": group})


# Function of the branch, the param, tasks that run: as Airflow's skip_all_except tells.
CASES: list[tuple[Callable[..., Any], int, set[str]]] = [
    (one_group, 1, {"g.a", "g.h.b", "g.c", "join"}),
    (one_group, 0, {"other"}),
    (group_or_all, 1, {"g.h.b", "other"}),
    (group_or_all, 0, set()),
    (either, 1, {"other"}),
    (either, 0, set()),
]


@pytest.mark.parametrize(("python", "number", "runs"), CASES)
def test_a_branch_follows_groups_and_what_comes_after(
    tmp_path: Path, python: Callable[..., Any], number: int, runs: set[str]
) -> None:
    join = task(EMPTY, "join", "br", "g.a", of_task={"trigger_rule": TriggerRule.ALL_SUCCESS})
    tasks = [
        task(BRANCH, "br", python_callable=function(python)),
        in_group("g.a", "g", "br"),
        in_group("g.h.b", "g.h", "br"),
        in_group("g.c", "g", "g.a", "g.h.b"),
        empty("other", "br"),
        join,
    ]
    one = made(*tasks, environment=HERE, params=(NUMBER,), groups=GROUPS)
    statuses = run(tmp_path, one, {"n": number}).statuses()
    names = {each.task_id: each.task_id.replace(".", "_") for each in tasks[1:]}
    assert {task_id for task_id, name in names.items() if statuses.get(name) == "Succeeded"} == runs


def a_grandchild() -> str:
    return "b"


def the_truth(params: Any) -> bool:
    return bool(params["n"])


def a_number() -> list[Any]:
    return ["a", 1]


@pytest.mark.parametrize("python", [a_grandchild, the_truth, a_number])
def test_what_cannot_be_followed(python: Callable[..., Any]) -> None:
    given = task(BRANCH, "br", python_callable=function(python))
    assert made(given, empty("a", "br"), empty("b", "a"), environment=HERE, params=(NUMBER,)).codes == ["ADF206"]
