"""What is executed here, by the registries of activities, datasets and linked services; read when first asked for.

Imported lazily: executors bring HTTP, Arrow and Azure's clients with them, and validation needs none of these.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from local_azure.data_factory.activities.base import ActivityType
from local_azure.data_factory.errors import Problem

Json = Any


class ResourceType(Protocol):
    """A type of dataset or linked service that is executed here."""

    @property
    def properties(self) -> Collection[str]:
        """The type properties that are honoured."""

    def refuse(self, document: Mapping[str, Json]) -> Iterable[Problem]:
        """What is not executed; paths are relative to `properties` of the resource, which is given."""


def activity_types() -> Mapping[str, ActivityType]:
    """Activity types by name."""
    from local_azure.data_factory.activities import TYPES

    return TYPES


def dataset_types() -> Mapping[str, ResourceType]:
    """Dataset types by name."""
    from local_azure.data_factory.datasets import TYPES

    return TYPES


def linked_service_types() -> Mapping[str, ResourceType]:
    """Linked service types by name."""
    from local_azure.data_factory.linked_services import TYPES

    return TYPES


def is_inert(value: object) -> bool:
    """Whether a property with this value asks for nothing: null, or empty."""
    return value is None or value in ("", [], {})
