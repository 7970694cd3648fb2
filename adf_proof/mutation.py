"""Breaks the compiler's tables and its output on purpose: a proof that does not notice proves nothing.

A mutant that is not noticed must be shown equivalent: it compiles every DAG to the same documents, or the changed
pipeline has the same results for all outcomes.
"""

import random
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, cast

from adf_export.diagnostics import Refusal
from adf_export.ir.dag import TriggerRule
from adf_export.ir.factory import Activity, Condition, Dependency
from adf_export.passes.trigger_rules.predicates import _STATUS, Predicates
from adf_export.passes.trigger_rules.rules import RULES
from adf_export.passes.trigger_rules.states import _JUDGES, State, Verdict
from adf_proof.execution import runs_of
from adf_proof.exhaustive import ALL
from adf_proof.judge import judged_subject
from adf_proof.shape import Shape
from adf_proof.subject import Subject, subject_of_shape

_PREDICATES = (
    None,
    Predicates.succeeded,
    Predicates.not_succeeded,
    Predicates.not_failed,
    Predicates.failed,
    Predicates.skipped,
    Predicates.not_skipped,
    Predicates.neither_succeeded_nor_failed,
)
_CONDITIONS = (Condition.SUCCEEDED, Condition.FAILED, Condition.SKIPPED)


class Fate(StrEnum):
    """What becomes of a mutant."""

    KILLED = "killed"
    EQUIVALENT = "equivalent"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One row of a table, changed."""

    name: str
    table: MutableMapping[Any, Any]
    key: object
    row: object

    @contextmanager
    def applied(self) -> Iterator[None]:
        before = self.table[self.key]
        self.table[self.key] = self.row
        try:
            yield
        finally:
            self.table[self.key] = before


def mutants(chance: random.Random) -> Iterator[Mutant]:
    """Without end: a predicate of a rule, a rule's own verdict, or what a state looks like, changed."""
    while True:
        yield chance.choice((_of_rules, _of_verdicts, _of_statuses))(chance)


def _of_rules(chance: random.Random) -> Mutant:
    rule, part = chance.choice(list(TriggerRule)), chance.choice(("each", "not_all"))
    row = RULES[rule]
    other = chance.choice([one for one in _PREDICATES if one is not getattr(row, part)])
    name = f"{rule.value}: {part} = {getattr(other, '__name__', None)}"
    changed = replace(row, each=other) if part == "each" else replace(row, not_all=other, helper="mutant")
    return Mutant(name, _table(RULES), rule, changed)


def _of_verdicts(chance: random.Random) -> Mutant:
    rule, verdict = chance.choice(list(TriggerRule)), chance.choice(list(Verdict))
    return Mutant(f"{rule.value} always says {verdict.value}", _table(_JUDGES), rule, lambda *_: frozenset({verdict}))


def _of_statuses(chance: random.Random) -> Mutant:
    state, part = chance.choice(list(State)), chance.randrange(2)
    row = list(_STATUS[state])
    row[part] = chance.choice([one for one in _CONDITIONS if one is not row[part]])
    return Mutant(f"{state.value} looks like {row[0].value}, {row[1].value}", _table(_STATUS), state, tuple(row))


def _table(table: object) -> MutableMapping[Any, Any]:
    return cast(MutableMapping[Any, Any], table)


def fate(mutant: Mutant, shapes: Iterable[Shape]) -> Fate:
    """What the proof makes of a mutant; a compiler that breaks down is noticed as well."""
    same = True
    for shape in shapes:
        before = _original(shape)
        with mutant.applied():
            after = _compiled(shape)
        if after is None:
            return Fate.KILLED
        if after == before:
            continue
        found = fate_of(after, before) if isinstance(after, Subject) and isinstance(before, Subject) else Fate.SURVIVED
        if found is Fate.KILLED:
            return found
        same = same and found is Fate.EQUIVALENT
    return Fate.EQUIVALENT if same else Fate.SURVIVED


def _compiled(shape: Shape) -> Subject | str | None:
    """A compiled DAG, the code of its refusal, None if the compiler broke down."""
    try:
        return subject_of_shape(shape)
    except Refusal as refused:
        return refused.diagnostic.code
    except (AssertionError, LookupError):
        return None


_original = cache(_compiled)


def edges_changed(subject: Subject) -> Iterator[Subject]:
    """The pipeline with one dependency changed, in all ways."""
    for place, activity in enumerate(subject.own.activities):
        for edge in activity.depends_on:
            for change in (*_other_conditions(edge), None):
                kept = tuple(change if one is edge else one for one in activity.depends_on)
                changed = replace(activity, depends_on=tuple(one for one in kept if one is not None))
                yield _with(subject, place, changed)


def _other_conditions(edge: Dependency) -> Iterator[Dependency]:
    for conditions in ((one,) for one in _CONDITIONS):
        if conditions != edge.conditions:
            yield replace(edge, conditions=conditions)
    if edge.conditions != (Condition.COMPLETED, Condition.SKIPPED):
        yield replace(edge, conditions=(Condition.COMPLETED, Condition.SKIPPED))


def _with(subject: Subject, place: int, activity: Activity) -> Subject:
    own = subject.own
    activities = (*own.activities[:place], activity, *own.activities[place + 1 :])
    pipelines = tuple(replace(own, activities=activities) if one is own else one for one in subject.factory.pipelines)
    return replace(subject, factory=replace(subject.factory, pipelines=pipelines))


def fate_of(changed: Subject, subject: Subject) -> Fate:
    """What the proof makes of a changed pipeline."""
    if judged_subject(changed, ALL).counterexamples:
        return Fate.KILLED
    results: Callable[[Subject], list[object]] = lambda one: [ran.result for ran in runs_of(one, ALL)]  # noqa: E731
    return Fate.EQUIVALENT if results(changed) == results(subject) else Fate.SURVIVED
