"""Makes a pipeline of each mapped task group, and a ForEach that starts it once for each copy."""

from adf_export.codes import MAPPING_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import Dag, Group, Mapping
from adf_export.ir.unit import Draft
from adf_export.passes.copies import copies_of
from adf_export.passes.for_each import AT_ONCE
from adf_export.passes.parts import Part, outlined, why_not
from adf_export.templating import Scope


def map_groups(draft: Draft, context: Context) -> Draft:
    """The draft with one unit for each mapped group, and the pipelines of the groups among its children.

    Raises:
        Refusal: a group that is not the same as runs of a pipeline.
    """
    for group in draft.dag.groups:
        if group.mapping is not None:
            draft = _mapped(draft, group, group.mapping, context)
    return draft


def group_part(draft: Draft, group: Group) -> Part:
    """The units of a group."""
    inside = _groups_inside(draft.dag, group.group_id)
    tasks = {task.task_id for task in draft.dag.tasks if task.group in inside}
    return Part(
        id=group.group_id,
        origin=group.origin,
        description=group.tooltip or f"Task group '{group.group_id}'.",
        units=tuple(unit for unit in draft.units if tasks.issuperset(unit.tasks)),
    )


def _mapped(draft: Draft, group: Group, mapping: Mapping, context: Context) -> Draft:
    part = group_part(draft, group)
    why = why_not(part, draft)
    if why:
        summary = f"mapped task group '{group.group_id}' cannot be exported: {why}"
        hint = "map its tasks one by one, or move it into a DAG of its own"
        raise Refusal(diagnostic(MAPPING_NOT_EXPORTED, summary, origin=group.origin, hint=hint))
    task = draft.dag.task(part.units[0].id)
    scope = Scope(dag=draft.dag, task=task, origin=group.origin, is_template=True, report=context.report)
    return outlined(part, draft, copies_of(mapping, scope), AT_ONCE, context)


def _groups_inside(dag: Dag, group_id: str) -> set[str | None]:
    found: set[str | None] = {group_id}
    while more := {group.group_id for group in dag.groups if group.parent in found} - found:
        found |= more
    return found
