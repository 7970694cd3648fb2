"""Makes a tree of a run's activity rows: which container and which iteration each belongs to, from the definition."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any

LOOPS = ("ForEach", "Until")
# Of a definition's containers: where their inner activities stand. A Switch has them in its cases too.
_INNER = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An activity of a run, or one iteration of a loop."""

    label: str
    # Empty for an iteration.
    type: str
    status: str
    # None until it has ended; also for an iteration.
    seconds: float | None = None
    # "" unless it failed.
    error: str = ""
    # How often it ran.
    attempts: int = 1
    # The run that an ExecutePipeline started; "" for anything else, and where its output does not tell it (yet).
    child_run: str = ""
    # What the service calls the iteration that it belongs to; "" outside of loops.
    iteration: str = ""
    children: Sequence["Node"] = ()


def build(rows: Sequence[Json], definition: Json) -> list[Node]:
    """The activities of a run in the order of the definition; in that of their start where none is known."""
    by_name: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        by_name[row["activityName"]].append(row)
    activities = _activities(definition)
    nodes = _nodes(activities, by_name)
    placed = set(_names(activities))
    # Of an earlier version of the pipeline: shown, if without a place.
    return nodes + [_node(found, ()) for name, found in by_name.items() if name not in placed]


def summarize(statuses: Sequence[str]) -> str:
    """Such as "3 Succeeded, 1 Failed"."""
    return ", ".join(f"{count:,} {status}" for status, count in Counter(statuses).most_common())


def inner(activity: Mapping[str, Json]) -> list[Json]:
    """The activities inside a container, of all its branches."""
    properties = activity.get("typeProperties") or {}
    lists = [properties.get(key) for key in _INNER]
    lists += [case.get("activities") for case in properties.get("cases") or ()]
    return [found for each in lists for found in each or ()]


def _activities(definition: Json) -> Sequence[Json]:
    return ((definition or {}).get("properties") or {}).get("activities") or ()


def _names(activities: Sequence[Json]) -> Iterator[str]:
    for activity in activities:
        yield activity["name"]
        yield from _names(inner(activity))


def _nodes(activities: Sequence[Json], by_name: Mapping[str, Sequence[Json]]) -> list[Node]:
    nodes = []
    for activity in activities:
        rows = by_name.get(activity["name"], ())
        below = inner(activity)
        place = _iterations if activity.get("type") in LOOPS else _nodes
        if rows:
            nodes.append(_node(rows, place(below, by_name)))
    return nodes


def _iterations(activities: Sequence[Json], by_name: Mapping[str, Sequence[Json]]) -> list[Node]:
    """One node for each iteration. Azure tells them by an opaque hash; ours ends in the item's number."""
    split: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for name in _names(activities):
        for row in by_name.get(name, ()):
            split[row.get("iterationHash") or ""][name].append(row)
    if set(split) == {""}:
        return _nodes(activities, split[""])
    keys = sorted(split, key=lambda key: (_number(key) is None, _number(key) or 0))
    return [_iteration(place, _number(key), _nodes(activities, split[key])) for place, key in enumerate(keys)]


def _iteration(place: int, number: int | None, children: Sequence[Node]) -> Node:
    statuses = [child.status for child in children]
    decisive = [status for status in ("InProgress", "Queued", "Failed", "Cancelled") if status in statuses]
    label = f"[{place if number is None else number}]"
    return Node(label=label, type="", status=decisive[0] if decisive else "Succeeded", children=children)


def _number(key: str) -> int | None:
    text = key.rpartition("[")[2].removesuffix("]")
    return int(text) if key.endswith("]") and text.isdecimal() else None


def _node(rows: Sequence[Json], children: Sequence[Node]) -> Node:
    row = rows[-1]
    output = row.get("output")
    child = (
        output.get("pipelineRunId") if isinstance(output, dict) and row["activityType"] == "ExecutePipeline" else None
    )
    error = row.get("error") or {}
    return Node(
        label=row["activityName"],
        type=row["activityType"],
        status=row["status"],
        seconds=seconds(row),
        error=": ".join(part for part in (error.get("errorCode"), error.get("message")) if part),
        attempts=len(rows),
        child_run=str(child or ""),
        iteration=str(row.get("iterationHash") or ""),
        children=tuple(children),
    )


def seconds(row: Mapping[str, Json]) -> float | None:
    """How long a run took; of one under way, how long it has been (None where nothing says)."""
    if row.get("durationInMs") is not None:
        return float(row["durationInMs"]) / 1000
    start = row.get("activityRunStart") or row.get("runStart")
    if not start:
        return None
    began = datetime.datetime.fromisoformat(start)
    if began.tzinfo is None:
        began = began.replace(tzinfo=datetime.UTC)
    return max(0.0, (datetime.datetime.now(datetime.UTC) - began).total_seconds())
