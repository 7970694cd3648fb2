"""Judges all small DAGs and many larger ones, and counts what became of them."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from adf_proof.execution import Cases
from adf_proof.judge import Judged, Verdict, judged
from adf_proof.shape import Shape
from adf_proof.shapes import all_shapes, random_shape
from adf_proof.shrink import shrunk

# Random DAGs have so many tasks; up to MOST_COMPLETE all outcomes are tried, above a sample.
_SIZES = range(4, 9)
ALL = Cases()
SAMPLE = Cases(most=256)
_CHUNK = 20


@dataclass(slots=True)
class Tally:
    """What became of a set of DAGs."""

    name: str
    dags: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    # Of the refusals.
    codes: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    # Runs for which Airflow has one result only.
    certain: int = 0
    helpers: int = 0
    seconds: float = 0
    counterexamples: list[Judged] = field(default_factory=list)

    def add(self, one: Judged) -> None:
        self.dags += 1
        self.verdicts[one.verdict.value] += 1
        self.codes.update([one.code] if one.code else [])
        self.runs += one.runs
        self.certain += one.certain
        self.helpers += one.helpers
        if one.verdict is Verdict.COUNTEREXAMPLE:
            self.counterexamples.append(one)

    @property
    def helpers_per_dag(self) -> float:
        """Of those that were not refused."""
        return self.helpers / max(1, self.dags - self.verdicts[Verdict.REFUSED.value])

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dags": self.dags,
            "verdicts": dict(sorted(self.verdicts.items())),
            "refusals": dict(sorted(self.codes.items())),
            "runs": self.runs,
            "runs_with_one_possible_result": self.certain,
            "helpers_per_dag": round(self.helpers_per_dag, 2),
            "seconds": round(self.seconds, 1),
            "counterexamples": [str(one.shape) for one in self.counterexamples],
        }


def exhaustive(tasks: int, *, sample: int | None = None, seed: int = 1) -> Sequence[Shape]:
    """All DAGs of so many tasks, or so many of them."""
    shapes = all_shapes(tasks)
    return shapes if sample is None or sample >= len(shapes) else random.Random(seed).sample(shapes, sample)


def at_random(count: int, *, seed: int) -> Iterator[Shape]:
    """So many DAGs of 4 to 8 tasks, the same ones for the same seed."""
    chance = random.Random(seed)
    for index in range(count):
        yield random_shape(chance, _SIZES[index % len(_SIZES)])


def tally(
    name: str,
    shapes: Iterable[Shape],
    cases: Cases,
    *,
    jobs: int = 1,
    tell: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Judges them; `tell` hears of each."""
    found, begin = Tally(name), time.monotonic()
    for one in _judged(shapes, cases, jobs):
        found.add(one)
        found.seconds = time.monotonic() - begin
        tell(found)
    return found


def smallest(one: Judged, cases: Cases) -> Judged:
    """A counterexample without what it does not need."""
    wrong: Callable[[Shape], bool] = lambda shape: judged(shape, cases).verdict is Verdict.COUNTEREXAMPLE  # noqa: E731
    return judged(shrunk(one.shape, wrong), cases)


def _judged(shapes: Iterable[Shape], cases: Cases, jobs: int) -> Iterator[Judged]:
    judge = partial(judged, cases=cases)
    if jobs == 1:
        yield from map(judge, shapes)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        remaining = iter(shapes)
        # In portions: a pool takes all that it is given at once.
        while portion := list(islice(remaining, _CHUNK * jobs * 10)):
            yield from pool.map(judge, portion, chunksize=_CHUNK)
