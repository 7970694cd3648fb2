"""Builds the wired activities: what each one waits for, the helpers that negate, and what follows from what."""

from dataclasses import replace
from typing import Final

from adf_export.context import Context
from adf_export.ir.factory import Activity, Condition, Dependency, PipelineVariable, Role, obj
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Unit
from adf_export.passes.trigger_rules.conjunction import (
    ALWAYS,
    ANY,
    FAILED,
    RAN,
    SKIPPED,
    SUCCEEDED,
    Conjunction,
    Statuses,
    entry,
)

_GOOD: Final = (Condition.SUCCEEDED,)
HELPER_VARIABLE: Final = "trigger_rules"
_WRITTEN: Final[dict[Statuses, tuple[Condition, ...]]] = {
    RAN: (Condition.COMPLETED,),
    ANY: (Condition.COMPLETED, Condition.SKIPPED),
}


class Wiring:
    """The activities that are wired so far."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.activities: list[Activity] = []
        # Signal -> what must hold for it to run.
        self.needs: dict[str, Conjunction] = {}
        # Signal -> all signals that it waits for.
        self.parents: dict[str, tuple[str, ...]] = {}
        # Signal -> the signals that are final before it is, itself among them.
        self._before: dict[str, frozenset[str]] = {}
        # Signal -> what surely holds if it ran.
        self._implied: dict[str, dict[str, Statuses]] = {}
        self._helpers: dict[Conjunction, str] = {}
        # Signal -> its activities, first to last.
        self.chains: dict[str, tuple[str, ...]] = {}
        # Signal -> those of its activities whose failure is one of the whole.
        self._telling: dict[str, frozenset[str]] = {}

    @property
    def variables(self) -> tuple[PipelineVariable, ...]:
        """What the helpers write to."""
        used = any(activity.properties.get("variableName") == HELPER_VARIABLE for activity in self.activities)
        return (PipelineVariable(name=HELPER_VARIABLE, type="Boolean"),) if used else ()

    def add(self, steps: tuple[Activity, ...], needs: Conjunction, waits: tuple[str, ...] = ()) -> str:
        """Wires a chain of activities behind what they need; `waits`: signals that must be final, however they are.

        Gives the chain's signal.
        """
        signal = steps[-1].name
        needs = self._possible(needs, steps[0])
        allowed = needs.allowed() | dict.fromkeys(self._open(waits, needs), ANY)
        edges = tuple(edge for name, statuses in sorted(allowed.items()) for edge in self._edges(name, statuses))
        self.activities += [step if step.depends_on else replace(step, depends_on=edges) for step in steps]
        self.needs[signal] = needs
        self.parents[signal] = tuple(sorted(allowed))
        self._before[signal] = frozenset({signal}).union(*(self._before[name] for name in allowed))
        self.chains[signal] = tuple(step.name for step in steps)
        self._telling[signal] = _telling(steps)
        return signal

    def not_(self, condition: Conjunction, purpose: str, of: Origin) -> Conjunction:
        """The opposite: of one entry its other statuses, of several that their helper was skipped."""
        condition = self.reduced(condition)
        if condition.never:
            return ALWAYS
        if len(condition.entries) == 1:
            ((signal, statuses),) = condition.entries
            # What waits for nothing is never skipped.
            others = RAN if self.needs[signal].always else ANY
            return Conjunction(frozenset({(signal, others - statuses)}))
        return entry(self.helper(condition, purpose, of), SKIPPED)

    def helper(self, condition: Conjunction, purpose: str, of: Origin) -> str:
        """An activity that runs where a condition holds and does nothing; equal conditions share one."""
        if condition not in self._helpers:
            activity = self.no_op(purpose, f"Tells whether: {purpose.replace('_', ' ')}.", of)
            self._helpers[condition] = self.add((activity,), condition)
        return self._helpers[condition]

    def is_helper(self, signal: str) -> bool:
        return signal in self._helpers.values()

    def free_name(self, wanted: str) -> str:
        return self._context.names.take(wanted)

    def no_op(self, name: str, description: str, of: Origin) -> Activity:
        return Activity(
            name=self.free_name(name),
            type="SetVariable",
            role=Role.HELPER,
            origin=of,
            description=description,
            properties=obj(variableName=HELPER_VARIABLE, value=True),
        )

    def reduced(self, condition: Conjunction) -> Conjunction:
        """Without entries that follow from others."""
        if len(condition.entries) < 2 or condition.never:
            return condition
        kept = condition.allowed()
        for signal, statuses in reversed(list(kept.items())):
            others = (self.implied(name) for name, known in kept.items() if name != signal and known <= RAN)
            if any(signal in facts and facts[signal] <= statuses for facts in others):
                del kept[signal]
        return Conjunction(frozenset(kept.items()))

    def without_detour(self, condition: Conjunction, gate: str, source: str) -> Conjunction:
        """A gate's entry in its shortest form: it says by itself that its source succeeded, or others say all of it."""
        rest = Conjunction(frozenset(one for one in condition.entries if one[0] != gate))
        if not self.follows(self.needs[gate], rest):
            return condition
        passed = entry(gate, SUCCEEDED)
        if self.follows(passed, rest):
            return rest
        return Conjunction(frozenset(one for one in rest.entries if one != (source, SUCCEEDED))) & passed

    def follows(self, wanted: Conjunction, condition: Conjunction) -> bool:
        """Whether one condition surely holds where another does."""
        facts = condition.allowed()
        for signal, statuses in condition.entries:
            for name, more in self.implied(signal).items() if statuses <= RAN else ():
                facts[name] = facts.get(name, ANY) & more
        return all(facts.get(signal, ANY) <= statuses for signal, statuses in wanted.entries)

    def implied(self, signal: str) -> dict[str, Statuses]:
        """What surely holds if a signal ran."""
        if signal not in self._implied:
            facts = self.needs[signal].allowed()
            for name, statuses in list(facts.items()):
                if statuses <= RAN:
                    for other, more in self.implied(name).items():
                        facts[other] = facts.get(other, ANY) & more
            self._implied[signal] = facts
        return self._implied[signal]

    def unused(self) -> tuple[str, ...]:
        """Signals that no activity waits for."""
        used = {parent for parents in self.parents.values() for parent in parents}
        return tuple(signal for signal in self.needs if signal not in used)

    def _open(self, waits: tuple[str, ...], needs: Conjunction) -> list[str]:
        """Those that nothing else waits for already."""
        known = frozenset[str]().union(*(self._before[name] for name in needs.allowed()))
        left = [name for name in dict.fromkeys(waits) if name not in known]
        return [name for name in left if not any(name in self._before[other] for other in left if other != name)]

    def _possible(self, needs: Conjunction, of: Activity) -> Conjunction:
        """An entry without statuses cannot be written: two that exclude each other take its place."""
        allowed = needs.allowed()
        for signal, statuses in list(allowed.items()):
            if not statuses:
                helper = self.helper(entry(signal, SUCCEEDED), f"{signal}_succeeded", of.origin)
                allowed |= {signal: SKIPPED, helper: SUCCEEDED}
        return Conjunction(frozenset(allowed.items()))

    def _edges(self, signal: str, statuses: Statuses) -> tuple[Dependency, ...]:
        """Of a chain, the entries of its activities that mean the statuses of the whole."""
        first, last = self.chains[signal][0], self.chains[signal][-1]
        if first == last or statuses in (SUCCEEDED, ANY):
            return (_dependency(last, statuses),)
        found = dict.fromkeys(self.chains[signal], ANY)
        if Condition.SUCCEEDED not in statuses:
            found[last] -= SUCCEEDED
        if Condition.SKIPPED not in statuses:
            found[first] -= SKIPPED
        if Condition.FAILED not in statuses:
            found |= {name: found[name] - FAILED for name in self._telling[signal]}
        if statuses == SKIPPED:
            found = {first: SKIPPED, last: ANY}
        return tuple(_dependency(name, allowed) for name, allowed in found.items() if allowed != ANY or name == last)


def _telling(steps: tuple[Activity, ...]) -> frozenset[str]:
    """A step that also runs after a failure takes that failure back."""
    last = max(
        (place for place, step in enumerate(steps) if any(edge.conditions != _GOOD for edge in step.depends_on)),
        default=0,
    )
    return frozenset(step.name for step in steps[last:])


def _dependency(activity: str, statuses: Statuses) -> Dependency:
    return Dependency(
        activity=activity, conditions=_WRITTEN.get(statuses) or tuple(one for one in Condition if one in statuses)
    )


def signal_of(unit: Unit) -> str:
    """The signal of a unit's own activities."""
    return unit.steps[-1].name
