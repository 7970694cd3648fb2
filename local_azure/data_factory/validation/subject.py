"""What a rule looks at: one document, what the walk found in it, and the factory around it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.validation.factory import Factory
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import Path, write_path
from local_azure.data_factory.validation.reading import Pipeline
from local_azure.data_factory.validation.shape import Walk

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document under validation."""

    kind: Kind
    name: str
    document: Mapping[str, Json]
    properties: Mapping[str, Json]
    walk: Walk
    factory: Factory
    # Empty for what is no pipeline.
    pipeline: Pipeline


Found = Iterable[Problem]


def problem(path: Path, message: str) -> Problem:
    """A problem at a path."""
    return Problem(path=write_path(path), message=message)
