"""Reads the compression of a dataset: gzip or none."""

from local_azure.data_factory.datasets.base import Properties


def compression_of(properties: Properties) -> tuple[str, str]:
    """`compression` {type, level} as the codec, empty for none, and the level."""
    found = properties.inner("compression")
    return codec(found.text("type")), found.text("level", "Optimal")


def codec(text: str) -> str:
    """The codec's name in small letters, empty for none."""
    return "" if text.lower() in ("", "none") else text.lower()
