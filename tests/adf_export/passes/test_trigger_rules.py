"""Usual shapes, drawn by hand; that every shape means what Airflow means is judged by tests/adf_proof."""

from typing import Any

import pytest

from adf_export.codes import FIRES_LATER, ORDER_SENSITIVE, RACY, TEARDOWN_NOT_EXPORTED
from adf_export.diagnostics import Refusal
from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Condition, Dependency
from adf_export.ir.unit import Branches, Draft, ShortCircuits, SkipsItself, Unit
from adf_export.passes.trigger_rules import trigger_rules
from adf_lang.nodes import call, literal
from tests.adf_export.passes.building import codes, context, dag, draft, task, unit, web

FLAG = call("equals", literal(1), literal(1))
SKIPS = SkipsItself(when=FLAG)
STOPS = ShortCircuits(passes=FLAG, all_downstream=True)
LETTERS = {Condition.SUCCEEDED: "S", Condition.FAILED: "F", Condition.SKIPPED: "K", Condition.COMPLETED: "C"}


def node(name: str, upstream: str = "", rule: str = "all_success", **more: Any) -> Unit:
    return unit(web(name), task(name, *upstream.split(), trigger_rule=TriggerRule(rule)), **more)


def branch(name: str, *children: str, upstream: str = "", rule: str = "all_success") -> Unit:
    return node(name, upstream, rule, decision=Branches(follows=tuple((child, FLAG) for child in children)))


def drawn(found: Draft) -> dict[str, str]:
    """Activity -> what it waits for: "load:SK" means load succeeded or was skipped."""
    return {
        activity.name: " ".join(
            f"{edge.activity}:{''.join(LETTERS[one] for one in edge.conditions)}" for edge in activity.depends_on
        )
        for activity in found.activities
    }


SHAPES: dict[str, tuple[tuple[Unit, ...], dict[str, str]]] = {
    "a chain": ((node("a"), node("b", "a"), node("c", "b")), {"a": "", "b": "a:S", "c": "b:S"}),
    "clean up": ((node("a"), node("b", "a"), node("end", "b", "all_done")), {"a": "", "b": "a:S", "end": "b:CK"}),
    # b was skipped where a failed.
    "alert": (
        (node("a"), node("b", "a"), node("alert", "a b", "one_failed")),
        {"a": "", "b": "a:S", "alert": "b:FK"},
    ),
    "branch and join": (
        (
            branch("br", "x", "y"),
            node("x", "br"),
            node("y", "br"),
            node("join", "x y", "none_failed_min_one_success"),
        ),
        {
            "br": "",
            "br_to_x": "br:S",
            "x": "br_to_x:S",
            "y": "br_to_x:S",
            "join_none_succeeded": "x:FK y:FK",
            "join": "br:S join_none_succeeded:K x:SK y:SK",
            "run_succeeded": "br:S join:SK x:SK y:SK",
            "run_failed": "run_succeeded:K",
        },
    ),
    "short circuit": (
        (node("sc", decision=STOPS), node("x", "sc"), node("y", "x")),
        {
            "sc": "",
            "sc_goes_on": "sc:S",
            "x": "sc_goes_on:S",
            "y": "x:S",
            "run_succeeded": "sc:S x:SK y:SK",
            "run_failed": "run_succeeded:K",
        },
    ),
    "skipping extracts": (
        (node("a", decision=SKIPS), node("b", decision=SKIPS), node("load", "a b")),
        {
            "a": "",
            "a_goes_on": "a:S",
            "b": "",
            "b_goes_on": "b:S",
            "load": "a_goes_on:S b_goes_on:S",
            "run_succeeded": "a_goes_on:C b_goes_on:C load:SK",
            "run_failed": "run_succeeded:K",
        },
    ),
    "setup and teardown": (
        (
            node("start", is_setup=True),
            node("work", "start"),
            node("stop", "start work", "all_done_setup_success", is_teardown=True),
        ),
        {
            "start": "",
            "work": "start:S",
            "stop": "start:S work:CK",
            "run_succeeded": "stop:CK work:S",
            "run_failed": "run_succeeded:K",
        },
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_is_wired_as_a_person_would(shape: str) -> None:
    units, expected = SHAPES[shape]
    assert drawn(trigger_rules(draft(dag(), *units), context())) == expected


def test_a_chain_of_activities_is_judged_as_one() -> None:
    """None of them failed; one of them failed; none of them ran."""
    first, second = web("a_1", "a"), web("a_2", "a", depends_on=(Dependency(activity="a_1"),))
    several = unit(first, task("a"), steps=(first, second))
    skips = node("b", decision=SKIPS)
    units = (several, skips, node("alert", "a", "all_failed"), node("load", "a b", "none_failed"))
    found = drawn(trigger_rules(draft(dag(), *units), context()))
    assert found["alert"] == "a_1:C a_2:FK"
    assert found["load"] == "a_2:S b_goes_on:C"


def test_a_step_that_runs_after_a_failure_takes_it_back() -> None:
    """A sensor that skips its task when the time is up: its loop has failed, the task has not."""
    loop = web("a_until", "a")
    ends = web("a_end", "a", depends_on=(Dependency(activity="a_until", conditions=(Condition.COMPLETED,)),))
    sensor = unit(loop, task("a", "s"), steps=(loop, ends))
    units = (node("s", decision=SKIPS), sensor, node("load", "a", "none_failed"))
    assert drawn(trigger_rules(draft(dag(), *units), context()))["load"] == "a_end:SK s_goes_on:C"


WARNED = {
    "one_success of two": ((node("a"), node("b"), node("c", "a b", "one_success")), FIRES_LATER.id),
    "always behind a short circuit": ((node("a", decision=STOPS), node("b", "a", "always")), RACY.id),
}


@pytest.mark.parametrize("case", WARNED)
def test_is_told(case: str) -> None:
    units, code = WARNED[case]
    using = context()
    trigger_rules(draft(dag(), *units), using)
    assert codes(using) == [code]


REFUSED = {
    "a rule that does not ask for the setup": (
        (
            node("start", is_setup=True),
            node("work", "start"),
            node("alert", "work", "one_failed"),
            node("stop", "start alert", "all_done_setup_success", is_teardown=True),
        ),
        TEARDOWN_NOT_EXPORTED.id,
    ),
    # d is upstream_failed by a, which e may see before c skips d.
    "a skip that overwrites a failure": (
        (
            node("a"),
            branch("c", "d", upstream="a", rule="all_done"),
            node("d", "a c"),
            node("e", "d"),
        ),
        ORDER_SENSITIVE.id,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str) -> None:
    units, code = REFUSED[case]
    with pytest.raises(Refusal) as refused:
        trigger_rules(draft(dag(), *units), context())
    assert refused.value.diagnostic.code == code
