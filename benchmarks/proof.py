"""Times the proof: compiling, running in the local Data Factory, exploring Airflow; `python benchmarks/proof.py`.

Over a sample of the DAGs of each size: seconds a part, runs a second, helpers a DAG, and what all DAGs would take.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from adf_export.diagnostics import Refusal
from adf_export.ir.factory import Role, inside
from adf_proof.airflow_oracle import reachable
from adf_proof.execution import Cases, runs_of
from adf_proof.exhaustive import at_random, exhaustive
from adf_proof.shape import Shape
from adf_proof.subject import subject_of_shape

SAMPLE = 100
CASES = Cases(most=64)
LARGE = 2


@dataclass(slots=True)
class Times:
    """Of one set."""

    compiling: float = 0
    running: float = 0
    exploring: float = 0
    runs: int = 0
    helpers: int = 0
    refused: int = 0

    @property
    def seconds(self) -> float:
        return self.compiling + self.running + self.exploring


def main() -> None:
    for tasks in (1, 2, 3):
        whole = exhaustive(tasks)
        shapes = exhaustive(tasks, sample=SAMPLE)
        report(f"{tasks} tasks", shapes, len(whole))
    report("4 to 8 tasks at random", list(at_random(LARGE * 20, seed=1)), None, explore=False)


def report(name: str, shapes: Sequence[Shape], of: int | None, *, explore: bool = True) -> None:
    found = measure(shapes, explore=explore)
    exported = max(1, len(shapes) - found.refused)
    say(f"{name}: {len(shapes)} DAGs{f' of {of:,}' if of else ''}, {found.refused} refused")
    say(f"  compile {1000 * found.compiling / len(shapes):.2f} ms a DAG, {found.helpers / exported:.2f} helpers a DAG")
    say(f"  run {found.runs} outcomes, {1000 * found.running / max(1, found.runs):.2f} ms each")
    if explore:
        say(f"  explore Airflow {1000 * found.exploring / len(shapes):.2f} ms a DAG")
    if of:
        say(f"  all {of:,} would take {found.seconds / len(shapes) * of:.0f} s")


def measure(shapes: Sequence[Shape], *, explore: bool) -> Times:
    found = Times()
    for shape in shapes:
        begin = time.process_time()
        try:
            subject = subject_of_shape(shape)
        except Refusal:
            found.refused += 1
            continue
        compiled = time.process_time()
        runs = runs_of(subject, CASES)
        ran = time.process_time()
        if explore:
            reachable(shape)
        found.compiling += compiled - begin
        found.running += ran - compiled
        found.exploring += time.process_time() - ran
        found.runs += len(runs)
        found.helpers += sum(one.role is Role.HELPER for one in inside(subject.own.activities))
    return found


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
