"""Which rows of a run belong to which iteration of a loop: Data Factory lists them all flat.

A row has the name of its activity and, inside a loop, an opaque hash of the iteration. It does not name what it is
inside of: that stands in the pipeline.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Json = Any
LOOPS: Final = ("ForEach", "Until")
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "ForEach": ("activities",),
    "Until": ("activities",),
    "IfCondition": ("ifTrueActivities", "ifFalseActivities"),
    "Switch": ("defaultActivities",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One iteration, and the rows inside of it."""

    hash: str
    rows: list[Json] = field(default_factory=list)


def inside(activity: Json) -> Iterator[Json]:
    """The activities that stand in this one."""
    given = activity.get("typeProperties") or {}
    for name in _LISTS.get(activity.get("type", ""), ()):
        yield from given.get(name) or ()
    for case in (given.get("cases") or ()) if activity.get("type") == "Switch" else ():
        yield from case.get("activities") or ()


def names(activities: Iterable[Json]) -> Iterator[str]:
    """The names of all these activities and of all that stand in them."""
    for one in activities:
        yield one["name"]
        yield from names(inside(one))


def repeats(rows: Iterable[Json]) -> bool:
    """Whether rows cannot all be attempts of one activity: two have the same name and number of attempt."""
    seen = [(row["activityName"], row.get("retryAttempt") or 0) for row in rows]
    return len(set(seen)) < len(seen)


def rounds(body: Sequence[Json], rows: Sequence[Json]) -> tuple[list[Round], list[Json]]:
    """The iterations of a loop in the order of their start, and the rows that cannot be given to one of them."""
    deeper = {name for loop in _loops(body) for name in names(inside(loop))}
    found: dict[str, Round] = {}
    for row in rows:
        key = row.get("iterationHash") or ""
        if row["activityName"] not in deeper:
            found.setdefault(key, Round(hash=key)).rows.append(row)
    # Without hashes a single iteration is still told by its rows: attempts have numbers.
    lost = found.pop("").rows if "" in found and repeats(found[""].rows) else []
    return list(found.values()), [*lost, *(row for row in rows if row["activityName"] in deeper)]


def _loops(activities: Iterable[Json]) -> Iterator[Json]:
    """Loops inside of a loop, also those in conditions; Data Factory has none, as far as is known."""
    for one in activities:
        if one.get("type") in LOOPS:
            yield one
        else:
            yield from _loops(inside(one))
