"""Shows runs, their activities and load reports to people: as much as fits on a screen, and where the rest is."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from local_azure.data_factory.remote.following import RunTree
from local_azure.data_factory.remote.loading import Outcome, Report
from local_azure.data_factory.remote.tree import Node, seconds, summarize

Json = Any

# Status -> mark and colour.
_MARKS = {
    "Succeeded": ("✓", "green"),
    "Failed": ("✗", "red"),
    "InProgress": ("●", "yellow"),
    "Queued": ("○", "yellow"),
    "Canceling": ("●", "magenta"),
    "Cancelled": ("⊘", "magenta"),
    "Skipped": ("\N{EN DASH}", "bright_black"),
    "Inactive": ("\N{EN DASH}", "bright_black"),
}
# Of one activity's input, output or error, and of the problems of one file.
_LINES = 12
# Characters of the id of a run in a list, of a name there, and of a message that is worth a column.
_ID_SHOWN, _NAME_SHOWN, _LEAST_MESSAGE = 8, 40, 12
# Of one message below an activity in the tree.
_MESSAGE = 300
# A loop with more iterations than this shows those that run or failed, and how many there are.
_ITERATIONS = 10


def console() -> Console:
    """Standard output, without markup: names may hold brackets."""
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=False)


def run_tree(found: RunTree) -> Tree:
    """A run with its activities, and below an ExecutePipeline the run that it started."""
    tree = Tree(run_line(found.run), guide_style="bright_black")
    _grow(tree, found.nodes, found)
    return tree


def run_line(run: Json) -> RenderableType:
    """Pipeline, status, duration, and why it failed."""
    line = _line(run["pipelineName"], run["status"], "", seconds(run))
    line.append(f"  {run['runId']}", "bright_black")
    return _with_message(line, str(run.get("message") or ""))


def _grow(tree: Tree, nodes: Sequence[Node], found: RunTree) -> None:
    for node in nodes:
        branch = tree.add(_node_line(node))
        shown = node.children
        if len(shown) > _ITERATIONS and all(not child.type for child in shown):
            branch.add(
                Text(f"{len(shown):,} iterations: {summarize([child.status for child in shown])}", "bright_black")
            )
            shown = [child for child in shown if child.status != "Succeeded"][:_ITERATIONS]
        _grow(branch, shown, found)
        below = found.started_by(node)
        if below is not None:
            _grow(branch.add(run_line(below.run)), below.nodes, below)


def _node_line(node: Node) -> RenderableType:
    if not node.type:
        mark, colour = _MARKS.get(node.status, ("?", ""))
        return Text.assemble((f"{mark} ", colour), (node.label, "bright_black"))
    line = _line(node.label, node.status, node.type, node.seconds)
    if node.attempts > 1:
        line.append(f"  {node.attempts} times", "yellow")
    return _with_message(line, node.error)


def _with_message(line: Text, message: str) -> RenderableType:
    return Group(line, Padding(Text(_cut(message), "red"), (0, 0, 0, 2), expand=False)) if message else line


def _line(name: str, status: str, kind: str, duration: float | None) -> Text:
    mark, colour = _MARKS.get(status, ("?", ""))
    line = Text.assemble((f"{mark} ", colour), (name, "bold"), "  ", (status, colour))
    if kind:
        line.append(f"  {kind}", "cyan")
    if duration is not None and status not in ("Skipped", "Inactive", "Queued"):
        line.append(f"  {duration_text(duration)}", "bright_black")
    return line


def duration_text(duration: float) -> str:
    """Such as 0.12 s, 3 min 5 s, 2 h 10 min."""
    if duration < 60:
        return f"{duration:.2f} s"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def runs_table(runs: Sequence[Json], width: int) -> RenderableType:
    """The list of runs, newest first, a line each: what does not fit beside their ids is left out."""
    if not runs:
        return Text("no runs")
    columns = {name: [cell(run) for run in runs] for name, cell in _RUN_CELLS.items()}
    for name in _GIVEN_UP:
        if sum(_wide(each, cells) for each, cells in columns.items()) > width:
            del columns[name]
    left = width - sum(_wide(name, cells) for name, cells in columns.items())
    if left >= _LEAST_MESSAGE:
        columns["message"] = [_cut(str(run.get("message") or ""), left - 2) for run in runs]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in columns:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for place, run in enumerate(runs):
        colour = _MARKS.get(run["status"], ("?", ""))[1]
        table.add_row(*(Text(cells[place], colour if name == "status" else "") for name, cells in columns.items()))
    return table


def _wide(name: str, cells: Sequence[str]) -> int:
    return max(len(name), *map(len, cells)) + 2


def _duration_cell(run: Json) -> str:
    duration = seconds(run)
    return "" if duration is None else duration_text(duration)


# Column of the list -> what stands in it.
_RUN_CELLS: Mapping[str, Callable[[Json], str]] = {
    # As much of it as 'show' and the others need.
    "run": lambda run: run["runId"][:_ID_SHOWN],
    "pipeline": lambda run: _cut(run["pipelineName"], _NAME_SHOWN),
    "status": lambda run: f"{_MARKS.get(run['status'], ('?', ''))[0]} {run['status']}",
    "started (UTC)": lambda run: str(run.get("runStart") or "")[:19].replace("T", " "),
    "duration": _duration_cell,
    "by": lambda run: _cut(str((run.get("invokedBy") or {}).get("name") or ""), _NAME_SHOWN),
}
# Columns that a narrow screen does without, this one first.
_GIVEN_UP = ("by", "duration", "started (UTC)")


def details(run: Json, rows: Sequence[Json]) -> RenderableType:
    """What the monitoring page tells of each activity: input, output, error."""
    parts: list[RenderableType] = []
    if run.get("parameters"):
        parts.append(Text.assemble(("parameters ", "bright_black"), _compact(run["parameters"])))
    parts += [part for row in rows for part in _activity(row, whole=False)]
    return Group(*parts)


def activity_details(rows: Sequence[Json]) -> RenderableType:
    """All runs of one activity, uncut."""
    return Group(*(part for row in rows for part in _activity(row, whole=True)))


def _activity(row: Json, *, whole: bool) -> Iterator[RenderableType]:
    title = _line(row["activityName"], row["status"], row["activityType"], seconds(row))
    if row.get("iterationHash"):
        title.append(f"  {row['iterationHash']}", "bright_black")
    if row.get("retryAttempt"):
        title.append(f"  retry {row['retryAttempt']}", "yellow")
    yield Rule(title, align="left", style="bright_black")
    if row.get("userProperties"):
        yield _block("properties", row["userProperties"], "", whole=whole)
    for name, colour in (("input", ""), ("output", ""), ("error", "red")):
        value = row.get(name)
        if name == "error" and not (isinstance(value, dict) and (value.get("message") or value.get("errorCode"))):
            continue
        if value not in (None, {}, ""):
            yield _block(name, value, colour, whole=whole)


def _block(name: str, value: Json, colour: str, *, whole: bool) -> RenderableType:
    lines = json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    if not whole and len(lines) > _LINES:
        lines = [*lines[:_LINES], f"... {len(lines) - _LINES:,} more lines: see --activity NAME or --json"]
    if not whole:
        lines = [line if len(line) <= 2 * _MESSAGE else f"{line[: 2 * _MESSAGE]}..." for line in lines]
    return Group(Text(name, "bright_black"), Padding(Text("\n".join(lines), colour), (0, 0, 0, 2), expand=False))


def load_report(report: Report) -> RenderableType:
    """What was loaded, and each problem with its file and place."""
    parts: list[RenderableType] = []
    for outcome, colour in ((Outcome.REFUSED, "red"), (Outcome.NOT_TRIED, "yellow")):
        for file in report.of(outcome):
            parts.append(Text(f"{outcome}: {file.file}", colour))
            shown = file.problems[:_LINES]
            parts += [Text(f"  {problem.path}: {problem.message}") for problem in shown]
            if len(file.problems) > len(shown):
                parts.append(Text(f"  ... and {len(file.problems) - len(shown)} more: see --json", "bright_black"))
    loaded = report.of(Outcome.LOADED)
    for left in report.left_out:
        parts.append(Text(f"left out: {left.folder}/ ({left.count} files): {left.reason}", "bright_black"))
    kinds = summarize([file.kind for file in loaded]) or "nothing"
    others = len(report.files) - len(loaded)
    tail = f"; {others} of {len(report.files)} files were not" if others else ""
    parts.append(Text(f"loaded into factory '{report.factory}': {kinds}{tail}", "" if others else "green"))
    return Group(*parts)


def _compact(value: Json) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str, length: int = _MESSAGE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 3]}..."
