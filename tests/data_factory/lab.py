"""A container of real Azurite and a real web service, with the documents of a factory that knows both."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_azure.data_factory.activities.base import ActivityType
from local_azure.data_factory.activities.copy import COPY
from local_azure.storage import BlobAccount
from tests.data_factory.world import Ran, World, ended
from tests.fakes.activity_context import MemoryCheckpoint, attempt

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

Json = Any
API = "https://api.example.com"


def reference(name: str, kind: str, **parameters: Json) -> dict[str, Json]:
    """A reference to a dataset or linked service."""
    found: dict[str, Json] = {"referenceName": name, "type": f"{kind}Reference"}
    return found | ({"parameters": parameters} if parameters else {})


def dataset(
    kind: str, service: str, parameters: Mapping[str, Json] | None = None, **properties: Json
) -> dict[str, Json]:
    """`properties` of a dataset."""
    found: dict[str, Json] = {
        "type": kind,
        "linkedServiceName": reference(service, "LinkedService"),
        "typeProperties": properties,
    }
    return found | ({"parameters": parameters} if parameters else {})


def blob_settings(**more: Json) -> dict[str, Json]:
    return {"type": "AzureBlobStorageReadSettings", **more}


def write_settings(**more: Json) -> dict[str, Json]:
    return {"type": "AzureBlobStorageWriteSettings", **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """Everything in one container of its own."""

    account: BlobAccount
    container: str
    world: World
    # Extra documents of one test.
    datasets: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    @property
    def client(self) -> "ContainerClient":
        """The real SDK, which judges what was written."""
        return self.account.container(self.container)

    def put(self, name: str, data: bytes, **more: Any) -> None:
        with self.client as client:
            client.upload_blob(name, data, overwrite=True, **more)

    def get(self, name: str) -> bytes:
        with self.client as client:
            return bytes(client.download_blob(name).readall())

    def names(self, prefix: str = "") -> list[str]:
        with self.client as client:
            return sorted(client.list_blob_names(name_starts_with=prefix))

    def blob(self, kind: str, folder: str = "", file: str = "", container: str = "", **properties: Json) -> str:
        """A dataset in the container; gives its name."""
        location = {"type": "AzureBlobStorageLocation", "container": container or self.container}
        location |= {key: text for key, text in (("folderPath", folder), ("fileName", file)) if text}
        return self.add(dataset(kind, "storage", location=location, **properties))

    def http(self, kind: str, url: str, service: str = "server", **properties: Json) -> str:
        """A dataset of a file on the web service; gives its name."""
        return self.add(
            dataset(kind, service, location={"type": "HttpServerLocation", "relativeUrl": url}, **properties)
        )

    def rest(self, url: str, service: str = "rest", **properties: Json) -> str:
        """A dataset of a resource of the web service; gives its name."""
        return self.add(dataset("RestResource", service, relativeUrl=url, **properties))

    def add(self, properties: Mapping[str, Json]) -> str:
        name = f"dataset{len(self.datasets)}"
        self.datasets[name] = properties
        return name

    def run(
        self,
        kind: ActivityType,
        properties: Mapping[str, Json],
        *,
        checkpoint: MemoryCheckpoint | None = None,
        more: Mapping[str, Json] | None = None,
        **scope: Any,
    ) -> Ran:
        """One attempt; `more` stands beside typeProperties."""
        document = {"name": "a", "type": kind.name, "typeProperties": properties, **(more or {})}

        async def main() -> Ran:
            world = replace(self.world, datasets={**self.world.datasets, **self.datasets})
            async with world.services() as services:
                made = attempt(document, services, resources=world.documents, checkpoint=checkpoint, **scope)
                return await ended(kind.run(made.context), made)

        assert not list(kind.refuse(document)), "it is refused when it is PUT"
        return asyncio.run(main())

    def copy(self, source: str, sink: str, properties: Mapping[str, Json], **scope: Any) -> Ran:
        """A Copy from one dataset to another."""
        ends = {"inputs": [reference(source, "Dataset")], "outputs": [reference(sink, "Dataset")]}
        return self.run(COPY, properties, more=ends, **scope)


def lab_of(account: BlobAccount, origin: str, **linked_services: Mapping[str, Json]) -> Lab:
    """A lab in a new container; the web service stands at API."""
    container = f"lab{uuid.uuid4().hex[:12]}"
    with account.container(container) as client:
        client.create_container()
    endpoint = urlsplit(account.endpoint)
    services: dict[str, Mapping[str, Json]] = {
        "storage": {
            "type": "AzureBlobStorage",
            "typeProperties": {
                "connectionString": f"DefaultEndpointsProtocol=https;AccountName={account.name};"
                f"AccountKey={account.key};EndpointSuffix=core.windows.net"
            },
        },
        "rest": {"type": "RestService", "typeProperties": {"url": API, "authenticationType": "Anonymous"}},
        "server": {"type": "HttpServer", "typeProperties": {"url": API, "authenticationType": "Anonymous"}},
    }
    hosts = {
        "*.blob.core.windows.net": f"{endpoint.scheme}://{endpoint.netloc}/{{account}}",
        (urlsplit(API).hostname or ""): origin,
    }
    return Lab(
        account=account,
        container=container,
        world=World(hosts=hosts, linked_services={**services, **linked_services}),
    )
