"""Draws trees of runs for a person, and writes them for machines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from adf_export.monitor.tree import Node

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_STYLES: Final = {
    "Succeeded": "green",
    "Failed": "bold red",
    "Cancelled": "yellow",
    "Canceled": "yellow",
    "Canceling": "yellow",
    "InProgress": "cyan",
    "Queued": "dim",
    "Skipped": "dim",
    "Inactive": "dim",
}
# Of an error's text; the JSON has all of it.
_LONGEST: Final = 600


# What a terminal would obey: texts of errors come from outside.
_CONTROL: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")


def draw(runs: Sequence[Node], *, notes: Iterable[str] = ()) -> "Tree":
    """All runs below one line that counts them."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(_summary(runs)), guide_style="dim")
    for run in runs:
        _add(tree, run)
    for note in notes:
        tree.add(Text(_clean(note), style="yellow"))
    return tree


def documents(runs: Sequence[Node]) -> list[dict[str, Any]]:
    """For `--json`: empty fields are left out."""
    return [_document(asdict(run)) for run in runs]


def _add(tree: "Tree", node: Node, dag_id: str = "") -> None:
    from rich.text import Text

    branch = tree.add(_line(node, dag_id))
    if node.failed and node.error_message and not any(child.failed for child in node.children):
        branch.add(_error(node))
    if node.note:
        branch.add(Text(node.note, style="yellow"))
    for child in node.children:
        _add(branch, child, node.dag_id or dag_id)
    for other in node.others:
        branch.add(Text.assemble(("another attempt  ", "dim"), _line(other, "")))


def _line(node: Node, dag_id: str) -> "Text":
    from rich.text import Text

    line = Text()
    line.append(f"{node.status:<10} ", style=_STYLES.get(node.status, ""))
    line.append(node.label, style="dim" if node.helper else "bold" if node.kind == "Pipeline" else "")
    line.append("  " + "  ".join(part for part in _details(node, dag_id) if part), style="dim")
    return line


def _details(node: Node, dag_id: str) -> Iterator[str]:
    """What stands behind the name; the DAG where it is not that of what is around."""
    is_run = node.kind == "Pipeline"
    yield "" if node.kind.startswith("Iteration") else node.kind
    yield seconds(node.duration_in_ms) or _so_far(node)
    yield f"{node.attempts} attempts" if node.attempts > 1 else ""
    yield f"DAG {node.dag_id}" if node.dag_id not in ("", dag_id) else ""
    yield f"task {node.task_id}" if node.task_id and node.task_id != node.label else ""
    yield f"helper of {node.helper}" if node.helper else ""
    yield node.source
    yield node.iteration if node.kind == "Iteration" else ""
    yield f"run {node.run_id}" if is_run else ""
    yield node.started[:19] if is_run else ""


def _so_far(node: Node) -> str:
    """How long what runs has been running."""
    if node.ended or not node.started or node.kind.startswith("Iteration"):
        return ""
    since = datetime.now(UTC) - datetime.fromisoformat(node.started)
    return f"for {seconds(max(since // timedelta(milliseconds=1), 0))}"


def _error(node: Node) -> "Text":
    from rich.text import Text

    head = " ".join(part for part in (node.error_code, node.failure_type) if part)
    text = node.error_message if len(node.error_message) <= _LONGEST else f"{node.error_message[:_LONGEST]} ..."
    return Text(_clean(f"{head}: {text}" if head else text), style="red")


def _clean(text: str) -> str:
    return text.translate(_CONTROL)


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
    return f"{len(runs)} run{'s' * (len(runs) != 1)}: {said}" if runs else "no runs"


def _document(node: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if value not in ("", None, [])}
    nested = {name: [_document(one) for one in kept[name]] for name in ("others", "children") if name in kept}
    return kept | nested
