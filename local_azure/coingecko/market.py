"""What a source of answers must offer: the simulated market and the recordings both do."""

from dataclasses import dataclass
from typing import Protocol

from local_azure.coingecko.queries import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The body of a 200 answer (or of a recorded refusal) and where it comes from."""

    body: bytes
    provenance: str  # "simulated; seed=42" or "recorded; file=<path>"
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RawQuery:
    """A call as it came: the path below the base path and its parameters without any key."""

    path: str
    items: tuple[tuple[str, str], ...]


class Market(Protocol):
    """A source of answers. Both methods are pure functions of the call and of the time given."""

    @property
    def provenance(self) -> str:
        """The header for answers that no market data is in: refusals, /ping, the admin routes."""

    @property
    def starts_at(self) -> float | None:
        """Where its clock stands at first; None: at the system's time."""

    def recorded(self, raw: RawQuery, now: float) -> Answer | None:
        """The answer kept for exactly this call, before its parameters are checked; None where there is none."""

    def answer(self, query: Query, now: float) -> Answer:
        """The answer to a well-formed call, or a Refusal."""
