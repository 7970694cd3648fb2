"""Counts what a copy reads and writes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from local_azure.data_factory.formats.rows import Batch


@dataclass(slots=True)
class Counters:
    """Bytes, files and rows."""

    data_read: int = 0
    data_written: int = 0
    files_read: int = 0
    files_written: int = 0
    rows_read: int = 0
    rows_copied: int = 0

    async def reading(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, counted as they pass."""
        async for chunk in chunks:
            self.data_read += len(chunk)
            yield chunk

    async def reading_rows(self, batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
        """The same rows, counted as they pass."""
        async for batch in batches:
            self.rows_read += len(batch)
            yield batch
