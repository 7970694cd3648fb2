"""Draws drawings below each other as one SVG picture: no fonts, no scripts, no other files."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final
from xml.sax.saxutils import escape

from adf_export.backends.drawing import Box, Drawing, Edge, Line, Node, Style
from adf_export.backends.layout import LABEL_CHARACTER, LINE, PADDING, TITLE, Layout, Place, lay_out, lines_of, wrapped
from adf_export.backends.mermaid import STROKES

_MARGIN: Final = 16.0
_GAP: Final = 24.0
_STYLE: Final = """
text { font: 12px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #201f1e }
.title { font-weight: bold }
.detail, .label { fill: #605e5c }
.label { font-size: 10px }
.node { fill: #ffffff; stroke: #8a8886 }
.node.helper { fill: #f3f2f1; stroke: #c8c6c4; stroke-dasharray: 4 3 }
.helper-text { fill: #605e5c }
.box { fill: #0078d4; fill-opacity: 0.04; stroke: #a19f9d }
.box.helper { stroke: #c8c6c4; stroke-dasharray: 4 3 }
.edge { fill: none; stroke-width: 1.5 }
"""


def svg(drawings: Iterable[Drawing]) -> str:
    """The picture."""
    placed = [(drawing, lay_out(drawing)) for drawing in drawings]
    width = max((layout.width for _, layout in placed), default=0.0) + 2 * _MARGIN
    height = sum(layout.height + _GAP for _, layout in placed) - _GAP + 2 * _MARGIN
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<style>{_STYLE}</style>",
        f"<defs>{''.join(_arrow(line) for line in Line)}</defs>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    y = _MARGIN
    for drawing, layout in placed:
        lines.append(f'<g transform="translate({_number(_MARGIN)} {_number(y)})">')
        lines += _drawing(drawing, layout)
        lines.append("</g>")
        y += layout.height + _GAP
    return "\n".join((*lines, "</svg>")) + "\n"


def _drawing(drawing: Drawing, layout: Layout) -> Iterator[str]:
    yield from _box(drawing.box, layout)
    # Edges before nodes, so that no line runs over a text.
    for edge in drawing.edges:
        yield from _edge(edge, layout)
    yield from _nodes(drawing.box, layout)
    for edge in drawing.edges:
        yield from _label(edge, layout)


def _box(box: Box, layout: Layout) -> Iterator[str]:
    place = layout.places[box.id]
    yield f'<rect class="box {box.style}" {_rectangle(place)} rx="6"/>'
    yield _line(box.title, place.x + PADDING, place.y + TITLE - 9, "title")
    for member in box.members:
        if isinstance(member, Box):
            yield from _box(member, layout)


def _nodes(box: Box, layout: Layout) -> Iterator[str]:
    for member in box.members:
        if isinstance(member, Box):
            yield from _nodes(member, layout)
        else:
            yield from _node(member, layout.places[member.id])


def _node(node: Node, place: Place) -> Iterator[str]:
    yield f'<rect class="node {node.style}" {_rectangle(place)} rx="4"/>'
    titles = len(wrapped(node.title))
    for index, text in enumerate(lines_of(node)):
        kind = ("helper-text" if node.style is Style.HELPER else "title") if index < titles else "detail"
        yield _line(text, place.x + PADDING, place.y + PADDING / 2 + (index + 1) * LINE - 4, kind)


def _edge(edge: Edge, layout: Layout) -> Iterator[str]:
    points = _points(edge, layout)
    path = [f"M{_point(points[0])}"]
    for index, (start, end) in enumerate(itertools.pairwise(points)):
        if index % 2:  # across a layer, straight
            path.append(f"L{_point(end)}")
        else:
            bow = (end[0] - start[0]) / 2
            path.append(f"C{_point((start[0] + bow, start[1]))} {_point((end[0] - bow, end[1]))} {_point(end)}")
    dash = ' stroke-dasharray="6 3"' if edge.line is Line.MIXED else ""
    look = f'stroke="{STROKES[edge.line]}"{dash} marker-end="url(#{_marker(edge.line)})"'
    yield f'<path class="edge" d="{"".join(path)}" {look}/>'


def _points(edge: Edge, layout: Layout) -> list[tuple[float, float]]:
    source, target = layout.places[edge.source], layout.places[edge.target]
    start = (source.x + source.width, source.y + source.height / 2)
    end = (target.x, target.y + target.height / 2)
    return [start, *layout.bends.get((edge.source, edge.target), ()), end]


def _label(edge: Edge, layout: Layout) -> Iterator[str]:
    """Near the target, where edges of several kinds are apart."""
    if edge.label:
        x, y = _points(edge, layout)[-1]
        yield _line(edge.label, x - len(edge.label) * LABEL_CHARACTER - 12, y - 4, "label")


def _arrow(line: Line) -> str:
    shape = '<path d="M0 0L8 4L0 8z"'
    box = 'viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    return f'<marker id="{_marker(line)}" {box}>{shape} fill="{STROKES[line]}"/></marker>'


def _marker(line: Line) -> str:
    return f"arrow-{line.lower()}"


def _line(text: str, x: float, y: float, kind: str) -> str:
    return f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}" xml:space="preserve">{escape(text)}</text>'


def _rectangle(place: Place) -> str:
    numbers = (("x", place.x), ("y", place.y), ("width", place.width), ("height", place.height))
    return " ".join(f'{name}="{_number(value)}"' for name, value in numbers)


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
