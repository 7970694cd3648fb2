"""What validation asks of the factory around a document: the other documents in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = Any


class Factory(Protocol):
    """The documents of a factory; names are found whatever their case."""

    def pipeline(self, name: str) -> Mapping[str, Json] | None:
        """`properties` of a pipeline, None if there is none."""

    def dataset(self, name: str) -> Mapping[str, Json] | None:
        """`properties` of a dataset, None if there is none."""

    def linked_service(self, name: str) -> Mapping[str, Json] | None:
        """`properties` of a linked service, None if there is none."""

    def global_parameters(self) -> Iterable[str]:
        """The names of the global parameters."""

    def names(self, kind: str) -> Iterable[str]:
        """The names of all pipelines, datasets or linked services (as Kind spells it), for a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A factory in memory: `properties` by name."""

    pipelines: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    datasets: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    linked_services: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    parameters: Iterable[str] = ()

    def pipeline(self, name: str) -> Mapping[str, Json] | None:
        return _find(self.pipelines, name)

    def dataset(self, name: str) -> Mapping[str, Json] | None:
        return _find(self.datasets, name)

    def linked_service(self, name: str) -> Mapping[str, Json] | None:
        return _find(self.linked_services, name)

    def global_parameters(self) -> Iterable[str]:
        return self.parameters

    def names(self, kind: str) -> Iterable[str]:
        return {"pipeline": self.pipelines, "dataset": self.datasets, "linkedService": self.linked_services}[kind]


def _find(documents: Mapping[str, Mapping[str, Json]], name: str) -> Mapping[str, Json] | None:
    folded = name.lower()
    return next((documents[key] for key in documents if key.lower() == folded), None)
