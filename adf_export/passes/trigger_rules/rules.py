"""The trigger rules: a row each, the condition on a task's upstream tasks under which it runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from adf_export.ir.dag import TriggerRule
from adf_export.ir.unit import Unit
from adf_export.passes.trigger_rules.conjunction import ALWAYS, Conjunction, all_of
from adf_export.passes.trigger_rules.predicates import Predicates

_Predicate = Callable[[Predicates, Unit], Conjunction]
_Units = tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a task runs."""

    # What must hold of each upstream task.
    each: _Predicate | None = None
    # What must not hold of all upstream tasks at once, and how the helper for it is called.
    not_all: _Predicate | None = None
    helper: str = ""
    # Which upstream tasks `not_all` is about.
    of: Callable[[Iterable[Unit]], _Units] = tuple
    # Airflow starts the task at the first match; here all upstream tasks must be final.
    early: bool = False

    def condition(self, predicates: Predicates, unit: Unit) -> Conjunction:
        """The condition on the unit's upstream units."""
        upstream = predicates.graph.upstream(unit)
        each = ALWAYS if self.each is None else all_of(self.each(predicates, one) for one in upstream)
        about = self.of(upstream)
        if self.not_all is None or not about:
            return each
        opposite = all_of(self.not_all(predicates, one) for one in about)
        if (each & opposite).never:
            return each
        return each & predicates.wiring.not_(opposite, f"{unit.id}_{self.helper}", unit.origin)


def _setups(units: Iterable[Unit]) -> _Units:
    return tuple(unit for unit in units if unit.is_setup)


_P: Final = Predicates
RULES: Final[Mapping[TriggerRule, Rule]] = {
    TriggerRule.ALL_SUCCESS: Rule(each=_P.succeeded),
    TriggerRule.ALL_FAILED: Rule(each=_P.failed),
    TriggerRule.ALL_DONE: Rule(),
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: Rule(each=_P.not_skipped, not_all=_P.not_succeeded, helper="none_succeeded"),
    TriggerRule.ALL_DONE_SETUP_SUCCESS: Rule(not_all=_P.not_succeeded, helper="no_setup_succeeded", of=_setups),
    TriggerRule.ALL_SKIPPED: Rule(each=_P.skipped),
    TriggerRule.ALWAYS: Rule(),
    TriggerRule.NONE_FAILED: Rule(each=_P.not_failed),
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: Rule(
        each=_P.not_failed, not_all=_P.not_succeeded, helper="none_succeeded"
    ),
    TriggerRule.NONE_SKIPPED: Rule(each=_P.not_skipped),
    TriggerRule.ONE_DONE: Rule(not_all=_P.neither_succeeded_nor_failed, helper="none_done", early=True),
    TriggerRule.ONE_FAILED: Rule(not_all=_P.not_failed, helper="none_failed", early=True),
    TriggerRule.ONE_SUCCESS: Rule(not_all=_P.not_succeeded, helper="none_succeeded", early=True),
}
