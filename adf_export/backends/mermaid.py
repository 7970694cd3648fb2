"""Writes drawings as one Mermaid flowchart."""

from collections.abc import Iterable, Iterator
from typing import Final

from adf_export.backends.drawing import Box, Drawing, Edge, Line, Node, Style

# Line -> how its stroke looks.
STROKES: Final = {
    Line.FLOW: "#605e5c",
    Line.SUCCEEDED: "#107c10",
    Line.FAILED: "#d13438",
    Line.SKIPPED: "#8a8886",
    Line.COMPLETED: "#0078d4",
    Line.MIXED: "#8764b8",
}
_INDENT: Final = "    "


def mermaid(drawings: Iterable[Drawing]) -> str:
    """The flowchart; each drawing is a box of it."""
    lines = ["flowchart LR"]
    edges: list[Edge] = []
    for drawing in drawings:
        lines += (_INDENT + line for line in _box(drawing.box))
        edges += drawing.edges
    lines += (f"{_INDENT}{_edge(edge)}" for edge in edges)
    for line in Line:
        numbers = [str(index) for index, edge in enumerate(edges) if edge.line is line]
        if numbers and line is not Line.FLOW:
            lines.append(f"{_INDENT}linkStyle {','.join(numbers)} stroke:{STROKES[line]}")
    lines.append(f"{_INDENT}classDef helper fill:#f3f2f1,stroke:#c8c6c4,color:#605e5c,stroke-dasharray:4 3")
    return "\n".join(lines) + "\n"


def _box(box: Box) -> Iterator[str]:
    yield f'subgraph {box.id}["{_text(box.title)}"]'
    for member in box.members:
        yield from (_INDENT + line for line in (_box(member) if isinstance(member, Box) else _node(member)))
    if not box.members:
        yield f'{_INDENT}{box.id}_empty[" "]'
    yield "end"


def _node(node: Node) -> Iterator[str]:
    label = "<br/>".join(_text(line) for line in (node.title, *node.details))
    yield f'{node.id}["{label}"]' + (":::helper" if node.style is Style.HELPER else "")


def _edge(edge: Edge) -> str:
    label = f'|"{_text(edge.label)}"|' if edge.label else ""
    return f"{edge.source} -->{label} {edge.target}"


def _text(text: str) -> str:
    """What Mermaid would read as its own syntax becomes an entity."""
    return "".join(f"#{ord(char)};" if char in '"#&<>`' else char for char in text)
