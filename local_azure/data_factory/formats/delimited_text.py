"""The DelimitedText format, read and written with the options of a dataset."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats import encodings
from local_azure.data_factory.formats.rows import BATCH, Batch, Column, ColumnType, Table, Value
from local_azure.data_factory.formats.text import TextFormats, to_text

# Any of these ends a row where the dataset names no rowDelimiter; the first is what is written.
ROW_DELIMITERS = ("\r\n", "\n", "\r")
# A row is looked for again when so much more text has come, each time twice as much.
FIRST_TEXT = 64 * 1024
# What columns of a file without a header are called.
UNNAMED = "Prop_{}"


@dataclass(frozen=True)
class DelimitedTextFormat:
    """Delimited text; empty quote and escape characters mean that there are none."""

    column_delimiter: str = ","
    # Empty: any of ROW_DELIMITERS.
    row_delimiter: str = ""
    quote: str = '"'
    escape: str = "\\"
    first_row_as_header: bool = False
    null_value: str = ""
    encoding: str = encodings.UTF8
    # Of a source: how many rows that are not blank come before the header or the data.
    skip_line_count: int = 0
    # Of a sink.
    quote_all_text: bool = False
    file_extension: str = ".txt"
    texts: TextFormats = field(default_factory=TextFormats)

    @property
    def extension(self) -> str:
        return self.file_extension

    @property
    def typed(self) -> bool:
        return False

    @property
    def tabular(self) -> bool:
        return True

    @property
    def row_delimiters(self) -> tuple[str, ...]:
        return (self.row_delimiter,) if self.row_delimiter else ROW_DELIMITERS

    async def read(self, chunks: AsyncIterator[bytes], *, source: str) -> Table:
        """The rows of the file, all texts or null; names are those of the header, else Prop_0, Prop_1, ...

        Raises:
            DataError: while rows are read: a row with more columns than the first one, text behind a closing quote,
                a quote that is not closed, a name that is missing or there twice.
        """
        reader = _Reader(self, encodings.decode(chunks, self._codec, source=source), source)
        rows = reader.rows()
        first = await _first(rows, self.skip_line_count, header=self.first_row_as_header)
        if first is None:
            return Table(columns=(), batches=_none())
        if self.first_row_as_header:
            names = _header(first, source)
            return _table(names, rows, None, source)
        return _table([UNNAMED.format(index) for index in range(len(first))], rows, first, source)

    def writer(self, columns: Sequence[Column] | None) -> "DelimitedTextWriter":
        if columns is None:
            raise DataError("UserErrorUnknownColumns", "delimited text needs columns, not objects")
        return DelimitedTextWriter(self, columns)

    @cached_property
    def _codec(self) -> str:
        found = encodings.codec(self.encoding)
        if found is None:
            raise DataError("UserErrorUnsupportedEncoding", f"encodingName '{self.encoding}' is not supported here")
        return found

    @cached_property
    def plain(self) -> re.Pattern[str]:
        """Text of a column that is not quoted, up to a delimiter or, without quotes, an escape character."""
        ends = {self.column_delimiter, *(delimiter[0] for delimiter in self.row_delimiters)}
        if not self.quote and self.escape:
            ends.add(self.escape)
        return re.compile(f"[^{re.escape(''.join(sorted(ends)))}]*")

    @cached_property
    def quoted(self) -> re.Pattern[str]:
        """Text inside quotes, up to a quote or an escape character."""
        return re.compile(f"[^{re.escape(self.quote + self.escape)}]*")


# A column as it was read: its text, and whether it stood in quotes, which null never does.
Cell = tuple[str, bool]


async def _first(rows: AsyncIterator[list[Cell]], skipped: int, *, header: bool) -> list[Cell] | None:
    """The header, or the row that decides how many columns there are, behind what is skipped."""
    async for cells in rows:
        blank = cells == [("", False)] or cells == [("", True)]
        if blank and (skipped or header):
            continue
        if not skipped:
            return cells
        skipped -= 1
    return None


async def _none() -> AsyncIterator[Batch]:
    return
    yield


def _header(cells: list[Cell], source: str) -> list[str]:
    names = [text for text, _ in cells]
    if "" in names:
        raise DataError(
            "DelimitedTextColumnNameNotAllowNull",
            f"column {names.index('') + 1} of the header of '{source}' has no name: name it, or switch "
            "firstRowAsHeader off and map columns by ordinal",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            "UserErrorDuplicateColumnName",
            f"the header of '{source}' names column '{twice[0]}' twice: rename it, or switch firstRowAsHeader off and "
            "map columns by ordinal",
        )
    return names


def _table(names: list[str], rows: AsyncIterator[list[Cell]], first: list[Cell] | None, source: str) -> Table:
    columns = tuple(Column(name=name, type=ColumnType.STRING) for name in names)
    return Table(columns=columns, batches=_batches(names, rows, first, source))


async def _batches(
    names: list[str], rows: AsyncIterator[list[Cell]], first: list[Cell] | None, source: str
) -> AsyncIterator[Batch]:
    batch: Batch = []
    number = 1

    async def all_rows() -> AsyncIterator[list[Cell]]:
        if first is not None:
            yield first
        async for cells in rows:
            yield cells

    async for cells in all_rows():
        # An empty line is a null where there is one column, else it is no row at all.
        if len(cells) == 1 and len(names) > 1 and not cells[0][0]:
            continue
        if len(cells) > len(names):
            raise DataError(
                "DelimitedTextMoreColumnsThanDefined",
                f"row {number} of '{source}' has {len(cells)} columns, but {len(names)} are expected",
            )
        values: list[Value] = [None if null else text for text, null in cells]
        values += [None] * (len(names) - len(values))
        batch.append(dict(zip(names, values, strict=True)))
        number += 1
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _IncompleteError(Exception):
    """The text ends before the row does."""


class _Reader:
    """Splits text that arrives in pieces into rows of cells (text, is null)."""

    def __init__(self, format_: DelimitedTextFormat, pieces: AsyncIterator[str], source: str) -> None:
        self._format = format_
        self._pieces = pieces
        self._source = source
        self._text = ""
        self._ended = False
        self._row = 0

    async def rows(self) -> AsyncIterator[list[Cell]]:
        at = 0
        wanted = FIRST_TEXT
        while True:
            if at == len(self._text) and self._ended:
                return
            try:
                if at == len(self._text):
                    raise _IncompleteError
                cells, at = self._cells(at)
            except _IncompleteError:
                await self._fill(at, wanted)
                at, wanted = 0, wanted * 2
                continue
            wanted = FIRST_TEXT
            self._row += 1
            yield cells

    async def _fill(self, at: int, wanted: int) -> None:
        parts, size = [self._text[at:]], 0
        while size < wanted:
            piece = await anext(self._pieces, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            size += len(piece)
        self._text = "".join(parts)

    def _cells(self, at: int) -> tuple[list[Cell], int]:
        cells: list[Cell] = []
        delimiter, quote = self._format.column_delimiter, self._format.quote
        while True:
            if quote and self._text.startswith(quote, at):
                text, at = self._quoted(at + 1)
                cells.append((text, False))
            else:
                text, at = self._plain(at)
                cells.append((text, text == self._format.null_value))
            if self._text.startswith(delimiter, at):
                at += 1
                if at == len(self._text) and not self._ended:
                    raise _IncompleteError
                continue
            return cells, self._end_of_row(at)

    def _plain(self, at: int) -> tuple[str, int]:
        start, parts = at, []
        while True:
            match = self._format.plain.match(self._text, at)
            assert match is not None  # it matches the empty text too
            at = match.end()
            if at == len(self._text):
                if not self._ended:
                    raise _IncompleteError
                break
            if not self._format.quote and self._text[at] == self._format.escape:
                if at + 1 == len(self._text):
                    if not self._ended:
                        raise _IncompleteError
                    at += 1
                    break
                parts.append(self._text[start:at])
                start, at = at + 1, at + 2
                continue
            if self._text[at] != self._format.column_delimiter and not self._row_delimiter(at):
                # The first character of a longer row delimiter, alone.
                at += 1
                continue
            break
        parts.append(self._text[start:at])
        return "".join(parts), at

    def _quoted(self, at: int) -> tuple[str, int]:
        quote, escape = self._format.quote, self._format.escape
        parts: list[str] = []
        while True:
            match = self._format.quoted.match(self._text, at)
            assert match is not None  # it matches the empty text too
            parts.append(match[0])
            at = match.end()
            if at >= len(self._text) - 1 and not self._ended:
                raise _IncompleteError
            if at == len(self._text):
                raise self._wrong("a quote that is not closed")
            following = self._text[at + 1 : at + 2]
            if self._text[at] == escape and following and following in (quote, escape):
                parts.append(following)
                at += 2
            elif self._text[at] == quote:
                return "".join(parts), at + 1
            else:
                parts.append(escape)
                at += 1

    def _end_of_row(self, at: int) -> int:
        if at == len(self._text):
            if not self._ended:
                raise _IncompleteError
            return at
        found = self._row_delimiter(at)
        if not found:
            raise self._wrong(
                f"{self._text[at]!r} behind a closing quote: a quote inside quotes is written "
                f"{self._format.escape + self._format.quote} by the escapeChar of the dataset"
            )
        return at + len(found)

    def _row_delimiter(self, at: int) -> str:
        """The row delimiter here, empty if there is none."""
        for delimiter in self._format.row_delimiters:
            if len(delimiter) > 1 and at == len(self._text) - 1 and self._text[at] == delimiter[0] and not self._ended:
                raise _IncompleteError
            if self._text.startswith(delimiter, at):
                return delimiter
        return ""

    def _wrong(self, reason: str) -> DataError:
        return DataError("DelimitedTextBadDataDetected", f"row {self._row + 1} of '{self._source}' has {reason}")


class DelimitedTextWriter:
    """Writes rows, quoting what would read back as something else."""

    def __init__(self, format_: DelimitedTextFormat, columns: Sequence[Column]) -> None:
        self._format = format_
        self._names = [column.name for column in columns]
        self._begun = False
        self._special = {format_.column_delimiter, *(mark for d in format_.row_delimiters for mark in d)}

    def write(self, rows: Batch) -> bytes:
        lines = self._header()
        for row in rows:
            lines.append(self._line(row))
        return self._encode("".join(lines))

    def finish(self) -> bytes:
        return self._encode("".join(self._header()))

    def _header(self) -> list[str]:
        if self._begun:
            return []
        self._begun = True
        lead = [encodings.mark(self._format._codec).decode(self._format._codec)]
        if not self._format.first_row_as_header or not self._names:
            return lead
        return [*lead, self._join([self._text(name, name) for name in self._names])]

    def _line(self, row: dict[str, Value]) -> str:
        return self._join([self._cell(row[name], name) for name in self._names])

    def _join(self, cells: list[str]) -> str:
        return self._format.column_delimiter.join(cells) + self._format.row_delimiters[0]

    def _cell(self, value: Value, name: str) -> str:
        if value is None:
            return self._format.null_value
        try:
            text = to_text(value, self._format.texts)
        except DataError as error:
            raise DataError(error.reason, f"column '{name}': {error.message}") from error
        return self._text(text, name, always=self._format.quote_all_text and isinstance(value, str))

    def _text(self, text: str, name: str, *, always: bool = False) -> str:
        quote, escape = self._format.quote, self._format.escape
        if not quote:
            return self._escaped(text, name)
        special = any(mark in text for mark in self._special) or quote in text
        if not (always or special or text == self._format.null_value):
            return text
        if escape != quote:
            text = text.replace(escape, escape + escape)
        return quote + text.replace(quote, escape + quote) + quote

    def _escaped(self, text: str, name: str) -> str:
        escape = self._format.escape
        if escape:
            text = text.replace(escape, escape + escape)
            return "".join(escape + mark if mark in self._special else mark for mark in text)
        found = next((mark for mark in self._special if mark in text), None)
        if found is not None:
            raise DataError(
                "DelimitedTextBadDataDetected",
                f"column '{name}' holds the delimiter {found!r}, which without quoteChar and escapeChar cannot be "
                "written: give the dataset of the sink a quoteChar",
            )
        return text

    def _encode(self, text: str) -> bytes:
        try:
            return text.encode(self._format._codec)
        except UnicodeEncodeError as error:
            raise DataError(
                "UserErrorInvalidEncoding",
                f"encodingName '{self._format.encoding}' of the sink lacks a character: {error}",
            ) from error
