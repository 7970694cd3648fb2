"""Reads the encoding of a dataset."""

from typing import Any

from local_azure.data_factory.datasets.base import Properties
from local_azure.data_factory.formats import encodings

Json = Any


def encoding(value: Json) -> str | None:
    """Checks an encodingName; empty is the default, as the authoring UI may write it."""
    if isinstance(value, str) and (not value or encodings.codec(value)):
        return None
    return (
        f"encodingName '{value}' is not supported by the local Data Factory: use UTF-8 or another one that Python has"
    )


def encoding_of(properties: Properties) -> str:
    """The encodingName of a dataset, UTF-8 where there is none."""
    return properties.text("encodingName") or encodings.UTF8
