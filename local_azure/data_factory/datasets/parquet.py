"""Parquet: files of typed columns."""

from local_azure.data_factory.datasets.base import Built, DatasetType, Properties, of_type
from local_azure.data_factory.datasets.locations import locate_file
from local_azure.data_factory.formats.parquet_file import CODECS, ParquetFormat
from local_azure.data_factory.refusing import anything, one_of


def _build(properties: Properties) -> Built:
    return Built(format=ParquetFormat(codec=properties.text("compressionCodec", "snappy").lower()))


TYPE = DatasetType(
    name="Parquet",
    shape=of_type("Parquet", location=anything, compressionCodec=one_of(CODECS)),
    locate=locate_file,
    build=_build,
)
