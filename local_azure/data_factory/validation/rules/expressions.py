"""Checks every expression where it stands: syntax, functions, kinds of arguments, the names it can see, its type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adf_lang import Fault, Names, Node, ParseError, Type, check, parse
from adf_lang.errors import nearest
from adf_lang.nodes import Call, Index, Literal, Property
from adf_lang.values import find_name
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import ROOT, Path
from local_azure.data_factory.validation.reading import Activity, declared
from local_azure.data_factory.validation.rules.variables import nodes, variable_types
from local_azure.data_factory.validation.shape import Site
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any

_TEXT = frozenset({Type.STRING, Type.INTEGER, Type.FLOAT, Type.BOOLEAN})
# What the expression at this property of an activity must give: (type, property) -> types.
RESULTS: dict[tuple[str, str], frozenset[Type]] = {
    ("Filter", "condition"): frozenset({Type.BOOLEAN}),
    ("Filter", "items"): frozenset({Type.ARRAY}),
    ("ForEach", "items"): frozenset({Type.ARRAY}),
    ("IfCondition", "expression"): frozenset({Type.BOOLEAN}),
    ("Switch", "on"): _TEXT,
    ("Until", "expression"): frozenset({Type.BOOLEAN}),
}
_OF_TRIGGERS = {
    "trigger": "here: pass it as a parameter of the trigger",
    "triggerBody": "here: pass it as a parameter of the trigger",
}
_OF_DOCUMENTS = {"dataset": "here: only in a dataset", "linkedService": "here: only in a linked service"}
_OF_RUNS = {
    "activity": "here: only in a pipeline; pass the value as a parameter",
    "item": "here: only in a pipeline; pass the value as a parameter",
    "variables": "here: only in a pipeline; pass the value as a parameter",
}
_NO_ITEM = {"item": "outside of a ForEach and of the condition of a Filter"}
# Kind of document -> functions without a meaning in it.
ABSENT: dict[Kind, Mapping[str, str]] = {
    Kind.DATASET: {**_OF_TRIGGERS, **_OF_RUNS, "linkedService": _OF_DOCUMENTS["linkedService"]},
    Kind.LINKED_SERVICE: {**_OF_TRIGGERS, **_OF_RUNS, "dataset": _OF_DOCUMENTS["dataset"]},
    Kind.PIPELINE: {**_OF_TRIGGERS, **_OF_DOCUMENTS},
    Kind.TRIGGER: {**_OF_DOCUMENTS, **_OF_RUNS},
}
# Kind of document -> the function that gives its parameters.
OWN_PARAMETERS = {Kind.DATASET: "dataset", Kind.LINKED_SERVICE: "linkedService"}


def check_expressions(subject: Subject) -> Found:
    """All strings that Data Factory evaluates."""
    names = _Names(subject)
    for site in subject.walk.sites:
        owner = subject.pipeline.by_path.get(site.owner) if site.owner != ROOT else None
        expected = _expected(owner, site, subject)
        faults = _check(site.text, names.at(owner, site.path), expected)
        if faults:
            yield from _problems(site, faults, owner, subject)
        if subject.kind in OWN_PARAMETERS:
            yield from _own_parameters(site, subject)


@dataclass(frozen=True, slots=True)
class _Known:
    """`Names` that can be the key of a cache."""

    parameters: tuple[str, ...] | None
    global_parameters: tuple[str, ...]
    variables: tuple[str, ...] | None
    activities: frozenset[str]
    kind: Kind
    # Whether item() has a meaning.
    item: bool


@lru_cache(maxsize=16384)
def _check(text: str, known: _Known, expected: frozenset[Type]) -> tuple[Fault, ...]:
    """The faults of an expression; the same ones are met again and again, as a folder is loaded again and again."""
    absent = ABSENT.get(known.kind, {})
    if known.kind is Kind.PIPELINE and not known.item:
        absent = {**absent, **_NO_ITEM}
    names = Names(
        parameters=known.parameters,
        global_parameters=known.global_parameters,
        variables=known.variables,
        # Elsewhere the function itself is what is wrong.
        activities=known.activities if known.kind is Kind.PIPELINE else None,
        absent=absent,
    )
    return check(text, names, expected=expected)


class _Names:
    """What expressions may name; one set for each activity."""

    def __init__(self, subject: Subject) -> None:
        pipeline = subject.kind is Kind.PIPELINE
        self._kind = subject.kind
        self._parameters = _declared(subject, "parameters") if pipeline else None
        self._variables = _declared(subject, "variables") if pipeline else None
        self._global = tuple(subject.factory.global_parameters())
        self._known: dict[tuple[Path, bool, bool], _Known] = {}

    def at(self, owner: Activity | None, path: Path) -> _Known:
        """The names at a place in an activity; None: outside of any."""
        word = None
        if owner is not None and len(path) > len(owner.path) + 1:
            word = path[len(owner.path) + 1]
        item = owner is not None and (owner.in_loop or (owner.type == "Filter" and word == "condition"))
        inner = owner is not None and owner.type == "Until" and word == "expression"
        key = (owner.path if owner is not None else ROOT, item, inner)
        if key not in self._known:
            self._known[key] = self._make(owner, item=item, inner=inner)
        return self._known[key]

    def _make(self, owner: Activity | None, *, item: bool, inner: bool) -> _Known:
        activities = owner.upstream if owner is not None else frozenset()
        if owner is not None and inner:
            # The condition is asked when the activities of the loop have run.
            activities |= {activity.name for activity in owner.inner()}
        return _Known(self._parameters, self._global, self._variables, activities, self._kind, item)


def _declared(subject: Subject, word: str) -> tuple[str, ...] | None:
    """The names that a pipeline declares; None: the declarations are no object, so nothing can be missing in them."""
    found = subject.properties.get(word)
    return tuple(declared(subject.properties, word)) if found is None or isinstance(found, dict) else None


def _expected(owner: Activity | None, site: Site, subject: Subject) -> frozenset[Type]:
    """What the value of an expression may be: told by the facts, but for some properties of control activities."""
    inside = site.path[len(owner.path) :] if owner is not None else ()
    if owner is None or inside[:1] != ("typeProperties",) or (inside[2:] or ("value",)) != ("value",):
        return site.expected
    if owner.type == "SetVariable" and inside[1] == "value":
        return variable_types(owner, subject) or site.expected
    return RESULTS.get((owner.type, str(inside[1])), site.expected)


def _problems(site: Site, faults: tuple[Fault, ...], owner: Activity | None, subject: Subject) -> Found:
    if site.secret:
        yield problem(site.path, f"the expression is wrong at column {faults[0].start + 1}; its text is not shown")
        return
    unseen = _not_upstream(site.text, owner, subject)
    for fault in faults:
        told = unseen.get((fault.start, fault.end))
        hint = f"; {fault.hint}" if fault.hint and not told else ""
        yield problem(site.path, f"{told or fault.reason} (column {fault.start + 1} of {_quoted(site.text)}){hint}")


def _not_upstream(text: str, owner: Activity | None, subject: Subject) -> dict[tuple[int, int], str]:
    """Names in activity('x') that the pipeline has, but that have not run by then -> what to do."""
    if owner is None:
        return {}
    found: dict[tuple[int, int], str] = {}
    known = {activity.name.lower(): activity for activity in subject.pipeline.activities}
    for node in _tree(text):
        if not isinstance(node, Call) or node.name != "activity" or not node.arguments:
            continue
        argument = node.arguments[0]
        if not isinstance(argument, Literal) or not isinstance(argument.value, str) or argument.span is None:
            continue
        other = known.get(argument.value.lower())
        if other is not None and other.name not in owner.upstream:
            found[argument.span.start, argument.span.end] = _remedy(other, owner)
    return found


def _remedy(other: Activity, owner: Activity) -> str:
    if other is owner:
        return f"'{owner.name}' cannot see itself"
    scope: Activity | None = owner
    while scope is not None:
        if other.scope is scope.scope:
            return f"activity '{other.name}' is not upstream: let '{scope.name}' depend on it"
        scope = scope.scope.container
    outer = other.scope.container
    inside = f" inside of '{outer.name}'" if outer is not None else ""
    return f"activity '{other.name}'{inside} cannot be seen from here: hand its value on in a variable"


def _tree(text: str) -> Iterable[Node]:
    """All nodes of an expression; none: it is none."""
    try:
        return nodes(parse(text))
    except ParseError:
        return ()


def _own_parameters(site: Site, subject: Subject) -> Found:
    """dataset().x and linkedService().x: the checker of the language does not know what these declare."""
    function = OWN_PARAMETERS[subject.kind]
    if function.lower() not in site.text.lower():
        return
    names = declared(subject.properties)
    for node in _tree(site.text):
        if not isinstance(node, Property | Index) or node.safe:
            continue
        target = node.target
        if not isinstance(target, Call) or target.name != function:
            continue
        name = node.name if isinstance(node, Property) else _text(node.index)
        if name is not None and find_name(names, name) is None:
            hint = nearest(name, names) or "declare it under parameters"
            yield problem(site.path, f"the {subject.kind.words} has no parameter '{name}'; {hint}")


def _text(node: object) -> str | None:
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None


def _quoted(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 80 else one_line[:77] + "..."
