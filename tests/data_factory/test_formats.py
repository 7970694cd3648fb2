"""Any table that is written is read back as it was, in each format and in pieces of any size."""

import asyncio
import datetime
import gzip
import json
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.formats.base import Format
from local_azure.data_factory.formats.compression import Packer, unpack
from local_azure.data_factory.formats.delimited_text import DelimitedTextFormat
from local_azure.data_factory.formats.json_file import FilePattern, JsonFormat
from local_azure.data_factory.formats.parquet_file import ParquetFormat, decimal_size
from local_azure.data_factory.formats.rows import Batch, Column, ColumnType, Row, Table

UTC = datetime.UTC
# Every character but halves of surrogate pairs, which no encoding has.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# What delimited text is about.
SHARP = st.text(st.sampled_from(list("a,;\"'\\\r\n\t |é")), max_size=6)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def written(format_: Format, columns: Sequence[Column] | None, batches: Sequence[Batch]) -> bytes:
    writer = format_.writer(columns)
    return b"".join([*(writer.write(batch) for batch in batches), writer.finish()])


def read(format_: Format, data: bytes, size: int = 7) -> tuple[list[str] | None, list[Row]]:
    async def whole() -> tuple[list[str] | None, list[Row]]:
        table: Table = await format_.read(pieces(data, size), source="test")
        with closing(table):
            rows = [row async for batch in table.batches for row in batch]
        return None if table.columns is None else [column.name for column in table.columns], rows

    return asyncio.run(whole())


def of_text(names: Sequence[str]) -> list[Column]:
    return [Column(name=name, type=ColumnType.STRING) for name in names]


JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@quick
@given(
    rows=st.lists(st.dictionaries(TEXT, JSON_VALUE, max_size=4), max_size=6),
    pattern=st.sampled_from(list(FilePattern)),
    encoding=st.sampled_from(["UTF-8", "UTF-16", "UTF-16BE", "UTF-32", "GB18030"]),
    size=st.integers(1, 40),
)
def test_json_comes_back(rows: list[Row], pattern: FilePattern, encoding: str, size: int) -> None:
    format_ = JsonFormat(pattern=pattern, encoding=encoding)
    data = written(format_, None, [rows[:2], rows[2:]])
    assert read(format_, data, size) == (None, rows)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"escape": '"'},
    {"column_delimiter": ";", "quote": "'", "escape": "\\"},
    {"column_delimiter": "\t", "row_delimiter": "\n"},
    {"column_delimiter": "|", "row_delimiter": "\r\n", "null_value": "NULL"},
    {"null_value": "a"},
    {"encoding": "UTF-16"},
    {"quote_all_text": True},
]


@quick
@given(
    names=st.lists(NAME | SHARP.filter(bool), min_size=1, max_size=4, unique=True),
    cells=st.data(),
    options=st.sampled_from(OPTIONS),
    size=st.integers(1, 30),
)
def test_delimited_text_comes_back(names: list[str], cells: st.DataObject, options: dict[str, Any], size: int) -> None:
    row = st.tuples(*(st.none() | TEXT | SHARP | st.sampled_from(["NULL", ""]) for _ in names))
    rows = [dict(zip(names, values, strict=True)) for values in cells.draw(st.lists(row, max_size=5))]
    format_ = DelimitedTextFormat(first_row_as_header=True, **options)
    data = written(format_, of_text(names), [rows[:1], rows[1:]])
    assert read(format_, data, size) == (names, rows)


@quick
@given(cells=st.lists(st.tuples(SHARP, SHARP), min_size=1, max_size=5), size=st.integers(1, 30))
def test_text_without_quotes_escapes(cells: list[tuple[str, str]], size: int) -> None:
    """Without quotes nothing tells an empty text from null."""
    format_ = DelimitedTextFormat(quote="", escape="\\")
    rows = [{"Prop_0": a or None, "Prop_1": b or None} for a, b in cells]
    data = written(format_, of_text(["Prop_0", "Prop_1"]), [rows])
    assert read(format_, data, size) == (["Prop_0", "Prop_1"], rows)


MICRO = st.datetimes(datetime.datetime.fromisoformat("1900-01-01"), datetime.datetime.fromisoformat("2200-01-01"))
CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.BYTE: st.integers(0, 255),
    ColumnType.INT16: st.integers(-(2**15), 2**15 - 1),
    ColumnType.INT64: st.integers(-(2**63), 2**63 - 1),
    ColumnType.UINT64: st.integers(0, 2**64 - 1),
    ColumnType.DOUBLE: st.floats(allow_nan=False),
    ColumnType.SINGLE: st.floats(width=32, allow_nan=False),
    ColumnType.STRING: TEXT,
    ColumnType.BYTES: st.binary(max_size=9),
    ColumnType.DATETIME: MICRO,
    ColumnType.DATETIME_OFFSET: MICRO.map(lambda moment: moment.replace(tzinfo=UTC)),
    ColumnType.DECIMAL: st.decimals(-(10**9), 10**9, places=4),
}


