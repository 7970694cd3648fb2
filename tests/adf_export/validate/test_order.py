"""Which activities have run for sure: judged by trying every outcome of small random graphs."""

import itertools
import random
from collections.abc import Iterator

import pytest

from adf_export.validate.order import always_runs, has_run
from adf_export.validate.paths import Path
from adf_export.validate.subject import Scope, Step

CONDITIONS = (
    *(("Succeeded",), ("Failed",), ("Skipped",), ("Completed",), ("Completed", "Skipped")),
    *(("Failed", "Skipped"), ("Succeeded", "Skipped"), ("Succeeded",), ("Succeeded",)),
)
MEETS = {"Completed": ("Succeeded", "Failed")}


def graph(seed: int) -> list[Step]:
    chance = random.Random(seed)
    scope = Scope(container=None)
    for n in range(chance.randrange(2, 7)):
        above = chance.sample(range(n), min(n, chance.choice((0, 1, 1, 2, 2, 3))))
        edges = [{"activity": f"A{up}", "dependencyConditions": list(chance.choice(CONDITIONS))} for up in above]
        path: Path = ("properties", "activities", n)
        scope.steps[f"a{n}"] = Step(name=f"A{n}", type="Wait", path=path, json={"dependsOn": edges}, scope=scope)
    return list(scope.steps.values())


def outcomes(steps: list[Step]) -> Iterator[dict[str, str]]:
    """Every way in which the graph can end: each activity that runs succeeds or fails."""
    for choice in itertools.product(("Succeeded", "Failed"), repeat=len(steps)):
        ended: dict[str, str] = {}
        for step, result in zip(steps, choice, strict=True):
            met = all(
                any(ended[upstream] in MEETS.get(condition, (condition,)) for condition in conditions)
                for upstream, conditions in step.edges()
            )
            ended[step.name] = result if met else "Skipped"
        yield ended


def surely(steps: list[Step], step: Step) -> set[str] | None:
    """What has run in every outcome in which this one runs; None: it never runs."""
    upstream = above(steps, step)
    found: set[str] | None = None
    for ended in outcomes(steps):
        if ended[step.name] != "Skipped":
            ran = {name for name in upstream if ended[name] != "Skipped"}
            found = ran if found is None else found & ran
    return found


def above(steps: list[Step], step: Step) -> set[str]:
    by_name = {other.name: other for other in steps}
    found: set[str] = set()
    pending = [step.name]
    while pending:
        for name, _ in by_name[pending.pop()].edges():
            if name not in found:
                found.add(name)
                pending.append(name)
    return found


@pytest.mark.parametrize("block", range(10))
def test_has_run(block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        steps = graph(seed)
        for step in steps:
            truth = surely(steps, step)
            if truth is not None:
                assert {other.name for other in steps if has_run(step, other.name)} == truth, (seed, step.name)


def test_always_runs() -> None:
    for seed in range(300):
        steps = graph(seed)
        ran = [{name for name, end in ended.items() if end != "Skipped"} for ended in outcomes(steps)]
        assert {step.name for step in steps if always_runs(step.scope, step.name)} == set.intersection(*ran)
