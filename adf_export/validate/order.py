"""Tells whether an activity has run (succeeded or failed) for sure when another one begins, by dependsOn alone.

The question is turned round: can it end so that the one runs and the other was skipped? Whatever runs may succeed or
fail, so the answer is a search from the end backwards: who ran had all its entries met, who was skipped had one unmet.
An activity about which nothing is asked can always end in some way, and is passed over.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from adf_export.validate.subject import Scope, Step

_RAN: Final = frozenset({"Succeeded", "Failed"})
_SKIPPED: Final = frozenset({"Skipped"})
_ALL: Final = _RAN | _SKIPPED
# After so many steps of a search the answer is "not for sure".
_PATIENCE: Final = 20_000


def has_run(step: Step, name: str) -> bool:
    """Whether the activity of a name has run whenever `step` runs; also where it stands before a container of it."""
    return any(_has_run(level, name) for level in (step, *step.around()))


def always_runs(scope: Scope, name: str) -> bool:
    """Whether an activity of a list runs whenever the list does."""
    target = scope.find(name)
    return target is not None and not _Search(None, target).finds()


def _has_run(step: Step, name: str) -> bool:
    upstream = above(step)
    target = step.scope.find(name)
    if target in upstream and target is not None:
        return not _Search(step, target).finds()
    # The last round of an Until can be read after it.
    return any(
        until.type == "Until" and always_runs(scope, name) and not _Search(step, until).finds()
        for until in upstream
        for scope in until.inner
    )


def above(step: Step) -> list[Step]:
    """What a step depends on, through others too: downstream ones before those that they depend on."""
    seen: set[Step] = {step}
    found: list[Step] = []

    def visit(current: Step) -> None:
        for upstream in _upstream(current):
            if upstream not in seen:
                seen.add(upstream)
                visit(upstream)
                found.append(upstream)

    visit(step)
    return found[::-1]


class _Search:
    """For an outcome in which `ran` runs (None: no matter) and `skipped` is skipped."""

    def __init__(self, ran: Step | None, skipped: Step) -> None:
        self._wanted = {skipped: _SKIPPED, **({ran: _RAN} if ran else {})}
        below = ran or skipped
        self._steps = [below, *above(below)]
        self._left = _PATIENCE

    def finds(self) -> bool:
        return self._go(0, self._wanted)

    def _go(self, index: int, wanted: Mapping[Step, frozenset[str]]) -> bool:
        """Whether the steps from here on can end so that each has one of its wanted statuses."""
        while index < len(self._steps) and wanted.get(self._steps[index], _ALL) == _ALL:
            index += 1
        if index == len(self._steps):
            return True
        self._left -= 1
        if self._left < 0:
            return True
        step = self._steps[index]
        return any(self._go(index + 1, needs) for needs in _ways(step, wanted))


def _ways(step: Step, wanted: Mapping[Step, frozenset[str]]) -> Iterator[Mapping[Step, frozenset[str]]]:
    """What is wanted of those upstream, for each way in which a step can end as it is wanted to."""
    edges = [(step.scope.find(name), _statuses(conditions)) for name, conditions in step.edges()]
    known = [(upstream, statuses) for upstream, statuses in edges if upstream is not None]
    if wanted[step] & _RAN:
        needs: Mapping[Step, frozenset[str]] | None = wanted
        for upstream, statuses in known:
            needs = _narrowed(needs, upstream, statuses)
        if needs is not None:
            yield needs
    if wanted[step] & _SKIPPED:
        for upstream, statuses in known:
            needs = _narrowed(wanted, upstream, _ALL - statuses)
            if needs is not None:
                yield needs


def _narrowed(
    wanted: Mapping[Step, frozenset[str]] | None, step: Step, statuses: frozenset[str]
) -> Mapping[Step, frozenset[str]] | None:
    """None: nothing is left."""
    if wanted is None:
        return None
    left = wanted.get(step, _ALL) & statuses
    return {**wanted, step: left} if left else None


def _statuses(conditions: frozenset[str]) -> frozenset[str]:
    return (conditions | _RAN if "Completed" in conditions else conditions) & _ALL


def _upstream(step: Step) -> list[Step]:
    return [found for name, _ in step.edges() if (found := step.scope.find(name)) is not None]
