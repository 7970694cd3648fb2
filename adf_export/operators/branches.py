"""Operators that decide which of their children run."""

from collections.abc import Iterable, Mapping
from typing import Final

from adf_export.codes import DECISION_NOT_EXPRESSIBLE
from adf_export.decisions import possible_results
from adf_export.decisions.results import Result
from adf_export.ir.unit import Branches, Choice, ShortCircuits, Unit
from adf_export.operators.functions import FUNCTION, IGNORED, evaluated, result_of, truth_of_result
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import any_of
from adf_lang.nodes import Node, call, literal

_PACKAGE: Final = "airflow.providers.standard"


def branch(bench: Workbench) -> Unit:
    """What the task's function returns tells what is followed."""
    return branch_by(bench, result_of(bench))


def branch_by(bench: Workbench, decided: Node, *, description: str = FUNCTION) -> Unit:
    """A decision whose possible results are known: task ids, ids of groups, lists of them, or None.

    Raises:
        Refusal: the results are not known, or one of them is not directly behind the task.
    """
    results = possible_results(decided)
    if results is None:
        raise bench.refusal(
            DECISION_NOT_EXPRESSIBLE,
            f"it cannot be told which tasks '{bench.task.task_id}' may follow",
            field="python_callable",
            hint="return the task ids as they stand, under conditions",
        )
    step, value = evaluated(bench, decided, description=description)
    follows = {result: _followed(bench, result) for result in results}
    decision = Branches(follows=_conditions(bench, follows, value), choice=_choice(follows, decided))
    return bench.unit(step, results=_results(bench, value), decision=decision)


def short_circuit(bench: Workbench) -> Unit:
    """What comes after it is skipped unless its function returns something true."""
    step, value = evaluated(bench, result_of(bench))
    everything = bench.task.ignore_downstream_trigger_rules is not False
    bench.read.add("ignore_downstream_trigger_rules")
    decision = ShortCircuits(passes=truth_of_result(bench), all_downstream=everything)
    return bench.unit(step, results=_results(bench, value), decision=decision)


def _results(bench: Workbench, value: Node) -> Mapping[str, Node]:
    return {"return_value": value} if bench.task.do_xcom_push else {}


def _followed(bench: Workbench, result: Result) -> frozenset[str]:
    """The children that a result lets run; of a group, its first tasks."""
    if result is None:
        return frozenset()
    ids = result if isinstance(result, tuple) else (result,)
    return frozenset(task for one in ids for task in _tasks(bench, one))


def _tasks(bench: Workbench, wanted: object) -> Iterable[str]:
    below = {task.task_id for task in bench.dag.tasks if bench.task.task_id in task.upstream}
    groups = _groups_below(bench, wanted)
    if groups:
        inside = {task.task_id: task for task in bench.dag.tasks if task.group in groups}
        found = {name for name, task in inside.items() if not inside.keys() & set(task.upstream)}
    else:
        found = {str(wanted)}
    if not isinstance(wanted, str) or not found or not found <= below:
        raise bench.refusal(
            DECISION_NOT_EXPRESSIBLE,
            f"'{bench.task.task_id}' may return {wanted!r}, which is not a task directly behind it",
            field="python_callable",
            hint=f"directly behind it: {', '.join(sorted(below)) or 'none'}",
        )
    return found


def _groups_below(bench: Workbench, wanted: object) -> set[str]:
    """A group and those inside of it; empty: there is no such group."""
    found = {group.group_id for group in bench.dag.groups if group.group_id == wanted}
    while more := {group.group_id for group in bench.dag.groups if group.parent in found} - found:
        found |= more
    return found


def _conditions(
    bench: Workbench, follows: Mapping[Result, frozenset[str]], value: Node
) -> tuple[tuple[str, Node], ...]:
    children = sorted(task.task_id for task in bench.dag.tasks if bench.task.task_id in task.upstream)
    return tuple(
        (child, any_of(*(_is(value, result) for result, found in follows.items() if child in found)))
        for child in children
        if any(child not in found for found in follows.values())
    )


def _is(value: Node, result: Result) -> Node:
    if isinstance(result, tuple):
        return call("equals", call("string", value), literal("[" + ",".join(f'"{one}"' for one in result) + "]"))
    return call("equals", value, literal(result))


def _choice(follows: Mapping[Result, frozenset[str]], decided: Node) -> Choice | None:
    """Where every result is a text that stands for one child."""
    cases = [(result, next(iter(found))) for result, found in follows.items() if len(found) == 1]
    texts = tuple((result, child) for result, child in cases if isinstance(result, str))
    return Choice(on=decided, cases=texts) if len(texts) == len(follows) else None


BRANCHES: Final[Mapping[str, Operator]] = {
    name: Operator(translate=translate, activities=("IfCondition", "Switch", "SetVariable"), ignored=IGNORED)
    for name, translate in {
        f"{_PACKAGE}.operators.python.BranchPythonOperator": branch,
        f"{_PACKAGE}.decorators.branch_python._BranchPythonDecoratedOperator": branch,
        f"{_PACKAGE}.operators.python.ShortCircuitOperator": short_circuit,
        f"{_PACKAGE}.decorators.short_circuit._ShortCircuitDecoratedOperator": short_circuit,
    }.items()
}
