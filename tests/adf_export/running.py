"""Runs what the compiler makes in the local Data Factory, in a loop whose clock jumps."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adf_export.backends.documents import Kind, documents
from adf_export.ir.factory import Factory
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.injection import Injection
from local_azure.data_factory.store import SqlStore
from local_azure.data_factory.validation import Documents as Surroundings
from local_azure.data_factory.validation import Kind as LocalKind
from local_azure.data_factory.validation import validate
from tests.data_factory.harness import FACTORY, Done, inject, stepped

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The documents of a factory, read back from their texts: what the engine asks for."""

    # Kind -> name in small letters -> document.
    kinds: Mapping[str, Mapping[str, Mapping[str, Json]]]

    @classmethod
    def of(cls, factory: Factory) -> "Emitted":
        kinds: dict[str, dict[str, Mapping[str, Json]]] = {kind: {} for kind in Kind}
        for path, text in documents(factory).items():
            document = json.loads(text)
            kinds[path.partition("/")[0]][document["name"].lower()] = document
        return cls(kinds=kinds)

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        found = self.kinds[Kind.PIPELINE].get(name.lower())
        return None if found is None else (found["name"], found["properties"])

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return self._properties(Kind.DATASET, name)

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return self._properties(Kind.LINKED_SERVICE, name)

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        (document,) = self.kinds[Kind.FACTORY].values()
        declared = document["properties"].get("globalParameters", {})
        return {name: parameter["value"] for name, parameter in declared.items()}

    def factory_name(self, factory: str) -> str:
        (document,) = self.kinds[Kind.FACTORY].values()
        return str(document["name"])

    def _properties(self, kind: Kind, name: str) -> Mapping[str, Json] | None:
        found = self.kinds[kind].get(name.lower())
        return None if found is None else found["properties"]


def refusals(factory: Factory) -> list[str]:
    """What the local Data Factory, an independent reader, has against the documents of a factory."""
    emitted = Emitted.of(factory)
    named = {
        kind: {item["name"]: item["properties"] for item in found.values()} for kind, found in emitted.kinds.items()
    }
    around = Surroundings(
        pipelines=named[Kind.PIPELINE],
        datasets=named[Kind.DATASET],
        linked_services=named[Kind.LINKED_SERVICE],
        parameters=tuple(emitted.global_parameters("")),
    )
    return [
        f"{kind}/{document['name']}: {problem.path}: {problem.message}"
        for kind, found in emitted.kinds.items()
        for document in found.values()
        for problem in validate(LocalKind(kind), document["name"], document, around)
    ]


def run_in_local_factory(
    folder: Path,
    factory: Factory,
    pipeline: str,
    parameters: Mapping[str, Json] | None = None,
    injections: Mapping[str, Injection | Sequence[Injection]] | None = None,
) -> Done:
    """Runs a pipeline of the factory to its end; `injections` are results of activities by their names.

    `harness.OK` and `harness.FAILED` are results; activities without one are executed and reach nobody.
    """
    assert not (found := refusals(factory)), found

    async def main(engine: Engine, store: SqlStore) -> Done:
        begin = asyncio.get_running_loop().time()
        created = engine.create_run(FACTORY, pipeline, parameters or {}, injections=inject(**(injections or {})))
        ended = await engine.finished(created.run_id)
        seconds = asyncio.get_running_loop().time() - begin
        return Done(run=ended, records=store.activities(created.run_id), seconds=seconds)

    done: Done = stepped(folder, Emitted.of(factory), main)
    return done
