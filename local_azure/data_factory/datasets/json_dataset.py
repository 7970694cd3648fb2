"""Json: files of JSON objects."""

from local_azure.data_factory.datasets.base import Built, DatasetType, Properties, of_type
from local_azure.data_factory.datasets.compression import compression_of
from local_azure.data_factory.datasets.encoding import encoding, encoding_of
from local_azure.data_factory.datasets.locations import locate_file
from local_azure.data_factory.formats.json_file import JsonFormat
from local_azure.data_factory.refusing import anything


def _build(properties: Properties) -> Built:
    compression, level = compression_of(properties)
    return Built(format=JsonFormat(encoding=encoding_of(properties)), compression=compression, level=level)


TYPE = DatasetType(
    name="Json",
    shape=of_type("Json", location=anything, encodingName=encoding, compression=anything),
    locate=locate_file,
    build=_build,
)
