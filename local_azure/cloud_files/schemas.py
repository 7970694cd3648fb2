"""Decides the columns of a stream: a given schema, the stored one, or one inferred from the first files."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from local_azure.cloud_files.batches import BINARY_FILE, TEXT_FILE, FileParser
from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.folders import FileEntry, local_path
from local_azure.cloud_files.inference import (
    Hints,
    apply_hints,
    hints_to_json,
    infer_records,
    infer_text,
    merge_structs,
    settle_columns,
    split_hints,
)
from local_azure.cloud_files.options import EVOLUTION_MODES, OptionReader
from local_azure.cloud_files.partitions import infer_partitions
from local_azure.cloud_files.plan import StreamPlan
from local_azure.cloud_files.schema_store import SchemaStore
from local_azure.cloud_files.selection import Selection

SAMPLE_FILES = 1000
SAMPLE_BYTES = 50 << 30
FIXED = {"binaryFile": BINARY_FILE, "text": TEXT_FILE}
SCALARS = (
    StringType,
    BooleanType,
    ByteType,
    ShortType,
    IntegerType,
    LongType,
    FloatType,
    DoubleType,
    DecimalType,
    DateType,
    TimestampType,
    TimestampNTZType,
    BinaryType,
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a stream by where they come from."""

    data: StructType
    partitions: StructType
    rescued: str | None


def decide_columns(
    plan: StreamPlan, given: StructType | None, parse_type: Callable[[str], DataType]
) -> tuple[StreamPlan, Columns]:
    """The columns, and the plan completed with them; `parse_type` reads one DDL type."""
    options = plan.reader
    hints = read_hints(options, parse_type)
    fixed = FIXED.get(options.file_format())
    mode = options.choice("cloudFiles.schemaEvolutionMode", EVOLUTION_MODES)
    if given is not None or fixed is not None:
        if mode == "addNewColumns":
            raise CloudFilesError(
                "cloudFiles.schemaEvolutionMode 'addNewColumns' needs an inferred schema: give the columns as "
                "cloudFiles.schemaHints instead of schema(...)"
            )
        if hints:
            raise CloudFilesError("cloudFiles.schemaHints only go with an inferred schema: put them into schema(...)")
        columns = _given(plan, given if given is not None else fixed, mode or "none", inferred=given is None)
        plan = replace(plan, evolution=mode or "none")
    else:
        plan = replace(plan, evolution=mode or "addNewColumns", hints=hints_to_json(hints))
        columns = _inferred(plan, hints)
    for column in columns.data:
        _check_type(column.name, column.dataType)
    return (
        replace(
            plan,
            data_schema=columns.data.json(),
            partition_schema=columns.partitions.json(),
            rescued=columns.rescued,
        ),
        columns,
    )


def read_hints(options: OptionReader, parse_type: Callable[[str], DataType]) -> Hints:
    """The schema hints with their types."""
    text = options.text("cloudFiles.schemaHints")
    return tuple((path, parse_type(kind)) for path, kind in split_hints(text)) if text else ()


def _given(plan: StreamPlan, schema: StructType | None, mode: str, *, inferred: bool) -> Columns:
    assert schema is not None
    options = plan.reader
    wanted = options.text("cloudFiles.partitionColumns")
    names = [name.strip() for name in (wanted or "").split(",") if name.strip()]
    if inferred:
        partitions = StructType([StructField(name, StringType()) for name in names])
        return Columns(schema, partitions, None)
    missing = [name for name in names if name not in schema.names]
    if missing:
        raise CloudFilesError(
            f"cloudFiles.partitionColumns names {', '.join(missing)}, which schema(...) lacks: add it there"
        )
    if wanted is None:
        names = [name for name in _folder_columns(plan) if name in schema.names]
    keeps = options.has("rescuedDataColumn") or mode == "rescue"
    rescued = options.text("rescuedDataColumn") if keeps else None
    data = StructType([f for f in _nullable(schema) if f.name not in names and f.name != rescued])
    return Columns(data, StructType([schema[name] for name in names]), rescued)


def _folder_columns(plan: StreamPlan) -> list[str]:
    return infer_partitions([file.key for file in _sample(plan)], None, exact_types=False).names


