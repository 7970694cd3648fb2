"""What bronze needs to know about Autoloader: options, added columns, and what an empty landing looks like."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse.errors import LakehouseError
from crypto_lakehouse.schemas import BRONZE, Table, autoloader_hints

# What a first run raises where there is no file to infer a schema from, or no folder yet to look into.
EMPTY_LANDING = frozenset({"CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE", "PATH_NOT_FOUND"})


def bronze_table(dataset: str) -> Table:
    """The bronze table of a dataset named by a widget."""
    if dataset not in BRONZE:
        raise LakehouseError(f"widget dataset is {dataset!r}; expected {' or '.join(BRONZE)}")
    return BRONZE[dataset]


def folder(widget: str, root: str, child: str) -> str:
    """A folder below the one that a widget names."""
    if not root:
        raise LakehouseError(f"widget {widget} is empty; expected a folder, such as abfss://container@account/path")
    return f"{root.rstrip('/')}/{child}"


def autoloader_options(table: Table, *, schema_location: str, max_files_per_trigger: str) -> dict[str, str]:
    """The reader options of a dataset, the same on Databricks and on a laptop."""
    if not max_files_per_trigger.isdecimal() or int(max_files_per_trigger) < 1:
        raise LakehouseError(f"widget max_files_per_trigger is {max_files_per_trigger!r}; expected a number from 1 on")
    return {
        "cloudFiles.format": "json",
        "cloudFiles.schemaLocation": schema_location,
        "cloudFiles.inferColumnTypes": "true",
        "cloudFiles.schemaHints": autoloader_hints(table),
        "cloudFiles.schemaEvolutionMode": "addNewColumns",
        "cloudFiles.maxFilesPerTrigger": max_files_per_trigger,
        # The folder names are read from the path in silver, once and in one place.
        "cloudFiles.partitionColumns": "",
        "rescuedDataColumn": "_rescued_data",
        "pathGlobFilter": "*.json",
        # A file is one JSON document, however many lines it has.
        "multiLine": "true",
    }


def add_ingestion_columns(files: DataFrame) -> DataFrame:
    """The landed rows with the time of the batch, their file and its modification time."""
    return files.withColumn("_ingested_at", F.current_timestamp()).selectExpr(
        "*",
        "_metadata.file_path AS _source_file",
        "_metadata.file_modification_time AS _file_modified_at",
    )


def is_empty_landing(error: BaseException) -> bool:
    """Whether the error says that no file has landed yet, as opposed to a file or folder that cannot be read."""
    return condition_of(error) in EMPTY_LANDING


def condition_of(error: BaseException) -> str | None:
    """Spark's error condition; where the error came without one, the code in brackets that its message opens with."""
    stated = getattr(error, "getCondition", lambda: None)()
    if stated:
        return str(stated)
    _, bracket, rest = str(error).partition("[")
    code, closing, _ = rest.partition("]")
    return code if bracket and closing and code.isupper() else None
