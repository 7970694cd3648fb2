"""Makes format("cloudFiles") work in a notebook's session by wrapping the methods that a Python data source cannot."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import udtf
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamReader, DataStreamWriter
from pyspark.sql.types import DataType, StructType

from local_azure.cloud_files.errors import (
    END_OF_MESSAGE,
    UNKNOWN_FIELDS,
    CloudFilesError,
    CloudFilesWarning,
    UnknownFieldException,
)
from local_azure.cloud_files.folders import local_path
from local_azure.cloud_files.options import check_options
from local_azure.cloud_files.plan import METADATA, PLAN_OPTION, StreamPlan
from local_azure.cloud_files.planning import Surroundings, describe_stream
from local_azure.cloud_files.schema_store import SchemaStore, is_alive
from local_azure.cloud_files.state import COLUMNS as STATE_COLUMNS
from local_azure.cloud_files.state import CloudFilesState
from local_azure.cloud_files.stream import CloudFilesSource
from local_azure.storage import StorageMap

NAME = "cloudfiles"
FOLDER_PREFIX = "local-azure-cloud-files-"
CONSUMED_SECONDS = 30.0
CHECKPOINT_ROOT = "spark.sql.streaming.checkpointLocation"


@dataclass(slots=True)
class Installation:
    """What the wrappers of this process know; a forked child makes its own."""

    storage: StorageMap
    process: int = field(default_factory=os.getpid)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-")))
    started: dict[str, StreamingQuery] = field(default_factory=dict)

    @property
    def storage_file(self) -> Path:
        """The accounts' keys, for Spark's Python workers; the folder is this user's alone."""
        return self.folder / "storage.json"

    def remove(self) -> None:
        """Delete what lies outside the checkpoints."""
        if os.getpid() == self.process:
            shutil.rmtree(self.folder, ignore_errors=True)


class _Process:
    """The one installation of this process, if any."""

    installation: Installation | None = None
    wrapped = False


def install(spark: SparkSession, storage: StorageMap | None = None) -> None:
    """Make `spark.readStream.format("cloudFiles")` work in this session; calling it again updates the accounts."""
    current = _Process.installation
    if current is None or current.process != os.getpid():
        _remove_leftovers()
        current = Installation(storage or StorageMap())
        _Process.installation = current
        atexit.register(current.remove)
    current.storage = storage or StorageMap()
    current.storage.save(current.storage_file)
    with _active(spark):
        spark.dataSource.register(CloudFilesSource)
    state: Any = udtf(CloudFilesState, returnType=STATE_COLUMNS)
    spark.udtf.register("cloud_files_state", state)
    if not _Process.wrapped:
        _wrap_everything()
        _Process.wrapped = True


@contextlib.contextmanager
def _active(spark: SparkSession) -> Iterator[None]:
    """Spark looks for a source of the same name in the thread's active session, which may be another one."""
    sessions: Any = spark.sparkContext._jvm.org.apache.spark.sql.classic.SparkSession  # type: ignore[union-attr]
    before = sessions.getActiveSession()
    sessions.setActiveSession(spark._jsparkSession)
    try:
        yield
    finally:
        if before.isDefined():
            sessions.setActiveSession(before.get())
        else:
            sessions.clearActiveSession()


