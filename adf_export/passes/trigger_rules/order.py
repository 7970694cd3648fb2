"""Tells where Airflow skips an all_success task for sure although one of its upstream tasks fails later.

An all_success task is judged at every pass of the scheduler: the first of its upstream tasks that did not succeed
decides. Data Factory judges it once, when all are final, and takes a failure for the reason. That is one of Airflow's
results wherever the failure may come first; where it cannot, `Order.skipped_first` gives the conditions for a skip.

Time is counted in passes after an event: what ends there is seen in pass 1, a task that is started in pass n is seen to
have ended in pass n + 1 at the earliest, a task that is skipped in pass n is seen so in pass n + 1.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adf_export.codes import ORDER_SENSITIVE
from adf_export.diagnostics import Diagnostic, Refusal, diagnostic
from adf_export.ir.dag import TriggerRule
from adf_export.ir.unit import Unit
from adf_export.passes.trigger_rules.conjunction import ALWAYS, FAILED, Conjunction, entry
from adf_export.passes.trigger_rules.graph import Graph
from adf_export.passes.trigger_rules.states import FAILS_WITH_ANY, FAILURES, SKIPS, State, States

if TYPE_CHECKING:
    from adf_export.passes.trigger_rules.predicates import Predicates

_Choose = Callable[[Iterable[int]], int]
_MOST_CAUSES: Final = 64
# One of the upstream tasks may start them.
_ONE: Final = frozenset({TriggerRule.ONE_SUCCESS, TriggerRule.ONE_FAILED, TriggerRule.ONE_DONE})
# They are judged when all upstream tasks are final, whatever the states.
_WAITING: Final = _ONE | {TriggerRule.ALL_DONE, TriggerRule.ALL_DONE_SETUP_SUCCESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reason for which a unit is skipped, and when at the latest."""

    # The event is the end of the last of these units.
    after: frozenset[str]
    # 0: skipped as the event happens; n: in pass n after it.
    passes: int
    # Holds where the unit is skipped for this reason, before any failure could make it upstream_failed.
    when: Conjunction
    # Units that are skipped where it holds, so that they have not failed; and some that have succeeded.
    settled: frozenset[str]
    # In which passes after the event some of the skips are seen.
    seen: frozenset[tuple[str, int]] = frozenset()


