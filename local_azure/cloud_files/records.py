"""Turns the bytes of a file into records: JSON documents, JSON lines, CSV lines, text lines."""

import bz2
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

# What can go wrong while a text is read as JSON; RecursionError is a document nested past Python's limit.
JSON_FAULTS = (ValueError, RecursionError)
OPENERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress}


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that is not of the format, with its text and the reason."""

    text: str
    reason: str


Record = dict[str, Any] | Malformed

NATIVE = JSONDecoder()
EXACT = JSONDecoder(parse_int=Number, parse_float=Number)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files of one source are written; `options` are lower-cased reader options of the format."""

    form: str
    multi_line: bool
    encoding: str | None
    separator: str = ","
    quote: str = '"'
    escape: str = "\\"
    header: bool = False
    comment: str | None = None
    null_value: str = ""
    whole_text: bool = False


def unpack(name: str, data: bytes) -> bytes:
    """The bytes of a file, decompressed if its name says so."""
    for suffix, opener in OPENERS.items():
        if name.endswith(suffix):
            try:
                return opener(data)
            except (OSError, EOFError, ValueError, zlib.error) as error:
                raise OSError(f"broken {suffix} file: {error}") from error
    return data


def read_records(data: bytes, layout: Layout, *, exact: bool, columns: tuple[str, ...] = ()) -> list[Record]:
    """The records of one file; with `exact`, numbers keep their text."""
    try:
        text = _decode(data, layout.encoding)
    except UnicodeDecodeError as error:
        return [Malformed(data.decode(errors="replace"), f"not valid {error.encoding}: {error.reason}")]
    match layout.form:
        case "json":
            decoder = EXACT if exact else NATIVE
            return _document(text, decoder) if layout.multi_line else _lines(text, decoder)
        case "csv":
            return _csv(text, layout, columns)
        case _:
            lines = [text] if layout.whole_text else text.splitlines()
            return [{"value": line} for line in lines]


def _decode(data: bytes, encoding: str | None) -> str:
    if encoding is not None:
        return data.decode(encoding)
    if data[:3] == b"\xef\xbb\xbf" or b"\x00" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode(json.detect_encoding(data))
    return data.decode()


def _document(text: str, decoder: JSONDecoder) -> list[Record]:
    if not text.strip():
        return []
    try:
        value = decoder.decode(text)
    except JSON_FAULTS as fault:
        return [Malformed(text, str(fault))]
    return _rows(value, text)


def _lines(text: str, decoder: JSONDecoder) -> list[Record]:
    decode = decoder.decode
    records: list[Record] = []
    for line in text.split("\n"):
        if not line or line.isspace():
            continue
        try:
            value = decode(line)
        except JSON_FAULTS as fault:
            records.append(Malformed(line.rstrip("\r"), str(fault)))
            continue
        if type(value) is dict:
            records.append(value)
        else:
            records += _rows(value, line)
    return records


def _rows(value: Any, text: str) -> list[Record]:
    if type(value) is dict:
        return [value]
    if type(value) is list:
        return [
            item if type(item) is dict else Malformed(json_text(item), "an element of the array is not an object")
            for item in value
        ]
    return [Malformed(text.strip(), "neither an object nor an array of objects")]


def _csv(text: str, layout: Layout, columns: tuple[str, ...]) -> list[Record]:
    source = io.StringIO(text, newline="") if layout.multi_line else iter(text.splitlines())
    rows = csv.reader(
        source,
        delimiter=layout.separator,
        quotechar=layout.quote,
        escapechar=None if layout.escape == layout.quote else layout.escape,
    )
    records: list[Record] = []
    names: list[str] | None = None if layout.header else list(columns)
    try:
        for row in rows:
            if not row or (layout.comment and row[0].startswith(layout.comment)):
                continue
            if names is None:
                names = row
                continue
            names += [f"_c{i}" for i in range(len(names), len(row))] if not layout.header else []
            if len(row) > len(names):
                line = layout.separator.join(row)
                records.append(Malformed(line, f"{len(row)} values for {len(names)} columns"))
            else:
                nulls = layout.null_value
                records.append({n: None if v == nulls else v for n, v in zip(names, row, strict=False)})
    except csv.Error as fault:
        records.append(Malformed(text, str(fault)))
    return records


def json_text(value: Any) -> str:
    """A value as compact JSON; numbers read exactly are written as they were.

    >>> json_text({"price": Number("1.50"), "tags": ["é", None]})
    '{"price":1.50,"tags":["é",null]}'
    """
    kind = type(value)
    if kind is dict:
        return "{" + ",".join(f"{_dumps(key)}:{json_text(item)}" for key, item in value.items()) + "}"
    if kind is list:
        return "[" + ",".join(map(json_text, value)) + "]"
    if kind is Number:
        return str(value)
    return _dumps(value)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
