"""Makes a pipeline of each mapped task group, and a ForEach that starts it once for each copy.

Each copy of a group is judged by itself, as a pipeline run is. What is exported is what cannot tell the difference:
tasks outside look at the ends of all copies together, and a copy starts when everything before the group succeeded.
"""

from dataclasses import replace
from typing import Final

import msgspec

from adf_export.codes import MAPPING_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import Dag, Group, TriggerRule
from adf_export.ir.factory import MISSING, Activity, Json, Object, Parameter, Pipeline, Role, inside, obj
from adf_export.ir.symbols import GROUP_ITEM, PARAM, RUN, XCOM
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.names import PIPELINE_LENGTH, Names, clean, shorten
from adf_export.passes.copies import Copies, copies_of, xcoms_in
from adf_export.passes.link import link
from adf_export.passes.map_tasks import AT_ONCE, for_each
from adf_export.passes.regions import regions
from adf_export.passes.rewriting import calls_in_unit, rewrite_unit
from adf_export.passes.translate import join
from adf_export.passes.trigger_rules import trigger_rules
from adf_export.templating import Scope
from adf_lang.nodes import Call, Index, Literal, Node, call, literal, select

# Where nothing before the group may fail, or these rules, a task of a copy never runs without the group's start.
_BEHIND_ALL: Final = frozenset({TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS})
# They do not count how many copies ended in which way.
_OUTSIDE: Final = frozenset({TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE, TriggerRule.NONE_FAILED})


def map_groups(draft: Draft, context: Context) -> Draft:
    """The draft with one unit for each mapped group, and the pipelines of the groups among its children.

    Raises:
        Refusal: a group that is not the same as runs of a pipeline.
    """
    for group in draft.dag.groups:
        if group.mapping is not None:
            draft = _Mapped(draft, group, context).draft()
    return draft