class Order:
    """What is known of the order in which the units of a graph end."""

    def __init__(self, graph: Graph, predicates: "Predicates") -> None:
        self._graph = graph
        self._predicates = predicates
        self._causes: dict[str, tuple[Cause, ...]] = {}
        self._first: dict[str, tuple[Conjunction, ...]] = {}
        self._clocks: dict[tuple[str, frozenset[tuple[str, int]], bool], _Clock] = {}

    def skipped_first(self, unit: Unit) -> tuple[Conjunction, ...]:
        """Conditions under which the unit is skipped although an upstream task failed."""
        if unit.rule is not TriggerRule.ALL_SUCCESS:
            return ()
        if unit.id not in self._first:
            found = (
                cause.when & self._others(unit, upstream, cause)
                for upstream in self._graph.needed(unit)
                for cause in self._relevant(unit, upstream)
            )
            self._first[unit.id] = tuple(dict.fromkeys(one for one in found if not one.never))
        return self._first[unit.id]

    def _relevant(self, unit: Unit, upstream: Unit) -> Iterable[Cause]:
        """Causes of an upstream skip that some failure surely comes after."""
        others = [other for other in self._graph.needed(unit) if other.id != upstream.id and self._fails(other)]
        if not others or not self._graph.may_be(upstream, SKIPS):
            return ()
        return [
            cause
            for cause in self._causes_of(upstream)
            if any(
                other.id not in cause.settled
                and self._not_failed_by_then(other, cause) != self._predicates.not_failed(other)
                for other in others
            )
        ]

    def _causes_of(self, unit: Unit) -> tuple[Cause, ...]:
        if unit.id not in self._causes:
            found = tuple(dict.fromkeys((*self._by_gates(unit), *self._by_rule(unit))))
            if len(found) > _MOST_CAUSES:
                raise Refusal(_sensitive(unit, f"there are more than {_MOST_CAUSES} reasons for it"))
            self._causes[unit.id] = found
        return self._causes[unit.id]

    def _by_gates(self, unit: Unit) -> Iterable[Cause]:
        own = self._graph.own_gate(unit)
        for gate in (*((own,) if own else ()), *self._graph.forcing(unit)):
            yield Cause(
                after=frozenset({gate.source}),
                passes=0,
                when=entry(gate.name, FAILED),
                settled=gate.forced | {gate.source},
                seen=frozenset((name, 1) for name in gate.forced),
            )

    def _by_rule(self, unit: Unit) -> Iterable[Cause]:
        """Told by what made the rule skip the unit; and by the skip itself, for what waits for it."""
        if State.SKIPPED not in self._graph.possible[unit.id] or not unit.upstream:
            return
        for cause in self._reasons(unit):
            yield cause
            itself = frozenset({unit.id})
            yield Cause(after=itself, passes=0, when=cause.when, settled=cause.settled, seen=frozenset({(unit.id, 1)}))

    def _reasons(self, unit: Unit) -> Iterable[Cause]:
        if unit.rule in self._AT_ONCE:
            for upstream in self._graph.upstream(unit):
                when = self._AT_ONCE[unit.rule](self._predicates, upstream)
                yield self._judged(unit, frozenset({upstream.id}), when)
            return
        if unit.rule is not TriggerRule.ALL_SUCCESS:
            yield self._judged(unit, frozenset(unit.upstream), self._predicates.skipped(unit))
            return
        for upstream in self._graph.needed(unit):
            for cause in self._causes_of(upstream) if self._graph.may_be(upstream, SKIPS) else ():
                yield Cause(
                    after=cause.after,
                    passes=cause.passes + 1,
                    when=cause.when & self._others(unit, upstream, cause),
                    settled=cause.settled | {unit.id},
                    seen=cause.seen | {(unit.id, cause.passes + 2)},
                )

    @staticmethod
    def _judged(unit: Unit, after: frozenset[str], when: Conjunction) -> Cause:
        """Skipped by the pass that sees the event."""
        return Cause(after=after, passes=1, when=when, settled=frozenset({unit.id}), seen=frozenset({(unit.id, 2)}))

    def _others(self, unit: Unit, upstream: Unit, cause: Cause) -> Conjunction:
        found = ALWAYS
        for other in self._graph.needed(unit):
            if other.id != upstream.id:
                found &= self._not_failed_by_then(other, cause)
        return found

    def _not_failed_by_then(self, unit: Unit, cause: Cause, earlier: int = 0) -> Conjunction:
        """No failure of the unit is seen by the pass that sees the skip (or `earlier` passes before)."""
        if not self._fails(unit) or unit.id in cause.settled:
            return ALWAYS
        last = cause.passes + 1 - earlier
        if not self._surely(unit, cause, lambda clock: clock.ran(unit) > last):
            return self._predicates.not_failed(unit)
        if State.UPSTREAM_FAILED not in self._graph.possible[unit.id]:
            return ALWAYS
        if unit.rule in FAILS_WITH_ANY:
            found = ALWAYS
            for upstream in self._graph.needed(unit):
                found &= self._not_failed_by_then(upstream, cause, earlier + 1)
            return found
        late = self._surely(unit, cause, lambda clock: clock.judged(unit) > last)
        return ALWAYS if late else self._predicates.not_failed(unit)

    def _surely(self, unit: Unit, cause: Cause, late: Callable[["_Clock"], bool]) -> bool:
        """Whether something is late in every run; late in some runs only: no condition can tell them apart."""
        always, sometimes = (
            all(late(self._clock(event, cause.seen, choose)) for event in cause.after) for choose in (min, max)
        )
        if always is not sometimes:
            raise Refusal(_sensitive(unit, f"the order in which '{unit.id}' and its upstream tasks end decides"))
        return always

    def _fails(self, unit: Unit) -> bool:
        return self._graph.may_be(unit, FAILURES)

    def _clock(self, event: str, seen: frozenset[tuple[str, int]], choose: "_Choose") -> "_Clock":
        key = (event, seen, choose is min)
        if key not in self._clocks:
            self._clocks[key] = _Clock(self._graph, event, seen, choose)
        return self._clocks[key]

    # Rules that skip as soon as this holds for one upstream task.
    _AT_ONCE: Final[Mapping[TriggerRule, Callable[["Predicates", Unit], Conjunction]]] = {
        TriggerRule.ALL_FAILED: lambda predicates, unit: predicates.not_failed(unit),
        TriggerRule.ALL_SKIPPED: lambda predicates, unit: predicates.not_skipped(unit),
        TriggerRule.NONE_SKIPPED: lambda predicates, unit: predicates.skipped(unit),
        TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: lambda predicates, unit: predicates.skipped(unit),
    }


