"""Refuses by name what the local Data Factory does not execute: properties here, types already in the walk."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from local_azure.data_factory.validation.executed import (
    activity_types,
    dataset_types,
    is_inert,
    linked_service_types,
)
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import Path, write_path
from local_azure.data_factory.validation.subject import Found, Subject, problem


def check_execution(subject: Subject) -> Found:
    """Type properties that no executor looks at."""
    wrong = {item.path for item in subject.walk.problems}
    types = activity_types()
    for activity in subject.pipeline.activities:
        kind = types.get(activity.type)
        if not activity.active or kind is None:
            continue
        yield from _unhonoured(activity.properties, kind.properties, activity.path, activity.type, wrong)
        base = write_path(activity.path)
        if not any(path.startswith(base) for path in wrong):
            for found in kind.refuse(activity.document):
                yield replace(found, path=base + found.path.removeprefix("$"))
    others = {Kind.DATASET: dataset_types, Kind.LINKED_SERVICE: linked_service_types}
    if subject.kind in others:
        name = subject.properties.get("type")
        kind_of = others[subject.kind]().get(name) if isinstance(name, str) else None
        given = subject.properties.get("typeProperties")
        if kind_of is not None and isinstance(given, dict):
            yield from _unhonoured(given, kind_of.properties, ("properties",), f"{name} {subject.kind.words}", wrong)


def _unhonoured(
    given: Mapping[str, object], honoured: Collection[str], path: Path, what: str, wrong: Collection[str]
) -> Found:
    for key, value in given.items():
        # What the facts do not know either has been told of already.
        if key not in honoured and not is_inert(value) and write_path((*path, "typeProperties", key)) not in wrong:
            yield problem(
                (*path, "typeProperties", key),
                f"'{key}' of {what} is not executed by the local Data Factory: remove it",
            )