@quick
@given(
    kinds=st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=5),
    cells=st.data(),
    codec=st.sampled_from(["snappy", "gzip", "none"]),
)
def test_parquet_comes_back(kinds: list[ColumnType], cells: st.DataObject, codec: str) -> None:
    columns = [
        Column(name=f"c{index}", type=kind, precision=18, scale=4) if kind is ColumnType.DECIMAL
        else Column(name=f"c{index}", type=kind)
        for index, kind in enumerate(kinds)
    ]  # fmt: skip
    row = st.tuples(*(st.none() | CELLS[kind] for kind in kinds))
    drawn = cells.draw(st.lists(row, max_size=5))
    rows = [dict(zip([column.name for column in columns], values, strict=True)) for values in drawn]
    format_ = ParquetFormat(codec=codec)
    data = written(format_, columns, [rows[:1], rows[1:]])

    async def again() -> Sequence[Column] | None:
        with closing(await format_.read(pieces(data, 100), source="test")) as table:
            return table.columns

    assert asyncio.run(again()) == tuple(columns)
    assert read(format_, data, 100) == ([column.name for column in columns], rows)


@quick
@given(data=st.binary(max_size=3000), cut=st.integers(1, 50), level=st.sampled_from(["optimal", "fastest"]))
def test_gzip_comes_back_and_is_gzip(data: bytes, cut: int, level: str) -> None:
    packer = Packer(level)
    packed = packer.pack(data[:cut]) + packer.pack(data[cut:]) + packer.finish()
    assert gzip.decompress(packed) == data
    assert unpacked(packed, cut) == data


def unpacked(data: bytes, size: int) -> bytes:
    async def whole() -> bytes:
        return b"".join([piece async for piece in unpack(pieces(data, size), source="x.gz")])

    return asyncio.run(whole())


def test_gzip_of_several_members_and_of_much_from_little() -> None:
    large = b"\0" * 5_000_000
    assert unpacked(gzip.compress(b"one") + gzip.compress(large), 100_000) == b"one" + large


@pytest.mark.parametrize("data", [b"no gzip at all", gzip.compress(b"text" * 100)[:-9]])
def test_broken_gzip_is_one_error_that_names_the_file(data: bytes) -> None:
    with pytest.raises(DataError, match=r"'x\.gz' is declared as gzip"):
        unpacked(data, 10)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("  \n ", []),
        ("[]", []),
        ('{"a": 1}', [{"a": 1}]),
        ('{"a": 1}\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}{"a": 2}', [{"a": 1}, {"a": 2}]),
        ('[{"a": 1},\n {"a": [1, {"b": null}]}]', [{"a": 1}, {"a": [1, {"b": None}]}]),
        ('\ufeff{"ключ": "значение \\ud83d\\ude00"}', [{"ключ": "значение 😀"}]),
        (
            '{"big": 123456789012345678901234567890, "price": 0.1}',
            [{"big": 123456789012345678901234567890, "price": 0.1}],
        ),
    ],
)
def test_json_in_all_its_patterns(text: str, rows: list[Row]) -> None:
    assert read(JsonFormat(), text.encode(), 3) == (None, rows)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"a": 1}\n{"a": }', 2, "Expecting value"),
        ('[{"a": 1} {"a": 2}]', 1, "expected ',' or ']'"),
        ('[{"a": 1}', 1, "not closed"),
        ("[1, 2]", 1, "expected an object, met 1"),
        ("17", 1, "expected an object, met 17"),
        ('{"a": NaN}', 1, "NaN is not JSON"),
        ("{'a': 1}", 1, "double quotes"),
        ("[" * 100_000, 1, "nested too deeply|expected an object"),
        ('{"a": "unfinished', 1, "Unterminated"),
    ],
)
def test_what_is_not_json_objects_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(DataError, match=f"'test' line {line} is not JSON objects.*({reason})"):
        read(JsonFormat(), text.encode(), 11)


def test_a_large_json_array_is_read_with_little_memory() -> None:
    row = json.dumps({"text": "x" * 1000}).encode()
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b"["
        while True:
            taken += 1
            yield row + b","

    async def some() -> int:
        table = await JsonFormat().read(endless(), source="test")
        return len(await anext(table.batches))

    assert asyncio.run(some()) == 1000
    assert taken < 1200


