"""What a dataset type is here, and what resolving a dataset gives."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.evaluation import is_expression
from local_azure.data_factory.formats.base import Format
from local_azure.data_factory.linked_services import BlobStorage, HttpServer, PostgreSql, RestService
from local_azure.data_factory.linked_services.base import ResolvedLinkedService
from local_azure.data_factory.refusing import Check, Shape, flag, one_of, text

Json = Any
# `errorCode` of an activity whose dataset cannot be used.
INVALID = "InvalidDataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobLocation:
    """A container, a folder or a file in Blob Storage; empty texts mean that nothing was said."""

    service: BlobStorage
    container: str
    folder: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLocation:
    """A file on an HTTP server."""

    service: HttpServer
    relative_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestLocation:
    """A resource of a REST service; method, body and headers as the dataset may have them, of older pipelines."""

    service: RestService
    relative_url: str
    more: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLocation:
    """A table in a database; empty where a query says what is meant."""

    service: PostgreSql
    schema: str
    table: str


Location = BlobLocation | HttpLocation | RestLocation | TableLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDataset:
    """A dataset with parameters filled in and its linked service resolved."""

    name: str
    type: str
    location: Location
    # None: bytes (Binary), or rows that need no format.
    format: Format | None = None
    # gzip, or empty; and the level of written files.
    compression: str = ""
    level: str = "Optimal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The evaluated type properties of a dataset; what is wrong with one is an ActivityError that names its place."""

    dataset: str
    values: Mapping[str, Json]

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else self.fail(name, f"must be a text, but is {value!r}")

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value is None:
            return False
        wrong = flag(value)
        return self.fail(name, wrong) if wrong else (value if isinstance(value, bool) else value.lower() == "true")

    def inner(self, name: str) -> "Properties":
        value = self.values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            self.fail(name, "must be an object")
        return Properties(dataset=self.dataset, values=value)

    def fail(self, name: str, message: str) -> Any:
        raise ActivityError(INVALID, f"dataset '{self.dataset}' $.typeProperties.{name}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the typeProperties of a dataset say, without its location."""

    format: Format | None = None
    compression: str = ""
    level: str = "Optimal"


Locate = Callable[[Properties, ResolvedLinkedService], Location]
Build = Callable[[Properties], Built]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetType:
    """A dataset type that is used here: one line in `datasets.TYPES`."""

    name: str
    # The type properties that are honoured, with checks of literals; any other one is refused by name.
    shape: Shape
    locate: Locate
    build: Build

    @property
    def properties(self) -> frozenset[str]:
        return frozenset(self.shape.properties)

    def refuse(self, document: Mapping[str, Json], *, evaluated: bool = False) -> Iterator[Problem]:
        """What a dataset has and is not done here; paths are relative to its `properties`."""
        properties = document.get("typeProperties") or {}
        yield from self.shape.problems(properties, "$.typeProperties", evaluated=evaluated)
        location = properties.get("location")
        if isinstance(location, Mapping) and not is_expression(location):
            yield from refuse_location(location, evaluated=evaluated)
        compression = properties.get("compression")
        if isinstance(compression, Mapping) and not is_expression(compression):
            yield from COMPRESSION.problems(compression, "$.typeProperties.compression", evaluated=evaluated)


def of_type(name: str, **properties: Check) -> Shape:
    """The shape of a dataset's typeProperties."""
    return Shape(what=f"a dataset of type {name}", properties=properties)


def refuse_location(location: Mapping[str, Json], *, evaluated: bool) -> Iterator[Problem]:
    """What a location has and is not done here."""
    path = "$.typeProperties.location"
    kind = location.get("type")
    shape = LOCATIONS.get(str(kind))
    if shape is None:
        yield Problem(
            path=f"{path}.type",
            message=f"a location of type {kind!r} is not done by the local Data Factory: use {' or '.join(LOCATIONS)}",
        )
        return
    yield from shape.problems(location, path, evaluated=evaluated)


COMPRESSIONS = ("gzip", "none")
LEVELS = ("Optimal", "Fastest")
compression_codec = one_of(COMPRESSIONS)
compression_level = one_of(LEVELS)
COMPRESSION = Shape(what="a compression", properties={"type": compression_codec, "level": compression_level})
LOCATIONS: Mapping[str, Shape] = {
    "AzureBlobStorageLocation": Shape(
        what="a location of type AzureBlobStorageLocation",
        properties={"type": text, "container": text, "folderPath": text, "fileName": text},
    ),
    "HttpServerLocation": Shape(
        what="a location of type HttpServerLocation",
        properties={"type": text, "relativeUrl": text},
        remedies={"folderPath": "write the whole path into relativeUrl", "fileName": "write it into relativeUrl"},
    ),
}
