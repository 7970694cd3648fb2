"""Moves parts of a DAG that is too large for one pipeline into pipelines of their own.

Tried in this order, the largest first: task groups, tasks beside each other (with the same tasks before and behind
them), chains of tasks. A part that would mean something else stays where it is; validation tells if too much is left.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from adf_export.context import Context
from adf_export.ir.factory import inside
from adf_export.ir.unit import Draft, Unit
from adf_export.passes.map_groups import group_part
from adf_export.passes.parts import Part, outlined, why_not

# Activities of a pipeline, inner ones too; the helpers of trigger rules come later.
_MOST: Final = 80
# Of one part; so much is left for its helpers.
_MOST_INSIDE: Final = 60
_FEWEST: Final = 3


def outline(draft: Draft, context: Context) -> Draft:
    """The draft with as many parts as it takes."""
    while _size(draft.units) > _MOST:
        part = next((one for one in _candidates(draft) if not why_not(one, draft)), None)
        if part is None:
            return draft
        draft = outlined(part, draft, None, 1, context)
    return draft


def _size(units: Iterable[Unit]) -> int:
    return sum(1 for unit in units for _ in inside(unit.steps))


def _candidates(draft: Draft) -> Iterator[Part]:
    for found in (_groups(draft), _beside(draft), _chains(draft)):
        fitting = (part for part in found if _size(part.units) <= _MOST_INSIDE and len(part.units) >= _FEWEST)
        yield from sorted(fitting, key=lambda part: (-_size(part.units), part.id))


def _groups(draft: Draft) -> Iterator[Part]:
    for group in draft.dag.groups:
        if group.mapping is None:
            yield group_part(draft, group)


def _beside(draft: Draft) -> Iterator[Part]:
    """Tasks with the same neighbours."""
    found: dict[tuple[object, ...], list[Unit]] = {}
    for unit in draft.units:
        after = tuple(other.id for other in draft.units if unit.id in other.upstream)
        found.setdefault((unit.upstream, after, unit.rule), []).append(unit)
    for units in found.values():
        yield from _pieces(units, "and_others")


def _chains(draft: Draft) -> Iterator[Part]:
    """Tasks one behind the other, between which nothing goes in or out."""
    chain: list[Unit] = []
    for unit in draft.units:
        follows = bool(chain) and unit.upstream == (chain[-1].id,)
        alone = follows and sum(chain[-1].id in other.upstream for other in draft.units) == 1
        if not alone:
            yield from _pieces(chain, "and_after")
            chain = []
        chain.append(unit)
    yield from _pieces(chain, "and_after")


def _pieces(units: list[Unit], suffix: str) -> Iterator[Part]:
    """At most as many at once as one pipeline takes."""
    piece: list[Unit] = []
    for unit in units:
        if piece and _size([*piece, unit]) > _MOST_INSIDE:
            yield _part(piece, suffix)
            piece = []
        piece.append(unit)
    if piece:
        yield _part(piece, suffix)


def _part(units: list[Unit], suffix: str) -> Part:
    first = units[0]
    return Part(
        id=f"{first.id}_{suffix}",
        origin=first.origin,
        description=f"{len(units)} tasks, '{first.id}' first.",
        units=tuple(units),
    )
