"""Puts what a branch or a short circuit decides about into an IfCondition or a Switch, where that means the same.

A region is what comes after one child of the decision and nothing else: plain all_success tasks without containers that
send no notices, whose results nobody outside reads, and which lead to nothing or to one join that is indifferent to
what was not followed. Everything else stays flat, with gates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adf_export.context import Context
from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Activity, Body, Dependency, Role, inside, obj
from adf_export.ir.symbols import XCOM
from adf_export.ir.unit import Branches, Draft, ShortCircuits, Unit
from adf_export.passes.rewriting import calls_in, calls_in_unit, rewrite_activity
from adf_lang.nodes import Call, Literal, Node

CONTAINERS: Final = frozenset({"ForEach", "IfCondition", "Switch", "Until", "Validation"})
# They fail if one of the region's tasks failed, and do not mind what was skipped.
_JOINS: Final = frozenset({TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, TriggerRule.NONE_FAILED})
# Cases of a Switch: its limit, without the default.
_MOST_CASES: Final = 25
_Case = tuple[str, tuple[Unit, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """A decision, what it decides about, and what follows."""

    decision: Unit
    # For an IfCondition a condition, with the cases "True" and "False".
    on: Node
    cases: tuple[_Case, ...]
    join: Unit | None

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for _, units in self.cases for unit in units)

    @property
    def tasks(self) -> frozenset[str]:
        return frozenset(task for unit in self.units for task in unit.tasks)


def regions(draft: Draft, context: Context) -> Draft:
    """The draft with every region as a unit of its own; the inner ones first, so that outer ones stay flat."""
    for unit in reversed(draft.units):
        found = _region(draft, unit)
        if found is not None:
            draft = _nested(draft, found, context)
    return draft


def _region(draft: Draft, unit: Unit) -> _Region | None:
    decided = _decided(unit)
    if decided is None:
        return None
    on, children = decided
    below = tuple(other for other in draft.units if unit.id in other.upstream)
    targets = {child for _, child in children}
    # A short circuit skips joins too.
    join = _join(draft, unit, targets) if isinstance(unit.decision, Branches) else None
    cases = tuple(
        (text, () if join is not None and child == join.id else _reached(draft, unit, child))
        for text, child in children
    )
    region = _Region(decision=unit, on=on, cases=cases, join=join)
    allowed = {one.id for one in region.units} | ({join.id} if join else set())
    noticed = {notice.of for notice in draft.notices} & {unit.id, *(one.id for one in region.units)}
    fits = {other.id for other in below} <= allowed and region.units and _closed(draft, region)
    return region if fits and not noticed and not _read_outside(draft, region) else None


def _decided(unit: Unit) -> tuple[Node, tuple[tuple[str, str], ...]] | None:
    """What is decided on, and the child by text; None: it is not one child that is followed."""
    match unit.decision:
        case Branches(choice=choice) if (
            choice is not None and len({child for _, child in choice.cases}) == len(choice.cases) <= _MOST_CASES
        ):
            return _as_condition(choice.on, choice.cases)
        case ShortCircuits(passes=passes, all_downstream=True):
            return passes, (("True", ""),)
    return None


def _as_condition(on: Node, cases: tuple[tuple[str, str], ...]) -> tuple[Node, tuple[tuple[str, str], ...]]:
    """One of two texts by a condition is a case for an IfCondition."""
    children = dict(cases)
    if isinstance(on, Call) and on.name == "if" and len(children) == 2:
        texts = [part.value for part in on.arguments[1:] if isinstance(part, Literal)]
        if len(texts) == 2 and set(texts) == set(children):
            return on.arguments[0], (("True", children[str(texts[0])]), ("False", children[str(texts[1])]))
    return on, cases


def _join(draft: Draft, unit: Unit, targets: set[str]) -> Unit | None:
    """The one unit that several cases lead to: the first after the decision that does not belong to one case alone."""
    owned = {one.id for child in targets for one in _reached(draft, unit, child)}
    after = (other for other in draft.units if other.id not in owned and owned.union({unit.id}) & set(other.upstream))
    found = [other for other in after if other.rule in _JOINS and not other.is_teardown]
    return found[0] if found else None


def _reached(draft: Draft, decision: Unit, child: str) -> tuple[Unit, ...]:
    """The child and what comes after nothing but it; of a short circuit ("") all that comes after nothing but it."""
    reached: dict[str, Unit] = {}
    for unit in draft.units:
        known = {*reached, decision.id} if not child else set(reached)
        first = unit.upstream == (decision.id,) and child in ("", *unit.tasks)
        after = bool(unit.upstream) and set(unit.upstream) <= known
        if unit.rule is TriggerRule.ALL_SUCCESS and (first or after):
            reached[unit.id] = unit
    return tuple(reached.values())


def _closed(draft: Draft, region: _Region) -> bool:
    """Whether the region fits into a container, and only the join looks at how it ended."""
    ids = {unit.id for unit in region.units}
    watching = [unit for unit in draft.units if unit.id not in ids and ids & set(unit.upstream)]
    if any(unit is not region.join for unit in watching) or not all(text_units for _, text_units in _needed(region)):
        return False
    ends = {unit.id for unit in region.units if not any(unit.id in other.upstream for other in region.units)}
    joined = region.join is None or ends <= set(region.join.upstream)
    return joined and all(_fits(unit) for unit in region.units)


def _needed(region: _Region) -> Iterator[_Case]:
    """The cases that must have content: all but the one that leads straight to the join."""
    straight = region.join is not None and region.decision.id in region.join.upstream
    return (case for case in region.cases if case[1] or not straight)


def _fits(unit: Unit) -> bool:
    special = unit.decision is not None or unit.is_setup or unit.is_teardown
    return not special and not any(step.type in CONTAINERS for step in inside(unit.steps))


def _read_outside(draft: Draft, region: _Region) -> bool:
    """Whether a result is read by something that does not come after its task in the same case."""
    inner = {unit.id for unit in region.units}
    outside = [read for unit in draft.units if unit.id not in inner for read in calls_in_unit(unit, XCOM)]
    return any(_task_of(read) in region.tasks for read in outside) or any(
        _task_of(read) in region.tasks - before
        for _, units in region.cases
        for unit, before in _with_those_before(units)
        for read in calls_in_unit(unit, XCOM)
    )


def _with_those_before(units: Sequence[Unit]) -> Iterator[tuple[Unit, frozenset[str]]]:
    found: dict[str, frozenset[str]] = {}
    for unit in units:
        direct = [name for name in unit.upstream if name in found]
        found[unit.id] = frozenset(direct).union(*(found[name] for name in direct))
        yield unit, found[unit.id]


def _task_of(read: Call) -> str:
    first = read.arguments[0]
    return str(first.value) if isinstance(first, Literal) else ""


def _nested(draft: Draft, region: _Region, context: Context) -> Draft:
    """The region as one unit; it takes the decision's place where that does nothing but decide."""
    whole = _is_pure(draft, region)
    container = _container(region, _results(region), context, alone=whole)
    unit = Unit(
        id=region.decision.id if whole else region.units[0].id,
        origin=region.decision.origin,
        tasks=(*(region.decision.tasks if whole else ()), *(task for one in region.units for task in one.tasks)),
        rule=region.decision.rule if whole else TriggerRule.ALL_SUCCESS,
        upstream=region.decision.upstream if whole else (region.decision.id,),
        steps=(container,),
    )
    gone = {one.id for one in region.units}
    units: list[Unit] = []
    for one in draft.units:
        if one.id == region.decision.id:
            units += [unit] if whole else [replace(one, decision=None), unit]
        elif one is region.join:
            left = (name for name in one.upstream if name not in gone and name != region.decision.id)
            units.append(replace(one, upstream=tuple(sorted((*left, unit.id)))))
        elif one.id not in gone:
            units.append(one)
    unset = _variables_of(region.decision) if whole else frozenset()
    kept = tuple(variable for variable in draft.variables if variable.name not in unset)
    return replace(draft, units=tuple(units), variables=kept)


