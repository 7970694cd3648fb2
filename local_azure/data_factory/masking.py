"""Keeps the secrets of a run out of its records."""

from collections.abc import Mapping
from typing import Any

Json = Any
MASK = "***"
# Shorter texts are no secrets, and masking them would spoil every record.
SHORTEST = 4


class Masks:
    """The secret texts that a run has met."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, text: str) -> None:
        if len(text) >= SHORTEST:
            self._texts.add(text)

    def text(self, value: str) -> str:
        """The text without secrets; longer ones are looked for first, since one may hold another."""
        for secret in sorted(self._texts, key=len, reverse=True):
            value = value.replace(secret, MASK)
        return value

    def json(self, value: Json) -> Json:
        """The value without secrets, in names of members too."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, Mapping):
            return {self.text(key): self.json(item) for key, item in value.items()}
        return value
