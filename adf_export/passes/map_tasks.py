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
from adf_export.ir.factory import Activity, Json, inside
from adf_export.ir.symbols import XCOM
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.passes.copies import Copies, copies_of, numbered, xcoms_in
from adf_export.passes.for_each import AT_ONCE, for_each
from adf_export.passes.gather import RETURN_VALUE, gather
from adf_export.passes.parts import Part, outlined, why_not
from adf_export.passes.results import producer
from adf_export.passes.rewriting import calls_in_activity, rewrite_activity
from adf_export.templating import Scope
from adf_lang.nodes import Call, Literal, Node

_MOST_ITEMS: Final = 100_000
# Loops cannot stand inside of a ForEach, and its iterations share the pipeline's variables.
_OWN_PIPELINE: Final = frozenset({"AppendVariable", "ForEach", "SetVariable", "Until", "Validation"})
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
    if _is_pipeline(unit):
        return _as_pipeline(draft, unit, copies, context)
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


def _as_pipeline(draft: Draft, unit: Unit, copies: Copies, context: Context) -> Draft:
    part = Part(id=unit.id, origin=unit.origin, description=f"One copy of '{unit.id}'.", units=(unit,))
    why = why_not(part, draft)
    if why:
        kind = next(step.type for step in inside(unit.steps) if step.type in _OWN_PIPELINE)
        summary = f"mapped '{unit.id}' cannot be exported: its {kind} needs a pipeline of its own, and {why}"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, summary)
    limit = draft.dag.task(unit.id).max_active_tis_per_dagrun or AT_ONCE
    return outlined(part, draft, copies, limit, context)


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
    if unit.decision is not None:
        why = "a single copy cannot be skipped or branch"
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"mapped '{unit.id}' cannot be exported: {why}")
    if _is_pipeline(unit):
        return
    if unit.rule is not TriggerRule.ALL_SUCCESS and _reads_run(draft, unit):
        raise _refusal(MAPPING_NOT_EXPORTED, unit, f"the list of '{unit.id}' may be missing under '{unit.rule}'")
    for other in draft.units:
        if unit.id in other.upstream and (other.rule in _COUNTING or unit.is_setup):
            summary = f"'{other.id}' with '{other.rule}' counts the copies of '{unit.id}'"
            raise _refusal(RULE_NOT_EXPORTED, unit, summary, "put a task between them that is all_done or all_success")


def _is_pipeline(unit: Unit) -> bool:
    return any(step.type in _OWN_PIPELINE for step in inside(unit.steps))


def _reads_run(draft: Draft, unit: Unit) -> bool:
    return any(True for _ in xcoms_in(draft.dag.task(unit.id).mapping))


def _refusal(code: Code, unit: Unit, summary: str, hint: str = "") -> Refusal:
    return Refusal(diagnostic(code, summary, origin=unit.origin, hint=hint))
