"""Judges one DAG: every result of its pipeline must be one that Airflow can reach with the same outcomes of tasks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from adf_export.diagnostics import Refusal
from adf_export.ir.factory import Role, inside
from adf_proof.airflow_oracle import TooLargeError, reachable, reaches
from adf_proof.execution import Cases, Ran, runs_of
from adf_proof.shape import Result, Shape
from adf_proof.subject import Subject, subject_of_shape

# Up to so many tasks all outcomes are explored at once.
_WHOLE = 4


class Verdict(StrEnum):
    """What is known of a DAG."""

    AGREED = "agreed"
    # By the compiler, with a code.
    REFUSED = "refused"
    COUNTEREXAMPLE = "counterexample"
    # It has too many states to be explored.
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A run of the pipeline and what Airflow can reach."""

    ran: Ran
    # What Airflow can reach with the same outcomes.
    reachable: frozenset[Result]
    # False: there may be more.
    whole: bool = True

    @property
    def about_readings(self) -> bool:
        """Whether the result is right by one reading of Data Factory's documents only."""
        return self.ran.result in self.reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One DAG."""

    shape: Shape
    verdict: Verdict
    # Of the refusal.
    code: str = ""
    runs: int = 0
    # Runs for which Airflow has one result only.
    certain: int = 0
    helpers: int = 0
    # False: a sample of the outcomes was tried.
    complete: bool = True
    counterexamples: tuple[Compared, ...] = field(default=(), repr=False)


def judged(shape: Shape, cases: Cases) -> Judged:
    """A shape, compiled, run and compared."""
    try:
        subject = subject_of_shape(shape)
    except Refusal as refused:
        return Judged(shape=shape, verdict=Verdict.REFUSED, code=refused.diagnostic.code)
    return judged_subject(subject, cases)


def judged_subject(subject: Subject, cases: Cases) -> Judged:
    """A compiled DAG, run and compared."""
    runs = runs_of(subject, cases)
    helpers = sum(
        one.role is Role.HELPER for pipeline in subject.factory.pipelines for one in inside(pipeline.activities)
    )
    compared: list[Compared] = []
    decided = Verdict.AGREED
    try:
        compared.extend(_compared(subject, runs, cases))
    except TooLargeError:
        # What was compared before it stays.
        decided = Verdict.TOO_LARGE
    wrong = tuple(one for one in compared if not _agrees(one, plain=subject.plain))
    return Judged(
        shape=subject.shape,
        verdict=Verdict.COUNTEREXAMPLE if wrong else decided,
        runs=len(runs),
        certain=sum(one.whole and len(one.reachable) == 1 for one in compared),
        helpers=helpers,
        complete=cases.complete(subject.shape),
        counterexamples=wrong,
    )


def _agrees(one: Compared, *, plain: bool) -> bool:
    """In a plain graph, what a person would draw, the documented reading of skipped leaves counts; else every one."""
    return one.ran.result in one.reachable and (plain or one.ran.certain)


def _compared(subject: Subject, runs: Iterable[Ran], cases: Cases) -> Iterator[Compared]:
    """Each run with Airflow's results: all of them, of a large DAG first the one in question."""
    shape = subject.shape
    whole = reachable(shape) if cases.complete(shape) and len(shape.nodes) <= _WHOLE else None
    for ran in runs:
        if whole is None and reaches(shape, ran.given, ran.result):
            yield Compared(ran=ran, reachable=frozenset({ran.result}), whole=False)
            continue
        results = reachable(shape, ran.given) if whole is None else whole
        yield Compared(ran=ran, reachable=frozenset(one for one in results if one.agrees_with(ran.given, shape)))
