"""Gates: activities that fail where a task skips itself or others, since only a failure can carry data into the graph.

A gate runs after its task succeeded. Succeeded: nothing is skipped. Failed: what it stands for is skipped. Skipped: the
task did not succeed, so nothing was decided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from adf_export.context import Context
from adf_export.ir.factory import Activity, Body, Dependency, Role, obj
from adf_export.ir.unit import Branches, Draft, ShortCircuits, SkipsItself, Unit
from adf_lang.nodes import Node, call


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate."""

    # Id of the unit that decides.
    source: str
    # True: the units in `forced` are skipped.
    when: Node
    # Ids of units; empty: the source skips itself.
    forced: frozenset[str]
    activity: Activity

    @property
    def name(self) -> str:
        return self.activity.name


def gates(draft: Draft, context: Context) -> tuple[Gate, ...]:
    """The gates of all units, in their order."""
    downstream = descendants(draft)
    return tuple(gate for unit in draft.units for gate in _of_unit(unit, draft, downstream, context))


def descendants(draft: Draft) -> Mapping[str, frozenset[str]]:
    """Unit -> all units after it."""
    found: dict[str, frozenset[str]] = {}
    for unit in reversed(draft.units):
        below = children(draft, unit)
        found[unit.id] = below.union(*(found[child] for child in below))
    return found


def children(draft: Draft, unit: Unit) -> frozenset[str]:
    return frozenset(other.id for other in draft.units if unit.id in other.upstream)


def _of_unit(unit: Unit, draft: Draft, below: Mapping[str, frozenset[str]], context: Context) -> Iterator[Gate]:
    match unit.decision:
        case SkipsItself(when=when):
            yield _gate(unit, "goes_on", when, (), context)
        case ShortCircuits(passes=passes, all_downstream=everything):
            reached = below[unit.id] if everything else children(draft, unit)
            # A short circuit never skips teardowns, a branch does.
            forced = [name for name in reached if not draft.unit(name).is_teardown]
            if forced:
                yield _gate(unit, "goes_on", call("not", passes), forced, context)
        case Branches():
            yield from _of_branch(unit, unit.decision, children(draft, unit), below, context)


def _of_branch(
    unit: Unit,
    decision: Branches,
    direct: frozenset[str],
    below: Mapping[str, frozenset[str]],
    context: Context,
) -> Iterator[Gate]:
    """Airflow skips the children that are not followed, but for those that come after one that is."""
    follows = dict(decision.follows)
    always = direct - follows.keys()
    skipped_by: dict[Node, list[str]] = {}
    for child, followed in follows.items():
        if not any(child in below[other] for other in always):
            others = [node for other, node in follows.items() if child in below[other]]
            skipped_by.setdefault(_none_of([followed, *others]), []).append(child)
    for when, names in skipped_by.items():
        yield _gate(unit, f"to_{names[0]}", when, names, context)


def _none_of(nodes: Sequence[Node]) -> Node:
    first, *others = (call("not", node) for node in nodes)
    return _all(first, others)


def _all(first: Node, others: Sequence[Node]) -> Node:
    return call("and", first, _all(others[0], others[1:])) if others else first


def _gate(unit: Unit, suffix: str, when: Node, forced: Iterable[str], context: Context) -> Gate:
    skipped = sorted(forced)
    name = context.names.take(f"{unit.id}_{suffix}")
    what = ", ".join(f"'{one}'" for one in skipped) or f"'{unit.id}'"
    inner = Activity(
        name=context.names.take(f"{name}_skip"),
        type="Fail",
        role=Role.HELPER,
        origin=unit.origin,
        description="A failure here is a skip.",
        properties=obj(message=f"Skipped: {what}.", errorCode="skipped"),
    )
    activity = Activity(
        name=name,
        type="IfCondition",
        role=Role.HELPER,
        origin=unit.origin,
        description=f"Fails where '{unit.id}' skips {what if skipped else 'itself'}.",
        depends_on=(Dependency(activity=unit.steps[-1].name),),
        properties=obj(expression=when),
        bodies=(Body(slot="ifTrueActivities", activities=(inner,)),),
    )
    return Gate(source=unit.id, when=when, forced=frozenset(skipped), activity=activity)
