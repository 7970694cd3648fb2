"""Reads a TabularTranslator and maps rows by it."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from local_azure.data_factory.copying.conversion import Settings, convert
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.evaluation import is_expression
from local_azure.data_factory.formats.json_text import write
from local_azure.data_factory.formats.rows import Batch, Column, ColumnType, Row, Table, Value, column_type
from local_azure.data_factory.formats.text import TextFormats
from local_azure.data_factory.json_paths import MISSING, JsonPath, JsonPathError, parse
from local_azure.data_factory.refusing import Check, Shape, anything, as_flag, count, flag, one_of, text

Json = Any
CULTURES = one_of(("en-us", "en", "invariant"))
INVALID = "UserErrorInvalidTranslator"


def _type(value: Json) -> str | None:
    known = isinstance(value, str) and column_type(value)
    return None if known else f"'{value}' is not an interim type such as {', '.join(list(ColumnType)[:4])}"


def _path(value: Json) -> str | None:
    try:
        parse(value) if isinstance(value, str) else None
    except JsonPathError as error:
        return str(error)
    return None if isinstance(value, str) else "must be a text"


TRANSLATOR = Shape(
    what="a TabularTranslator",
    properties={
        "type": one_of(("TabularTranslator",)),
        "mappings": anything,
        "collectionReference": _path,
        "mapComplexValuesToString": flag,
        "typeConversion": flag,
        "typeConversionSettings": anything,
    },
    remedies={"columnMappings": "write it as mappings", "schemaMapping": "write it as mappings"},
)
SETTINGS = Shape(
    what="typeConversionSettings",
    properties={
        "allowDataTruncation": flag,
        "treatBooleanAsNumber": flag,
        "dateTimeFormat": text,
        "dateTimeOffsetFormat": text,
        "culture": CULTURES,
    },
)
# physicalType is what the authoring UI writes for people.
_SIDE: Mapping[str, Check] = {
    "name": text,
    "path": _path,
    "type": _type,
    "physicalType": anything,
    "ordinal": count(1),
    "culture": CULTURES,
}
SOURCE_SIDE = Shape(what="the source of a mapping", properties=_SIDE)
SINK_SIDE = Shape(what="the sink of a mapping", properties={**_SIDE, "format": text})


def refuse_translator(translator: Json, path: str, *, evaluated: bool = False) -> Iterator[Problem]:
    """What a translator has and is not done here."""
    if not isinstance(translator, Mapping) or is_expression(translator):
        return
    yield from TRANSLATOR.problems(translator, path, evaluated=evaluated)
    settings = translator.get("typeConversionSettings")
    if isinstance(settings, Mapping) and not is_expression(settings):
        yield from SETTINGS.problems(settings, f"{path}.typeConversionSettings", evaluated=evaluated)
    mappings = translator.get("mappings")
    for index, mapping in enumerate(mappings if isinstance(mappings, list) else ()):
        if not isinstance(mapping, Mapping):
            yield Problem(path=f"{path}.mappings[{index}]", message="must be an object with source and sink")
            continue
        for name, shape in (("source", SOURCE_SIDE), ("sink", SINK_SIDE)):
            side = mapping.get(name)
            if isinstance(side, Mapping):
                yield from shape.problems(side, f"{path}.mappings[{index}].{name}", evaluated=evaluated)
            elif not evaluated or not isinstance(side, Mapping):
                yield Problem(path=f"{path}.mappings[{index}].{name}", message="is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One mapping: where a value is found, and the column or path that it goes to."""

    name: str
    ordinal: int | None
    path: JsonPath | None
    sink: Column
    # Where it goes in an object.
    sink_path: JsonPath
    sink_ordinal: int | None
    # None: the format of the settings.
    format: str | None

    @property
    def shown(self) -> str:
        return self.path.text if self.path else self.name or f"ordinal {self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """All that a translator says; without mappings columns keep their names."""

    mappings: tuple[Mapped, ...] = ()
    collection: JsonPath | None = None
    complex_to_text: bool = False
    settings: Settings = field(default_factory=Settings)


def read_translator(document: Json) -> Translator:
    """Reads an evaluated `translator`.

    Raises:
        DataError: something in it is not done here, or makes no sense.
    """
    if document is None:
        return Translator()
    if not isinstance(document, Mapping):
        raise DataError(INVALID, "translator must be an object of type TabularTranslator")
    for problem in refuse_translator(document, "$.typeProperties.translator", evaluated=True):
        raise DataError(INVALID, f"{problem.path}: {problem.message}")
    collection = document.get("collectionReference")
    mappings = tuple(_mapping(mapping) for mapping in document.get("mappings") or ())
    if all(mapping.sink_ordinal is not None for mapping in mappings):
        mappings = tuple(sorted(mappings, key=lambda mapping: mapping.sink_ordinal or 0))
    _check_targets(mappings)
    conversion = as_flag(document.get("typeConversion") or False)
    settings = (document.get("typeConversionSettings") or {}) if conversion else {}
    return Translator(
        mappings=mappings,
        collection=parse(collection) if collection else None,
        complex_to_text=as_flag(document.get("mapComplexValuesToString") or False),
        settings=_settings(settings),
    )


def _settings(document: Mapping[str, Json]) -> Settings:
    default = TextFormats()
    return Settings(
        allow_truncation=as_flag(document.get("allowDataTruncation", True)),
        boolean_as_number=as_flag(document.get("treatBooleanAsNumber", False)),
        texts=TextFormats(
            datetime=document.get("dateTimeFormat") or default.datetime,
            datetime_offset=document.get("dateTimeOffsetFormat") or default.datetime_offset,
        ),
    )


def _mapping(document: Mapping[str, Json]) -> Mapped:
    source, sink = document["source"], document["sink"]
    name, path, ordinal = source.get("name") or "", source.get("path"), source.get("ordinal")
    if not (name or path or ordinal):
        raise DataError(INVALID, "the source of a mapping has none of name, path and ordinal")
    sink_path, sink_ordinal = sink.get("path"), sink.get("ordinal")
    found = parse(sink_path) if sink_path else None
    sink_name = sink.get("name") or (str(found.steps[-1]) if found and found.steps else "")
    if not sink_name and sink_ordinal:
        sink_name = f"Prop_{int(sink_ordinal) - 1}"
    if not sink_name:
        raise DataError(INVALID, "the sink of a mapping has none of name, path and ordinal")
    steps = found.steps if found else (sink_name,)
    if any(isinstance(step, int) for step in steps):
        raise DataError(INVALID, f"sink path '{sink_path}' leads into an array, which a Copy activity does not write")
    return Mapped(
        name=name,
        ordinal=None if ordinal is None else int(ordinal),
        path=parse(path) if path else None,
        sink=Column(name=sink_name, type=column_type(sink["type"]) if sink.get("type") else None),
        sink_path=JsonPath(text=sink_path or sink_name, rooted=True, steps=steps),
        sink_ordinal=None if sink_ordinal is None else int(sink_ordinal),
        format=sink.get("format"),
    )


def _check_targets(mappings: Iterable[Mapped]) -> None:
    seen: set[tuple[str | int, ...]] = set()
    for mapping in mappings:
        if mapping.sink_path.steps in seen:
            raise DataError(INVALID, f"two mappings go to '{mapping.sink_path.text}'")
        seen.add(mapping.sink_path.steps)


def apply(translator: Translator, table: Table, *, tabular_sink: bool) -> Table:
    """The rows as the sink is to have them.

    Raises:
        DataError: a mapped column is not there; while rows are read: a value that cannot be converted.
    """
    if translator.collection is not None:
        if not table.hierarchical:
            raise DataError(INVALID, "collectionReference is for objects, and this source has columns")
        if not translator.mappings:
            table = replace(table, batches=_elements(translator.collection, table.batches))
    if translator.mappings:
        table = _by_mappings(translator, table, tabular_sink=tabular_sink)
    if translator.complex_to_text and tabular_sink:
        table = replace(table, batches=_flat(table.batches))
    return table


def _by_mappings(translator: Translator, table: Table, *, tabular_sink: bool) -> Table:
    mappings = translator.mappings
    if table.columns is None:
        batches = _from_objects(translator, table.batches, tabular_sink=tabular_sink)
        columns: Sequence[Column] | None = tuple(mapping.sink for mapping in mappings) if tabular_sink else None
    else:
        sources = [_column(mapping, table.columns) for mapping in mappings]
        names = [column.name for column in sources]
        batches = _from_columns(translator, table.batches, names, tabular_sink=tabular_sink)
        columns = None
        if tabular_sink:
            columns = tuple(
                replace(source, name=mapping.sink.name) if mapping.sink.type is None else mapping.sink
                for mapping, source in zip(mappings, sources, strict=True)
            )
    return replace(table, columns=columns, batches=batches)


def _column(mapping: Mapped, columns: Sequence[Column]) -> Column:
    name = mapping.name
    if not name and mapping.path and len(mapping.path.steps) == 1:
        name = str(mapping.path.steps[0])
    if name:
        found = next((column for column in columns if column.name == name), None)
        if found is not None:
            return found
    elif mapping.ordinal is not None and 1 <= mapping.ordinal <= len(columns):
        return columns[mapping.ordinal - 1]
    there = ", ".join(column.name for column in columns) or "none"
    raise DataError("UserErrorColumnNotFound", f"the source has no column {mapping.shown} (columns: {there})")


async def _elements(collection: JsonPath, batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    async for batch in batches:
        yield [_element(element, collection) for row in batch for element in _inside(row, collection)]


def _element(element: Value, collection: JsonPath) -> Row:
    if isinstance(element, dict):
        return element
    raise DataError(
        INVALID, f"collectionReference '{collection.text}' has members that are no objects: map their fields"
    )


def _inside(row: Row, collection: JsonPath | None) -> list[Value]:
    if collection is None:
        return [row]
    found = collection.find(row)
    if found is MISSING or found is None:
        return []
    if isinstance(found, list):
        return found
    raise DataError(INVALID, f"collectionReference '{collection.text}' does not lead to an array")


async def _from_objects(
    translator: Translator, batches: AsyncIterator[Batch], *, tabular_sink: bool
) -> AsyncIterator[Batch]:
    async for batch in batches:
        out: Batch = []
        for row in batch:
            for element in _inside(row, translator.collection):
                values = [_find(mapping, row, element) for mapping in translator.mappings]
                out.append(_row(translator, values, tabular_sink=tabular_sink))
        yield out


def _find(mapping: Mapped, row: Row, element: Value) -> Value:
    if mapping.path is None:
        return row.get(mapping.name, MISSING)
    return mapping.path.find(row if mapping.path.rooted else element)


async def _from_columns(
    translator: Translator, batches: AsyncIterator[Batch], names: Sequence[str], *, tabular_sink: bool
) -> AsyncIterator[Batch]:
    async for batch in batches:
        yield [_row(translator, [row[name] for name in names], tabular_sink=tabular_sink) for row in batch]


def _row(translator: Translator, values: Sequence[Value], *, tabular_sink: bool) -> Row:
    made: Row = {}
    for mapping, value in zip(translator.mappings, values, strict=True):
        if value is MISSING:
            if tabular_sink:
                made[mapping.sink.name] = None
            continue
        if translator.complex_to_text and isinstance(value, dict | list) and mapping.sink.type is not None:
            value = write(value)
        settings = translator.settings
        if mapping.format:
            settings = replace(settings, texts=TextFormats(datetime=mapping.format, datetime_offset=mapping.format))
        value = convert(value, mapping.sink, settings)
        if tabular_sink:
            made[mapping.sink.name] = value
        else:
            _set(made, mapping, value)
    return made


def _set(row: Row, mapping: Mapped, value: Value) -> None:
    inner: Any = row
    for step in mapping.sink_path.steps[:-1]:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise DataError(INVALID, f"sink path '{mapping.sink_path.text}' leads through a value that is no object")
    inner[mapping.sink_path.steps[-1]] = value


async def _flat(batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    async for batch in batches:
        yield [
            {name: write(value) if isinstance(value, dict | list) else value for name, value in row.items()}
            for row in batch
        ]
