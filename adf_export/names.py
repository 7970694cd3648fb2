"""Names of activities and documents: readable, unique whatever their case, within Data Factory's rules."""

import hashlib
from collections.abc import Iterable
from typing import Final

ACTIVITY_LENGTH: Final = 55
PIPELINE_LENGTH: Final = 140
# Not allowed in a name: . + ? / < > * % & : \ (concepts-pipelines-activities, naming-rules).
_FORBIDDEN: Final = frozenset(".+?/<>*%&:\\#")
_DIGEST: Final = 6


def clean(text: str, *, dashes: bool = True) -> str:
    """The text with every forbidden character replaced by an underscore.

    >>> clean("land.resolve_coins")
    'land_resolve_coins'
    """
    kept = "".join("_" if char in _FORBIDDEN or not char.isprintable() else char for char in text)
    kept = kept if dashes else kept.replace("-", "_")
    return kept if kept[:1].isalnum() or kept[:1] == "_" else f"_{kept}"


def shorten(text: str, length: int) -> str:
    """The text, or its beginning and a digest of the whole where it is too long.

    >>> shorten("a" * 60, 20)
    'aaaaaaaaaaaaa_11ee39'
    """
    if len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{text[: length - _DIGEST - 1].rstrip('_ ')}_{digest}"


class Names:
    """Gives out names that are unique whatever their case, the same ones for the same calls in the same order."""

    def __init__(self, *, length: int = ACTIVITY_LENGTH, taken: Iterable[str] = ()) -> None:
        self._length = length
        self._taken = {name.lower() for name in taken}

    def take(self, wanted: str) -> str:
        """A name like the one that is wanted: itself if it is free and allowed."""
        base = clean(wanted)
        name = shorten(base, self._length)
        number = 2
        while name.lower() in self._taken:
            name = shorten(f"{base}_{number}", self._length)
            number += 1
        self._taken.add(name.lower())
        return name
