"""AzureFunction: a function app, called with a key, with the managed identity, or without either."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService, only
from local_azure.data_factory.linked_services.reader import Reader

Json = Any
ANONYMOUS, MSI = "Anonymous", "MSI"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureFunction(ResolvedLinkedService):
    """A function app; `url` is Azure's, without a slash at its end."""

    url: str
    # x-functions-key and Authorization, where they are needed.
    headers: Mapping[str, str] = field(repr=False)


async def _read(reader: Reader) -> AzureFunction:
    headers: dict[str, str] = {}
    key = await reader.secret("functionKey")
    if key:
        headers["x-functions-key"] = key
    if reader.choice("authentication", (ANONYMOUS, MSI), ANONYMOUS) == MSI:
        headers["Authorization"] = f"Bearer {await token_of(reader.text('resourceId'), reader.context)}"
    return AzureFunction(name=reader.name, url=reader.text("functionAppUrl").rstrip("/"), headers=headers)


def _more(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authentication", (ANONYMOUS, MSI))


TYPE = LinkedServiceType(
    name="AzureFunction",
    gives=AzureFunction,
    read=_read,
    properties=frozenset({"authentication", "functionAppUrl", "functionKey", "resourceId"}),
    more=_more,
)
