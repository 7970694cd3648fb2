"""What a linked service type is here, and the base of what resolving one gives."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_azure.data_factory.errors import Problem

if TYPE_CHECKING:
    from local_azure.data_factory.linked_services.reader import Reader

Json = Any
# `errorCode` of an activity whose linked service cannot be used.
INVALID = "InvalidLinkedService"
# The integration runtime that stands for this machine.
DEFAULT_RUNTIME = "AutoResolveIntegrationRuntime"
# Values that ask for nothing: authoring tools write them for what was left empty.
INERT: tuple[Json, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLinkedService:
    """A linked service with parameters filled in and secrets fetched: one subclass a family."""

    name: str


Read = Callable[["Reader"], Awaitable[ResolvedLinkedService]]
Refuse = Callable[[Mapping[str, Json]], Iterable[Problem]]


def _nothing(properties: Mapping[str, Json]) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedServiceType:
    """A linked service type that is used here: one line in `linked_services.TYPES`."""

    name: str
    gives: type[ResolvedLinkedService]
    read: Read
    # The type properties that are honoured; any other one is refused by name.
    properties: frozenset[str]
    # What is refused besides, seen in `typeProperties`; paths begin with $.typeProperties.
    more: Refuse = field(default=_nothing)

    def refuse(self, document: Mapping[str, Json]) -> Iterator[Problem]:
        """What a linked service has and is not done here; paths are relative to its `properties`."""
        properties = document.get("typeProperties") or {}
        for name, value in properties.items():
            if name not in self.properties and value not in INERT:
                yield Problem(
                    path=f"$.typeProperties.{name}",
                    message=f"'{name}' of a linked service of type {self.name} is not done by the local Data Factory"
                    f"{_REMEDIES.get(name, '')}",
                )
        runtime = (document.get("connectVia") or {}).get("referenceName", DEFAULT_RUNTIME)
        if runtime != DEFAULT_RUNTIME:
            yield Problem(
                path="$.connectVia.referenceName",
                message=f"the integration runtime '{runtime}' does not exist locally: everything runs on this machine, "
                f"which is '{DEFAULT_RUNTIME}'",
            )
        yield from self.more(properties)


_REMEDIES: Mapping[str, str] = {
    "credential": ": leave it out, the factory's own identity is used",
    "encryptedCredential": ": only Azure can decrypt it, refer to a Key Vault secret instead",
    "sasToken": ": use an account key or the managed identity (serviceEndpoint)",
    "sasUri": ": use an account key or the managed identity (serviceEndpoint)",
    "servicePrincipalId": ": use the managed identity",
    "servicePrincipalKey": ": use the managed identity",
}


def literal(properties: Mapping[str, Json], name: str) -> str | None:
    """A property that can be judged without a run: a text without expressions."""
    value = properties.get(name)
    return value if isinstance(value, str) and "@" not in value else None


def only(properties: Mapping[str, Json], name: str, allowed: Iterable[str]) -> Iterator[Problem]:
    """Refuses a literal that is not one of the allowed ones, whatever its case."""
    value = literal(properties, name)
    if value is not None and value.lower() not in {item.lower() for item in allowed}:
        yield Problem(
            path=f"$.typeProperties.{name}",
            message=f"'{value}' is not done by the local Data Factory: use {' or '.join(allowed)}",
        )
