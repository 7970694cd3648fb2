"""Packs and unpacks streams of bytes: gzip, the one compression that is done here."""

import zlib
from collections.abc import AsyncIterator

from local_azure.data_factory.data_errors import DataError

GZIP = "gzip"
# Level -> zlib's; Data Factory's words are those of .NET.
LEVELS = {"optimal": 6, "fastest": 1}
_GZIP_WINDOW = zlib.MAX_WBITS + 16
# Unpacked bytes handed on at once, so that a small file that unpacks to much is never held whole.
PIECE = 256 * 1024


async def unpack(chunks: AsyncIterator[bytes], *, source: str) -> AsyncIterator[bytes]:
    """The unpacked bytes of a gzip stream, also of several one after the other.

    Raises:
        DataError: it is not gzip, or it breaks off.
    """
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    begun = False
    async for chunk in chunks:
        rest = chunk
        while rest:
            if inflater.eof:
                inflater = zlib.decompressobj(_GZIP_WINDOW)
            begun = True
            try:
                piece = inflater.decompress(rest, PIECE)
            except zlib.error as error:
                raise _broken(source, str(error)) from error
            rest = inflater.unconsumed_tail or inflater.unused_data
            if piece:
                yield piece
    # Output may be left where the last input met the limit of a piece.
    if begun and not inflater.eof and (piece := inflater.flush()):
        yield piece
    if begun and not inflater.eof:
        raise _broken(source, "it breaks off")


def _broken(source: str, reason: str) -> DataError:
    return DataError("UserErrorCannotDecompress", f"'{source}' is declared as gzip but cannot be unpacked: {reason}")


class Packer:
    """Packs what it is given; the same bytes give the same packed bytes."""

    def __init__(self, level: str = "optimal") -> None:
        self._deflater = zlib.compressobj(LEVELS[level.lower()], zlib.DEFLATED, _GZIP_WINDOW)

    def pack(self, data: bytes) -> bytes:
        """Packed bytes, perhaps of earlier data, perhaps none yet."""
        return self._deflater.compress(data)

    def finish(self) -> bytes:
        """The last packed bytes."""
        return self._deflater.flush()
