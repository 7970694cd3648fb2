"""Functions called by Python, and their expressions evaluated, give equal values over random runs."""

import ast
import inspect
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adf_export.decisions import lower_function, possible_results, truth_of
from adf_export.diagnostics import Diagnostic
from adf_export.ir.values import Constant, Function, Items, Members, Moment, Value
from tests.adf_export.templating.world import random_run, scope, value_of

RUNS = 60
CONSTANTS: tuple[tuple[str, Value], ...] = (
    ("LIMIT", Constant(value=5)),
    ("NAMES", Items(items=(Constant(value="fast"), Constant(value="slow")))),
    ("TASK", Members(members=(("fast", Constant(value="run_fast")), ("slow", Constant(value="run_slow"))))),
    ("START", Moment(iso="2010-01-01T00:00:00+00:00")),
)
RESULTS = {
    "constant": ("left",),
    "by_param": ("live", "test"),
    "by_context": (("a", "b"), "c"),
    "by_date": ("weekday", "weekend"),
    "by_xcom": ("many", "none", "few"),
    "by_nested": ("a", "b", "c"),
    "by_loop": ("large", "small", "none"),
    "by_chain": (True, False),
    "by_kwargs_get": None,
    "short_circuit_number": None,
    "PICK": ("a", "b"),
}


def functions() -> dict[str, Callable[..., Any]]:
    from tests.adf_export.decisions import good

    return {
        name: found
        for name, found in vars(good).items()
        if inspect.isfunction(found) and found.__module__ == good.__name__
    }


def described(function: Callable[..., Any]) -> Function:
    return Function(name=f"good.{function.__name__}", source=inspect.getsource(function), line=1, constants=CONSTANTS)


@pytest.fixture(scope="module")
def everything() -> dict[str, Callable[..., Any]]:
    return functions()


GOOD = (Path(__file__).parent / "good.py").read_text(encoding="utf-8")
NAMES = [node.name for node in ast.parse(GOOD).body if isinstance(node, ast.FunctionDef)]
NAMES += ["PICK", "SHORT"]


@pytest.mark.parametrize("name", NAMES)
def test_python_returns_what_the_expression_gives(name: str, everything: dict[str, Callable[..., Any]]) -> None:
    from airflow.sdk.bases.decorator import determine_kwargs
    from airflow.sdk.execution_time.context import set_current_context

    from tests.adf_export.templating.airflow_side import context

    function = everything[name]
    reported: list[Diagnostic] = []
    node = lower_function(described(function), (), {}, scope(reported))
    truth = truth_of(described(function), (), {}, scope(reported))
    chance = random.Random(name)
    for _ in range(RUNS):
        run = random_run(chance)
        names: Any = context(run)
        arguments = determine_kwargs(function, (), names)
        with set_current_context(names):
            wanted = function(**arguments)
        assert value_of(node, run) == wanted
        assert value_of(truth, run) is bool(wanted)
    assert not reported


@pytest.mark.parametrize(("name", "wanted"), RESULTS.items())
def test_possible_results_are_the_ends_of_the_branches(name: str, wanted: object, everything: dict[str, Any]) -> None:
    node = lower_function(described(everything[name]), (), {}, scope([]))
    found = possible_results(node)
    assert (None if found is None else set(found)) == (None if wanted is None else set(wanted))  # type: ignore[call-overload]