def _remove_leftovers() -> None:
    """Delete the folders of processes that were killed: they hold keys."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        process = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if process.isdigit() and not is_alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _wrap_everything() -> None:
    _wrap(DataStreamReader, "format", _note_format)
    _wrap(DataStreamReader, "schema", _note_schema)
    _wrap(DataStreamReader, "option", _note_option)
    _wrap(DataStreamReader, "options", _note_options)
    _wrap(DataStreamReader, "load", _load)
    _wrap(DataStreamWriter, "option", _note_option)
    _wrap(DataStreamWriter, "options", _note_options)
    _wrap(DataStreamWriter, "queryName", _note_query_name)
    _wrap(DataStreamWriter, "start", _start)
    _wrap(DataStreamWriter, "toTable", _start)
    for name in ("awaitTermination", "processAllAvailable"):
        _wrap(StreamingQuery, name, _translated)
    _wrap(StreamingQuery, "exception", lambda plain, query: _readable(plain(query)))


def _wrap(owner: type, name: str, wrapper: Callable[..., Any]) -> None:
    plain = getattr(owner, name)

    @functools.wraps(plain)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return wrapper(plain, self, *args, **kwargs)

    setattr(owner, name, method)


def _notes(owner: Any) -> dict[str, Any]:
    notes: dict[str, Any] = owner.__dict__.setdefault("_cloud_files_notes", {"options": {}})
    return notes


def _note_format(plain: Any, self: DataStreamReader, source: str) -> Any:
    _notes(self)["format"] = source.lower()
    return plain(self, source)


def _note_schema(plain: Any, self: DataStreamReader, schema: Any) -> Any:
    _notes(self)["schema"] = schema
    return plain(self, schema)


def _note_option(plain: Any, self: Any, key: str, value: Any) -> Any:
    _note(self, {key: value})
    return plain(self, key, value)


def _note_options(plain: Any, self: Any, **options: Any) -> Any:
    _note(self, options)
    return plain(self, **options)


def _note_query_name(plain: Any, self: Any, name: str) -> Any:
    _notes(self)["name"] = name
    return plain(self, name)


def _note(owner: Any, options: dict[str, Any]) -> None:
    kept = _notes(owner)["options"]
    for key, value in options.items():
        for old in [name for name in kept if name.lower() == key.lower()]:
            del kept[old]
        if value is not None:
            kept[key] = str(value).lower() if isinstance(value, bool) else str(value)


def _load(
    plain: Any,
    self: DataStreamReader,
    path: str | None = None,
    format: str | None = None,  # Spark's name
    schema: Any = None,
    **options: Any,
) -> DataFrame:
    if (format or _notes(self).get("format", "")).lower() != NAME:
        return plain(self, path, format, schema, **options)  # type: ignore[no-any-return]
    if schema is not None:
        _notes(self)["schema"] = schema
    _note(self, options)
    given = dict(_notes(self)["options"])
    return _load_cloud_files(self._spark, path, given, _notes(self).get("schema"))


def _load_cloud_files(spark: SparkSession, path: str | None, given: dict[str, str], schema: Any) -> DataFrame:
    installation = _Process.installation
    assert installation is not None
    for text in check_options(given):
        warnings.warn(text, CloudFilesWarning, stacklevel=4)
    described = describe_stream(
        path,
        given,
        _parse_schema(schema) if schema is not None else None,
        Surroundings(
            storage=installation.storage,
            storage_file=installation.storage_file,
            bindings=installation.folder,
            time_zone=str(spark.conf.get("spark.sql.session.timeZone")),
            parallelism=min(spark.sparkContext.defaultParallelism, 8),
            parse_type=_parse_type,
        ),
    )
    jvm: Any = spark.sparkContext._jvm
    # A reader of its own: the user's options, which may hold credentials, never reach a query plan.
    reader = spark._jsparkSession.readStream().format(CloudFilesSource.name())
    reader = reader.option(PLAN_OPTION, described.plan.to_text())
    reader = reader.schema(jvm.org.apache.spark.sql.types.DataType.fromJson(described.schema.json()))
    frame = DataFrame(reader.load(), spark)
    if described.plan.metadata:
        return _hide_metadata(frame, described.visible)
    return frame.select(*map(_quoted, described.visible))


def _hide_metadata(frame: DataFrame, names: tuple[str, ...]) -> DataFrame:
    """Select the other columns and tell Spark that `_metadata` can still be asked for, as its file sources do."""
    spark = frame.sparkSession
    jvm: Any = spark.sparkContext._jvm
    selected = frame.select(*map(_quoted, names))
    project = selected._jdf.queryExecution().analyzed()
    output = project.child().output()
    attribute = next(output.apply(i) for i in range(output.size()) if output.apply(i).name() == METADATA)
    tag = jvm.org.apache.spark.sql.catalyst.plans.logical.Project.hiddenOutputTag()
    attributes = jvm.java.util.ArrayList()
    attributes.add(attribute)
    project.setTagValue(tag, jvm.org.apache.spark.api.python.PythonUtils.toSeq(attributes))
    return selected


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _parse_schema(schema: Any) -> StructType:
    if isinstance(schema, StructType):
        return schema
    parsed = DataType.fromDDL(schema)
    if not isinstance(parsed, StructType):
        raise CloudFilesError(f"schema('{schema}') is not a list of columns")
    return parsed


def _parse_type(text: str) -> DataType:
    parsed = DataType.fromDDL(f"x {text}")
    assert isinstance(parsed, StructType)
    return parsed[0].dataType


def _start(plain: Any, self: DataStreamWriter, *args: Any, **kwargs: Any) -> StreamingQuery:
    plans = _cloud_files_plans(self._df)
    installation = _Process.installation
    if not plans or installation is None:
        return plain(self, *args, **kwargs)  # type: ignore[no-any-return]
    checkpoint = _checkpoint(self, installation, kwargs)
    try:
        for index, plan in plans:
            _claim(plan, checkpoint, index)
        for index, plan in plans:
            _bind(plan, checkpoint / "sources" / str(index), installation)
        query: StreamingQuery = plain(self, *args, **kwargs)
    except BaseException:
        for index, plan in plans:
            _release(plan, checkpoint, index)
        raise
    installation.started |= {plan.token: query for _, plan in plans}
    return query


def _cloud_files_plans(frame: DataFrame) -> list[tuple[int, StreamPlan]]:
    """The cloudFiles sources of a stream, each with the number that Spark gives it."""
    leaves = frame._jdf.queryExecution().analyzed().collectLeaves()
    found: list[tuple[int, StreamPlan]] = []
    tokens: list[str] = []
    for i in range(leaves.size()):
        leaf = leaves.apply(i)
        if leaf.getClass().getSimpleName() != "StreamingRelationV2":
            tokens += [leaf.toString()] if leaf.isStreaming() else []
            continue
        text = leaf.extraOptions().get(PLAN_OPTION) if leaf.sourceName() == CloudFilesSource.name() else None
        token = StreamPlan.from_text(text).token if text else leaf.toString()
        if token not in tokens:
            if text:
                found.append((len(tokens), StreamPlan.from_text(text)))
            tokens.append(token)
    return found


def _checkpoint(writer: DataStreamWriter, installation: Installation, kwargs: dict[str, Any]) -> Path:
    noted = {name.lower(): value for name, value in _notes(writer)["options"].items()}
    given = {name.lower(): value for name, value in kwargs.items()}
    url = given.get("checkpointlocation") or noted.get("checkpointlocation")
    if url is None:
        root = writer._spark.conf.get(CHECKPOINT_ROOT, None)
        name = given.get("queryname") or _notes(writer).get("name")
        url = f"{root}/{name or uuid.uuid4()}" if root else None
    if url is None:
        # Spark would make a folder of its own, whose name nobody learns.
        url = str(installation.folder / f"checkpoint-{uuid.uuid4()}")
    path = local_path(url, "checkpointLocation")
    writer.option("checkpointLocation", str(path))
    kwargs.pop("checkpointLocation", None)
    return path


def _claim(plan: StreamPlan, checkpoint: Path, index: int) -> None:
    if plan.schema_location is not None:
        SchemaStore(Path(plan.schema_location)).claim(f"{checkpoint} source {index}", checkpoint)


def _release(plan: StreamPlan, checkpoint: Path, index: int) -> None:
    if plan.schema_location is not None:
        SchemaStore(Path(plan.schema_location)).release(f"{checkpoint} source {index}", checkpoint)


def _bind(plan: StreamPlan, source: Path, installation: Installation) -> None:
    """Tell the stream's reader its checkpoint; a reader of the same plan that still starts is waited for."""
    binding = installation.folder / plan.token
    earlier = installation.started.get(plan.token)
    deadline = time.monotonic() + CONSUMED_SECONDS
    while binding.exists() and earlier is not None and earlier.isActive and time.monotonic() < deadline:
        time.sleep(0.02)
    temporary = binding.with_suffix(".tmp")
    temporary.write_text(str(source))
    temporary.replace(binding)


def _translated(plain: Any, self: StreamingQuery, *args: Any, **kwargs: Any) -> Any:
    try:
        return plain(self, *args, **kwargs)
    except StreamingQueryException as error:
        readable = _readable(error)
        if readable is error:
            raise
        raise readable from error


def _readable(error: Any) -> Any:
    """The text that a user can act on, cut out of Spark's tracebacks, if there is one."""
    if error is None:
        return None
    # Spark's own message may end at "Job aborted"; the worker's is among the causes.
    text = f"{error}\n{getattr(error, '_stackTrace', '')}"
    if UNKNOWN_FIELDS in text:
        start = text.index(UNKNOWN_FIELDS)
        end = text.index(END_OF_MESSAGE, start) + len(END_OF_MESSAGE)
        return UnknownFieldException(text[start:end])
    for line in text.splitlines():
        _, found, message = line.partition("local_azure.cloud_files.errors.CloudFilesError: ")
        if found:
            return StreamingQueryException(message)
    return error
