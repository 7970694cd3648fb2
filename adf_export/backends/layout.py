"""Places the nodes of a drawing: from left to right in layers, a box after the layout of what is inside of it.

Layers by the longest way from a source; edges that go over several layers get a place in each one between; the order
in a layer follows the neighbours' mean, a few times forth and back. All of it is deterministic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from adf_export.backends.drawing import Box, Drawing, Edge, Node

# Of the text: a monospaced font, of which every character is equally wide.
CHARACTER: Final = 7.3
LINE: Final = 16.0
WRAP: Final = 26
PADDING: Final = 10.0
# Between layers, between the members of one, and above what is inside of a box.
COLUMN_GAP: Final = 56.0
ROW_GAP: Final = 16.0
TITLE: Final = 26.0
# Of the label of an edge, in front of its target.
LABEL_CHARACTER: Final = 6.1
LABEL_ROOM: Final = 24.0
_EDGE_ROOM: Final = 6.0
_SWEEPS: Final = 6


@dataclass(slots=True, kw_only=True)
class Place:
    """A rectangle; x and y are its upper left corner, first in its box and in the end in the picture."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything is."""

    places: Mapping[str, Place]
    # Points between its ends that an edge goes through, by (source, target).
    bends: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    width: float
    height: float


def lay_out(drawing: Drawing) -> Layout:
    """The layout of a drawing; its box is at 0, 0."""
    work = _Work(edges=drawing.edges)
    own = work.box(drawing.box)
    work.settle(drawing.box, 0.0, 0.0)
    return Layout(
        places=work.places,
        bends={edge: tuple(sorted(points)) for edge, points in work.bends.items()},
        width=own.width,
        height=own.height,
    )


def wrapped(text: str) -> tuple[str, ...]:
    """A text in lines of at most 26 characters, cut behind an underscore, dot, dash or blank where there is one."""
    lines: list[str] = []
    while len(text) > WRAP:
        cut = max((text.rfind(char, 1, WRAP) for char in "_.- "), default=-1) + 1 or WRAP
        lines.append(text[:cut])
        text = text[cut:]
    return (*lines, text)


def lines_of(node: Node) -> tuple[str, ...]:
    """All lines of a node, the title's first."""
    return (*wrapped(node.title), *(line for detail in node.details for line in wrapped(detail)))


@dataclass(slots=True, kw_only=True)
class _Work:
    edges: tuple[Edge, ...]
    places: dict[str, Place] = field(default_factory=dict)
    bends: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    # Box -> (edge, a point of it in the box)
    _local: dict[str, list[tuple[tuple[str, str], tuple[float, float]]]] = field(default_factory=dict)

    def box(self, box: Box) -> Place:
        """Gives a box its size, and what is inside its place in it."""
        for member in box.members:
            self.places[member.id] = self.box(member) if isinstance(member, Box) else _size(member)
        owners = {inner: member.id for member in box.members for inner in _ids(member)}
        # The member at each end; None: the edge leaves the box there, or comes in.
        ends = [(edge, owners.get(edge.source), owners.get(edge.target)) for edge in self.edges]
        edges = [(edge, source, target) for edge, source, target in ends if source != target]
        grid = _Grid([member.id for member in box.members], edges, self.places)
        width, height = grid.place()
        self._local[box.id] = [
            ((edge.source, edge.target), point) for edge, points in grid.points() for point in points
        ]
        title = len(box.title) * CHARACTER
        self.places[box.id] = Place(width=max(width, title) + 2 * PADDING, height=height + TITLE + PADDING)
        return self.places[box.id]

    def settle(self, box: Box, x: float, y: float) -> None:
        """Turns places in a box into places in the picture."""
        self.places[box.id].x, self.places[box.id].y = x, y
        inner_x, inner_y = x + PADDING, y + TITLE
        for edge, (point_x, point_y) in self._local[box.id]:
            self.bends.setdefault(edge, []).append((inner_x + point_x, inner_y + point_y))
        for member in box.members:
            place = self.places[member.id]
            at = (inner_x + place.x, inner_y + place.y)
            if isinstance(member, Box):
                self.settle(member, *at)
            else:
                place.x, place.y = at


