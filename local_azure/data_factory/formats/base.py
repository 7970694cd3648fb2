"""What a file format is to a copy."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from local_azure.data_factory.formats.rows import Batch, Column, Table


class Writer(Protocol):
    """Turns the rows of one file into its bytes, in order."""

    def write(self, rows: Batch) -> bytes:
        """Bytes of these rows, or of earlier ones; DataError names the row or column that cannot be written."""

    def finish(self) -> bytes:
        """What the file ends with."""


class Format(Protocol):
    """A file format with the options of a dataset."""

    @property
    def extension(self) -> str:
        """What names of its files end with where nothing else says it, with the dot."""

    @property
    def typed(self) -> bool:
        """Whether a file of it declares the types of its columns, so that they must be known before the first row."""

    @property
    def tabular(self) -> bool:
        """Whether it has columns rather than objects."""

    async def read(self, chunks: AsyncIterator[bytes], *, source: str) -> Table:
        """The rows of one file; `source` names it in errors."""

    def writer(self, columns: Sequence[Column] | None) -> Writer:
        """A writer of one file; columns are None for rows that are objects."""
