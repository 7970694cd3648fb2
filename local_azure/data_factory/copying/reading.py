"""The rows that a source gives, file by file: JSON, delimited text and Parquet files, and pages of a REST service."""

import datetime
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.files import TIMEOUT_SECONDS, FileSource, join_url, open_files
from local_azure.data_factory.copying.settings import INVALID, headers, seconds
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.datasets import ResolvedDataset, RestLocation, TableLocation
from local_azure.data_factory.formats.base import Format
from local_azure.data_factory.formats.compression import GZIP, unpack
from local_azure.data_factory.formats.delimited_text import DelimitedTextFormat
from local_azure.data_factory.formats.rows import Batch, Column, ColumnType, Row, Table, Value
from local_azure.data_factory.stores.pagination import PaginationError, read_rules
from local_azure.data_factory.stores.postgres import QUERY_SECONDS, connect, query, select_all
from local_azure.data_factory.stores.rest import RestQuery, pages

Json = Any
# Source of rows -> the dataset that it reads.
DATASETS: Mapping[str, str] = {
    "AzurePostgreSqlSource": "AzurePostgreSqlTable",
    "DelimitedTextSource": "DelimitedText",
    "JsonSource": "Json",
    "ParquetSource": "Parquet",
    "RestSource": "RestResource",
}
FORMAT_SETTINGS: Mapping[str, str] = {
    "BinarySource": "BinaryReadSettings",
    "DelimitedTextSource": "DelimitedTextReadSettings",
    "JsonSource": "JsonReadSettings",
    "ParquetSource": "ParquetReadSettings",
}
FILE_PATH, OTHER_COLUMN = "$$FILEPATH", "$$COLUMN:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of one file, or all rows of a source without files."""

    # Below where the source begins; empty for a source without files.
    relative: str
    table: Table
    # How many parts there are.
    total: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """What rows are read from."""

    dataset: ResolvedDataset
    settings: Mapping[str, Json]
    context: ActivityContext = field(repr=False)
    counters: Counters

    async def parts(self) -> AsyncIterator[Part]:
        """The files, one after the other; the rows of one are to be taken before the next is asked for.

        Raises:
            DataError: the source cannot be read; also while rows are read.
        """
        location = self.dataset.location
        if isinstance(location, RestLocation):
            yield self._part("", Table(columns=None, batches=_rest_batches(self._query(location), self)))
            return
        if isinstance(location, TableLocation):
            async with connect(location.service) as connection:
                yield self._part("", await query(connection, self._statement(location), self._query_seconds()))
            return
        files = open_files(self.dataset.location, self.settings.get("storeSettings") or {}, self.context)
        format_ = self._format()
        listed = await files.list()
        for file in listed:
            chunks = self._chunks(files, file)
            table = await format_.read(chunks, source=file.name)
            self.counters.files_read += 1
            yield self._part(file.relative, table, total=len(listed))

    def _chunks(self, files: FileSource, file: Any) -> AsyncIterator[bytes]:
        chunks = self.counters.reading(files.read(file))
        return unpack(chunks, source=file.name) if self.dataset.compression == GZIP else chunks

    def _part(self, relative: str, table: Table, *, total: int = 1) -> Part:
        counted = replace(table, batches=self.counters.reading_rows(table.batches))
        return Part(relative=relative, table=add_columns(counted, self._added(), relative), total=total)

    def _statement(self, location: TableLocation) -> str:
        text = self.settings.get("query")
        if text:
            return str(text)
        if not location.table:
            raise DataError(INVALID, f"the source has no query, and dataset '{self.dataset.name}' names no table")
        return select_all(location.schema, location.table)

    def _query_seconds(self) -> float:
        return seconds(self.settings.get("queryTimeout"), QUERY_SECONDS)

    def _format(self) -> Format:
        format_ = self.dataset.format
        if format_ is None:
            raise DataError(INVALID, f"dataset '{self.dataset.name}' of type {self.dataset.type} has no rows")
        settings = self.settings.get("formatSettings") or {}
        if isinstance(format_, DelimitedTextFormat) and settings.get("skipLineCount") is not None:
            return replace(format_, skip_line_count=int(settings["skipLineCount"]))
        return format_

    def _added(self) -> list[tuple[str, Value]]:
        added = self.settings.get("additionalColumns") or []
        if not isinstance(added, list):
            raise DataError(INVALID, "additionalColumns must be an array of objects with name and value")
        found: list[tuple[str, Value]] = []
        for entry in added:
            if not isinstance(entry, Mapping) or set(entry) != {"name", "value"} or not isinstance(entry["name"], str):
                raise DataError(INVALID, "each of additionalColumns must be an object with name and value")
            found.append((entry["name"], entry["value"]))
        return found

    def _query(self, location: RestLocation) -> RestQuery:
        settings = {**location.more, **{name: value for name, value in self.settings.items() if value is not None}}
        service = location.service
        try:
            rules = read_rules(settings.get("paginationRules"))
        except PaginationError as error:
            raise DataError("RestPaginationInvalid", f"paginationRules: {error}") from error
        return RestQuery(
            method=str(settings.get("requestMethod") or "GET").upper(),
            url=join_url(service.url, location.relative_url),
            headers=headers(settings.get("additionalHeaders")),
            credentials=service.headers,
            body=settings.get("requestBody") or "",
            rules=rules,
            interval=datetime.timedelta(seconds=seconds(settings.get("requestInterval"), 1.0)),
            timeout_seconds=seconds(settings.get("httpRequestTimeout"), TIMEOUT_SECONDS),
            verify=service.verify,
        )


