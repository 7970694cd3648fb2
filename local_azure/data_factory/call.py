"""A request as the handlers see it, and the answer they give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.records import FactoryId
from local_azure.data_factory.refusals import bad_request

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose path was found in the table of routes."""

    # What stands in the places of the path: subscription, group, factory, name, run.
    names: Mapping[str, str]
    # Keys in small letters, as are those of the headers: ARM does not mind their case.
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    # Scheme, host and path of the request: what a link to the next page starts with.
    url: str

    @property
    def factory(self) -> FactoryId:
        """The factory that the path names."""
        return FactoryId(
            subscription=self.names["subscription"], resource_group=self.names["group"], name=self.names["factory"]
        )

    @property
    def name(self) -> str:
        """The resource that the path names."""
        return self.names["name"]

    @property
    def document(self) -> Mapping[str, Json]:
        """The body, which has to be an object; no body is an empty one."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise bad_request("The body of the request has to be a JSON object.", target="$")
        return self.body

    def flag(self, name: str) -> bool:
        """A boolean of the query; not given is false."""
        text = self.query.get(name.lower(), "")
        if text.lower() not in ("true", "false", ""):
            raise bad_request(f"The query parameter '{name}' is '{text}': it has to be true or false.", target=name)
        return text.lower() == "true"

    def text(self, name: str) -> str | None:
        """A text of the query; None where it is not given or empty."""
        return self.query.get(name.lower()) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler answers; no body where it is None."""

    body: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
