"""Holds the defaults of parameters and variables, and the values of global parameters, against their types."""

from collections.abc import Mapping
from typing import Any

from local_azure.data_factory.parameters import UnfitError, fit
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.paths import Path
from local_azure.data_factory.validation.reading import declared
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any


# Templates of Microsoft give objects as defaults of strings, and texts as defaults of objects: createRun judges these,
# which may get another value.
JUDGED_AT_RUN = frozenset({"object", "securestring", "string"})


def check_declarations(subject: Subject) -> Found:
    """What a document declares."""
    for word in ("parameters", "variables"):
        yield from _values(declared(subject.properties, word), "defaultValue", ("properties", word))
    if subject.kind is Kind.FACTORY:
        path: Path = ("properties", "globalParameters")
        yield from _values(declared(subject.properties, "globalParameters"), "value", path)
    if subject.kind is Kind.GLOBAL_PARAMETERS:
        named = {name: item for name, item in subject.properties.items() if isinstance(item, dict)}
        yield from _values(named, "value", ("properties",))


def _values(documents: Mapping[str, Mapping[str, Json]], key: str, path: Path) -> Found:
    for name, document in documents.items():
        kind = document.get("type")
        value = document.get(key)
        if value is None or not isinstance(kind, str):
            continue
        if key == "defaultValue" and kind.lower() in JUDGED_AT_RUN:
            continue
        try:
            fit(value, kind)
        except UnfitError as error:
            yield problem((*path, name, key), str(error))
