"""Shows verdicts: a table of counts, and each counterexample with what both sides make of it."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from adf_proof.exhaustive import Tally
from adf_proof.judge import Compared, Judged, Verdict
from adf_proof.shape import Outcome, Result, Shape


def counts(tallies: Iterable[Tally]) -> Table:
    """A line for each set of DAGs."""
    table = Table("DAGs", "of", *(verdict.value for verdict in Verdict), "runs", "one result", "helpers", "time")
    for one in tallies:
        verdicts = (str(one.verdicts[verdict.value]) for verdict in Verdict)
        numbers = (str(one.runs), str(one.certain), f"{one.helpers_per_dag:.2f}", f"{one.seconds:.1f} s")
        table.add_row(str(one.dags), one.name, *verdicts, *numbers)
    return table


def counterexample(judged: Judged) -> RenderableType:
    """The first of a DAG."""
    return compared(judged.shape, judged.counterexamples[0], of=len(judged.counterexamples))


def compared(shape: Shape, found: Compared, *, of: int = 1) -> RenderableType:
    """A row a task: what it was told to do, what Airflow makes of it, what Data Factory does."""
    reachable = sorted(found.reachable, key=str)
    table = Table("task", "rule", "told to", *_titles(len(reachable)), "Data Factory")
    for index, node in enumerate(shape.nodes):
        rule = f"{node.rule.value} of {', '.join(node.upstream)}" if node.upstream else ""
        cells = (_did(result, index) for result in (*reachable, found.ran.result))
        table.add_row(node.name, rule, str(found.ran.given[node.name]), *cells)
    ended = (_ended(result) for result in (*reachable, found.ran.result))
    table.add_row("the run", "", "", *ended, style="bold")
    notes = [Text(f"one of {of} outcomes that differ")] if of > 1 else []
    if found.about_readings:
        readings = ", ".join(f"{reading}: {_run(good)}" for reading, good in found.ran.readings.items())
        notes.append(Text(f"It depends on how a skipped leaf is read: {readings}"))
    return Group(Text(str(shape)), table, *notes)


def _titles(count: int) -> Sequence[str]:
    return ["Airflow"] if count == 1 else [f"Airflow {number + 1}" for number in range(count)]


def _did(result: Result, index: int) -> str:
    did = result.did[index]
    return "does not run" if did is None else _shown(did)


def _shown(did: Outcome) -> str:
    return str(did)


def _ended(result: Result) -> str:
    return _run(result.succeeded)


def _run(succeeded: bool) -> str:
    return "success" if succeeded else "failed"


def as_json(shape: Shape, result: Result) -> dict[str, object]:
    """A result by tasks."""
    tasks = {node.name: _did(result, index) for index, node in enumerate(shape.nodes)}
    return {"tasks": tasks, "run": _run(result.succeeded)}
