"""Mapped tasks: which copies run, judged by the requests that the local Data Factory would make."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from adf_export.context import Context
from adf_export.diagnostics import Refusal
from adf_export.ir.dag import Mapping, TriggerRule
from adf_export.ir.factory import Activity, PipelineVariable, obj
from adf_export.ir.symbols import map_item, xcom
from adf_export.ir.unit import Draft
from adf_export.ir.values import Constant, Items, Members, Value, XCom
from adf_export.passes.link import link
from adf_export.passes.map_tasks import map_tasks
from adf_export.passes.trigger_rules import trigger_rules
from adf_lang import Scope, evaluate
from adf_lang.nodes import Index, Node, call, literal, select
from tests.adf_export.passes.building import codes, context, dag, draft, keep, run, task, unit, web


def items(*values: object) -> Items:
    return Items(items=tuple(Constant(value=value) for value in values))  # type: ignore[arg-type]  # scalars only


def mapped(mapping: Mapping, *, argument: str = "a", rule: TriggerRule = TriggerRule.ALL_SUCCESS, **more: int) -> Draft:
    first, then = task("m", mapping=mapping, **more), task("t", "m", trigger_rule=rule)
    step = web("m", properties=obj(url=select(map_item(), argument), method="GET"))
    return draft(dag(first, then), unit(step, first), unit(web("t"), then))


def loop(found: Draft, using: Context) -> Activity:
    return map_tasks(found, using).unit("m").steps[0]


def values(activity: Activity) -> object:
    node = activity.properties.get("items")
    assert isinstance(node, Node)
    return evaluate(node, Scope())


# Airflow: the last argument changes first; a dict gives its pairs.
COPIES: list[tuple[tuple[tuple[str, Value], ...], object]] = [
    ((("a", items(1, 2)),), [1, 2]),
    ((("a", items(1, 2)), ("b", items("x", "y"))), [{"a": n, "b": t} for n in (1, 2) for t in ("x", "y")]),
    ((("a", Members(members=(("k", Constant(value=1)),))),), [["k", 1]]),
]


@pytest.mark.parametrize(("expand", "copies"), COPIES)
def test_copies(expand: tuple[tuple[str, Value], ...], copies: object) -> None:
    assert values(loop(mapped(Mapping(expand=expand)), context())) == copies


@pytest.mark.parametrize(("limit", "written"), [(1, None), (4, 4), (60, 50)])
def test_limit(limit: int, written: int | None) -> None:
    found = loop(mapped(Mapping(expand=(("a", items(1)),)), max_active_tis_per_dagrun=limit), context())
    assert found.properties.get("batchCount") == written
    assert found.properties.get("isSequential") is (limit == 1)


def test_the_only_argument_is_the_item() -> None:
    found = loop(mapped(Mapping(expand=(("a", items("u")),))), context())
    url = found.bodies[0].activities[0].properties.get("url")
    assert str(url) == "@item()"


def test_an_argument_of_several_is_a_member() -> None:
    found = loop(mapped(Mapping(expand=(("a", items("u")), ("b", items(1))))), context())
    assert str(found.bodies[0].activities[0].properties.get("url")) == "@item().a"


@pytest.mark.parametrize("rule", [TriggerRule.ALL_FAILED, TriggerRule.ONE_SUCCESS])
def test_rules_that_count_copies(rule: TriggerRule) -> None:
    using = context()
    with pytest.raises(Refusal):
        map_tasks(mapped(Mapping(expand=(("a", items(1)),)), rule=rule), using)
    assert codes(using) == ["ADF303"]


GIVEN = {"s": [3, 1, 2], "t": ["x", "y"], "none": []}
# Mapping -> the values that its copies give, in Airflow's order; each gives its arguments, sorted by name.
GATHERED: list[tuple[Mapping, object]] = [
    (Mapping(expand=(("a", items(3, "1", None)),)), [[3], ["1"], [None]]),
    (Mapping(expand=(("a", XCom(task_id="s")),)), [[3], [1], [2]]),
    (Mapping(expand=(("a", items(1, 2)), ("b", items("x", "y")))), [[n, t] for n in (1, 2) for t in ("x", "y")]),
    (
        Mapping(expand=(("b", XCom(task_id="s")), ("a", XCom(task_id="t")))),
        [[t, n] for n in (3, 1, 2) for t in ("x", "y")],
    ),
    (Mapping(expand=(("a", XCom(task_id="s")), ("b", XCom(task_id="none")))), None),
]


@pytest.mark.parametrize(("mapping", "expected"), GATHERED)
def test_gathers_what_the_copies_give(tmp_path: Path, mapping: Mapping, expected: object) -> None:
    """The copies run at once; their values come in the order of the copies."""
    names = sorted(name for name, _ in mapping.expand)
    sources = [unit(keep(name, call("json", literal(json.dumps(GIVEN[name]))), name), task(name)) for name in GIVEN]
    sources = [
        replace(one, results=(("return_value", select(call("activity", literal(one.id)), "output", "value")),))
        for one in sources
    ]
    of_mapped = task("m", *GIVEN, mapping=mapping)
    array = call("createArray", *(select(map_item(), name) for name in names))
    step = web(
        "m",
        type="Filter",
        properties=obj(items=call("createArray", array), condition=call("equals", literal(1), literal(1))),
    )
    value = select(call("activity", literal("m")), "output", "value")
    copies = unit(step, of_mapped, results=(("return_value", Index(target=value, index=literal(0))),))
    then = task("t2", "m")
    reads = unit(keep("t2", xcom("m")), then)
    variables = tuple(PipelineVariable(name=name, type="Array") for name in (*GIVEN, "kept"))
    found = draft(dag(of_mapped, then, *(task(name) for name in GIVEN)), *sources, copies, reads, variables=variables)
    done = run(tmp_path, found, context(), map_tasks, trigger_rules, link)
    ran = done.statuses()["t2"] == "Succeeded"
    assert (done.record("t2").output["value"] if ran else None) == expected