class _Clock:
    """The passes after an event, the end of one unit, at the earliest; 0: it may be before the event.

    Where a pass depends on how units end, `choose` takes one of the possible ones: min or max.
    """

    def __init__(self, graph: Graph, event: str, seen: frozenset[tuple[str, int]], choose: "_Choose") -> None:
        self._graph = graph
        self._event = event
        self._choose = choose
        self._ran: dict[str, int] = {}
        self._seen = {event: 1, **dict(seen)}
        self._final = dict(self._seen)

    def ran(self, unit: Unit) -> int:
        """The pass that sees the unit's end, if it runs."""
        if unit.id == self._event:
            return 1
        if unit.id not in self._ran:
            self._ran[unit.id] = _after(self._start(unit))
        return self._ran[unit.id]

    def final(self, unit: Unit) -> int:
        """The pass that sees the unit's end, however it ends."""
        if unit.id not in self._final:
            self._final[unit.id] = self._choose(self._ends(unit, frozenset({State.UPSTREAM_FAILED, State.SKIPPED})))
        return self._final[unit.id]

    def _not_failed(self, unit: Unit) -> int:
        """The pass that sees the unit's end, if it did not fail."""
        return self._seen.get(unit.id) or self._choose(self._ends(unit, frozenset({State.SKIPPED})))

    def _ends(self, unit: Unit, without_run: States) -> list[int]:
        runs = self._graph.may_be(unit, frozenset({State.SUCCESS, State.FAILED, State.SKIPPED_ITSELF}))
        other = self._graph.may_be(unit, without_run)
        return [*([self.ran(unit)] if runs else []), *([self.judged(unit), *self._forced(unit)] if other else [])]

    def judged(self, unit: Unit) -> int:
        """The pass that sees the unit upstream_failed or skipped by its rule."""
        ends = [self.final(upstream) for upstream in self._graph.needed(unit)] or [0]
        return _after(max(ends) if unit.rule in _WAITING else self._choose(ends))

    def _forced(self, unit: Unit) -> list[int]:
        return [self.ran(self._graph.units[gate.source]) for gate in self._graph.forcing(unit)]

    def _start(self, unit: Unit) -> int:
        upstream = self._graph.needed(unit)
        if not upstream or unit.rule is TriggerRule.ALWAYS:
            return 0
        if unit.rule is TriggerRule.ALL_SUCCESS:
            return max(self.ran(one) for one in upstream)
        if unit.rule in FAILS_WITH_ANY:
            return max(self._not_failed(one) for one in upstream)
        return (self._choose if unit.rule in _ONE else max)(self.final(one) for one in upstream)


def _after(seen: int) -> int:
    return seen + 1 if seen else 0


def _sensitive(unit: Unit, why: str) -> Diagnostic:
    return diagnostic(
        ORDER_SENSITIVE,
        f"whether '{unit.id}' ends before a skip cannot be told: {why}",
        origin=unit.origin,
        hint="give the all_success task after it the trigger rule none_failed_min_one_success",
    )