class _Grid:
    """The members of one box in layers, with a place in each layer that an edge goes over."""

    def __init__(
        self, members: list[str], edges: list[tuple[Edge, str | None, str | None]], places: Mapping[str, Place]
    ) -> None:
        self._places = places
        self._layer = _layers(members, [(source, target) for _, source, target in edges if source and target])
        count = max(self._layer.values(), default=-1) + 1
        self._gaps = [COLUMN_GAP] * count
        self._rows: list[list[str]] = [[] for _ in range(count)]
        for member in members:
            self._rows[self._layer[member]].append(member)
        self._sizes = {member: places[member].height for member in members}
        self._y: dict[str, float] = {}
        self._links: list[tuple[str, str]] = []
        # Edge -> the places that it goes over.
        self._over: list[tuple[Edge, list[str]]] = []
        for index, (edge, source, target) in enumerate(edges):
            self._add(edge, source, target, index)

    def place(self) -> tuple[float, float]:
        """Gives the members their places; width and height of the whole."""
        self._order()
        self._align()
        widths = [
            max((self._places[name].width for name in row if name in self._places), default=0.0) for row in self._rows
        ]
        x = -self._gaps[0] if self._gaps else 0.0
        self._x: list[tuple[float, float]] = []
        for row, width, gap in zip(self._rows, widths, self._gaps, strict=True):
            x += gap
            self._x.append((x, width))
            for name in row:
                if name in self._places:
                    self._places[name].x = x + (width - self._places[name].width) / 2
                    self._places[name].y = self._y[name]
            x += width
        height = max((self._y[name] + self._sizes[name] for row in self._rows for name in row), default=0.0)
        return x, height

    def points(self) -> Iterable[tuple[Edge, list[tuple[float, float]]]]:
        """Two points for each layer that an edge goes over: where it comes in, and where it leaves."""
        for edge, over in self._over:
            points: list[tuple[float, float]] = []
            for name in over:
                x, width = self._x[self._layer[name]]
                y = self._y[name] + _EDGE_ROOM / 2
                points += [(x, y), (x + width, y)]
            yield edge, points

    def _add(self, edge: Edge, source: str | None, target: str | None, index: int) -> None:
        first = self._layer[source] + 1 if source else 0
        last = self._layer[target] if target else len(self._rows)
        over = []
        for layer in range(first, last):
            name = f"{index}/{layer}"
            self._layer[name] = layer
            self._sizes[name] = _EDGE_ROOM
            self._rows[layer].append(name)
            over.append(name)
        self._over.append((edge, over))
        self._links += pairwise([*([source] if source else ()), *over, *([target] if target else ())])
        if target and edge.label:
            self._gaps[last] = max(self._gaps[last], len(edge.label) * LABEL_CHARACTER + LABEL_ROOM)

    def _order(self) -> None:
        """Sorts each layer by the mean place of its neighbours, forth and back."""
        before, after = _neighbours(self._links)
        for sweep in range(_SWEEPS):
            forth = sweep % 2 == 0
            for row in self._rows if forth else reversed(self._rows):
                at = {name: index for other in self._rows for index, name in enumerate(other)}
                keys = {
                    name: _mean([at[n] for n in (before if forth else after).get(name, ())], at[name]) for name in row
                }
                row.sort(key=lambda name: keys[name])

    def _align(self) -> None:
        """Puts each layer below itself, as near to its neighbours as the order allows."""
        for row in self._rows:
            y = 0.0
            for name in row:
                self._y[name] = y
                y += self._sizes[name] + ROW_GAP
        before, after = _neighbours(self._links)
        for sweep in range(_SWEEPS):
            neighbours = before if sweep % 2 == 0 else after
            for row in self._rows if sweep % 2 == 0 else reversed(self._rows):
                self._pull(row, neighbours)
        top = min(self._y.values(), default=0.0)
        self._y = {name: y - top for name, y in self._y.items()}

    def _pull(self, row: list[str], neighbours: Mapping[str, list[str]]) -> None:
        wanted = {
            name: _mean([self._middle(other) for other in neighbours.get(name, ())], self._middle(name))
            - self._sizes[name] / 2
            for name in row
        }
        # Downwards as far as needed, then the whole row back by the mean of what was pushed.
        placed: list[float] = []
        y = float("-inf")
        for name in row:
            y = max(y, wanted[name])
            placed.append(y)
            y += self._sizes[name] + ROW_GAP
        shift = _mean([wanted[name] - at for name, at in zip(row, placed, strict=True)], 0.0)
        for name, at in zip(row, placed, strict=True):
            self._y[name] = at + shift

    def _middle(self, name: str) -> float:
        return self._y[name] + self._sizes[name] / 2


def _layers(members: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """The longest way to each member; edges of a circle, which boxes can make, are let go."""
    layer = dict.fromkeys(members, 0)
    for _ in members:
        moved = False
        for source, target in edges:
            if layer[target] <= layer[source] < len(members) - 1:
                layer[target] = layer[source] + 1
                moved = True
        if not moved:
            break
    return layer


def _neighbours(links: list[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    return before, after


def _mean(values: list[float] | list[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _size(node: Node) -> Place:
    lines = lines_of(node)
    width = max(len(line) for line in lines) * CHARACTER
    return Place(width=max(width, 60.0) + 2 * PADDING, height=len(lines) * LINE + PADDING)


def _ids(member: Node | Box) -> Iterable[str]:
    yield member.id
    if isinstance(member, Box):
        for inner in member.members:
            yield from _ids(inner)
