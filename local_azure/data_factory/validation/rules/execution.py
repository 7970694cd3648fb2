"""Refuses by name what the local Data Factory does not execute: properties here, types already in the walk."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.validation.executed import (
    activity_types,
    dataset_types,
    is_inert,
    linked_service_types,
)
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import Path, write_path
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any
Refuse = Callable[[Mapping[str, Json]], Iterable[Problem]]
RESOURCES = {Kind.DATASET: dataset_types, Kind.LINKED_SERVICE: linked_service_types}


def check_execution(subject: Subject) -> Found:
    """Type properties that no executor looks at, and what the executors refuse."""
    types = activity_types()
    for activity in subject.pipeline.activities:
        kind = types.get(activity.type)
        if activity.active and kind is not None:
            yield from _judge(kind.name, kind.properties, kind.refuse, activity.document, activity.path, subject)
    if subject.kind in RESOURCES:
        name = subject.properties.get("type")
        resource = RESOURCES[subject.kind]().get(name) if isinstance(name, str) else None
        if resource is not None:
            what = f"{name} {subject.kind.words}"
            yield from _judge(what, resource.properties, resource.refuse, subject.properties, ("properties",), subject)


def _judge(
    what: str, honoured: Collection[str], refuse: Refuse, document: Mapping[str, Json], path: Path, subject: Subject
) -> Found:
    base = write_path(path)
    wrong = {item.path for item in subject.walk.problems if item.path.startswith(base)}
    # An executor may rest on the types of what it looks at: it is asked when these are right.
    refused: Iterable[Problem] = () if wrong else refuse(document)
    for found in refused:
        placed = replace(found, path=base + found.path.removeprefix("$"))
        wrong.add(placed.path)
        yield placed
    given = document.get("typeProperties")
    for key, value in given.items() if isinstance(given, dict) else ():
        place = (*path, "typeProperties", key)
        # What the facts do not know either, or the executor has a remedy for, has been told of already.
        if key not in honoured and not is_inert(value) and write_path(place) not in wrong:
            yield problem(place, f"'{key}' of {what} is not executed by the local Data Factory: remove it")