@pytest.mark.parametrize(
    ("text", "options", "names", "rows"),
    [
        ("a,b\r\n1,2\n3,4\r5,6", {}, ["a", "b"], [("1", "2"), ("3", "4"), ("5", "6")]),
        ("a,b\n1\n", {}, ["a", "b"], [("1", None)]),
        ("a,b\n\n1,2\n\n", {}, ["a", "b"], [("1", "2")]),
        ('a,b\n"",\n', {}, ["a", "b"], [("", None)]),
        ('a,b\n"x ""y""",\n', {"escape": '"'}, ["a", "b"], [('x "y"', None)]),
        ('a,b\n"1\n2",3 "4" 5\n', {}, ["a", "b"], [("1\n2", '3 "4" 5')]),
        ("# one\n\n# two\na\n1\n", {"skip_line_count": 2}, ["a"], [("1",)]),
        ("ключ,名\nä,ß\n", {}, ["ключ", "名"], [("ä", "ß")]),
        ("", {}, [], []),
        ("a,b\n", {}, ["a", "b"], []),
        ("1,2\n3,\n", {"first_row_as_header": False}, ["Prop_0", "Prop_1"], [("1", "2"), ("3", None)]),
        ("a,b\nN/A,\n", {"null_value": "N/A"}, ["a", "b"], [(None, "")]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_delimited_text_by_example(
    text: str, options: dict[str, Any], names: list[str], rows: list[tuple[str | None, ...]], size: int
) -> None:
    format_ = DelimitedTextFormat(**({"first_row_as_header": True} | options))
    assert read(format_, text.encode(), size) == (names, [dict(zip(names, row, strict=True)) for row in rows])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,a\n1,2\n", "names column 'a' twice"),
        ("a,\n1,2\n", "column 2 of the header of 'test' has no name"),
        ("a,b\n1,2\n1,2,3\n", "row 2 of 'test' has 3 columns, but 2 are expected"),
        ('a,b\n1,"2\n', "a quote that is not closed"),
        ('a,b\n"1"x,2\n', "'x' behind a closing quote"),
        ("a\n\xff\n", "not text in the encoding"),
    ],
)
def test_bad_delimited_text_is_one_error(text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(DelimitedTextFormat(first_row_as_header=True), text.encode("latin-1"))


def test_a_delimiter_that_cannot_be_written_is_refused() -> None:
    format_ = DelimitedTextFormat(quote="", escape="")
    with pytest.raises(DataError, match="column 'a' holds the delimiter ','"):
        written(format_, of_text(["a"]), [[{"a": "1,2"}]])


def test_values_of_other_types_are_written_as_dotnet_prints_them() -> None:
    row = {
        "b": True,
        "n": 12.0,
        "e": 1e21,
        "d": Decimal("1.50"),
        "t": datetime.datetime.fromisoformat("2026-05-18T12:34:56.789"),
        "o": datetime.datetime(2026, 5, 18, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=-2))),
        "s": datetime.timedelta(days=1, seconds=5),
        "x": b"\x00\xff",
    }
    data = written(DelimitedTextFormat(), of_text(list(row)), [[row]])
    assert data == (
        b"True,12,1E+21,1.50,2026-05-18 12:34:56.7890000,2026-05-18 12:00:00.0000000 -02:00,1.00:00:05,AP8=\r\n"
    )


def test_json_writes_what_json_has_no_type_for() -> None:
    row = {
        "d": Decimal("12345678901234567890.10"),
        "t": datetime.datetime.fromisoformat("2026-05-18T12:34:56.780"),
        "o": datetime.datetime(2026, 5, 18, tzinfo=UTC),
        "x": b"\x00\xff",
    }
    data = written(JsonFormat(), None, [[row]])
    assert (
        data == b'{"d":12345678901234567890.10,"t":"2026-05-18T12:34:56.78","o":"2026-05-18T00:00:00Z","x":"AP8="}\r\n'
    )


def test_json_refuses_a_number_that_it_has_not() -> None:
    with pytest.raises(DataError, match="no NaN"):
        written(JsonFormat(), None, [[{"a": math.nan}]])


def test_parquet_refuses_what_a_copy_does_not_read_by_the_name_of_the_column() -> None:
    import io

    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1], "inner": [[1, 2]]}), file)
    with pytest.raises(DataError, match="column 'inner' of 'test' is of type list"):
        read(ParquetFormat(), file.getvalue(), 100)
    with pytest.raises(DataError, match="'test' is not a Parquet file"):
        read(ParquetFormat(), b"no parquet", 100)


@pytest.mark.parametrize(
    ("values", "size"), [(["1.50", "-12"], (4, 2)), (["0.001"], (4, 3)), (["1E+5"], (6, 0)), (["0"], (1, 0))]
)
def test_decimals_find_a_size_that_holds_them(values: list[str], size: tuple[int, int]) -> None:
    assert decimal_size([Decimal(value) for value in values]) == size
