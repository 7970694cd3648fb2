"""DelimitedText: files of rows and columns."""

from typing import Any

from local_azure.data_factory.datasets.base import (
    Built,
    DatasetType,
    Properties,
    compression_codec,
    compression_level,
    of_type,
)
from local_azure.data_factory.datasets.compression import codec
from local_azure.data_factory.datasets.encoding import encoding, encoding_of
from local_azure.data_factory.datasets.locations import locate_file
from local_azure.data_factory.formats.delimited_text import DelimitedTextFormat
from local_azure.data_factory.refusing import anything, flag, text

Json = Any
CRLF = "\r\n"


def _single(value: Json) -> str | None:
    if isinstance(value, str) and len(value) == 1:
        return None
    return f"must be one character, which is all that a Copy activity does, but is {value!r}"


def _single_or_none(value: Json) -> str | None:
    return None if isinstance(value, str) and len(value) <= 1 else f"must be one character or empty, but is {value!r}"


def _row_delimiter(value: Json) -> str | None:
    return None if value == CRLF else _single(value)


def _build(properties: Properties) -> Built:
    quote, escape = properties.text("quoteChar", '"'), properties.text("escapeChar", "\\")
    if quote and not escape:
        properties.fail("escapeChar", "is empty, so quoteChar must be empty too")
    made = DelimitedTextFormat(
        column_delimiter=properties.text("columnDelimiter", ","),
        row_delimiter=properties.text("rowDelimiter"),
        quote=quote,
        escape=escape,
        first_row_as_header=properties.flag("firstRowAsHeader"),
        null_value=properties.text("nullValue"),
        encoding=encoding_of(properties),
    )
    marks = [mark for mark in (made.column_delimiter, quote, *made.row_delimiters) if mark]
    if len(set(marks)) < len(marks):
        properties.fail("columnDelimiter", "columnDelimiter, rowDelimiter and quoteChar must be different")
    return Built(
        format=made,
        compression=codec(properties.text("compressionCodec")),
        level=properties.text("compressionLevel", "Optimal"),
    )


TYPE = DatasetType(
    name="DelimitedText",
    shape=of_type(
        "DelimitedText",
        location=anything,
        columnDelimiter=_single,
        rowDelimiter=_row_delimiter,
        quoteChar=_single_or_none,
        escapeChar=_single_or_none,
        firstRowAsHeader=flag,
        nullValue=text,
        encodingName=encoding,
        compressionCodec=compression_codec,
        compressionLevel=compression_level,
    ),
    locate=locate_file,
    build=_build,
)
