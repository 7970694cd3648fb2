"""Tasks that do nothing, functions, branches, short circuits: run in the local Data Factory.

What a function returns, and which children its branch follows, is what Python says when it is called.
"""

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adf_export.environment import Environment
from adf_export.ir.dag import Param, Task, TriggerRule
from adf_export.ir.values import Function, Template, XCom
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.running import run_in_local_factory
from tests.data_factory.harness import Done

STANDARD = "airflow.providers.standard"
EMPTY = f"{STANDARD}.operators.empty.EmptyOperator"
PYTHON = f"{STANDARD}.operators.python.PythonOperator"
BRANCH = f"{STANDARD}.operators.python.BranchPythonOperator"
SHORT = f"{STANDARD}.operators.python.ShortCircuitOperator"
HERE = Environment()
NUMBER = Param(name="n", default="0", schema='{"type": "integer"}')


def function(python: Callable[..., Any]) -> Function:
    source = textwrap.dedent(inspect.getsource(python))
    return Function(name=python.__name__, source=source[source.index("def ") :], line=1)


def empty(name: str, *upstream: str, rule: TriggerRule = TriggerRule.ALL_SUCCESS) -> Task:
    return task(EMPTY, name, *upstream, of_task={"trigger_rule": rule})


def run(folder: Path, one: Made, parameters: Any = None) -> Done:
    return run_in_local_factory(folder, one.factory, "d", parameters or {})


def choose(params: Any) -> Any:
    if params["n"] > 2:
        return "many"
    return ["few", "none"] if params["n"] == 1 else None


def choose_one(params: Any) -> str:
    return "many" if params["n"] > 2 else "few"


def is_many(params: Any) -> bool:
    return bool(params["n"] > 2)


def described(params: Any, word: str) -> dict[str, Any]:
    return {"word": word.upper(), "twice": params["n"] * 2}


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_branch_follows_what_its_function_returns(tmp_path: Path, number: int) -> None:
    children = ("many", "few", "none")
    tasks = [task(BRANCH, "br", python_callable=function(choose)), *(empty(name, "br") for name in children)]
    done = run(tmp_path, made(*tasks, environment=HERE, params=(NUMBER,)), {"n": number})
    returned = choose({"n": number})
    followed = [returned] if isinstance(returned, str) else returned or []
    assert sorted(name for name in children if done.statuses()[name] == "Succeeded") == sorted(followed)
    assert str(done.run.status) == "Succeeded"


@pytest.mark.parametrize("number", [1, 3])
def test_a_choice_of_one_is_an_if_condition(tmp_path: Path, number: int) -> None:
    join = empty("join", "few", "many", rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    tasks = [task(BRANCH, "br", python_callable=function(choose_one)), empty("many", "br"), empty("few", "br"), join]
    one = made(*tasks, environment=HERE, params=(NUMBER,))
    assert {name: found["type"] for name, found in one.activities().items()} == {"br": "IfCondition", "join": "Wait"}
    done = run(tmp_path, one, {"n": number})
    ran = [key.rpartition("/")[2] for key in done.statuses() if key.startswith("br.")]
    assert ran == [choose_one({"n": number})]
    assert done.statuses()["join"] == "Succeeded"


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("everything", [True, False])
def test_a_short_circuit_skips_what_comes_after_it(tmp_path: Path, number: int, everything: bool) -> None:
    first = task(
        SHORT,
        "sc",
        python_callable=function(is_many),
        ignore_downstream_trigger_rules=everything,
        of_task={"ignore_downstream_trigger_rules": everything},
    )
    tasks = [first, empty("a", "sc"), empty("b", "a", rule=TriggerRule.ALL_DONE)]
    done = run(tmp_path, made(*tasks, environment=HERE, params=(NUMBER,)), {"n": number})
    passes = is_many({"n": number})
    assert (done.statuses()["a"] == "Succeeded") is passes
    assert (done.statuses()["b"] == "Succeeded") is (passes or not everything)


def test_a_function_gives_its_value_to_others(tmp_path: Path) -> None:
    gives = task(
        PYTHON,
        "gives",
        python_callable=function(described),
        op_kwargs={"word": "x{{ params.n }}"},
        of_task={"multiple_outputs": True},
    )
    reads = [
        task(PYTHON, name, "gives", python_callable=function(same), op_args=[Template(text=text)])
        for name, text in READS.items()
    ]
    done = run(tmp_path, made(gives, *reads, environment=HERE, params=(NUMBER,)), {"n": 4})
    expected = described({"n": 4}, "x4")
    assert done.record("gives").output["value"] == [expected]
    assert done.record("word").output["value"] == [expected["word"]]
    assert done.record("twice").output["value"] == [str(expected["twice"])]


READS = {
    "word": "{{ ti.xcom_pull(task_ids='gives', key='word') }}",
    "twice": "{{ ti.xcom_pull(task_ids='gives')['twice'] }}",
}


def same(value: Any) -> Any:
    return value


def elsewhere() -> str:
    return "nowhere"


def asks_the_world() -> str:
    import os

    return os.environ["X"]


def a_list() -> list[int]:
    return [1, 2]


def test_several_outputs_need_a_dict() -> None:
    given = task(PYTHON, "t", python_callable=function(a_list), of_task={"multiple_outputs": True})
    assert made(given, environment=HERE).codes == ["ADF206"]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"templates_dict": {}, "templates_exts": None, "op_args": None}, []),
        ({"templates_dict": {"day": "{{ ds }}"}}, ["ADF102"]),
        ({"show_return_value_in_logs": False}, ["ADF105"]),
    ],
)
def test_tells(fields: dict[str, Any], codes: list[str]) -> None:
    assert made(task(PYTHON, "t", python_callable=function(a_list), **fields), environment=HERE).codes == codes


@pytest.mark.parametrize("operator", [PYTHON, BRANCH, SHORT])
def test_what_is_not_pushed_is_no_xcom(operator: str) -> None:
    gives = task(operator, "gives", python_callable=function(choose_one), of_task={"do_xcom_push": False})
    reads = task(PYTHON, "few", "gives", python_callable=function(same), op_args=[XCom(task_id="gives")])
    one = made(gives, reads, empty("many", "gives"), environment=HERE, params=(NUMBER,))
    assert "ADF204" in one.codes


@pytest.mark.parametrize(("operator", "python"), [(BRANCH, elsewhere), (PYTHON, asks_the_world), (BRANCH, same)])
def test_is_refused(operator: str, python: Callable[..., Any]) -> None:
    one = made(task(operator, "t", python_callable=function(python)), empty("a", "t"), environment=HERE)
    assert one.codes == ["ADF206"]
