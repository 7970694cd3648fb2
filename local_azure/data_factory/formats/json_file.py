"""The Json format: an object, objects one after the other or a line each, or arrays of objects."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats import encodings, json_text
from local_azure.data_factory.formats.rows import BATCH, Batch, Column, Row, Table, Value

BLANK = " \t\r\n"
# A value is looked for again when so much more text has come, each time twice as much: a large one costs little.
FIRST_TEXT = 64 * 1024
SHOWN = 40


class FilePattern(StrEnum):
    """What a written file holds."""

    # A line each.
    SET_OF_OBJECTS = "setOfObjects"
    ARRAY_OF_OBJECTS = "arrayOfObjects"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFormat:
    """JSON with the options of a dataset and of a sink."""

    encoding: str = encodings.UTF8
    pattern: FilePattern = FilePattern.SET_OF_OBJECTS

    @property
    def extension(self) -> str:
        return ".json"

    @property
    def typed(self) -> bool:
        return False

    @property
    def tabular(self) -> bool:
        return False

    async def read(self, chunks: AsyncIterator[bytes], *, source: str) -> Table:
        """The objects of the file.

        Raises:
            DataError: while rows are read: not JSON, with line and column, or something else than objects.
        """
        text = encodings.decode(chunks, _codec(self.encoding), source=source)
        return Table(columns=None, batches=_batches(_Reader(text, source)))

    def writer(self, columns: Sequence[Column] | None) -> "JsonWriter":
        return JsonWriter(self)


class JsonWriter:
    """Writes objects, a line each, or as the members of one array."""

    def __init__(self, format_: JsonFormat) -> None:
        self._codec = _codec(format_.encoding)
        self._array = format_.pattern is FilePattern.ARRAY_OF_OBJECTS
        self._begun = False
        # The byte order mark, until the first text is written.
        self._mark = encodings.mark(self._codec)

    def write(self, rows: Batch) -> bytes:
        out: list[str] = []
        for row in rows:
            text = json_text.write(row)
            if self._array:
                out.append(f",\r\n{text}" if self._begun else f"[{text}")
            else:
                out.append(f"{text}\r\n")
            self._begun = True
        return self._encode("".join(out))

    def finish(self) -> bytes:
        if not self._array:
            return b""
        return self._encode("]" if self._begun else "[]")

    def _encode(self, text: str) -> bytes:
        try:
            data = (self._mark if text else b"") + text.encode(self._codec)
        except UnicodeEncodeError as error:
            raise DataError(
                "UserErrorInvalidEncoding", f"the encoding of the sink lacks a character: {error}"
            ) from error
        if text:
            self._mark = b""
        return data


def _codec(name: str) -> str:
    found = encodings.codec(name)
    if found is None:
        raise DataError("UserErrorUnsupportedEncoding", f"encodingName '{name}' is not supported here")
    return found


async def _batches(reader: "_Reader") -> AsyncIterator[Batch]:
    batch: Batch = []
    async for row in reader.rows():
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Reader:
    """Finds objects in text that arrives in pieces, holding no more than one of them and a piece."""

    def __init__(self, pieces: AsyncIterator[str], source: str) -> None:
        self._pieces = pieces
        self._source = source
        self._text = ""
        self._at = 0
        self._ended = False
        # Of the text that was let go.
        self._lines = 0
        self._decoder = json.JSONDecoder(parse_constant=self._constant)

    async def rows(self) -> AsyncIterator[Row]:
        while await self._skip_blank():
            if self._text[self._at] != "[":
                yield self._object(await self._value())
                continue
            self._at += 1
            async for row in self._members():
                yield row

    async def _members(self) -> AsyncIterator[Row]:
        if await self._next() == "]":
            self._at += 1
            return
        while True:
            await self._next()
            yield self._object(await self._value())
            separator = await self._next()
            self._at += 1
            if separator == "]":
                return
            if separator != ",":
                self._at -= 1
                raise self._wrong(f"expected ',' or ']' behind a member of the array, met {separator!r}")

    async def _value(self) -> Value:
        wanted = FIRST_TEXT
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    self._at = error.pos
                    raise self._wrong(error.msg) from error
            except RecursionError as error:
                raise self._wrong("nested too deeply") from error
            else:
                # A number at the end of the text may go on.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            await self._fill(wanted)
            wanted *= 2

    async def _next(self) -> str:
        if not await self._skip_blank():
            raise self._wrong("the array is not closed")
        return self._text[self._at]

    async def _skip_blank(self) -> bool:
        while True:
            while self._at < len(self._text) and self._text[self._at] in BLANK:
                self._at += 1
            if self._at < len(self._text):
                return True
            if self._ended:
                return False
            await self._fill(1)

    async def _fill(self, wanted: int) -> None:
        """Takes at least so much more text, and lets go of what was read."""
        self._lines += self._text.count("\n", 0, self._at)
        parts, size = [self._text[self._at :]], 0
        self._at = 0
        while size < wanted:
            piece = await anext(self._pieces, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            size += len(piece)
        self._text = "".join(parts)

    def _object(self, value: Value) -> Row:
        if isinstance(value, dict):
            return value
        shown = json_text.write(value)
        raise self._wrong(f"expected an object, met {shown if len(shown) <= SHOWN else shown[:SHOWN] + '...'}")

    def _constant(self, name: str) -> Value:
        raise self._wrong(f"{name} is not JSON")

    def _wrong(self, reason: str) -> DataError:
        line = self._lines + self._text.count("\n", 0, self._at) + 1
        return DataError("JsonInvalidDataFormat", f"'{self._source}' line {line} is not JSON objects: {reason}")
