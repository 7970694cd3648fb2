"""Binary: files that are copied as they are."""

from local_azure.data_factory.datasets.base import Built, DatasetType, Properties, of_type
from local_azure.data_factory.datasets.compression import compression_of
from local_azure.data_factory.datasets.locations import locate_file
from local_azure.data_factory.refusing import anything


def _build(properties: Properties) -> Built:
    compression, level = compression_of(properties)
    return Built(compression=compression, level=level)


TYPE = DatasetType(
    name="Binary", shape=of_type("Binary", location=anything, compression=anything), locate=locate_file, build=_build
)
