"""Reads the location of a dataset of files."""

from local_azure.data_factory.datasets.base import LOCATIONS, BlobLocation, HttpLocation, Location, Properties
from local_azure.data_factory.linked_services import BlobStorage, HttpServer
from local_azure.data_factory.linked_services.base import ResolvedLinkedService


def locate_file(properties: Properties, service: ResolvedLinkedService) -> Location:
    """Where the files of a dataset are.

    Raises:
        ActivityError: the location and the linked service do not belong together, or there is no container.
    """
    location = properties.inner("location")
    kind = location.text("type")
    if kind == "HttpServerLocation" and isinstance(service, HttpServer):
        return HttpLocation(service=service, relative_url=location.text("relativeUrl"))
    if kind == "AzureBlobStorageLocation" and isinstance(service, BlobStorage):
        container, _, rest = location.text("container").strip("/").partition("/")
        if not container:
            properties.fail("location.container", "is missing")
        # Real files have the first folders in the container now and then.
        folder = "/".join(part for part in (rest, location.text("folderPath").strip("/")) if part)
        return BlobLocation(service=service, container=container, folder=folder, file=location.text("fileName"))
    if kind not in LOCATIONS:
        properties.fail("location.type", f"'{kind}' is not done here: use {' or '.join(LOCATIONS)}")
    found: Location = properties.fail("location.type", f"'{kind}' does not fit the linked service '{service.name}'")
    return found
