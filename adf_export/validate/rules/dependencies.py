"""Holds `dependsOn` together: names of the same list, each once, sensible conditions, no circle."""

from typing import Final

from adf_export.validate.subject import Found, Problem, Scope, Step, Subject

_ENDED: Final = frozenset({"Succeeded", "Failed"})


def check_dependencies(subject: Subject) -> Found:
    """Edges one by one, then circles."""
    for step in subject.steps:
        yield from _edges(step, subject)
    for scope in subject.scopes:
        yield from _circle(scope)


def _edges(step: Step, subject: Subject) -> Found:
    seen: set[str] = set()
    for index, (upstream, conditions) in enumerate(step.edges()):
        path = (*step.path, "dependsOn", index)
        if upstream.lower() in seen:
            yield Problem(
                path=path, what=f"'{step.name}' depends on '{upstream}' twice: all conditions go into one entry"
            )
        seen.add(upstream.lower())
        if step.scope.find(upstream) is None:
            elsewhere = any(other.name.lower() == upstream.lower() for other in subject.steps)
            where = "stands in another list of activities" if elsewhere else "does not exist"
            yield Problem(path=path, what=f"'{step.name}' depends on '{upstream}', which {where}")
        if not conditions:
            yield Problem(path=path, what=f"'{step.name}' names no condition for '{upstream}'")
        if "Completed" in conditions and conditions & _ENDED:
            both = " and ".join(sorted(conditions & _ENDED))
            yield Problem(path=path, what=f"'{step.name}' has Completed together with {both} on '{upstream}'")


def _circle(scope: Scope) -> Found:
    """Takes away whatever has nothing upstream left; what stays is a circle, or behind one."""
    pending = dict(scope.steps)
    while True:
        free = [name for name, step in pending.items() if not any(up.lower() in pending for up, _ in step.edges())]
        if not free:
            break
        for name in free:
            del pending[name]
    if pending:
        names = ", ".join(f"'{step.name}'" for step in pending.values())
        first = next(iter(pending.values()))
        yield Problem(path=(*first.path, "dependsOn"), what=f"activities depend on each other in a circle: {names}")
