"""Airflow's task states as conditions on the statuses of activities."""

from collections.abc import Callable, Mapping
from typing import Final

from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Condition
from adf_export.ir.unit import Unit
from adf_export.passes.trigger_rules.conjunction import (
    FAILED,
    SKIPPED,
    SUCCEEDED,
    Conjunction,
    all_of,
    entry,
)
from adf_export.passes.trigger_rules.graph import Graph
from adf_export.passes.trigger_rules.order import Order
from adf_export.passes.trigger_rules.states import FAILS_WITH_ANY, FAILURES, SKIPS, State, States
from adf_export.passes.trigger_rules.wiring import Wiring, signal_of

_NOT_FAILED: Final = SUCCEEDED | SKIPPED
# State -> status of the task's activities, status of its gate if it can skip itself.
_STATUS: Final[Mapping[State, tuple[Condition, Condition]]] = {
    State.SUCCESS: (Condition.SUCCEEDED, Condition.SUCCEEDED),
    State.SKIPPED_ITSELF: (Condition.SUCCEEDED, Condition.FAILED),
    State.FAILED: (Condition.FAILED, Condition.SKIPPED),
    State.UPSTREAM_FAILED: (Condition.SKIPPED, Condition.SKIPPED),
    State.SKIPPED: (Condition.SKIPPED, Condition.SKIPPED),
}
_SUCCESS: Final = frozenset({State.SUCCESS})
_ENDED: Final = frozenset({State.SUCCESS, State.FAILED})
_ALL: Final = frozenset(State)