class _Mapped:
    """One mapped group."""

    def __init__(self, draft: Draft, group: Group, context: Context) -> None:
        self._draft = draft
        self._group = group
        self._context = context
        groups = _groups_inside(draft.dag, group.group_id)
        self._units = tuple(unit for unit in draft.units if draft.dag.task(unit.id).group in groups)
        self._ids = {unit.id for unit in self._units}
        self._outer = sorted({name for unit in self._units for name in unit.upstream} - self._ids)
        # What the group's pipeline is given: parameter -> value where it is started.
        self._given: dict[str, Node] = {}
        self._symbols: dict[Node, str] = {}
        self._names = Names(length=PIPELINE_LENGTH)

    def draft(self) -> Draft:
        self._check()
        unit = self._unit()
        draft = self._draft
        units: list[Unit] = []
        for one in draft.units:
            if one.id in self._ids:
                continue
            if unit not in units and set(self._outer) <= {other.id for other in units}:
                units.append(unit)
            units.append(self._outside(one, unit))
        units += [] if unit in units else [unit]
        return replace(draft, units=tuple(units))

    def _outside(self, one: Unit, unit: Unit) -> Unit:
        if not self._ids & set(one.upstream):
            return one
        return replace(one, upstream=tuple(sorted({*one.upstream, unit.id} - self._ids)))

    def _unit(self) -> Unit:
        group, mapping = self._group, self._group.mapping
        assert mapping is not None
        origin = self._units[0].origin
        task = self._draft.dag.task(self._units[0].id)
        scope = Scope(
            dag=self._draft.dag, task=task, origin=group.origin, is_template=True, report=self._context.report
        )
        copies = copies_of(mapping, scope)
        pipeline = self._pipeline()
        parameters = Object(tuple((name, self._value(node, copies)) for name, node in self._given.items()))
        start = Activity(
            name=self._context.names.take(f"{group.group_id}_copy"),
            type="ExecutePipeline",
            role=Role.HELPER,
            origin=origin,
            description=f"Runs one copy of task group '{group.group_id}'.",
            properties=obj(
                pipeline=obj(referenceName=pipeline.name, type="PipelineReference"),
                waitOnCompletion=True,
                parameters=parameters if parameters.members else None,
            ),
        )
        name = self._context.names.take(f"{group.group_id}_for_each")
        self._draft = replace(self._draft, children=(*self._draft.children, pipeline))
        return Unit(
            id=group.group_id,
            origin=group.origin,
            tasks=tuple(unit.id for unit in self._units),
            rule=TriggerRule.ALL_SUCCESS,
            upstream=tuple(self._outer),
            steps=(for_each(name, origin, copies.items, (start,), AT_ONCE, role=Role.HELPER),),
            decision=None if copies.empty is None else SkipsItself(when=copies.empty),
        )

    def _value(self, node: Node, copies: Copies) -> Node:
        """What a copy is given: an item, or what the DAG's own pipeline knows."""
        if isinstance(node, Call) and node.name == GROUP_ITEM:
            name = str(_text(node.arguments[1]))
            node = copies.arguments.get(name) or select(copies.whole, name)
        elif isinstance(node, Call) and node.name == RUN:
            return node
        return call("createArray", node)

    def _pipeline(self) -> Pipeline:
        """The pipeline of the group: its tasks, which read from parameters what is outside."""
        dag, group = self._draft.dag, self._group
        units = tuple(
            replace(rewrite_unit(unit, self._parameter), upstream=tuple(n for n in unit.upstream if n in self._ids))
            for unit in self._units
        )
        tasks = tuple(task for task in dag.tasks if task.task_id in self._ids)
        name = shorten(clean(f"{self._draft.name}_{group.group_id}"), PIPELINE_LENGTH)
        variables = tuple(one for one in self._draft.variables if one.name in _variables(units))
        child = Draft(
            dag=msgspec.structs.replace(dag, tasks=tasks, groups=(), params=()),
            name=name,
            units=units,
            variables=variables,
        )
        for run in (regions, trigger_rules, link):
            child = run(child, self._context)
        kept = tuple(one for one in self._draft.variables if one not in variables)
        self._draft = replace(self._draft, resources=join(self._draft.resources, child.resources), variables=kept)
        return Pipeline(
            name=name,
            dag_id=dag.dag_id,
            origin=group.origin,
            description=group.tooltip,
            activities=child.activities,
            parameters=(*(self._declared(name, node) for name, node in self._given.items()), *child.parameters),
            variables=child.variables,
            annotations=dag.tags,
        )

    @staticmethod
    def _declared(name: str, node: Node) -> Parameter:
        is_run = isinstance(node, Call) and node.name == RUN
        return Parameter(name=name, type="String" if is_run else "Array", default=MISSING)

    def _parameter(self, node: Node) -> Node | None:
        """Values of any type travel in an array, since a parameter has one type."""
        if not isinstance(node, Call) or node.name not in (GROUP_ITEM, PARAM, RUN, XCOM):
            return None
        if node.name == XCOM and _text(node.arguments[0]) in self._ids:
            return None
        if node not in self._symbols:
            wanted = [str(_text(part)) for part in node.arguments]
            self._symbols[node] = self._names.take(wanted[-1] if node.name != XCOM else wanted[0])
            self._given[self._symbols[node]] = node
        read = select(call("pipeline"), "parameters", self._symbols[node])
        return read if node.name == RUN else Index(target=read, index=literal(0))

    # What is refused

    def _check(self) -> None:
        roots = [unit for unit in self._units if not self._ids & set(unit.upstream)]
        ends = {one.id for one in self._units if not any(one.id in other.upstream for other in self._units)}
        for unit in self._units:
            self._check_inside(unit, unit in roots)
        for unit in self._draft.units:
            if unit.id not in self._ids:
                self._check_outside(unit, ends)

    def _check_inside(self, unit: Unit, is_root: bool) -> None:
        outer = sorted(set(unit.upstream) - self._ids)
        if unit.is_setup or unit.is_teardown:
            raise self._refusal(f"'{unit.id}' is a setup or teardown")
        if self._outer and unit.rule not in _BEHIND_ALL:
            raise self._refusal(f"'{unit.id}' with '{unit.rule}' may run though what is before the group failed")
        if is_root and outer != self._outer:
            raise self._refusal(f"'{unit.id}' does not wait for all that other tasks of the group wait for")

    def _check_outside(self, unit: Unit, ends: set[str]) -> None:
        read = next((one for one in calls_in_unit(unit, XCOM) if _text(one.arguments[0]) in self._ids), None)
        mappings = [task.mapping for task in self._draft.dag.tasks if task.task_id == unit.id]
        listed = [one for mapping in mappings for one in xcoms_in(mapping) if one.task_id in self._ids]
        if read is not None or listed:
            raise self._refusal(f"'{unit.id}' reads a result of the group")
        if not self._ids & set(unit.upstream):
            return
        if self._ids & set(unit.upstream) != ends or unit.rule not in _OUTSIDE:
            raise self._refusal(f"'{unit.id}' does not wait for all ends of the group with all_success or all_done")
        skipping = [one.id for one in self._units if one.decision is not None]
        if skipping and unit.rule is TriggerRule.ALL_SUCCESS:
            raise self._refusal(f"'{skipping[0]}' may skip tasks of a copy, and '{unit.id}' needs all to succeed")

    def _refusal(self, why: str) -> Refusal:
        return Refusal(
            diagnostic(
                MAPPING_NOT_EXPORTED,
                f"mapped task group '{self._group.group_id}' cannot be exported: {why}",
                origin=self._group.origin,
                hint="map its tasks one by one, or move it into a DAG of its own",
            )
        )


def _groups_inside(dag: Dag, group_id: str) -> set[str | None]:
    found: set[str | None] = {group_id}
    while more := {group.group_id for group in dag.groups if group.parent in found} - found:
        found |= more
    return found


def _variables(units: tuple[Unit, ...]) -> set[Json]:
    return {step.properties.get("variableName") for unit in units for step in inside(unit.steps)}


def _text(node: Node) -> object:
    return node.value if isinstance(node, Literal) else None
