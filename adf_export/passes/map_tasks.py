"""Puts the steps of a mapped task into a ForEach over its items.

All iterations run, as all copies do in Airflow, and a ForEach has failed if one of them has. Trigger rules that count
single copies are refused, and so are XComs of mapped tasks: an activity inside of a loop has no name outside of it.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Final

from adf_export.codes import MAPPING_NOT_EXPORTED, RULE_NOT_EXPORTED, Code
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import Mapping, Task, TriggerRule
from adf_export.ir.factory import Activity, Body, Json, Object, Role, inside, obj
from adf_export.ir.symbols import MAP_ITEM, XCOM
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.passes.results import producer
from adf_export.passes.rewriting import Rule, rewrite_activity
from adf_export.templating import Scope, as_node, lower_value
from adf_lang.nodes import Call, Index, Literal, Node, Property, call

_BATCH: Final = 50
_MOST_ITEMS: Final = 100_000
# Airflow's default for max_active_tasks, which bounds the copies too.
_AT_ONCE: Final = 16
_FORBIDDEN: Final = frozenset({"ForEach", "Until", "Validation"})
# One copy decides in Airflow whatever the others did; a ForEach has one state for all.
_COUNTING: Final = frozenset({TriggerRule.ALL_FAILED, TriggerRule.ONE_SUCCESS, TriggerRule.ALL_DONE_MIN_ONE_SUCCESS})
_ITEM: Final = call("item")


def map_tasks(draft: Draft, context: Context) -> Draft:
    """The draft with a ForEach for each mapped task.

    Raises:
        Refusal: the last mapping that a ForEach cannot do; the others are reported.
    """
    units: list[Unit] = []
    last: Refusal | None = None
    for unit in draft.units:
        task = draft.dag.task(unit.id)
        try:
            units.append(unit if task.mapping is None else _mapped(draft, unit, task, task.mapping, context))
        except Refusal as refused:
            context.report(refused.diagnostic)
            last = refused
    if last is not None:
        raise last
    return replace(draft, units=tuple(units))


def _mapped(draft: Draft, unit: Unit, task: Task, mapping: Mapping, context: Context) -> Unit:
    _check(draft, unit)
    scope = Scope(dag=draft.dag, task=task, origin=task.origin, is_template=True, report=context.report)
    items = _items(unit, mapping, scope)
    whole = mapping.expand[0][0] if len(mapping.expand) == 1 else None
    steps = tuple(rewrite_activity(step, _item_of(whole)) for step in unit.steps)
    name = context.names.take(f"{task.task_id}_for_each")
    return replace(
        unit, steps=(_loop(name, task, items, steps),), decision=_skips(draft, unit, items), results=(), attempts=None
    )


def _loop(name: str, task: Task, items: Json, steps: tuple[Activity, ...]) -> Activity:
    limit = min(task.max_active_tis_per_dagrun or _AT_ONCE, _BATCH)
    parallel: dict[str, Json] = {"isSequential": True} if limit == 1 else {"isSequential": False, "batchCount": limit}
    return Activity(
        name=name,
        type="ForEach",
        role=Role.TASK,
        origin=task.origin,
        description="Runs once for each item.",
        properties=obj({**parallel, "items": as_node(items)}),
        bodies=(Body(slot="activities", activities=steps),),
    )


def _items(unit: Unit, mapping: Mapping, scope: Scope) -> Json:
    """One value for each copy: that of the only argument, or an object with all of them."""
    if mapping.expand_kwargs is not None:
        return lower_value(mapping.expand_kwargs, scope)
    lists = [(name, _listed(lower_value(value, scope))) for name, value in mapping.expand]
    if len(lists) == 1:
        return _bounded(unit, lists[0][1])
    known = [(name, value) for name, value in lists if isinstance(value, tuple)]
    if len(known) < len(lists):
        hint = "let a task give a list of dicts and use expand_kwargs"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"'{unit.id}' combines lists that are known only in the run", hint)
    names = [name for name, _ in known]
    # As in Airflow, the last argument changes first.
    return _bounded(unit, tuple(_object(names, values) for values in product(*(value for _, value in known))))


def _object(names: Iterable[str], values: Iterable[Json]) -> Object:
    return Object(tuple(zip(names, values, strict=True)))


def _listed(value: Json) -> Json:
    """Of a dict its pairs."""
    return tuple(value.members) if isinstance(value, Object) else value


def _bounded(unit: Unit, items: Json) -> Json:
    if isinstance(items, tuple) and len(items) > _MOST_ITEMS:
        summary = f"'{unit.id}' has {len(items)} copies: a ForEach takes {_MOST_ITEMS}"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, summary)
    return items


def _item_of(whole: str | None) -> Rule:
    """`whole`: the only argument, which is the item itself."""

    def rule(node: Node) -> Node | None:
        if isinstance(node, Property | Index) and _is_map_item(node.target):
            chosen = node.name if isinstance(node, Property) else _constant(node.index)
            return _ITEM if chosen == whole else None
        return _ITEM if _is_map_item(node) else None

    return rule


def _is_map_item(node: Node) -> bool:
    return isinstance(node, Call) and node.name == MAP_ITEM


def _constant(node: Node) -> object:
    return node.value if isinstance(node, Literal) else None


def _skips(draft: Draft, unit: Unit, items: Json) -> SkipsItself | None:
    """A mapped task without items is skipped."""
    if isinstance(items, tuple) and items:
        return None
    if isinstance(items, Call) and items.name == XCOM:
        source = producer(draft, str(_constant(items.arguments[0])))
        if source is not None and source.never_empty:
            return None
    return SkipsItself(when=call("empty", as_node(items)))


def _check(draft: Draft, unit: Unit) -> None:
    unfit = next((step.type for step in inside(unit.steps) if step.type in _FORBIDDEN), None)
    if unfit or unit.decision is not None:
        why = f"its {unfit} cannot stand inside of a ForEach" if unfit else "a single copy cannot be skipped or branch"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"mapped '{unit.id}' cannot be exported: {why}")
    if any(step.type in ("SetVariable", "AppendVariable") for step in inside(unit.steps)):
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"the copies of '{unit.id}' would write to one variable")
    if unit.rule is not TriggerRule.ALL_SUCCESS and _reads_run(draft, unit):
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"the list of '{unit.id}' may be missing under '{unit.rule}'")
    for other in draft.units:
        if unit.id in other.upstream and (other.rule in _COUNTING or unit.is_setup):
            summary = f"'{other.id}' with '{other.rule}' counts the copies of '{unit.id}'"
            raise _refusal(RULE_NOT_EXPORTED, unit, summary, "put a task between them that is all_done or all_success")


def _reads_run(draft: Draft, unit: Unit) -> bool:
    mapping = draft.dag.task(unit.id).mapping
    return mapping is not None and "XCom" in repr(mapping)


def _refusal(code: Code, unit: Unit, summary: str, hint: str = "") -> Refusal:
    return Refusal(diagnostic(code, summary, origin=unit.origin, hint=hint))
