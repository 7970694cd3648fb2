"""Turns a reference to a dataset into one that can be used: parameters, expressions, linked service."""

from collections.abc import Mapping
from typing import Any

from local_azure.data_factory import linked_services
from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.datasets.base import INVALID, Properties, ResolvedDataset
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.linked_services.base import ResolvedLinkedService
from local_azure.data_factory.parameters import UnfitError, fit

Json = Any


async def resolve(
    reference: Mapping[str, Json], context: ActivityContext, *, place: str = "$.typeProperties.dataset"
) -> ResolvedDataset:
    """The dataset behind {"referenceName", "type", "parameters"?}; `place` is where the reference stands.

    Raises:
        ActivityError: there is none, a parameter is missing or does not fit, or it cannot be used here.
    """
    # Imported here: each type imports this module's neighbours.
    from local_azure.data_factory.datasets import TYPES

    if not isinstance(reference, Mapping) or not isinstance(reference.get("referenceName"), str):
        raise ActivityError(INVALID, f"{place} must be a reference to a dataset, with its referenceName")
    name = reference["referenceName"]
    document = context.resources.dataset(name)
    kind = TYPES.get(str(document.get("type")))
    if kind is None:
        known = ", ".join(TYPES)
        raise ActivityError(INVALID, f"dataset '{name}' is of type {document.get('type')!r}; used here are {known}")
    given = context.evaluate(reference.get("parameters") or {}, path=f"{place}.parameters")
    parameters = _bind(document.get("parameters") or {}, given, name)
    values = context.evaluate(
        document.get("typeProperties") or {}, path=f"dataset '{name}' $.typeProperties", dataset=parameters
    )
    # Once more than when it was PUT: what was an expression then can be judged now.
    for problem in kind.refuse({"typeProperties": values}, evaluated=True):
        raise ActivityError(INVALID, f"dataset '{name}' {problem.path}: {problem.message}")
    service: ResolvedLinkedService = await linked_services.resolve(
        document.get("linkedServiceName") or {},
        context,
        dataset=parameters,
        place=f"dataset '{name}' $.linkedServiceName",
    )
    properties = Properties(dataset=name, values=values)
    built = kind.build(properties)
    return ResolvedDataset(
        name=name,
        type=kind.name,
        location=kind.locate(properties, service),
        format=built.format,
        compression=built.compression,
        level=built.level,
    )


def _bind(declared: Mapping[str, Mapping[str, Json]], given: Mapping[str, Json], dataset: str) -> dict[str, Json]:
    by_name = {name.lower(): value for name, value in given.items()}
    found: dict[str, Json] = {}
    for name, document in declared.items():
        value = by_name.pop(name.lower(), document.get("defaultValue"))
        if value is None:
            raise ActivityError(INVALID, f"parameter '{name}' of dataset '{dataset}' has no value and no default")
        try:
            found[name] = fit(value, str(document.get("type", "String")))
        except UnfitError as error:
            raise ActivityError(INVALID, f"parameter '{name}' of dataset '{dataset}' {error}") from error
    unknown = [name for name in given if name.lower() in by_name]
    if unknown:
        raise ActivityError(INVALID, f"dataset '{dataset}' has no parameter '{unknown[0]}'")
    return found
