"""Knows which documents of a factory refer to which: what is referred to cannot be deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory.store import SqlStore

Json = Any
# The type of a reference -> the kind of what it refers to.
KINDS = {
    "pipelinereference": "pipelines",
    "datasetreference": "datasets",
    "linkedservicereference": "linkedservices",
    "triggerreference": "triggers",
}
# The kinds of documents that refer to others.
REFERRING = ("linkedservices", "datasets", "pipelines", "triggers")

_Node = tuple[str, str]


class References:
    """The references of all factories, read from the store once and kept in memory."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        # Factory -> (kind, name in small letters) -> (name as it was written, what it refers to).
        self._known: dict[str, dict[_Node, tuple[str, frozenset[_Node]]]] = {}

    def put(self, factory: str, kind: str, name: str, document: Json) -> None:
        """Takes note of a document that was written."""
        if kind in REFERRING and factory in self._known:
            self._known[factory][kind, name.lower()] = (name, frozenset(references(document)))

    def deleted(self, factory: str, kind: str, name: str) -> None:
        """Forgets a document."""
        self._known.get(factory, {}).pop((kind, name.lower()), None)

    def factory_deleted(self, factory: str) -> None:
        """Forgets all documents of a factory."""
        self._known.pop(factory, None)

    def referring(self, factory: str, kind: str, name: str) -> str | None:
        """The first document, by kind and name, that refers to this one and is another; None if there is none."""
        wanted = (kind, name.lower())
        found = (node for node, (_, targets) in self._of(factory).items() if wanted in targets and node != wanted)
        first = min(found, default=None)
        return None if first is None else self._of(factory)[first][0]

    def _of(self, factory: str) -> dict[_Node, tuple[str, frozenset[_Node]]]:
        if factory not in self._known:
            self._known[factory] = {
                (kind, resource.name.lower()): (resource.name, frozenset(references(resource.document)))
                for kind in REFERRING
                for resource in self._store.resources(factory, kind)
            }
        return self._known[factory]


def references(document: Json) -> Iterator[_Node]:
    """What a document refers to: kind and name in small letters, wherever it stands."""
    if isinstance(document, Mapping):
        name, kind = document.get("referenceName"), KINDS.get(str(document.get("type")).lower())
        if isinstance(name, str) and kind:
            yield kind, name.lower()
        for value in document.values():
            yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)