def check_source(dataset: ResolvedDataset, source: Mapping[str, Json]) -> None:
    """That a source, its dataset and its format settings belong together.

    Raises:
        DataError: they do not.
    """
    kind = str(source.get("type"))
    wanted = {**DATASETS, "BinarySource": "Binary"}.get(kind)
    if dataset.type != wanted:
        raise DataError(
            INVALID, f"a {kind} reads a dataset of type {wanted}, and '{dataset.name}' is of type {dataset.type}"
        )
    settings = source.get("formatSettings")
    if settings is not None and settings.get("type") != FORMAT_SETTINGS.get(kind):
        raise DataError(INVALID, f"formatSettings of type {settings.get('type')} do not fit a {kind}")


async def _rest_batches(query: RestQuery, source: RowSource) -> AsyncIterator[Batch]:
    async for page in pages(query, source.context.services):
        source.counters.data_read += page.size
        rows = page.document if isinstance(page.document, list) else [page.document]
        for row in rows:
            if not isinstance(row, dict):
                kind = "an array" if isinstance(row, list) else "a value"
                raise DataError(
                    "RestResponseNotObjects",
                    f"a REST source reads an object or an array of objects, and met {kind} in place of an object: land "
                    "such an answer with an HTTP source and a Binary sink",
                )
        yield rows


def add_columns(table: Table, added: Sequence[tuple[str, Value]], relative: str) -> Table:
    """The rows with additionalColumns behind their own.

    Raises:
        DataError: a name is there already, or $$COLUMN names one that is not.
    """
    if not added:
        return table
    names = {column.name for column in table.columns or ()}
    for name, value in added:
        if name in names:
            raise DataError(INVALID, f"additionalColumns: the source has a column '{name}' already")
        other = _other(value)
        if table.columns is not None and other is not None and other not in names:
            raise DataError(INVALID, f"additionalColumns: the source has no column '{other}'")
        names.add(name)
    columns = table.columns
    if columns is not None:
        known = {column.name: column for column in columns}
        columns = (*columns, *(_column(name, value, known) for name, value in added))
    return replace(table, columns=columns, batches=_adding(table.batches, added, relative))


def _column(name: str, value: Value, known: Mapping[str, Column]) -> Column:
    other = _other(value)
    if other is not None:
        return replace(known[other], name=name)
    return Column(name=name, type=ColumnType.STRING if isinstance(value, str) else None)


def _other(value: Value) -> str | None:
    return value.removeprefix(OTHER_COLUMN) if isinstance(value, str) and value.startswith(OTHER_COLUMN) else None


async def _adding(
    batches: AsyncIterator[Batch], added: Sequence[tuple[str, Value]], relative: str
) -> AsyncIterator[Batch]:
    async for batch in batches:
        yield [_added_to(row, added, relative) for row in batch]


def _added_to(row: Row, added: Sequence[tuple[str, Value]], relative: str) -> Row:
    made = dict(row)
    for name, value in added:
        other = _other(value)
        if other is not None:
            made[name] = row.get(other)
        else:
            made[name] = relative if value == FILE_PATH else value
    return made
