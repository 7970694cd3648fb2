"""What is executed here, by the registries of activities, datasets and linked services; read when first asked for.

Imported lazily: executors bring HTTP, Arrow and Azure's clients with them, and validation needs none of these.
"""

import importlib
from collections.abc import Collection, Mapping
from typing import Protocol

from local_azure.data_factory.activities.base import ActivityType


class ResourceType(Protocol):
    """A type of dataset or linked service that is executed here."""

    @property
    def properties(self) -> Collection[str]:
        """The type properties that are honoured."""


def activity_types() -> Mapping[str, ActivityType]:
    """Activity types by name."""
    found: Mapping[str, ActivityType] = getattr(
        importlib.import_module("local_azure.data_factory.activities"), "TYPES", {}
    )
    return found


def dataset_types() -> Mapping[str, ResourceType]:
    """Dataset types by name."""
    return _types("local_azure.data_factory.datasets")


def linked_service_types() -> Mapping[str, ResourceType]:
    """Linked service types by name."""
    return _types("local_azure.data_factory.linked_services")


def _types(module: str) -> Mapping[str, ResourceType]:
    found: Mapping[str, ResourceType] = getattr(importlib.import_module(module), "TYPES", {})
    return found


def is_inert(value: object) -> bool:
    """Whether a property with this value asks for nothing: null, or empty."""
    return value is None or value in ("", [], {})
