"""Injected results: what an activity gives instead of being executed, for tests and proofs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import ActivityError

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """The result of one attempt."""

    output: Mapping[str, Json] = field(default_factory=dict)
    # Not empty: the attempt fails with this code and message.
    error_code: str = ""
    error_message: str = "injected"
    # How long the attempt takes.
    seconds: float = 0

    def result(self) -> dict[str, Json]:
        if self.error_code:
            raise ActivityError(self.error_code, self.error_message)
        return dict(self.output)


@dataclass(frozen=True, slots=True)
class Injections:
    """Results by the activity's key ("Load[3]/Copy") or name; one an attempt, the last one for all further attempts."""

    results: Mapping[str, Sequence[Injection]] = field(default_factory=dict)

    def take(self, key: str, name: str, attempt: int) -> Injection | None:
        """The result for an attempt; None: it is executed."""
        found = self.results.get(key) or self.results.get(name)
        return found[min(attempt, len(found) - 1)] if found else None


NOTHING = Injections()
