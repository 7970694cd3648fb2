"""The dataset types that are used here, one line each, and how a reference becomes one."""

from local_azure.data_factory.datasets import (
    binary,
    delimited_text,
    json_dataset,
    parquet,
    postgresql_table,
    rest_resource,
)
from local_azure.data_factory.datasets.base import (
    BlobLocation,
    DatasetType,
    HttpLocation,
    Location,
    ResolvedDataset,
    RestLocation,
    TableLocation,
)
from local_azure.data_factory.datasets.resolving import resolve

__all__ = [
    "TYPES",
    "BlobLocation",
    "DatasetType",
    "HttpLocation",
    "Location",
    "ResolvedDataset",
    "RestLocation",
    "TableLocation",
    "resolve",
]

TYPES: dict[str, DatasetType] = {
    kind.name: kind
    for kind in (
        postgresql_table.TYPE,
        binary.TYPE,
        delimited_text.TYPE,
        json_dataset.TYPE,
        parquet.TYPE,
        rest_resource.TYPE,
    )
}
