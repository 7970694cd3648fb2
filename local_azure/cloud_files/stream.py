"""The Python data source behind format("cloudFiles"); it runs in Spark's Python workers."""

import heapq
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxFiles, SupportsTriggerAvailableNow
from pyspark.sql.types import StructType

from local_azure.cloud_files.batches import FileParser, UnknownFieldsFound
from local_azure.cloud_files.errors import CloudFilesError, UnknownFieldsError
from local_azure.cloud_files.file_log import FileLog
from local_azure.cloud_files.folders import FileEntry
from local_azure.cloud_files.inference import (
    apply_hints,
    infer_records,
    merge_structs,
    settle_columns,
    widen,
)
from local_azure.cloud_files.plan import PLAN_OPTION, StreamPlan
from local_azure.cloud_files.schema_store import SchemaStore
from local_azure.cloud_files.selection import Selection

BINDING_SECONDS = 30.0
# Without a trigger Spark asks for new files a hundred times a second.
IDLE_SECONDS = 0.2
# A task, and the file that it writes, cost more than to read this much; opening a file costs as much as some bytes.
BYTES_PER_TASK = 16 << 20
BYTES_PER_FILE = 4096


class CloudFilesSource(DataSource):
    """Made by the wrapper of DataStreamReader.load, which puts the whole plan into one option."""

    @classmethod
    def name(cls) -> str:
        return "cloudFiles"

    def reader(self, schema: StructType) -> Any:
        raise CloudFilesError("format cloudFiles is a streaming source: use spark.readStream, not spark.read")

    def streamReader(self, schema: StructType) -> "CloudFilesReader":  # noqa: N802  # Spark's name
        text = self.options.get(PLAN_OPTION)
        if text is None:
            raise CloudFilesError("this session reads cloudFiles without local_azure.cloud_files.install(spark, ...)")
        return CloudFilesReader(StreamPlan.from_text(text), schema)


class FilePartition(InputPartition):
    """The files of one task; `start` and `end` name the lists of the whole batch."""

    def __init__(self, files: list[FileEntry], *, log: str, start: int, end: int) -> None:
        super().__init__(None)
        self.files = files
        self.log = log
        self.start = start
        self.end = end


class CloudFilesReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Offers new files in numbered lists and reads them; an offset is the number of the last list."""

    def __init__(self, plan: StreamPlan, schema: StructType) -> None:
        self._plan = plan
        self._schema = schema
        self._selection = Selection.of(plan.reader, plan.time_zone)
        self._log: FileLog | None = None
        self._now: list[FileEntry] | None = None  # what availableNow found at its start
        self._idle_since: float | None = None  # when the last listing had nothing new

    # In the stream's own process

    def initialOffset(self) -> dict[str, int]:  # noqa: N802  # Spark's name, like those below
        return {"list": 0}

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802
        return ReadMaxFiles(self._selection.max_files)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        self._now = self._unseen(self._opened())

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:  # noqa: N802
        log = self._opened()
        if log.last > start["list"]:
            # Written before a crash, or by a trigger that failed, and named by no batch yet.
            return {"list": start["list"] + 1}
        files = self._now if self._now is not None else self._paced(log)
        if not files:
            return start
        batch = files if isinstance(limit, ReadAllAvailable) else self._selection.batch(files)
        if self._now is not None:
            self._now = files[len(batch) :]
        return {"list": log.append(batch)}

    def commit(self, end: dict[str, int]) -> None:
        self._opened().merge_old(end["list"])

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        log = self._opened()
        files = log.between(start["list"], end["list"])
        shares = _shares(files, self._plan.parallelism)
        return [FilePartition(share, log=str(log.folder), start=start["list"], end=end["list"]) for share in shares]

    def stop(self) -> None:
        if self._log is not None:
            self._log.close()

    def _opened(self) -> FileLog:
        if self._log is None:
            self._log = FileLog(self._checkpoint() / "cloudFiles")
            self._log.open()
            if self._log.last < 0:
                existing = [] if self._plan.reader.flag("cloudFiles.includeExistingFiles") else self._listed()
                self._log.append(existing)
        return self._log

    def _checkpoint(self) -> Path:
        """The source's folder in the checkpoint, which the wrapper of DataStreamWriter.start has written down."""
        binding = Path(self._plan.bindings) / self._plan.token
        deadline = time.monotonic() + BINDING_SECONDS
        while True:
            try:
                text = binding.read_text()
                binding.unlink()
                return Path(text)
            except FileNotFoundError:
                if time.monotonic() > deadline:
                    raise CloudFilesError(
                        "the stream was started around DataStreamWriter.start and toTable, so its checkpoint is unknown"
                    ) from None
                time.sleep(0.02)

    def _listed(self) -> list[FileEntry]:
        own = [self._plan.schema_location]
        if self._log is not None:
            own.append(str(self._log.folder.parents[2]))
        excluded = tuple(path for path in own if path is not None)
        return self._selection.wanted(self._plan.folder(excluded).files())

    def _paced(self, log: FileLog) -> list[FileEntry]:
        if self._idle_since is not None:
            time.sleep(max(0.0, IDLE_SECONDS - (time.monotonic() - self._idle_since)))
        files = self._unseen(log)
        self._idle_since = None if files else time.monotonic()
        return files

    def _unseen(self, log: FileLog) -> list[FileEntry]:
        return self._selection.unseen(self._listed(), log.seen)

    # In the tasks

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, FilePartition)
        parser = FileParser(self._plan, self._schema)
        return parser.parse(partition.files, lambda found: self._evolve(parser, partition, found))

    def _evolve(self, parser: FileParser, partition: FilePartition, found: UnknownFieldsFound) -> None:
        """Widen the stored schema by all that the whole batch brings, so that one restart is enough, and stop.

        Returns when nothing of it can become a column, such as a member within a map.
        """
        plan = self._plan
        files = FileLog(Path(partition.log)).between(partition.start, partition.end)
        exact_types = plan.reader.flag("cloudFiles.inferColumnTypes")
        inferred = StructType([])
        for records in parser.records(files):
            inferred = merge_structs(inferred, infer_records(records, exact_types=exact_types))
        taken = {name.lower() for name in (*plan.partitions.names, *filter(None, [plan.rescued]))}
        columns = StructType([field for field in settle_columns(inferred) if field.name.lower() not in taken])
        news = widen(plan.data, columns)
        if news == plan.data:
            return
        if plan.evolution == "addNewColumns":
            assert plan.schema_location is not None
            hints = plan.parsed_hints
            SchemaStore(Path(plan.schema_location)).update(
                lambda old: (
                    apply_hints(widen(old[0] if old else plan.data, columns), hints),
                    old[1] if old else plan.partitions,
                )
            )
        added = StructType([field for field in news if field.name not in plan.data.names])
        raise UnknownFieldsError(
            found.fields,
            file_path=plan.folder().url(found.file.key),
            schema=json.dumps(added.jsonValue()["fields"]) if len(added) else news.simpleString(),
            retry_helps=plan.evolution == "addNewColumns",
        )


def _shares(files: list[FileEntry], parallelism: int) -> list[list[FileEntry]]:
    """The files dealt to tasks, so that each has about as many bytes and calls."""
    if not files:
        return []
    total = sum(file.size + BYTES_PER_FILE for file in files)
    tasks = min(parallelism, len(files), -(-total // BYTES_PER_TASK))
    heap: list[tuple[int, int, list[FileEntry]]] = [(0, i, []) for i in range(tasks)]
    for file in files:
        load, i, share = heap[0]
        share.append(file)
        heapq.heapreplace(heap, (load + file.size + BYTES_PER_FILE, i, share))
    return [share for _, _, share in sorted(heap, key=lambda item: item[1])]
