"""Reads the properties of one linked service: expressions evaluated, secrets fetched and masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from adf_lang.text import to_text
from local_azure.data_factory.documents import as_bool
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.linked_services.base import INVALID
from local_azure.data_factory.linked_services.secrets import read_secret

if TYPE_CHECKING:
    # Only here: activities import linked services.
    from local_azure.data_factory.activities.base import ActivityContext

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """`typeProperties` of a linked service and the values of its parameters."""

    name: str
    properties: Mapping[str, Json]
    parameters: Mapping[str, Json]
    context: "ActivityContext"

    def value(self, name: str) -> Json:
        """A property, None where it is not there."""
        found = self.properties.get(name)
        if found is None:
            return None
        return self.context.evaluate(found, path=self.path(name), linked_service=self.parameters)

    def text(self, name: str) -> str:
        """A property that has to be a text that is not empty."""
        return self.optional_text(name) or self.fail(name, "is missing")

    def optional_text(self, name: str) -> str | None:
        """A property that is a text where it is there; numbers are taken for their text. None: missing or empty."""
        found = self.value(name)
        if isinstance(found, dict | list):
            self.fail(name, "must be a string")
        return to_text(found) or None

    def number(self, name: str, default: int) -> int:
        """A whole number, also as text."""
        found = self.value(name)
        if found is None:
            return default
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        if isinstance(found, str) and found.strip().isdecimal():
            return int(found)
        return self.fail(name, f"must be a whole number, but is {found!r}")

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean, also as text."""
        found = self.value(name)
        return default if found is None else as_bool(found)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of some words, as `allowed` spells it."""
        found = self.optional_text(name) or default
        for word in allowed:
            if word.lower() == found.lower():
                return word
        return self.fail(name, f"is '{found}', which is not done by the local Data Factory: use {' or '.join(allowed)}")

    async def secret(self, name: str) -> str | None:
        """A property that is a text, a SecureString or a Key Vault reference; masked from now on."""
        return await read_secret(self.value(name), self.context, place=self.path(name))

    async def needed_secret(self, name: str) -> str:
        """A secret that has to be there."""
        return await self.secret(name) or self.fail(name, "is missing")

    def path(self, name: str) -> str:
        """Where a property stands, for a person."""
        return f"linked service '{self.name}' $.properties.typeProperties.{name}"

    def fail(self, name: str, reason: str) -> NoReturn:
        """Stops with an error at a property."""
        raise ActivityError(INVALID, f"{self.path(name)} {reason}")
