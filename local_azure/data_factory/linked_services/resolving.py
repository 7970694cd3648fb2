"""Turns a reference to a linked service into one that can be used: parameters, expressions, secrets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.linked_services.base import INVALID, ResolvedLinkedService
from local_azure.data_factory.linked_services.reader import Reader
from local_azure.data_factory.parameters import UnfitError, fit

if TYPE_CHECKING:
    # Only here: activities import linked services.
    from local_azure.data_factory.activities.base import ActivityContext

Json = Any
Resolved = TypeVar("Resolved", bound=ResolvedLinkedService)


async def resolve(
    reference: Mapping[str, Json],
    context: "ActivityContext",
    *,
    expected: type[Resolved] = ResolvedLinkedService,  # type: ignore[assignment]  # mypy has no default for a TypeVar
    dataset: Mapping[str, Json] | None = None,
    place: str = "$.linkedServiceName",
) -> Resolved:
    """The linked service behind {"referenceName", "type", "parameters"?}, with what the parameters make of it.

    `dataset` is what dataset() gives, for the reference of a dataset; `place` is where the reference stands.

    Raises:
        ActivityError: there is none, it is not of the expected family, cannot be used here, or a secret is not had.
    """
    evaluated = context.evaluate(dict(reference), path=place, dataset=dataset)
    return await resolve_evaluated(evaluated, context, expected=expected, place=place)


async def resolve_evaluated(
    reference: Mapping[str, Json], context: "ActivityContext", *, expected: type[Resolved], place: str
) -> Resolved:
    """As resolve, for a reference in which nothing is left to evaluate."""
    # Imported here: each family imports this module's neighbours.
    from local_azure.data_factory.linked_services import TYPES

    name = reference.get("referenceName")
    if not isinstance(name, str) or not name:
        raise ActivityError(INVALID, f"{place}.referenceName is missing")
    document = context.resources.linked_service(name)
    kind = TYPES.get(str(document.get("type")))
    if kind is None:
        known = ", ".join(TYPES)
        raise ActivityError(
            INVALID, f"linked service '{name}' is of type {document.get('type')!r}; used here are {known}"
        )
    # Before it is read: a store of secrets that is no vault could refer to itself for ever.
    if not issubclass(kind.gives, expected):
        raise ActivityError(
            INVALID, f"{place}: linked service '{name}' is of type {kind.name}, which does not fit here"
        )
    problems = list(kind.refuse(document))
    if problems:
        raise ActivityError(INVALID, f"linked service '{name}' {problems[0].path}: {problems[0].message}")
    parameters = _bind(document.get("parameters") or {}, reference.get("parameters") or {}, name)
    properties = document.get("typeProperties") or {}
    found = await kind.read(Reader(name=name, properties=properties, parameters=parameters, context=context))
    assert isinstance(found, expected)
    return found


def _bind(declared: Mapping[str, Mapping[str, Json]], given: Mapping[str, Json], service: str) -> dict[str, Json]:
    by_name = {name.lower(): value for name, value in given.items()}
    found: dict[str, Json] = {}
    for name, document in declared.items():
        value = by_name.pop(name.lower(), document.get("defaultValue"))
        if value is None:
            raise ActivityError(
                INVALID, f"parameter '{name}' of linked service '{service}' has no value and no default"
            )
        try:
            found[name] = fit(value, str(document.get("type", "String")))
        except UnfitError as error:
            raise ActivityError(INVALID, f"parameter '{name}' of linked service '{service}' {error}") from error
    unknown = [name for name in given if name.lower() in by_name]
    if unknown:
        raise ActivityError(INVALID, f"linked service '{service}' has no parameter '{unknown[0]}'")
    return found
