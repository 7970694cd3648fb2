"""Finds references to resources that are not there, and parameters that are passed wrongly."""

from collections.abc import Callable, Mapping
from typing import Any

from adf_lang.errors import nearest
from local_azure.data_factory.parameters import UnfitError, fit
from local_azure.data_factory.validation.factory import Factory
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import Path
from local_azure.data_factory.validation.reading import declared
from local_azure.data_factory.validation.shape import Reference, is_expression, is_expression_object
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any
Lookup = Callable[[Factory, str], Mapping[str, Json] | None]

# Object of the facts -> kind of resource that it names, and how that is found.
LOOKUPS: dict[str, tuple[Kind, Lookup]] = {
    "DatasetReference": (Kind.DATASET, lambda factory, name: factory.dataset(name)),
    "LinkedServiceReference": (Kind.LINKED_SERVICE, lambda factory, name: factory.linked_service(name)),
    "PipelineReference": (Kind.PIPELINE, lambda factory, name: factory.pipeline(name)),
}


def check_references(subject: Subject) -> Found:
    """Every reference that the facts have; parameters of pipelines stand beside theirs."""
    for reference in subject.walk.references:
        yield from _reference(reference, subject)


def _reference(reference: Reference, subject: Subject) -> Found:
    kind, lookup = LOOKUPS[reference.record]
    name = reference.document.get("referenceName")
    if not isinstance(name, str) or is_expression(name):
        return
    found = lookup(subject.factory, name)
    if found is None:
        hint = nearest(name, subject.factory.names(kind))
        words = f"there is no {kind.words} '{name}' in the factory" + (f"; {hint}" if hint else "")
        yield problem((*reference.path, "referenceName"), words)
        return
    given, path = _given(reference, subject)
    yield from check_arguments(found, given, path, f"{kind.words} '{name}'")


def _given(reference: Reference, subject: Subject) -> tuple[Json, Path]:
    """What is passed, and where: in the reference, but beside it where the reference is to a pipeline."""
    if reference.record != "PipelineReference":
        return reference.document.get("parameters"), (*reference.path, "parameters")
    outer: Json = subject.document
    for step in reference.path[:-1]:
        outer = outer[step]
    return outer.get("parameters"), (*reference.path[:-1], "parameters")


def check_arguments(target: Mapping[str, Json], given: Json, path: Path, what: str) -> Found:
    """Arguments that are not declared, are missing, or do not fit."""
    wanted = {name.lower(): (name, document) for name, document in declared(target).items()}
    arguments = given if isinstance(given, dict) else {}
    for name, value in arguments.items():
        if name.lower() not in wanted:
            hint = nearest(name, declared(target))
            words = f"{what} has no parameter '{name}'" + (f"; {hint}" if hint else "")
            yield problem((*path, name), words)
            continue
        yield from _fits(value, str(wanted[name.lower()][1].get("type")), (*path, name))
    passed = {name.lower() for name, value in arguments.items() if value is not None}
    for folded, (name, document) in wanted.items():
        if folded not in passed and document.get("defaultValue") is None:
            place = path if isinstance(given, dict) else path[:-1]
            yield problem(place, f"parameter '{name}' of {what} has no default and is not given")


def _fits(value: Json, kind: str, path: Path) -> Found:
    """Of a value with an expression in it the type is known at run time only."""
    dynamic = is_expression_object(value) or (isinstance(value, str) and is_expression(value))
    if value is None or dynamic or kind.lower() == "securestring":
        return
    if kind.lower() == "string" and isinstance(value, bool | int | float):
        return
    try:
        fit(value, kind)
    except UnfitError as error:
        yield problem(path, str(error))
