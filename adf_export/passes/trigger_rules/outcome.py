"""Lets a pipeline run succeed and fail where the DAG run does.

A DAG run has failed if one of its leaves has; teardowns do not count unless they say so. Where Data Factory's own rule
gives the same in every case nothing is added. Else RunOk waits for all and runs if no leaf failed, and RunFailed fails
if RunOk was skipped: with one leaf whose parent is one activity every reading of Data Factory's rule is the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Activity, Condition, Role, obj
from adf_export.ir.unit import Draft, Unit
from adf_export.passes.trigger_rules.conjunction import SKIPPED, all_of, entry, holds
from adf_export.passes.trigger_rules.graph import Graph
from adf_export.passes.trigger_rules.predicates import Predicates
from adf_export.passes.trigger_rules.states import FAILURES, SKIPS, State, Verdict, verdicts
from adf_export.passes.trigger_rules.wiring import Wiring, signal_of

# So many tasks that may fail are tried in all combinations: at most 256.
_MOST_TRIED: Final = 8
_Statuses = Mapping[str, Condition]


def add_outcome(predicates: Predicates, draft: Draft) -> None:
    """Adds RunOk and RunFailed where they are needed, and behind RunOk the notices about the run.

    A notice that fails does not fail the run in Airflow: where there is one, both are needed.
    """
    graph, wiring, dag = predicates.graph, predicates.wiring, draft.dag
    if not draft.notices and (_plain(graph, wiring) or _same_anyway(graph, wiring)):
        return
    good = wiring.reduced(all_of(predicates.not_failed(unit) for unit in leaves(graph)))
    ok = wiring.no_op("run_succeeded", "The run succeeds as the DAG run does.", dag.origin)
    signal = wiring.add((ok,), good, wiring.unused())
    failed = Activity(
        name=wiring.free_name("run_failed"),
        type="Fail",
        role=Role.HELPER,
        origin=dag.origin,
        description="The run fails as the DAG run does.",
        properties=obj(message="A task of the DAG failed.", errorCode="failed"),
    )
    wiring.add((failed,), entry(signal, SKIPPED))
    for notice in draft.notices:
        if not notice.of:
            wiring.add(notice.steps, entry(signal, SKIPPED))


def leaves(graph: Graph) -> list[Unit]:
    """The units that decide about the DAG run; of teardowns alone, the last ones."""
    ignored = {unit.id for unit in graph.units.values() if unit.is_teardown and not unit.on_failure_fail_dagrun}
    return _ends(graph, ignored) or _ends(graph, set())


def _ends(graph: Graph, ignored: set[str]) -> list[Unit]:
    upstream = {name for unit in graph.units.values() if unit.id not in ignored for name in unit.upstream}
    return [unit for unit in graph.units.values() if unit.id not in ignored and unit.id not in upstream]


def _plain(graph: Graph, wiring: Wiring) -> bool:
    """Whether nobody skips, and all but leaves that run in any case need the success of all before them."""
    counted = leaves(graph)
    if graph.gates or {signal_of(unit) for unit in counted} != set(wiring.unused()):
        return False
    sure = {unit.id for unit in counted if not graph.may_be(unit, SKIPS | {State.UPSTREAM_FAILED})}
    return all(
        unit.id in sure or (unit.rule is TriggerRule.ALL_SUCCESS and not unit.is_teardown)
        for unit in graph.units.values()
    )


def _same_anyway(graph: Graph, wiring: Wiring) -> bool:
    failing = [unit for unit in graph.units.values() if graph.may_be(unit, frozenset({State.FAILED}))]
    if graph.gates or len(failing) > _MOST_TRIED or any(len(unit.steps) > 1 for unit in graph.units.values()):
        return False
    return all(
        set(outcomes(wiring.parents, statuses)) == {_airflow_succeeded(graph, failed)}
        for failed, statuses in _cases(failing, wiring)
    )


def _cases(failing: list[Unit], wiring: Wiring) -> Iterator[tuple[frozenset[str], _Statuses]]:
    for chosen in product((False, True), repeat=len(failing)):
        failed = frozenset(unit.id for unit, fails in zip(failing, chosen, strict=True) if fails)
        signals = {signal_of(unit) for unit in failing if unit.id in failed}
        statuses: dict[str, Condition] = {}
        for signal, needs in wiring.needs.items():
            ends = Condition.FAILED if signal in signals else Condition.SUCCEEDED
            statuses[signal] = ends if holds(needs, statuses) else Condition.SKIPPED
        yield failed, statuses


def _airflow_succeeded(graph: Graph, failing: frozenset[str]) -> bool:
    states: dict[str, State] = {}
    for unit in graph.units.values():
        states[unit.id] = _state(graph, unit, states, State.FAILED if unit.id in failing else State.SUCCESS)
    return all(states[leaf.id] not in FAILURES for leaf in leaves(graph))


def _state(graph: Graph, unit: Unit, states: Mapping[str, State], ran: State) -> State:
    setups = frozenset(states[one.id] for one in graph.upstream(unit) if one.is_setup)
    said = verdicts(unit.rule, frozenset(states[name] for name in unit.upstream), setups)
    for name in graph.setups[unit.id]:
        said |= verdicts(TriggerRule.ALL_SUCCESS, frozenset({states[name]}), frozenset()) - {Verdict.RUN}
    if Verdict.FAIL in said:
        return State.UPSTREAM_FAILED
    return State.SKIPPED if Verdict.SKIP in said else ran


@dataclass(frozen=True, slots=True)
class Reading:
    """What a skipped leaf means: its parents are looked at instead, which Data Factory's documents leave open."""

    # Of several parents.
    combine: Callable[[Iterable[bool]], bool]
    # What a parent says that was skipped itself; None: its own parents are looked at.
    skipped: bool | None = None


READINGS: Final = (Reading(all), Reading(any), Reading(all, True), Reading(all, False))


def outcomes(parents: Mapping[str, tuple[str, ...]], statuses: _Statuses) -> list[bool]:
    """Whether a pipeline run succeeds, by each reading."""
    last = set(parents) - {name for names in parents.values() for name in names}
    return [all(_good(signal, parents, statuses, reading) for signal in last) for reading in READINGS]


def _good(signal: str, parents: Mapping[str, tuple[str, ...]], statuses: _Statuses, reading: Reading) -> bool:
    if statuses[signal] is not Condition.SKIPPED:
        return statuses[signal] is Condition.SUCCEEDED
    return reading.combine(_parent(parent, parents, statuses, reading) for parent in parents[signal])


def _parent(signal: str, parents: Mapping[str, tuple[str, ...]], statuses: _Statuses, reading: Reading) -> bool:
    if statuses[signal] is Condition.SKIPPED and reading.skipped is not None:
        return reading.skipped
    return _good(signal, parents, statuses, reading)
