"""What Airflow's trigger rules say once all upstream tasks are final: a row a rule.

Taken from `airflow.ti_deps.deps.trigger_rule_dep` of Airflow 3.3.2. A rule depends only on the set of states that its
upstream tasks ended in.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

from adf_export.ir.dag import TriggerRule


class State(StrEnum):
    """How a task ended."""

    SUCCESS = "success"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    # It never ran.
    SKIPPED = "skipped"
    # It ran and skipped itself; for other tasks that is the same.
    SKIPPED_ITSELF = "skipped_itself"


States = frozenset[State]

FAILURES: Final = frozenset({State.FAILED, State.UPSTREAM_FAILED})
SKIPS: Final = frozenset({State.SKIPPED, State.SKIPPED_ITSELF})
_SUCCESS: Final = frozenset({State.SUCCESS})
# A task of these rules is upstream_failed as soon as one of its upstream tasks is failed or upstream_failed.
FAILS_WITH_ANY: Final = frozenset(
    {TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED, TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS}
)


class Verdict(StrEnum):
    """What a rule says of a task."""

    RUN = "run"
    SKIP = "skip"
    FAIL = "fail"


Verdicts = frozenset[Verdict]


def verdicts(rule: TriggerRule, upstream: States, setups: States) -> Verdicts:
    """What a rule may say; several where the order in which the upstream tasks end decides.

    `upstream`: the states that are among those of the upstream tasks; `setups`: among those of its setups.
    """
    return _JUDGES[rule](upstream, setups) if upstream else _RUN


def combinations(possible: Iterable[States]) -> frozenset[States]:
    """The sets of states that tasks can end in together, if each may end in any of its own."""
    found = {frozenset[State]()}
    for states in possible:
        found = {known | {state} for known in found for state in states}
    return frozenset(found)


_RUN: Final = frozenset({Verdict.RUN})
_SKIP: Final = frozenset({Verdict.SKIP})
_FAIL: Final = frozenset({Verdict.FAIL})
_Judge = Callable[[States, States], Verdicts]


def _first(*rows: tuple[object, Verdicts]) -> Verdicts:
    """The verdict of the first row that holds."""
    return next((verdict for holds, verdict in rows if holds), _RUN)


def _all_success(found: States, _: States) -> Verdicts:
    """The first of them that did not succeed decides."""
    return frozenset().union(_FAIL if found & FAILURES else (), _SKIP if found & SKIPS else ()) or _RUN


_JUDGES: Final[Mapping[TriggerRule, _Judge]] = {
    TriggerRule.ALL_SUCCESS: _all_success,
    TriggerRule.ALL_FAILED: lambda found, _: _first((found - FAILURES, _SKIP)),
    TriggerRule.ALL_DONE: lambda _, __: _RUN,
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: lambda found, _: _first((found & SKIPS, _SKIP), (found <= FAILURES, _FAIL)),
    TriggerRule.ALL_DONE_SETUP_SUCCESS: lambda _, setups: _first(
        (not setups, _RUN), (setups <= SKIPS, _SKIP), (not setups & _SUCCESS, _FAIL)
    ),
    TriggerRule.ALL_SKIPPED: lambda found, _: _first((found - SKIPS, _SKIP)),
    TriggerRule.ALWAYS: lambda _, __: _RUN,
    TriggerRule.NONE_FAILED: lambda found, _: _first((found & FAILURES, _FAIL)),
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: lambda found, _: _first(
        (found & FAILURES, _FAIL), (found <= SKIPS, _SKIP)
    ),
    TriggerRule.NONE_SKIPPED: lambda found, _: _first((found & SKIPS, _SKIP)),
    TriggerRule.ONE_DONE: lambda found, _: _first((not found & {State.SUCCESS, State.FAILED}, _SKIP)),
    TriggerRule.ONE_FAILED: lambda found, _: _first((not found & FAILURES, _SKIP)),
    TriggerRule.ONE_SUCCESS: lambda found, _: _first((found <= SKIPS, _SKIP), (not found & _SUCCESS, _FAIL)),
}
