"""`python -m adf_proof`: the whole proof; exit code 1 if there is a counterexample."""

import sys
from functools import partial
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from adf_proof import exhaustive
from adf_proof.exhaustive import ALL, SAMPLE, Tally
from adf_proof.printing import counterexample, counts

# So many counterexamples are made smaller and shown.
_SHOWN = 5


def prove(
    tasks: Annotated[int, typer.Option(help="All DAGs of up to so many tasks.")] = 3,
    random: Annotated[int, typer.Option(help="And so many random ones of 4 to 8 tasks.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the random ones.")] = 1,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Judges the pipelines of all small DAGs by Airflow's own evaluator."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    sets = [(f"{size} tasks", exhaustive.exhaustive(size), ALL) for size in range(1, tasks + 1)]
    if random:
        sets.append(("4 to 8 tasks, random", list(exhaustive.at_random(random, seed=seed)), SAMPLE))
    tallies: list[Tally] = []
    with Progress(*columns, console=console) as progress:
        for name, shapes, cases in sets:
            told = partial(_show, progress, progress.add_task(name, total=len(shapes)))
            tallies.append(exhaustive.tally(name, shapes, cases, jobs=jobs, tell=told))
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode([one.as_json() for one in tallies])).decode() + "\n")
    else:
        Console().print(counts(tallies))
    wrong = [(one, cases) for found, (_, _, cases) in zip(tallies, sets, strict=True) for one in found.counterexamples]
    for one, cases in wrong[:_SHOWN]:
        console.print(counterexample(exhaustive.smallest(one, cases)))
    raise typer.Exit(1 if wrong else 0)


def _show(progress: Progress, bar: TaskID, found: Tally) -> None:
    progress.update(bar, completed=found.dags)


if __name__ == "__main__":
    typer.run(prove)