class Predicates:
    """Of the units of one graph; helpers that they need are wired on the way."""

    def __init__(self, graph: Graph, wiring: Wiring) -> None:
        self.graph = graph
        self.wiring = wiring
        self._order = Order(graph, self)
        self._not_failed: dict[str, Conjunction] = {}

    def succeeded(self, unit: Unit) -> Conjunction:
        """Said also of a unit that cannot end otherwise: that is the arrow which a person would draw."""
        gate = self.graph.own_gate(unit)
        return entry(gate.name if gate else signal_of(unit), SUCCEEDED)

    def not_succeeded(self, unit: Unit) -> Conjunction:
        return self._exactly(unit, _ALL - _SUCCESS)

    def neither_succeeded_nor_failed(self, unit: Unit) -> Conjunction:
        """An upstream_failed or skipped task is not done for `one_done`."""
        return self._exactly(unit, _ALL - _ENDED)

    def not_failed(self, unit: Unit) -> Conjunction:
        """Success or skipped."""
        if unit.id not in self._not_failed:
            self._not_failed[unit.id] = self._expressed(unit, _ALL - FAILURES) or self._not_failed_by_rule(unit)
        return self._not_failed[unit.id]

    def failed(self, unit: Unit) -> Conjunction:
        """Failed or upstream_failed."""
        return self._expressed(unit, FAILURES) or self._failed_by_rule(unit)

    def skipped(self, unit: Unit) -> Conjunction:
        found = self._expressed(unit, SKIPS)
        return found or self._exactly(unit, SKIPS | {State.UPSTREAM_FAILED}) & self.not_failed(unit)

    def not_skipped(self, unit: Unit) -> Conjunction:
        found = self._expressed(unit, _ALL - SKIPS)
        return found or self._not(self.skipped(unit), unit, "was_skipped")

    def _exactly(self, unit: Unit, states: States) -> Conjunction:
        found = self._expressed(unit, states)
        assert found is not None, f"{states} of '{unit.id}' are not told apart by its activities"
        return found

    def _expressed(self, unit: Unit, states: States) -> Conjunction | None:
        """The entries on a unit's own activities that hold in these of its possible states; None: there are none."""
        possible = self.graph.possible[unit.id]
        gate = self.graph.own_gate(unit)
        of_steps = frozenset(_STATUS[state][0] for state in possible & states)
        of_gate = frozenset(_STATUS[state][1] for state in possible & states)
        if possible <= states:
            return all_of(())
        steps, by_gate = entry(signal_of(unit), of_steps), entry(gate.name, of_gate) if gate else None
        for index, part in ((1, by_gate), (0, steps)):
            allowed = (of_steps, of_gate)[index]
            if part is not None and all(state in states for state in possible if _STATUS[state][index] in allowed):
                return part
        both = (state for state in possible if _STATUS[state][0] in of_steps and _STATUS[state][1] in of_gate)
        return steps & by_gate if by_gate is not None and all(state in states for state in both) else None

    def _not_failed_by_rule(self, unit: Unit) -> Conjunction:
        base = self._base(unit)
        if base is None or self._order.skipped_first(unit) or not self._forced_for_sure(unit):
            return self._not(self._failed_by_rule(unit), unit, "failed")
        return base

    def _failed_by_rule(self, unit: Unit) -> Conjunction:
        """Where upstream_failed and skipped look alike: why the rule did not let it run tells them apart."""
        base = self._base(unit)
        failed = self._FAILED[unit.rule](self, unit) if base is None else self._not(base, unit, "did_not_fail")
        forcing = self.graph.forcing(unit) if base is None or not self._forced_for_sure(unit) else ()
        gates = (entry(gate.name, _NOT_FAILED) for gate in forcing)
        first = (self._not(skip, unit, "was_skipped_first") for skip in self._order.skipped_first(unit))
        return all_of((failed, *gates, *first))

    def _base(self, unit: Unit) -> Conjunction | None:
        """Of rules that fail with any of their upstream tasks: neither it nor one of them failed."""
        if unit.rule in self._FAILED:
            return None
        causes = (
            self.graph.needed(unit) if unit.rule in FAILS_WITH_ANY else self.graph.needed(unit)[len(unit.upstream) :]
        )
        return all_of((entry(signal_of(unit), _NOT_FAILED), *(self.not_failed(cause) for cause in causes)))

    def _forced_for_sure(self, unit: Unit) -> bool:
        """Whether no upstream task has failed where a gate skips the unit."""
        return all(
            cause.id == gate.source or cause.id in gate.forced or not self.graph.may_be(cause, FAILURES)
            for gate in self.graph.forcing(unit)
            for cause in self.graph.needed(unit)
        )

    def _without_success(self, unit: Unit) -> Conjunction:
        """Failed, or not run though not all upstream tasks were skipped."""
        return self._did_not_succeed(unit) & self._not_all_skipped(self.graph.upstream(unit), unit)

    def _without_setup(self, unit: Unit) -> Conjunction:
        setups = tuple(one for one in self.graph.upstream(unit) if one.is_setup)
        return self._did_not_succeed(unit) & self._not_all_skipped(setups, unit)

    def _without_skip(self, unit: Unit) -> Conjunction:
        """Failed, or not run though no upstream task was skipped."""
        return all_of((self._did_not_succeed(unit), *map(self.not_skipped, self.graph.upstream(unit))))

    def _not_all_skipped(self, units: tuple[Unit, ...], of: Unit) -> Conjunction:
        return self._not(all_of(map(self.skipped, units)), of, "all_upstream_skipped")

    @staticmethod
    def _did_not_succeed(unit: Unit) -> Conjunction:
        return entry(signal_of(unit), FAILED | SKIPPED)

    def _not(self, condition: Conjunction, unit: Unit, purpose: str) -> Conjunction:
        return self.wiring.not_(condition, f"{unit.id}_{purpose}", unit.origin)

    _FAILED: Final[Mapping[TriggerRule, Callable[["Predicates", Unit], Conjunction]]] = {
        TriggerRule.ONE_SUCCESS: _without_success,
        TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: _without_skip,
        TriggerRule.ALL_DONE_SETUP_SUCCESS: _without_setup,
    }
