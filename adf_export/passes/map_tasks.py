"""Puts the steps of a mapped task into a ForEach over its items.

All iterations run, as all copies do in Airflow, and a ForEach has failed if one of them has. Trigger rules that count
single copies are refused. Return values are gathered where another task reads them, see gather.py.
"""

from dataclasses import replace
from typing import Final

from adf_export.codes import MAPPING_NOT_EXPORTED, RULE_NOT_EXPORTED, Code
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import Mapping, Task, TriggerRule
from adf_export.ir.factory import Activity, Body, Json, Role, inside, obj
from adf_export.ir.origin import Origin
from adf_export.ir.symbols import XCOM
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.passes.copies import Copies, copies_of, numbered, xcoms_in
from adf_export.passes.gather import RETURN_VALUE, gather
from adf_export.passes.results import producer
from adf_export.passes.rewriting import calls_in_activity, rewrite_activity
from adf_export.templating import Scope, as_node
from adf_lang.nodes import Call, Literal, Node

_BATCH: Final = 50
_MOST_ITEMS: Final = 100_000
# Airflow's default for max_active_tasks, which bounds the copies too.
AT_ONCE: Final = 16
_FORBIDDEN: Final = frozenset({"ForEach", "Until", "Validation"})
# One copy decides in Airflow whatever the others did; a ForEach has one state for all.
_COUNTING: Final = frozenset({TriggerRule.ALL_FAILED, TriggerRule.ONE_SUCCESS, TriggerRule.ALL_DONE_MIN_ONE_SUCCESS})


def map_tasks(draft: Draft, context: Context) -> Draft:
    """The draft with a ForEach for each mapped task.

    Raises:
        Refusal: the last mapping that a ForEach cannot do; the others are reported.
    """
    last: Refusal | None = None
    for unit in draft.units:
        task = draft.dag.task(unit.id)
        try:
            if task.mapping is not None:
                draft = _mapped(draft, unit, task, task.mapping, context)
        except Refusal as refused:
            context.report(refused.diagnostic)
            last = refused
    if last is not None:
        raise last
    return draft


def _mapped(draft: Draft, unit: Unit, task: Task, mapping: Mapping, context: Context) -> Draft:
    _check(draft, unit)
    scope = Scope(dag=draft.dag, task=task, origin=task.origin, is_template=True, report=context.report)
    copies = copies_of(mapping, scope)
    _bounded(unit, copies.items)
    name = context.names.take(f"{task.task_id}_for_each")
    decision = _skips(draft, unit, mapping, copies)
    changed = replace(unit, decision=decision, results=(), attempts=None)
    limit = task.max_active_tis_per_dagrun or AT_ONCE
    if not _is_read(draft, unit):
        loop = for_each(name, task.origin, copies.items, _with_items(unit.steps, copies), limit)
        return _with(draft, replace(changed, steps=(loop,)))
    copies = numbered(copies)
    gathered = gather(unit, copies, name, context)
    loop = for_each(name, task.origin, copies.items, (*_with_items(unit.steps, copies), gathered.inner), limit)
    changed = replace(changed, steps=(loop, gathered.ordering), results=((RETURN_VALUE, gathered.values),))
    return replace(_with(draft, changed), variables=(*draft.variables, *gathered.variables))


def _with_items(steps: tuple[Activity, ...], copies: Copies) -> tuple[Activity, ...]:
    return tuple(rewrite_activity(step, copies.rule) for step in steps)


def _with(draft: Draft, changed: Unit) -> Draft:
    return replace(draft, units=tuple(changed if unit.id == changed.id else unit for unit in draft.units))


def _is_read(draft: Draft, unit: Unit) -> bool:
    """Whether another task reads the list of the copies' return values."""
    if not dict(unit.results).get(RETURN_VALUE):
        return False
    others = (step for other in draft.units if other.id != unit.id for step in other.steps)
    symbols = (found for step in others for found in calls_in_activity(step, XCOM))
    values = (found for task in draft.dag.tasks for found in xcoms_in(task.mapping))
    return any(_constant(one.arguments[0]) == unit.id for one in symbols) or any(
        one.task_id == unit.id and one.key == RETURN_VALUE for one in values
    )


def for_each(
    name: str, origin: Origin, items: Json, steps: tuple[Activity, ...], at_once: int, *, role: Role = Role.TASK
) -> Activity:
    """A ForEach over items, of which so many run at once."""
    limit = min(at_once, _BATCH)
    parallel: dict[str, Json] = {"isSequential": True} if limit == 1 else {"isSequential": False, "batchCount": limit}
    return Activity(
        name=name,
        type="ForEach",
        role=role,
        origin=origin,
        description="Runs once for each item.",
        properties=obj({**parallel, "items": as_node(items)}),
        bodies=(Body(slot="activities", activities=steps),),
    )


def _bounded(unit: Unit, items: Json) -> None:
    if isinstance(items, tuple) and len(items) > _MOST_ITEMS:
        summary = f"'{unit.id}' has {len(items)} copies: a ForEach takes {_MOST_ITEMS}"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, summary)


def _constant(node: Node) -> object:
    return node.value if isinstance(node, Literal) else None


def _skips(draft: Draft, unit: Unit, mapping: Mapping, copies: Copies) -> SkipsItself | None:
    """A mapped task without items is skipped."""
    sources = [producer(draft, one.task_id) for one in xcoms_in(mapping)]
    direct = isinstance(copies.items, Call) and copies.items.name == XCOM
    if direct and len(sources) == 1 and sources[0] is not None and sources[0].never_empty:
        return None
    return None if copies.empty is None else SkipsItself(when=copies.empty)


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
    return any(True for _ in xcoms_in(draft.dag.task(unit.id).mapping))


def _refusal(code: Code, unit: Unit, summary: str, hint: str = "") -> Refusal:
    return Refusal(diagnostic(code, summary, origin=unit.origin, hint=hint))
