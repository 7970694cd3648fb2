"""Checks every expression where it stands: syntax, functions, the names it can see, its type, its length."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from adf_export.backends.documents import Document, Kind
from adf_export.validate.limits import EXPRESSION
from adf_export.validate.order import always_runs, has_run
from adf_export.validate.reading import names_in
from adf_export.validate.rules.variables import variable_types
from adf_export.validate.shape import Site
from adf_export.validate.subject import Found, Problem, Step, Subject, over
from adf_lang import Names, Type, check

_SCALAR: Final = frozenset({Type.STRING, Type.INTEGER, Type.FLOAT, Type.BOOLEAN})
# (type, property) -> what the expression must give.
_RESULTS: Final[Mapping[tuple[str, str], frozenset[Type]]] = {
    ("Filter", "condition"): frozenset({Type.BOOLEAN}),
    ("Filter", "items"): frozenset({Type.ARRAY}),
    ("ForEach", "items"): frozenset({Type.ARRAY}),
    ("IfCondition", "expression"): frozenset({Type.BOOLEAN}),
    ("Switch", "on"): _SCALAR,
    ("Until", "expression"): frozenset({Type.BOOLEAN}),
}
_NEVER: Final = {"trigger": "in a pipeline or its resources", "triggerBody": "in a pipeline or its resources"}
_IN_RUNS: Final = dict.fromkeys(("activity", "item", "pipeline", "variables"), "outside of a pipeline")
# Kind of document -> functions without a meaning there -> where they stand.
_ABSENT: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.DATASET: {**_NEVER, **_IN_RUNS, "linkedService": "in a dataset"},
    Kind.LINKED_SERVICE: {**_NEVER, **_IN_RUNS, "dataset": "in a linked service"},
    Kind.PIPELINE: {**_NEVER, "dataset": "in a pipeline", "linkedService": "in a pipeline"},
    Kind.FACTORY: {},
}
# Where the value of a SetVariable stands, bare or as an object.
_VALUE: Final = (("typeProperties", "value"), ("typeProperties", "value", "value"))
_NO_ITEM: Final = {"item": "outside of a ForEach or the condition of a Filter"}


def check_expressions(subject: Subject) -> Found:
    """All texts that Data Factory evaluates."""
    names = {item: _names(subject, item=item) for item in (True, False)}
    # The same expressions stand in many places.
    judge = cache(lambda text, item, expected: check(text, names[item], expected=expected))
    for site in subject.shape.sites:
        step = subject.step_at(site.path)
        yield from over(EXPRESSION, len(site.text), site.path)
        for fault in judge(site.text, _has_item(step, site), _expected(subject, step, site)):
            column = f"column {fault.start + 1} of {_shown(site.text)}"
            yield Problem(path=site.path, what=f"{fault.reason} ({column})", hint=fault.hint or "")
        yield from _activities(subject, step, site)


def _names(subject: Subject, *, item: bool) -> Names:
    """What expressions may name, but for activities; `item`: whether item() has a meaning."""
    properties = subject.document.properties
    pipeline = subject.document.kind is Kind.PIPELINE
    absent = _ABSENT[subject.document.kind]
    if pipeline and not item:
        absent = {**absent, **_NO_ITEM}
    return Names(
        parameters=tuple(properties.get("parameters", ())) if pipeline else None,
        global_parameters=_global_parameters(subject.factory[Kind.FACTORY].values()) if pipeline else None,
        variables=tuple(properties.get("variables", ())) if pipeline else None,
        absent=absent,
    )


def _global_parameters(factories: Iterable[Document]) -> tuple[str, ...]:
    return tuple(name for factory in factories for name in factory.properties.get("globalParameters", ()))


def _has_item(step: Step | None, site: Site) -> bool:
    """Whether item() has a meaning."""
    if step is None:
        return False
    if any(container.type == "ForEach" for container in step.around()):
        return True
    return step.type == "Filter" and _property(step, site) == "condition"


def _property(step: Step, site: Site) -> str:
    """The member of typeProperties that a place is in; empty: it is elsewhere."""
    inside = site.path[len(step.path) :]
    return str(inside[1]) if inside[:1] == ("typeProperties",) else ""


def _expected(subject: Subject, step: Step | None, site: Site) -> frozenset[Type]:
    """Told by the facts, but for control activities."""
    if step is None:
        return site.expected
    member = _property(step, site)
    if step.type == "SetVariable" and site.path[len(step.path) :] in _VALUE:
        return variable_types(step, subject) or site.expected
    return _RESULTS.get((step.type, member), site.expected)


def _has_run(step: Step | None, site: Site, name: str) -> bool:
    """Whether an expression may name an activity."""
    if step is None:
        return False
    # The condition of an Until is asked when the activities inside are through.
    inner = step.inner if step.type == "Until" and _property(step, site) == "expression" else ()
    return has_run(step, name) or any(always_runs(scope, name) for scope in inner)


def _activities(subject: Subject, step: Step | None, site: Site) -> Found:
    """Names in activity('x'): each must have run, whatever happened."""
    known = {other.name.lower() for other in subject.steps}
    owner = step.name if step else subject.document.name
    for name in sorted(set(names_in(site.text, "activity"))):
        if _has_run(step, site, name):
            continue
        if name.lower() in known:
            what = f"'{owner}' reads activity '{name}', which may not have run by then"
        else:
            what = f"'{owner}' reads activity '{name}', which does not exist"
        yield Problem(path=site.path, what=what)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
