"""Text encodings by the names that datasets give them."""

import codecs
from collections.abc import AsyncIterator

from local_azure.data_factory.data_errors import DataError

UTF8 = "UTF-8"
# Names that Python knows under another name; all others it knows as they are.
OTHER_NAMES = {
    "IBM00858": "cp858",
    "IBM01140": "cp1140",
    "JOHAB": "johab",
    "SHIFT-JIS": "cp932",
    "US-ASCII": "ascii",
    "UTF-16": "utf-16-le",
    "UTF-16BE": "utf-16-be",
    "UTF-32": "utf-32-le",
    "UTF-32BE": "utf-32-be",
    "UTF-8": "utf-8",
    "UTF-8 WITHOUT BOM": "utf-8",
    "WINDOWS-874": "cp874",
}
# What datasets may name and Python has no codec for.
NOT_HERE = frozenset(
    {"IBM870", "IBM01141", "IBM01142", "IBM01143", "IBM01144", "IBM01145", "IBM01146", "IBM01147", "IBM01148"}
    | {"IBM01149", "ISO-2022-KR"}
)
# .NET writes a byte order mark before these.
MARKED = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LONGEST_MARK = 4


def codec(name: str) -> str | None:
    """Python's codec for an encodingName, None where there is none."""
    upper = name.upper()
    if upper in NOT_HERE:
        return None
    try:
        return codecs.lookup(OTHER_NAMES.get(upper, name)).name
    except LookupError:
        return None


def mark(codec_name: str) -> bytes:
    """The byte order mark that a file of this encoding begins with."""
    if codec_name not in MARKED:
        return b""
    return "\ufeff".encode(codec_name)


async def decode(chunks: AsyncIterator[bytes], codec_name: str, *, source: str) -> AsyncIterator[str]:
    """The text of the bytes; a byte order mark at the front decides over the encoding's name.

    Raises:
        DataError: bytes that the encoding does not have.
    """
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    async for chunk in chunks:
        if decoder is None:
            head += chunk
            if len(head) < LONGEST_MARK:
                continue
            decoder, chunk = _begin(head, codec_name)
        yield _step(decoder, chunk, source, final=False)
    if decoder is None:
        decoder, head = _begin(head, codec_name)
        yield _step(decoder, head, source, final=True)
        return
    yield _step(decoder, b"", source, final=True)


def _begin(head: bytes, codec_name: str) -> tuple[codecs.IncrementalDecoder, bytes]:
    for bytes_of_mark, marked in MARKS:
        if head.startswith(bytes_of_mark):
            return codecs.getincrementaldecoder(marked)(), head.removeprefix(bytes_of_mark)
    return codecs.getincrementaldecoder(codec_name)(), head


def _step(decoder: codecs.IncrementalDecoder, chunk: bytes, source: str, *, final: bool) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeError as error:
        raise DataError(
            "UserErrorInvalidEncoding", f"'{source}' is not text in the encoding of its dataset: {error}"
        ) from error
