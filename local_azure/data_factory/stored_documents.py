"""The documents of the factories as the interpreter and the validation ask for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.data_factory.store import FACTORIES, SqlStore

Json = Any
# What validation calls the kinds of which it wants names.
_KINDS = {"pipeline": "pipelines", "dataset": "datasets", "linkedService": "linkedservices", "trigger": "triggers"}


class StoredDocuments:
    """The documents of all factories; see `engine.Documents`. `factory` is `FactoryId.key` everywhere."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        """The name as it was first written, and `properties`."""
        found = self._store.resource(factory, "pipelines", name)
        return None if found is None else (found.name, found.document["properties"])

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        """`properties` of a dataset."""
        return self.properties(factory, "datasets", name)

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        """`properties` of a linked service."""
        return self.properties(factory, "linkedservices", name)

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        """The values of the global parameters by name."""
        found = self._store.resource(factory, FACTORIES, _name(factory))
        declared = {} if found is None else found.document["properties"].get("globalParameters") or {}
        return {name: parameter.get("value") for name, parameter in declared.items()}

    def factory_name(self, factory: str) -> str:
        """The name of the factory as it was first written."""
        found = self._store.resource(factory, FACTORIES, _name(factory))
        return _name(factory) if found is None else found.name

    def of(self, factory: str) -> "FactoryDocuments":
        """The documents of one factory."""
        return FactoryDocuments(documents=self, factory=factory)

    def properties(self, factory: str, kind: str, name: str) -> Mapping[str, Json] | None:
        """`properties` of a resource."""
        found = self._store.resource(factory, kind, name)
        if found is None:
            return None
        properties: Mapping[str, Json] = found.document["properties"]
        return properties

    def names(self, factory: str, kind: str) -> list[str]:
        """The names of all resources of a kind."""
        return [found.name for found in self._store.resources(factory, kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactoryDocuments:
    """One factory; see `validation.Factory`."""

    documents: StoredDocuments
    factory: str

    def pipeline(self, name: str) -> Mapping[str, Json] | None:
        return self.documents.properties(self.factory, "pipelines", name)

    def dataset(self, name: str) -> Mapping[str, Json] | None:
        return self.documents.dataset(self.factory, name)

    def linked_service(self, name: str) -> Mapping[str, Json] | None:
        return self.documents.linked_service(self.factory, name)

    def global_parameters(self) -> Iterable[str]:
        return self.documents.global_parameters(self.factory)

    def names(self, kind: str) -> Iterable[str]:
        return self.documents.names(self.factory, _KINDS[kind])


def _name(factory: str) -> str:
    return factory.rpartition("/")[2]
