"""Draws trees of runs for a person, and writes them for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from adf_export.monitor.tree import Node

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_STYLES: Final = {
    "Succeeded": "green",
    "Failed": "bold red",
    "Cancelled": "yellow",
    "Canceling": "yellow",
    "InProgress": "cyan",
    "Queued": "dim",
    "Skipped": "dim",
    "Inactive": "dim",
}
# Of an error's text; the JSON has all of it.
_LONGEST: Final = 600


def draw(runs: Sequence[Node], *, notes: Iterable[str] = ()) -> "Tree":
    """All runs below one line that counts them."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(_summary(runs)), guide_style="dim")
    for run in runs:
        _add(tree, run)
    for note in notes:
        tree.add(Text(note, style="yellow"))
    return tree


def documents(runs: Sequence[Node]) -> list[dict[str, Any]]:
    """For `--json`: empty fields are left out."""
    return [_document(asdict(run)) for run in runs]


def _add(tree: "Tree", node: Node) -> None:
    branch = tree.add(_line(node))
    if node.failed and node.error_message and not any(child.failed for child in node.children):
        branch.add(_error(node))
    for child in node.children:
        _add(branch, child)


def _line(node: Node) -> "Text":
    from rich.text import Text

    line = Text()
    line.append(f"{node.status:<10} ", style=_STYLES.get(node.status, ""))
    line.append(node.label, style="dim" if node.helper else "bold" if node.kind == "Pipeline" else "")
    details = [
        "" if node.kind == "Iteration" else node.kind,
        seconds(node.duration_in_ms),
        f"{node.attempts} attempts" if node.attempts > 1 else "",
        f"task {node.task_id}" if node.task_id and node.task_id != node.label else "",
        f"helper of {node.helper}" if node.helper else "",
        node.source,
        f"run {node.run_id}" if node.kind == "Pipeline" else "",
        node.started[:19] if node.kind == "Pipeline" else "",
    ]
    line.append("  " + "  ".join(part for part in details if part), style="dim")
    return line


def _error(node: Node) -> "Text":
    from rich.text import Text

    head = " ".join(part for part in (node.error_code, node.failure_type) if part)
    text = node.error_message if len(node.error_message) <= _LONGEST else f"{node.error_message[:_LONGEST]} ..."
    return Text(f"{head}: {text}" if head else text, style="red")


def seconds(milliseconds: int | None) -> str:
    """A duration as a person says it; empty where there is none yet."""
    if milliseconds is None:
        return ""
    whole = milliseconds / 1000
    return f"{whole:.1f} s" if whole < 120 else f"{whole // 60:.0f} min {whole % 60:.0f} s"


def _summary(runs: Sequence[Node]) -> str:
    counts: dict[str, int] = {}
    for run in runs:
        counts[run.status] = counts.get(run.status, 0) + 1
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"{len(runs)} runs: {said}" if runs else "no runs"


def _document(node: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if value not in ("", None, [])}
    if "children" in kept:
        kept["children"] = [_document(child) for child in kept["children"]]
    return kept
