"""Mapped task groups: each copy is a run of the group's pipeline in the local Data Factory."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.codes import MAPPING_NOT_EXPORTED
from adf_export.diagnostics import Refusal
from adf_export.ir.dag import Group, Mapping, TriggerRule
from adf_export.ir.factory import PipelineVariable
from adf_export.ir.symbols import RunField, group_item, run, xcom
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.ir.values import Constant, Items, Value, XCom
from adf_export.passes.link import link
from adf_export.passes.map_groups import map_groups
from adf_export.passes.trigger_rules import trigger_rules
from adf_lang.nodes import Node, call, literal, select
from tests.adf_export.passes import building
from tests.adf_export.passes.building import context, dag, draft, keep, task, unit

JOIN = "none_failed_min_one_success"


def node(name: str, upstream: str = "", value: Node | None = None, rule: str = "all_success", **more: Any) -> Unit:
    """A unit that fails where its value cannot be computed."""
    step = keep(name, call("createArray", value or literal(1)), name)
    given = select(call("activity", literal(name)), "output", "value")
    results = {"results": (("return_value", given),)}
    return unit(step, task(name, *upstream.split(), trigger_rule=TriggerRule(rule)), **{**results, **more})


def mapped(argument: Value, *units: Unit, inside: str = "x y") -> Draft:
    """The units, those named in `inside` in a group that is mapped over `a`."""
    tasks = [
        task(one.id, *one.upstream, trigger_rule=one.rule, group="g" if one.id in inside.split() else None)
        for one in units
    ]
    group = Group(group_id="g", mapping=Mapping(expand=(("a", argument),)), origin=building.place())
    variables = tuple(PipelineVariable(name=one.id, type="Array") for one in units)
    return draft(dag(*tasks, groups=(group,)), *units, variables=variables)


def texts(*values: str) -> Value:
    return Items(items=tuple(Constant(value=value) for value in values))


# Fails where the item is "0".
DIVIDES = call("div", literal(6), call("int", group_item("g", "a")))
# What the outer tasks become; the group is upstream of the last one.
RUNS: dict[str, tuple[Draft, dict[str, str]]] = {
    "all copies succeed": (
        mapped(texts("1", "2"), node("x", value=DIVIDES), node("y", "x"), node("t", "y")),
        {"t": "Succeeded"},
    ),
    "one copy fails": (
        mapped(texts("1", "0"), node("x", value=DIVIDES), node("y", "x"), node("t", "y")),
        {"t": "Skipped"},
    ),
    "behind a copy that fails": (
        mapped(texts("0"), node("x", value=DIVIDES), node("y", "x"), node("t", "y", rule="all_done")),
        {"t": "Succeeded"},
    ),
    "over an XCom, reading another one and the run": (
        mapped(
            XCom(task_id="s"),
            node("s", value=literal("3")),
            node("o", value=run(RunField.LOGICAL_DATE)),
            node("x", "o s", value=call("div", DIVIDES, call("length", xcom("o")))),
            node("y", "x", value=call("concat", run(RunField.LOGICAL_DATE), call("string", xcom("x")))),
            node("t", "y"),
        ),
        {"s": "Succeeded", "o": "Succeeded", "t": "Succeeded"},
    ),
    "over an empty list": (
        mapped(
            XCom(task_id="s"),
            node("s", results=(("return_value", call("json", literal("[]"))),)),
            node("x", "s", value=DIVIDES),
            node("t", "x"),
            inside="x",
        ),
        {"s": "Succeeded", "t": "Skipped"},
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_runs(tmp_path: Path, case: str) -> None:
    given, expected = RUNS[case]
    using = context()
    done = building.run(tmp_path, given, using, map_groups, trigger_rules, link)
    assert {name: status for name, status in done.statuses().items() if name in "sot"} == expected


FLAG = call("equals", literal(1), literal(1))
REFUSED: dict[str, Draft] = {
    "a result is read outside": mapped(texts("1"), node("x"), node("y", "x"), node("t", "y", value=xcom("y"))),
    "a rule that counts": mapped(texts("1"), node("x"), node("y", "x"), node("t", "y", rule="one_success")),
    "an edge from the middle": mapped(texts("1"), node("x"), node("y", "x"), node("t", "x y")),
    "a task that does not wait": mapped(texts("1"), node("o"), node("x", "o"), node("y")),
    "clean-up inside": mapped(texts("1"), node("o"), node("x", "o"), node("y", "x", rule="all_done")),
    "skips inside": mapped(texts("1"), node("x", decision=SkipsItself(when=FLAG)), node("y", "x"), node("t", "y")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str) -> None:
    with pytest.raises(Refusal) as refused:
        map_groups(REFUSED[case], context())
    assert refused.value.diagnostic.code == MAPPING_NOT_EXPORTED.id
