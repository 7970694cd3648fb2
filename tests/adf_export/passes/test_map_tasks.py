"""Mapped tasks: which copies run, judged by the requests that the local Data Factory would make."""

import pytest

from adf_export.context import Context
from adf_export.diagnostics import Refusal
from adf_export.ir.dag import Mapping, TriggerRule
from adf_export.ir.factory import Activity, obj
from adf_export.ir.symbols import map_item
from adf_export.ir.unit import Draft
from adf_export.ir.values import Constant, Items, Members, Value, XCom
from adf_export.passes.map_tasks import map_tasks
from adf_lang import Scope, evaluate
from adf_lang.nodes import Node, select
from tests.adf_export.passes.building import codes, context, dag, draft, task, unit, web


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


def test_lists_of_the_run_are_not_combined() -> None:
    using = context()
    with pytest.raises(Refusal):
        map_tasks(mapped(Mapping(expand=(("a", XCom(task_id="s")), ("b", items(1))))), using)
    assert codes(using) == ["ADF407"]