def _variables_of(unit: Unit) -> frozenset[object]:
    return frozenset(step.properties.get("variableName") for step in unit.steps)


def _is_pure(draft: Draft, region: _Region) -> bool:
    """Whether the decision's own activities only evaluate it, and nobody reads its result."""
    names = {step.name for step in region.decision.steps}
    named = {_task_of(found) for found in calls_in(region.on, "activity")}
    own = set(region.decision.tasks)
    read = any(_task_of(found) in own for unit in draft.units for found in calls_in_unit(unit, XCOM))
    evaluates = all(step.type == "SetVariable" for step in region.decision.steps)
    return evaluates and not read and not names & named and not region.decision.is_setup


def _results(region: _Region) -> Mapping[tuple[object, object], Node]:
    return {(unit.id, key): node for unit in region.units for key, node in unit.results}


def _container(
    region: _Region, results: Mapping[tuple[object, object], Node], context: Context, *, alone: bool
) -> Activity:
    is_condition = {text for text, _ in region.cases} <= {"True", "False"}
    bodies = tuple(
        Body(slot=_SLOTS[text], activities=_wired(units, results))
        if is_condition
        else Body(slot="cases", case=text, activities=_wired(units, results))
        for text, units in region.cases
        if units
    )
    names = context.names
    return Activity(
        name=region.decision.steps[-1].name if alone else names.take(f"{region.decision.id}_decides"),
        type="IfCondition" if is_condition else "Switch",
        role=Role.TASK if alone else Role.HELPER,
        origin=region.decision.origin,
        description=f"Runs what '{region.decision.id}' decides for.",
        properties=obj({"expression" if is_condition else "on": region.on}),
        bodies=bodies,
    )


_SLOTS: Final = {"True": "ifTrueActivities", "False": "ifFalseActivities"}


def _wired(units: Sequence[Unit], results: Mapping[tuple[object, object], Node]) -> tuple[Activity, ...]:
    """The units' steps, wired among each other; what they read of each other is put in."""
    last = {unit.id: unit.steps[-1].name for unit in units}

    def known(node: Node) -> Node | None:
        if not isinstance(node, Call) or node.name != XCOM:
            return None
        task, key = (part.value if isinstance(part, Literal) else None for part in node.arguments)
        return results.get((task, key))

    found: list[Activity] = []
    for unit in units:
        edges = tuple(Dependency(activity=last[name]) for name in unit.upstream if name in last)
        for step in unit.steps:
            wired = step if step.depends_on else replace(step, depends_on=edges)
            found.append(rewrite_activity(wired, known))
    return tuple(found)
