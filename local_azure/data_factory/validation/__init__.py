"""Judges the JSON of a resource before it is kept: by facts, limits, rules, and by what is executed here.

One walk holds the document against the facts (types, bounds, enumerations) and collects its expressions; the rules of
`RULES` then judge what types cannot say. All problems are told together, in the order of their paths.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.validation.executed import activity_types, dataset_types, linked_service_types
from local_azure.data_factory.validation.factory import Documents, Factory
from local_azure.data_factory.validation.facts import facts
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.reading import Pipeline, is_inactive
from local_azure.data_factory.validation.rules import RULES
from local_azure.data_factory.validation.shape import ENTER, Verdict, Walk
from local_azure.data_factory.validation.subject import Subject

__all__ = ["Documents", "Factory", "Kind", "validate"]

Json = Any
# As many as fit on a screen.
SHOWN = 20
# Beside `properties`: what clients and Git files carry; ARM answers with the rest of these.
RESOURCE = frozenset({"apiVersion", "etag", "eTag", "id", "name", "properties", "systemData", "type"})
FACTORY = RESOURCE | {"identity", "location", "tags"}


def validate(kind: Kind, name: str, document: Json, factory: Factory) -> tuple[Problem, ...]:
    """All that is wrong with a document, `{"name"?, "properties"}`; empty: it can be kept and run.

    `name` is the one in the URL. Problems are sorted by path; beyond 20 the last one counts those that are left out.
    """
    try:
        return _capped(_find(kind, name, document, factory))
    except RecursionError:
        return (Problem(path="$", message="the document is nested too deeply"),)


def _find(kind: Kind, name: str, document: Json, factory: Factory) -> Iterable[Problem]:
    walk = Walk(facts(), _gate, secret_texts=kind is Kind.LINKED_SERVICE)
    if not isinstance(document, Mapping):
        walk.report((), 'must be an object, {"properties": {..}}')
        return walk.problems
    known = FACTORY if kind is Kind.FACTORY else RESOURCE
    for key in document:
        if key not in known:
            walk.report((key,), f"unknown property '{key}': a {kind.words} has name and properties")
    properties = document.get("properties")
    if properties is not None:
        walk.visit(facts().kinds[kind]["properties"], properties, ("properties",))
    elif kind is not Kind.FACTORY:
        walk.report((), "the required property 'properties' is missing")
    subject = Subject(
        kind=kind,
        name=name,
        document=document,
        properties=properties if isinstance(properties, dict) else {},
        walk=walk,
        factory=factory,
        pipeline=Pipeline(properties if kind is Kind.PIPELINE and isinstance(properties, dict) else {}),
    )
    return [*walk.problems, *(item for rule in RULES for item in rule(subject))]


def _gate(family: str, kind: str, document: Mapping[str, Json]) -> Verdict:
    """Whether an activity, dataset or linked service is looked into."""
    if family == "Activity" and is_inactive(document):
        return Verdict(enter=False)
    types = _TYPES.get(family)
    if types is None or kind in types():
        return ENTER
    return Verdict(enter=False, problem=f"{_WORDS[family]} type '{kind}' is not executed by the local Data Factory")


_TYPES = {"Activity": activity_types, "Dataset": dataset_types, "LinkedService": linked_service_types}
_WORDS = {"Activity": "activity", "Dataset": "dataset", "LinkedService": "linked service"}


def _capped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    found = sorted(dict.fromkeys(problems), key=lambda item: (_order(item.path), item.message))
    if len(found) <= SHOWN:
        return tuple(found)
    more = len(found) - SHOWN
    return (*found[:SHOWN], Problem(path="$", message=f"... and {more} more"))


def _order(path: str) -> tuple[tuple[int, str], ...]:
    """Sorts [10] behind [9]."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[\[\].]+", path) if part)
