"""Turns a notebook's options into the plan and the schema of one stream."""

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql.types import DataType, StringType, StructField, StructType

from local_azure.cloud_files.batches import METADATA_TYPE
from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.folders import LocalFolder, open_folder
from local_azure.cloud_files.options import OptionReader
from local_azure.cloud_files.plan import METADATA, StreamPlan
from local_azure.cloud_files.schemas import decide_columns, schema_location
from local_azure.storage import StorageMap

# Of no use here, so they go nowhere.
CREDENTIALS = frozenset({"cloudfiles.clientid", "cloudfiles.clientsecret", "cloudfiles.connectionstring"})
NO_COLUMNS = StructType([]).json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a stream takes from the session that reads it."""

    storage: StorageMap
    storage_file: Path
    bindings: Path
    time_zone: str
    parallelism: int
    parse_type: Callable[[str], DataType]  # reads one DDL type


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedStream:
    """A stream as Spark has to see it."""

    plan: StreamPlan
    schema: StructType  # with `_metadata`, unless the data has a column of that name
    visible: tuple[str, ...]  # the columns of select("*"), in order


def describe_stream(
    path: str | None, given: Mapping[str, str], schema: StructType | None, around: Surroundings
) -> DescribedStream:
    """Decide the columns of a stream whose options were checked."""
    options = OptionReader(given)
    url = path if path is not None else options.text("path")
    if not url:
        raise CloudFilesError("cloudFiles needs the folder to read: load('<path>')")
    is_local = isinstance(open_folder(url, around.storage), LocalFolder)
    plan = StreamPlan(
        token=uuid.uuid4().hex,
        bindings=str(around.bindings),
        # A relative path starts at the notebook's folder, which the workers do not share.
        url=os.path.abspath(url) if is_local and not url.startswith("file:") else url,
        storage_file=None if is_local else str(around.storage_file),
        options={name.lower(): value for name, value in given.items() if name.lower() not in CREDENTIALS},
        data_schema=NO_COLUMNS,
        partition_schema=NO_COLUMNS,
        rescued=None,
        metadata=False,
        evolution="none",
        schema_location=schema_location(options),
        hints=[],
        time_zone=around.time_zone,
        parallelism=around.parallelism,
    )
    plan, columns = decide_columns(plan, schema, around.parse_type)
    fields = [*columns.data, *columns.partitions]
    if columns.rescued is not None:
        fields.append(StructField(columns.rescued, StringType()))
    names = [field.name for field in fields]
    # A given schema keeps its order; what it does not name comes after it.
    places = {name: place for place, name in enumerate(schema.names if schema is not None else [])}
    visible = sorted(names, key=lambda name: places.get(name, len(places)))
    hides = METADATA not in names
    if hides:
        fields.append(StructField(METADATA, METADATA_TYPE, nullable=False))
    return DescribedStream(plan=replace(plan, metadata=hides), schema=StructType(fields), visible=tuple(visible))
