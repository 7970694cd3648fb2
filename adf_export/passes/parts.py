"""Parts of a DAG as pipelines of their own, which the DAG's pipeline starts: once, or once for each copy.

A run of a part is judged by itself. What becomes a part is what cannot tell the difference: tasks outside look at all
ends of the part together, and the part starts when everything before it succeeded. Values from outside come as
parameters.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from adf_export.context import Context
from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import MISSING, Activity, Json, Object, Parameter, Pipeline, Role, inside, obj
from adf_export.ir.origin import Origin
from adf_export.ir.symbols import GROUP_ITEM, MAP_ITEM, PARAM, RUN, XCOM, RunField
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.names import PIPELINE_LENGTH, Names, clean, shorten
from adf_export.passes.copies import Copies, xcoms_in
from adf_export.passes.for_each import for_each
from adf_export.passes.link import link
from adf_export.passes.regions import regions
from adf_export.passes.rewriting import calls_in_unit, rewrite_unit
from adf_export.passes.translate import join
from adf_export.passes.trigger_rules import trigger_rules
from adf_lang.nodes import Call, Index, Literal, Node, call, literal, select

# A task with one of these never runs where something before the part did not succeed.
_BEHIND_ALL: Final = frozenset({TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS})
# They do not count how many ends of the part ended in which way.
_OUTSIDE: Final = frozenset({TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE, TriggerRule.NONE_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Units that become a pipeline; `id` is that of the unit that takes their place."""

    id: str
    origin: Origin
    description: str
    units: tuple[Unit, ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(unit.id for unit in self.units)

    @property
    def before(self) -> tuple[str, ...]:
        """The units outside that the part comes after."""
        return tuple(sorted({name for unit in self.units for name in unit.upstream} - self.ids))

    @property
    def ends(self) -> frozenset[str]:
        return frozenset(one for one in self.ids if not any(one in other.upstream for other in self.units))


def why_not(part: Part, draft: Draft) -> str:
    """Why a part cannot be a pipeline of its own; empty: it can."""
    inner = (_inside(part, unit) for unit in part.units)
    outer = (_outside(part, unit, draft) for unit in draft.units if unit.id not in part.ids)
    return next((why for why in (*inner, *outer) if why), "")


def _inside(part: Part, unit: Unit) -> str:
    is_root = not part.ids & set(unit.upstream)
    if unit.is_setup or unit.is_teardown:
        return f"'{unit.id}' is a setup or teardown"
    if part.before and unit.rule not in _BEHIND_ALL:
        return f"'{unit.id}' with '{unit.rule}' may run though what is before it failed"
    if is_root and set(unit.upstream) != set(part.before):
        return f"'{unit.id}' does not wait for all that the others wait for"
    return ""


def _outside(part: Part, unit: Unit, draft: Draft) -> str:
    mappings = [task.mapping for task in draft.dag.tasks if task.task_id == unit.id]
    listed = [one for mapping in mappings for one in xcoms_in(mapping) if one.task_id in part.ids]
    if listed or any(_text(one.arguments[0]) in part.ids for one in calls_in_unit(unit, XCOM)):
        return f"'{unit.id}' reads one of its results"
    if not part.ids & set(unit.upstream):
        return ""
    if part.ids & set(unit.upstream) != part.ends or unit.rule not in _OUTSIDE:
        return f"'{unit.id}' does not wait for all of its ends with all_success or all_done"
    skipping = [one.id for one in part.units if one.decision is not None]
    if skipping and unit.rule is TriggerRule.ALL_SUCCESS:
        return f"'{skipping[0]}' may skip tasks, and '{unit.id}' needs all to succeed"
    return ""


def outlined(part: Part, draft: Draft, copies: Copies | None, at_once: int, context: Context) -> Draft:
    """The draft with one unit in the part's place, and the part's pipeline among its children."""
    given = _Given(part.ids)
    draft, pipeline = _pipeline(part, given, draft, context)
    origin = part.units[0].origin
    values = Object(tuple((name, _value(node, copies)) for name, node in given.values.items()))
    start = Activity(
        name=context.names.take(f"{part.id}_run"),
        type="ExecutePipeline",
        role=Role.HELPER,
        origin=origin,
        description=part.description,
        properties=obj(
            pipeline=obj(referenceName=pipeline.name, type="PipelineReference"),
            waitOnCompletion=True,
            parameters=values if values.members else None,
        ),
    )
    step, decision = start, None
    if copies is not None:
        name = context.names.take(f"{part.id}_for_each")
        step = for_each(name, origin, copies.items, (start,), at_once, role=Role.HELPER)
        decision = None if copies.empty is None else SkipsItself(when=copies.empty)
    unit = Unit(
        id=part.id,
        origin=part.origin,
        tasks=tuple(task for one in part.units for task in one.tasks),
        rule=TriggerRule.ALL_SUCCESS,
        upstream=part.before,
        steps=(step,),
        decision=decision,
    )
    return _placed(replace(draft, children=(*draft.children, pipeline)), part, unit)


def _placed(draft: Draft, part: Part, unit: Unit) -> Draft:
    """The unit stands behind all that it comes after, and before all that comes after it."""
    units: list[Unit] = []
    for one in draft.units:
        if unit not in units and set(part.before) <= {other.id for other in units}:
            units.append(unit)
        if one.id not in part.ids:
            units.append(_behind(one, part, unit))
    return replace(draft, units=tuple(units if unit in units else (*units, unit)))


def _behind(one: Unit, part: Part, unit: Unit) -> Unit:
    if not part.ids & set(one.upstream):
        return one
    return replace(one, upstream=tuple(sorted({*one.upstream, unit.id} - part.ids)))


def _pipeline(part: Part, given: "_Given", draft: Draft, context: Context) -> tuple[Draft, Pipeline]:
    dag = draft.dag
    units = tuple(
        replace(rewrite_unit(unit, given.read), upstream=tuple(name for name in unit.upstream if name in part.ids))
        for unit in part.units
    )
    tasks = tuple(task for task in dag.tasks if task.task_id in part.ids)
    variables = tuple(one for one in draft.variables if one.name in _variables(units))
    child = Draft(
        dag=msgspec.structs.replace(dag, tasks=tasks, groups=(), params=()),
        name=shorten(clean(f"{draft.name}_{part.id}"), PIPELINE_LENGTH),
        units=units,
        variables=variables,
    )
    for run in (regions, trigger_rules, link):
        child = run(child, context)
    kept = tuple(one for one in draft.variables if one not in variables)
    pipeline = Pipeline(
        name=child.name,
        dag_id=dag.dag_id,
        origin=part.origin,
        description=part.description,
        activities=child.activities,
        parameters=(*given.declared(), *child.parameters),
        variables=child.variables,
        annotations=dag.tags,
    )
    return replace(draft, resources=join(draft.resources, child.resources), variables=kept), pipeline


def _value(node: Node, copies: Copies | None) -> Node:
    """What the pipeline is given: an item, or what the DAG's own pipeline knows."""
    if copies is not None and isinstance(node, Call) and node.name == GROUP_ITEM:
        name = str(_text(node.arguments[1]))
        node = copies.arguments.get(name) or select(copies.whole, name)
    elif copies is not None and isinstance(node, Call) and node.name == MAP_ITEM:
        node = copies.whole
    return node if _is_run(node) else call("createArray", node)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a part's pipeline is given: parameter -> the symbol that it stands for."""

    ids: frozenset[str]
    values: dict[str, Node] = field(default_factory=dict)
    _names: Names = field(default_factory=lambda: Names(length=PIPELINE_LENGTH))

    def read(self, node: Node) -> Node | None:
        """Reads a symbol from a parameter. Values of any type travel in an array, since a parameter has one type."""
        if not isinstance(node, Call) or node.name not in (GROUP_ITEM, MAP_ITEM, PARAM, RUN, XCOM):
            return None
        if node.name == XCOM and _text(node.arguments[0]) in self.ids:
            return None
        parameter = select(call("pipeline"), "parameters", self._name(node))
        return parameter if _is_run(node) else Index(target=parameter, index=literal(0))

    def declared(self) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(name=name, type="String" if _is_run(node) else "Array", default=MISSING)
            for name, node in self.values.items()
        )

    def _name(self, node: Call) -> str:
        known = next((name for name, other in self.values.items() if other == node), None)
        if known is None:
            texts = [str(_text(part)) for part in node.arguments] or ["item"]
            known = self._names.take(texts[0] if node.name == XCOM else texts[-1])
            self.values[known] = node
        return known


def _is_run(node: Node) -> bool:
    """Fields of the run are texts, but for its conf."""
    return isinstance(node, Call) and node.name == RUN and _text(node.arguments[0]) != RunField.CONF


def _variables(units: tuple[Unit, ...]) -> set[Json]:
    return {step.properties.get("variableName") for unit in units for step in inside(unit.steps)}


def _text(node: Node) -> object:
    return node.value if isinstance(node, Literal) else None
