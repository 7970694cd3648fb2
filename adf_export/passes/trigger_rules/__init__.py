"""Wires activities so that the tasks run which Airflow's trigger rules would run, and the run ends as the DAG run.

states       what each rule says                     graph        what is known before wiring
conjunction  what dependsOn can say                  gates        skips as failures of helpers
wiring       activities and helpers                  predicates   task states as conditions
rules        a rule a row                            order        what comes first in Airflow
outcome      RunOk and RunFailed
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import FIRES_LATER, ORDER_SENSITIVE, RACY, TEARDOWN_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import TriggerRule
from adf_export.ir.unit import Draft, Notice, Unit
from adf_export.passes.trigger_rules.conjunction import FAILED, SKIPPED, SUCCEEDED, Conjunction, entry
from adf_export.passes.trigger_rules.gates import descendants, gates
from adf_export.passes.trigger_rules.graph import Graph, graph_of
from adf_export.passes.trigger_rules.outcome import add_outcome
from adf_export.passes.trigger_rules.predicates import Predicates
from adf_export.passes.trigger_rules.rules import RULES
from adf_export.passes.trigger_rules.states import FAILS_WITH_ANY
from adf_export.passes.trigger_rules.wiring import Wiring, signal_of

_NOT_FORCED: Final = SUCCEEDED | SKIPPED
# Where a setup's success is needed besides, it can be asked for.
_ASKS_FOR_SETUPS: Final = frozenset({TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE})


def trigger_rules(draft: Draft, context: Context) -> Draft:
    """The draft with its units' activities wired.

    Raises:
        Refusal: a rule has no exact form in its place.
    """
    graph = graph_of(draft, gates(draft, context))
    wiring = Wiring(context)
    predicates = Predicates(graph, wiring)
    below = descendants(draft)
    for unit in draft.units:
        _check_forced(predicates, unit, below)
        condition = _condition(predicates, unit)
        _tell(predicates, unit, condition, context)
        wiring.add(unit.steps, condition, _waits(graph, unit, below))
        for gate in graph.gates:
            if gate.source == unit.id:
                wiring.add((gate.activity,), entry(signal_of(unit), SUCCEEDED))
    for notice in draft.notices:
        if notice.of:
            wiring.add(notice.steps, _event(predicates, notice))
    add_outcome(predicates, draft)
    return replace(draft, activities=tuple(wiring.activities), variables=(*draft.variables, *wiring.variables))


def _event(predicates: Predicates, notice: Notice) -> Conjunction:
    unit = predicates.graph.units[notice.of]
    return entry(signal_of(unit), FAILED) if notice.event == "on_failure_callback" else predicates.succeeded(unit)


def _condition(predicates: Predicates, unit: Unit) -> Conjunction:
    condition = RULES[unit.rule].condition(predicates, unit)
    for name in predicates.graph.setups[unit.id]:
        condition &= _setup(predicates, unit, predicates.graph.units[name], condition)
    for gate in predicates.graph.forcing(unit):
        condition &= entry(gate.name, _NOT_FORCED)
        source = signal_of(predicates.graph.units[gate.source])
        condition = predicates.wiring.without_detour(condition, gate.name, source)
    return condition


def _check_forced(predicates: Predicates, unit: Unit, below: Mapping[str, frozenset[str]]) -> None:
    """A skip overwrites upstream_failed in Airflow, after tasks behind it may have seen that already."""
    for gate in predicates.graph.forcing(unit) if below[unit.id] else ():
        for cause in predicates.graph.needed(unit):
            before = gate.source in below[cause.id]
            decided = entry(gate.name, FAILED)
            if before and not predicates.wiring.follows(predicates.not_failed(cause), decided):
                summary = f"'{unit.id}' may be upstream_failed by '{cause.id}' before '{gate.source}' skips it"
                hint = f"let '{gate.source}' have the trigger rule all_success"
                raise Refusal(diagnostic(ORDER_SENSITIVE, summary, origin=unit.origin, hint=hint))


def _setup(predicates: Predicates, unit: Unit, setup: Unit, condition: Conjunction) -> Conjunction:
    needed = predicates.succeeded(setup)
    if unit.rule in _ASKS_FOR_SETUPS:
        return condition if predicates.wiring.follows(needed, condition) else needed
    if unit.rule in FAILS_WITH_ANY and _says_the_same(predicates, unit, needed):
        return condition
    raise Refusal(
        diagnostic(
            TEARDOWN_NOT_EXPORTED,
            f"'{unit.id}' with '{unit.rule}' needs setup '{setup.id}', which is not directly upstream of it",
            origin=unit.origin,
            hint=f"use all_success or all_done, or take '{unit.id}' out of the setup's scope",
        )
    )


def _says_the_same(predicates: Predicates, unit: Unit, needed: Conjunction) -> bool:
    """Whether all upstream tasks stand for the setup: each has its state where it did not succeed."""
    return all(
        upstream.rule is TriggerRule.ALL_SUCCESS
        and predicates.wiring.follows(needed, entry(signal_of(upstream), SUCCEEDED))
        for upstream in predicates.graph.upstream(unit)
    )


def _waits(graph: Graph, unit: Unit, below: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """A teardown waits for all that its setups are for, others for their upstream units."""
    if unit.rule is TriggerRule.ALWAYS:
        return ()
    scope = {
        name
        for setup in graph.upstream(unit)
        if unit.is_teardown and setup.is_setup
        for name in below[setup.id]
        if unit.id in below[name]
    }
    return tuple(signal_of(other) for other in graph.units.values() if other.id in unit.upstream or other.id in scope)


def _tell(predicates: Predicates, unit: Unit, condition: Conjunction, context: Context) -> None:
    early, forcing = RULES[unit.rule].early, predicates.graph.forcing(unit)
    one_entry = len(condition.entries) == 1 + len(forcing) and not any(
        predicates.wiring.is_helper(signal) for signal, _ in condition.entries
    )
    if early and len(unit.upstream) > 1 and not one_entry:
        summary = f"'{unit.id}' with '{unit.rule}' starts when all of its upstream tasks have ended"
        context.report(diagnostic(FIRES_LATER, summary, origin=unit.origin))
    if forcing and (early or unit.rule is TriggerRule.ALWAYS):
        summary = f"'{unit.id}' with '{unit.rule}' is skipped by '{forcing[0].source}', also where Airflow may start it"
        context.report(diagnostic(RACY, summary, origin=unit.origin))
