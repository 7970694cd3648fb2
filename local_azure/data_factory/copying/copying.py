"""Moves rows or files from a source to a sink."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace

from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.files import FileSource, SourceFile
from local_azure.data_factory.copying.reading import Part, RowSource
from local_azure.data_factory.copying.settling import settle
from local_azure.data_factory.copying.translator import Translator, apply
from local_azure.data_factory.copying.writing import MERGE, Output, Sink
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.compression import GZIP, unpack
from local_azure.data_factory.formats.rows import Batch, Table

# Files that are copied at once where the activity does not say.
PARALLEL = 4


async def copy_rows(source: RowSource, sink: Sink, translator: Translator, counters: Counters) -> None:
    """Reads rows, maps them and writes them: a file for each one that was read, or one for all.

    Raises:
        DataError: something cannot be read, mapped or written; the file that was being written is not there then.
    """
    format_ = sink.format
    if format_ is None:
        raise DataError("UserErrorInvalidSettings", f"dataset '{sink.dataset.name}' has no format to write rows in")
    parts = source.parts()
    written: dict[str, str] = {}
    async for part in parts:
        table = apply(translator, part.table, tabular_sink=format_.tabular)
        target = sink.target(part.relative, files=part.total)
        if target in written:
            raise same_target(written[target], part.relative, target)
        written[target] = part.relative
        if sink.behaviour == MERGE:
            table = _with_rest(table, part, parts, translator, tabular_sink=format_.tabular)
        await _write(table, sink, target, counters)


def _with_rest(
    first: Table, part: Part, parts: AsyncIterator[Part], translator: Translator, *, tabular_sink: bool
) -> Table:
    """The rows of this part and of all that follow."""

    async def batches() -> AsyncIterator[Batch]:
        async for batch in first.batches:
            yield batch
        first.close()
        async for following in parts:
            table = apply(translator, following.table, tabular_sink=tabular_sink)
            with closing(table):
                if table.columns != first.columns:
                    raise DataError(
                        "UserErrorColumnsDiffer",
                        f"'{following.relative}' has other columns than '{part.relative}', so they cannot be merged: "
                        "map the columns",
                    )
                async for batch in table.batches:
                    yield batch

    return replace(first, batches=batches())


async def _write(table: Table, sink: Sink, target: str, counters: Counters) -> None:
    format_ = sink.format
    assert format_ is not None
    with closing(table):
        if format_.tabular:
            table = await settle(table, typed=format_.typed)
        with closing(table):
            async with sink.open(target, counters) as output:
                writer = format_.writer(table.columns)
                async for batch in table.batches:
                    await output.write(writer.write(batch))
                    counters.rows_copied += len(batch)
                await output.write(writer.finish())


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryCopy:
    """Copies files as they are, unpacked or packed where the datasets say so."""

    source: FileSource
    sink: Sink
    # Of the source's dataset.
    compression: str
    delete_after: bool
    # How many at once.
    parallel: int
    counters: Counters

    async def run(self) -> int:
        """Copies all files and tells how many were copied at once.

        Raises:
            DataError: one cannot be copied; files that were copied before stay.
        """
        files = await self.source.list()
        if not files:
            return 1
        if self.sink.behaviour == MERGE:
            await self._merge(files)
            return 1
        # Where one goes is known for all before the first is written.
        targets = [self._target(file, len(files)) for file in files]
        self._check(files, targets)
        at_once = min(self.parallel, len(files))
        gate = asyncio.Semaphore(at_once)
        try:
            async with asyncio.TaskGroup() as group:
                for file, target in zip(files, targets, strict=True):
                    group.create_task(self._one(file, target, gate))
        except BaseExceptionGroup as failures:
            # The first one tells enough; the others were cancelled or fail for the same reason.
            raise failures.exceptions[0] from failures
        return at_once

    def _target(self, file: SourceFile, files: int) -> str:
        return self.sink.target(file.relative, files=files, unpacked=self._unpacks)

    def _check(self, files: list[SourceFile], targets: list[str]) -> None:
        for index, target in enumerate(targets):
            if target in targets[:index]:
                raise same_target(files[targets.index(target)].name, files[index].name, target)

    @property
    def _unpacks(self) -> bool:
        return self.compression == GZIP and self.sink.dataset.compression != GZIP

    async def _one(self, file: SourceFile, target: str, gate: asyncio.Semaphore) -> None:
        async with gate:
            async with self._opened(target) as output:
                async for chunk in self._chunks(file):
                    await output.write(chunk)
            self.counters.files_read += 1
            if self.delete_after:
                await self.source.delete(file)

    async def _merge(self, files: list[SourceFile]) -> None:
        async with self._opened(self._target(files[0], len(files))) as output:
            for file in files:
                async for chunk in self._chunks(file):
                    await output.write(chunk)
                self.counters.files_read += 1
        if self.delete_after:
            for file in files:
                await self.source.delete(file)

    def _opened(self, target: str) -> Output:
        # Packed on both sides: the bytes stay what they are.
        return self.sink.open(target, self.counters, packed=self.compression == GZIP)

    def _chunks(self, file: SourceFile) -> AsyncIterator[bytes]:
        chunks = self.counters.reading(self.source.read(file))
        return unpack(chunks, source=file.name) if self._unpacks else chunks


def same_target(one: str, other: str, target: str) -> DataError:
    """Two files that would become one."""
    return DataError("UserErrorSameTarget", f"'{one}' and '{other}' would both be written to '{target}'")
