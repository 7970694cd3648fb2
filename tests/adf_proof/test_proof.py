"""A slice of the proof; `make proof` judges all."""

from collections.abc import Callable, Iterable

import pytest

from adf_proof.execution import Cases
from adf_proof.exhaustive import ALL, Tally, at_random, exhaustive, tally
from adf_proof.judge import Verdict, judged
from adf_proof.shape import Shape
from tests.adf_proof.drawing import drawn

SETS: dict[str, tuple[Callable[[], Iterable[Shape]], Cases]] = {
    "all of 1 task": (lambda: exhaustive(1), ALL),
    "all of 2 tasks": (lambda: exhaustive(2), ALL),
    "some of 3 tasks": (lambda: exhaustive(3, sample=250, seed=3), ALL),
    "some of 4 to 8 tasks": (lambda: at_random(40, seed=4), Cases(most=24)),
}


@pytest.mark.parametrize("name", SETS)
def test_pipelines_do_what_airflow_can_do(name: str) -> None:
    shapes, cases = SETS[name]
    found = tally(name, shapes(), cases)
    assert not found.counterexamples, report(found)
    # Refusals are few: a compiler that refuses all would pass.
    assert found.verdicts[Verdict.REFUSED.value] <= found.dags * 0.1
    assert found.verdicts[Verdict.AGREED.value] >= found.dags * 0.9


def report(found: Tally) -> str:
    return "\n".join(str(one.shape) for one in found.counterexamples)


# Found by searching; each was a difference once.
FIXED = (
    "a(is_teardown)",
    "a(is_teardown); b(is_teardown) <- a",
    # The setup a, which failed, is seen before b was skipped.
    "a(is_setup); b(all_skipped, is_setup) <- a; c(one_success, is_setup) <- b",
    # The branch becomes a Switch, in which both are.
    "a(choice, computes); b <- a; c <- a; d(none_failed_min_one_success) <- b, c",
    "a(stops all, computes); b <- a; c <- b",
)


@pytest.mark.parametrize("text", FIXED)
def test_stays_right(text: str) -> None:
    assert judged(drawn(text), ALL).verdict in (Verdict.AGREED, Verdict.REFUSED)
