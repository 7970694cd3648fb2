"""What is known of a DAG before it is wired: who is upstream of whom, what forces a skip, how each task may end."""

from collections.abc import Mapping
from dataclasses import dataclass

from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Activity, inside
from adf_export.ir.unit import Draft, SkipsItself, Unit
from adf_export.passes.trigger_rules.gates import Gate, descendants
from adf_export.passes.trigger_rules.states import State, States, Verdict, combinations, verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A draft, its gates, and what follows from both."""

    units: Mapping[str, Unit]
    gates: tuple[Gate, ...]
    # Unit -> the setups that must succeed though they are no direct upstream of it.
    setups: Mapping[str, tuple[str, ...]]
    # Unit -> how it may end; rather too much than too little.
    possible: Mapping[str, States]

    def own_gate(self, unit: Unit) -> Gate | None:
        """The gate by which the unit skips itself."""
        return next((gate for gate in self.gates if gate.source == unit.id and not gate.forced), None)

    def forcing(self, unit: Unit) -> tuple[Gate, ...]:
        """The gates that skip the unit, whatever its rule."""
        return tuple(gate for gate in self.gates if unit.id in gate.forced)

    def upstream(self, unit: Unit) -> tuple[Unit, ...]:
        return tuple(self.units[name] for name in unit.upstream)

    def needed(self, unit: Unit) -> tuple[Unit, ...]:
        """Its upstream units and the setups that it needs besides."""
        return (*self.upstream(unit), *(self.units[name] for name in self.setups[unit.id]))

    def may_be(self, unit: Unit, states: States) -> bool:
        return bool(self.possible[unit.id] & states)


def graph_of(draft: Draft, gates: tuple[Gate, ...]) -> Graph:
    """The graph of a draft whose units come in topological order."""
    units = {unit.id: unit for unit in draft.units}
    setups = _indirect_setups(draft)
    possible: dict[str, States] = {}
    for unit in draft.units:
        forced = any(unit.id in gate.forced for gate in gates)
        possible[unit.id] = _possible(unit, units, setups[unit.id], possible, forced=forced)
    return Graph(units=units, gates=gates, setups=setups, possible=possible)


def _indirect_setups(draft: Draft) -> Mapping[str, tuple[str, ...]]:
    """Those in whose scope a unit is: they have no teardown, or one that comes after the unit."""
    below = descendants(draft)
    teardowns = {
        unit.id: {other.id for other in draft.units if other.is_teardown and unit.id in other.upstream}
        for unit in draft.units
        if unit.is_setup
    }
    return {
        unit.id: tuple(
            name
            for name, after in teardowns.items()
            if unit.id in below[name]
            and name not in unit.upstream
            and (not after or after & below[unit.id])
            and _needs_setups(unit)
        )
        for unit in draft.units
    }


def _needs_setups(unit: Unit) -> bool:
    return not unit.is_teardown and bool(unit.upstream) and unit.rule is not TriggerRule.ALWAYS


def _possible(
    unit: Unit, units: Mapping[str, Unit], setups: tuple[str, ...], known: Mapping[str, States], *, forced: bool
) -> States:
    direct = [units[name] for name in unit.upstream if units[name].is_setup]
    of_setups = combinations(known[one.id] for one in direct) if direct else {frozenset[State]()}
    said = {
        verdict
        for found in combinations(known[name] for name in unit.upstream)
        for seen in of_setups
        for verdict in verdicts(unit.rule, found, seen)
    }
    for found in combinations(known[name] for name in setups):
        said |= verdicts(TriggerRule.ALL_SUCCESS, found, frozenset())
    return frozenset().union(*(_ends(unit, verdict) for verdict in said), {State.SKIPPED} if forced else ())


def _ends(unit: Unit, verdict: Verdict) -> States:
    if verdict is Verdict.SKIP:
        return frozenset({State.SKIPPED})
    if verdict is Verdict.FAIL:
        return frozenset({State.UPSTREAM_FAILED})
    fails = {State.FAILED} if not all(map(_is_safe, inside(unit.steps))) else ()
    skips = {State.SKIPPED_ITSELF} if isinstance(unit.decision, SkipsItself) else ()
    return frozenset({State.SUCCESS, *fails, *skips})


def _is_safe(step: Activity) -> bool:
    """Whether an activity always succeeds: a Wait whose time is no expression."""
    return step.type == "Wait" and isinstance(step.properties.get("waitTimeInSeconds"), int)
