"""Turns a factory into documents. The only place that writes JSON text: 4 spaces, UTF-8, a final newline, no nulls."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from adf_export.backends.activities import describe, write_activity
from adf_export.backends.plain import Plain, evaluated, verbatim
from adf_export.ir.factory import Dataset, Factory, LinkedService, Missing, Parameter, Pipeline, PipelineVariable

INDENT: Final = 4


class Kind(StrEnum):
    """A kind of document; its value is its folder in Data Factory's Git layout."""

    FACTORY = "factory"
    LINKED_SERVICE = "linkedService"
    DATASET = "dataset"
    PIPELINE = "pipeline"


# Kind -> last part of its type in ARM.
ARM_TYPES: Final[Mapping[Kind, str]] = {
    Kind.LINKED_SERVICE: "linkedServices",
    Kind.DATASET: "datasets",
    Kind.PIPELINE: "pipelines",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One resource as plain JSON."""

    kind: Kind
    name: str
    properties: Plain
    # Of the factory.
    location: str = ""

    @property
    def path(self) -> str:
        """Its place in Data Factory's Git layout: pipeline/daily.json."""
        return f"{self.kind}/{self.name}.json"

    def content(self) -> Plain:
        """What the file holds."""
        return {
            "name": self.name,
            "properties": self.properties,
            **({"location": self.location} if self.location else {}),
        }


def documents(factory: Factory) -> dict[str, str]:
    """The text of every document, by its path in Data Factory's Git layout."""
    return {document.path: text(document.content()) for document in resources(factory)}


def text(content: Plain) -> str:
    """A JSON value as text; keys keep their order."""
    return msgspec.json.format(msgspec.json.encode(content), indent=INDENT).decode() + "\n"


def size(content: Plain) -> int:
    """How many bytes a JSON value has without blanks, as it is sent."""
    return len(msgspec.json.encode(content))


def resources(factory: Factory) -> tuple[Document, ...]:
    """All documents: the factory, what pipelines use, pipelines."""
    return (
        _factory(factory),
        *(
            Document(kind=Kind.LINKED_SERVICE, name=item.name, properties=_linked_service(item))
            for item in factory.linked_services
        ),
        *(Document(kind=Kind.DATASET, name=item.name, properties=_dataset(item)) for item in factory.datasets),
        *(Document(kind=Kind.PIPELINE, name=item.name, properties=_pipeline(item)) for item in factory.pipelines),
    )


def _factory(factory: Factory) -> Document:
    # The default of a global parameter is its value.
    declared = {
        item.name: {"type": _lower(item.type), "value": verbatim(item.default)}
        for item in factory.global_parameters
        if not isinstance(item.default, Missing)
    }
    properties = {"globalParameters": declared} if declared else {}
    return Document(kind=Kind.FACTORY, name=factory.name, properties=properties, location=factory.location)


def _pipeline(pipeline: Pipeline) -> Plain:
    return dict(
        _without_absent(
            ("description", describe(pipeline.description, pipeline.origin)),
            ("activities", [write_activity(activity) for activity in pipeline.activities]),
            ("parameters", _parameters(pipeline.parameters)),
            ("variables", _variables(pipeline.variables)),
            ("concurrency", pipeline.concurrency),
            ("folder", {"name": pipeline.folder} if pipeline.folder else None),
            ("annotations", list(pipeline.annotations)),
        )
    )


def _dataset(dataset: Dataset) -> Plain:
    service = {
        "referenceName": dataset.linked_service,
        "type": "LinkedServiceReference",
        **_member("parameters", evaluated(dataset.linked_service_parameters)),
    }
    return dict(
        _without_absent(
            ("description", dataset.description),
            ("linkedServiceName", service),
            ("parameters", _parameters(dataset.parameters)),
            ("annotations", []),
            ("type", dataset.type),
            ("typeProperties", evaluated(dataset.properties)),
        )
    )


def _linked_service(service: LinkedService) -> Plain:
    return dict(
        _without_absent(
            ("description", service.description),
            ("parameters", _parameters(service.parameters)),
            ("annotations", []),
            ("type", service.type),
            ("typeProperties", evaluated(service.properties, bare=True)),
        )
    )


def _parameters(parameters: Iterable[Parameter]) -> Plain:
    return {item.name: {"type": _lower(item.type), **_default(item)} for item in parameters}


def _variables(variables: Iterable[PipelineVariable]) -> Plain:
    return {item.name: {"type": item.type, **_default(item)} for item in variables}


def _default(item: Parameter | PipelineVariable) -> Plain:
    return {} if isinstance(item.default, Missing) else {"defaultValue": verbatim(item.default)}


def _lower(type: str) -> str:
    """Types of parameters as Studio writes them: string, secureString."""
    return type[:1].lower() + type[1:]


def _member(key: str, value: Plain) -> Plain:
    return {key: value} if value else {}


def _without_absent(*pairs: tuple[str, Plain]) -> Iterator[tuple[str, Plain]]:
    """Members that say something; annotations and activities stay also where they are empty, as Studio writes them."""
    for key, value in pairs:
        if value not in (None, "", {}):
            yield key, value
