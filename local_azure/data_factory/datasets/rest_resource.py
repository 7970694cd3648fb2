"""RestResource: a resource of a REST service."""

from typing import Any

from local_azure.data_factory.datasets.base import Built, DatasetType, Location, Properties, RestLocation, of_type
from local_azure.data_factory.linked_services import RestService
from local_azure.data_factory.linked_services.base import ResolvedLinkedService
from local_azure.data_factory.refusing import anything, one_of, text

Json = Any
# Datasets of older pipelines say these too; a source that says them as well has the last word.
OF_SOURCES = ("requestMethod", "requestBody", "additionalHeaders", "paginationRules")


def _locate(properties: Properties, service: ResolvedLinkedService) -> Location:
    if not isinstance(service, RestService):
        properties.fail("relativeUrl", f"the linked service '{service.name}' is not a RestService")
    assert isinstance(service, RestService)
    more = {name: properties.values[name] for name in OF_SOURCES if properties.values.get(name) is not None}
    return RestLocation(service=service, relative_url=properties.text("relativeUrl"), more=more)


def _build(properties: Properties) -> Built:
    return Built()


TYPE = DatasetType(
    name="RestResource",
    shape=of_type(
        "RestResource",
        relativeUrl=text,
        requestMethod=one_of(("GET", "POST")),
        requestBody=text,
        additionalHeaders=anything,
        paginationRules=anything,
    ),
    locate=_locate,
    build=_build,
)
