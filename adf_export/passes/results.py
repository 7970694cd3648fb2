"""Tells which units have surely succeeded when another one starts: their results can be read without a detour."""

from collections.abc import Iterable, Mapping
from typing import Final

from adf_export.ir.dag import TriggerRule
from adf_export.ir.unit import Draft, Unit

# Every upstream has succeeded.
_ALL: Final = frozenset({TriggerRule.ALL_SUCCESS})
# At least one upstream has succeeded, nobody knows which.
_ONE: Final = frozenset(
    {TriggerRule.ONE_SUCCESS, TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, TriggerRule.ALL_DONE_MIN_ONE_SUCCESS}
)
# These may start while their upstreams have not ended.
EARLY: Final = frozenset({TriggerRule.ALWAYS})


def surely_succeeded(draft: Draft) -> Mapping[str, frozenset[str]]:
    """Unit -> the units that have succeeded whenever it starts."""
    found: dict[str, frozenset[str]] = {}
    for unit in draft.units:
        found[unit.id] = _before(unit, found)
    return found


def ancestors(draft: Draft) -> Mapping[str, frozenset[str]]:
    """Unit -> the units that it waits for, directly or not."""
    found: dict[str, frozenset[str]] = {}
    for unit in draft.units:
        if unit.rule in EARLY:
            found[unit.id] = frozenset()
        else:
            found[unit.id] = frozenset(unit.upstream).union(*(found[name] for name in unit.upstream))
    return found


def producer(draft: Draft, task_id: str) -> Unit | None:
    """The unit that holds a task; None: no task of the draft."""
    return next((unit for unit in draft.units if task_id in unit.tasks), None)


def _before(unit: Unit, found: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """A task that succeeded has started: what is sure for it is sure for what comes after it."""
    chains = [found[name] | {name} for name in unit.upstream]
    if not chains:
        return frozenset()
    if unit.rule in _ALL:
        return frozenset().union(*chains)
    return _common(chains) if unit.rule in _ONE else frozenset()


def _common(chains: Iterable[frozenset[str]]) -> frozenset[str]:
    first, *others = chains
    return first.intersection(*others)
