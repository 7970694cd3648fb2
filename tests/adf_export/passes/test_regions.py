"""Which branches become IfCondition or Switch, and what is inside of them."""

from typing import Any

import pytest

from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Activity, obj
from adf_export.ir.symbols import xcom
from adf_export.ir.unit import Branches, Choice, Draft, ShortCircuits, SkipsItself, Unit
from adf_export.passes.regions import regions
from adf_lang.nodes import Node, call, literal
from tests.adf_export.passes.building import context, dag, draft, keep, task, unit, web

JOIN = "none_failed_min_one_success"
FLAG = call("equals", literal(1), literal(1))
BY_FLAG = call("if", FLAG, literal("x"), literal("y"))
BY_TEXT = call("toLower", literal("X"))


def node(name: str, upstream: str = "", rule: str = "all_success", reads: str = "", **more: Any) -> Unit:
    step = web(name, name)
    if reads:
        step = web(name, name, properties=obj(url=xcom(reads), method="GET"))
    result = {"results": (("return_value", call("activity", literal(name))),)}
    return unit(step, task(name, *upstream.split(), trigger_rule=TriggerRule(rule)), **{**result, **more})


def branch(on: Node, *children: str, step: Activity | None = None) -> Unit:
    follows = tuple((child, call("equals", on, literal(child))) for child in children)
    choice = Choice(on=on, cases=tuple((child, child) for child in children))
    return unit(step or keep("br", on), task("br"), decision=Branches(follows=follows, choice=choice))


def shape(found: Draft) -> dict[str, Any]:
    """Unit -> its upstream units, then what its container holds by slot or case."""
    return {
        one.id: (*one.upstream, {body.case or body.slot: names(body.activities) for body in one.steps[0].bodies})
        if one.steps[0].bodies
        else one.upstream
        for one in found.units
    }


def names(activities: tuple[Activity, ...]) -> str:
    return " ".join(f"{one.name}({','.join(edge.activity for edge in one.depends_on)})" for one in activities)


NESTED: dict[str, tuple[tuple[Unit, ...], dict[str, Any]]] = {
    "two ways and a join": (
        (branch(BY_FLAG, "x", "y"), node("x", "br"), node("y", "br"), node("j", "x y", JOIN)),
        {"br": ({"ifTrueActivities": "x()", "ifFalseActivities": "y()"},), "j": ("br",)},
    ),
    "by a text": (
        (branch(BY_TEXT, "x", "y"), node("x", "br"), node("y", "br"), node("z", "y", reads="y")),
        {"br": ({"x": "x()", "y": "y() z(y)"},)},
    ),
    "straight to the join": (
        (branch(BY_FLAG, "x", "j"), node("x", "br"), node("j", "br x", JOIN)),
        {"br": ({"x": "x()"},), "j": ("br",)},
    ),
    "a decision that does something is kept": (
        (branch(BY_FLAG, "x", "y", step=web("br")), node("x", "br"), node("y", "br")),
        {"br": (), "x": ("br", {"ifTrueActivities": "x()", "ifFalseActivities": "y()"})},
    ),
    "short circuit": (
        (
            unit(keep("br", FLAG), task("br"), decision=ShortCircuits(passes=FLAG, all_downstream=True)),
            node("x", "br"),
            node("y", "br x"),
        ),
        {"br": ({"ifTrueActivities": "x() y(x)"},)},
    ),
}


@pytest.mark.parametrize("case", NESTED)
def test_is_nested(case: str) -> None:
    units, expected = NESTED[case]
    assert shape(regions(draft(dag(), *units), context())) == expected


LOOP = web("x", type="ForEach")
FLAT: dict[str, tuple[Unit, ...]] = {
    "a join that counts": (
        branch(BY_FLAG, "x", "y"),
        node("x", "br"),
        node("y", "br"),
        node("j", "x y", "one_success"),
    ),
    "a result is read outside": (
        branch(BY_FLAG, "x", "y"),
        node("x", "br"),
        node("y", "br"),
        node("j", "x y", JOIN, reads="x"),
    ),
    "a result is read in the other case": (branch(BY_FLAG, "x", "y"), node("x", "br"), node("y", "br", reads="x")),
    "a loop inside": (branch(BY_FLAG, "x", "y"), unit(LOOP, task("x", "br")), node("y", "br")),
    "a task that skips itself": (
        branch(BY_FLAG, "x", "y"),
        node("x", "br", decision=SkipsItself(when=FLAG)),
        node("y", "br"),
    ),
    "a second entry": (branch(BY_FLAG, "x", "y"), node("o"), node("x", "br"), node("y", "br o")),
    "one end misses the join": (
        branch(BY_FLAG, "x", "y"),
        node("x", "br"),
        node("x2", "x"),
        node("y", "br"),
        node("j", "x y", JOIN),
    ),
    "a join behind a short circuit": (
        unit(keep("br", FLAG), task("br"), decision=ShortCircuits(passes=FLAG, all_downstream=True)),
        node("x", "br"),
        node("o"),
        node("j", "x o", JOIN),
    ),
}


@pytest.mark.parametrize("case", FLAT)
def test_stays_flat(case: str) -> None:
    given = draft(dag(), *FLAT[case])
    assert regions(given, context()) == given
