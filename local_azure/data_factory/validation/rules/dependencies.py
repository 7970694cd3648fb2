"""Holds `dependsOn` together: names of the same list, each once, no circle."""

from collections.abc import Sequence

from adf_lang.errors import nearest
from local_azure.data_factory.validation.reading import Activity, Scope
from local_azure.data_factory.validation.subject import Found, Subject, problem


def check_dependencies(subject: Subject) -> Found:
    """Unknown and repeated names, then circles."""
    for scope in subject.pipeline.scopes:
        for activity in scope.activities:
            yield from _edges(activity, subject)
        yield from _circle(scope)


def _edges(activity: Activity, subject: Subject) -> Found:
    seen: set[str] = set()
    for edge in activity.edges:
        path = (*edge.path, "activity")
        folded = edge.activity.lower()
        if folded in seen:
            yield problem(path, f"'{edge.activity}' is there already: name its conditions in one entry")
        seen.add(folded)
        if folded not in activity.scope.by_name:
            yield problem(path, _unknown(edge.activity, activity, subject))


def _unknown(name: str, activity: Activity, subject: Subject) -> str:
    elsewhere = any(other.name.lower() == name.lower() for other in subject.pipeline.activities)
    if elsewhere:
        return f"'{activity.name}' can depend only on activities of its own list; '{name}' stands in another one"
    hint = nearest(name, [other.name for other in activity.scope.activities if other is not activity])
    return f"there is no activity '{name}' to depend on" + (f"; {hint}" if hint else "")


def _circle(scope: Scope) -> Found:
    """The first circle of a list, if there is one."""
    done: set[str] = set()
    for start in scope.activities:
        found = _follow(start, done)
        if found:
            names = " -> ".join(f"'{activity.name}'" for activity in (*found, found[0]))
            yield problem((*found[0].path, "dependsOn"), f"the activities depend on each other in a circle: {names}")
            return


def _follow(start: Activity, done: set[str]) -> Sequence[Activity]:
    """A circle that is reached from here; empty: none. Walks without recursion: lists may be long."""
    trail: list[Activity] = [start]
    pending = [_above(start)]
    while pending:
        following = pending[-1].pop() if pending[-1] else None
        if following is None:
            pending.pop()
            done.add(trail.pop().name.lower())
        elif following in trail:
            return trail[trail.index(following) :]
        elif following.name.lower() not in done:
            trail.append(following)
            pending.append(_above(following))
    return ()


def _above(activity: Activity) -> list[Activity]:
    found = [activity.scope.by_name.get(edge.activity.lower()) for edge in activity.edges]
    return [item for item in reversed(found) if item is not None]