def _inferred(plan: StreamPlan, hints: Hints) -> Columns:
    options = plan.reader
    location = plan.schema_location
    if location is None:
        raise CloudFilesError(
            "[CF_SCHEMA_LOCATION_MISSING] a schema was not specified and cloudFiles.schemaLocation is not set: "
            "set option cloudFiles.schemaLocation to a folder that keeps the inferred schema, or give schema(...)"
        )
    store = SchemaStore(Path(location))
    if store.latest() is None:
        found = _infer(plan, hints)
        store.update(lambda old: old or found)
    stored = store.latest()
    assert stored is not None
    data, partitions = stored
    rescued = options.text("rescuedDataColumn")
    if plan.evolution == "none" and not options.has("rescuedDataColumn"):
        rescued = None
    data = apply_hints(data, _outside(hints, partitions))
    # A field or hint of the rescued data's own name has no column: its values are rescued under that name.
    data = StructType([field for field in data if field.name != rescued])
    return Columns(data, apply_hints(partitions, _inside(hints, partitions)), rescued)


def _infer(plan: StreamPlan, hints: Hints) -> tuple[StructType, StructType]:
    options = plan.reader
    exact_types = options.flag("cloudFiles.inferColumnTypes")
    files = _sample(plan)
    if not files:
        raise CloudFilesError(
            f"[CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE] Cannot infer schema when the input path '{plan.url}' is empty. "
            "Try to start the stream when there are files in the input path, or specify the schema."
        )
    wanted = options.text("cloudFiles.partitionColumns")
    partitions = infer_partitions([file.key for file in files], wanted, exact_types=exact_types)
    inferred = StructType([])
    order: dict[str, None] = {}
    from_text = options.file_format() == "csv"
    for records in FileParser(plan, StructType([])).records(files):
        if from_text and exact_types:
            found = StructType([])
            for record in records:
                fields = [StructField(n, infer_text(v)) for n, v in record.items() if v is not None]
                found = merge_structs(found, StructType(fields))
        else:
            found = infer_records(records, exact_types=exact_types)
        order |= dict.fromkeys(name for record in records for name in record)
        inferred = merge_structs(inferred, found)
    if from_text:  # a CSV file has an order of its own
        known = {field.name: field for field in inferred}
        inferred = StructType([known.get(name, StructField(name, StringType())) for name in order])
    data = settle_columns(inferred)
    if not len(data) and not hints:
        raise CloudFilesError(
            f"[UNABLE_TO_INFER_SCHEMA] no record was found in the files of '{plan.url}', so there are no columns "
            "to infer; check multiLine and the format, or specify the schema."
        )
    taken = {name.lower() for name in partitions.names}
    data = StructType([field for field in data if field.name.lower() not in taken])
    return apply_hints(data, _outside(hints, partitions)), apply_hints(partitions, _inside(hints, partitions))


def _sample(plan: StreamPlan) -> list[FileEntry]:
    excluded = (plan.schema_location,) if plan.schema_location else ()
    files = Selection.of(plan.reader, plan.time_zone).wanted(plan.folder(excluded).files())
    chosen: list[FileEntry] = []
    size = 0
    for file in files[:SAMPLE_FILES]:
        chosen.append(file)
        size += file.size
        if size >= SAMPLE_BYTES:
            break
    return chosen


def _inside(hints: Hints, partitions: StructType) -> Hints:
    return tuple(hint for hint in hints if hint[0][0] in partitions.names)


def _outside(hints: Hints, partitions: StructType) -> Hints:
    return tuple(hint for hint in hints if hint[0][0] not in partitions.names)


def _nullable(schema: StructType) -> StructType:
    return StructType([StructField(field.name, field.dataType, metadata=field.metadata) for field in schema])


def _check_type(name: str, kind: DataType) -> None:
    match kind:
        case StructType():
            for field in kind:
                _check_type(f"{name}.{field.name}", field.dataType)
        case ArrayType():
            _check_type(f"{name}.element", kind.elementType)
        case MapType():
            _check_type(f"{name}.key", kind.keyType)
            _check_type(f"{name}.value", kind.valueType)
        case _ if not isinstance(kind, SCALARS):
            raise CloudFilesError(
                f"column '{name}': type {kind.simpleString()} is not read by this local cloudFiles; read it as STRING"
            )


def schema_location(options: OptionReader) -> str | None:
    """The folder of cloudFiles.schemaLocation."""
    text = options.text("cloudFiles.schemaLocation")
    return str(local_path(text, "cloudFiles.schemaLocation")) if text else None
