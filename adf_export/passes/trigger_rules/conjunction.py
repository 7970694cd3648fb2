"""A condition that dependsOn can state: every entry must be met, each by one of its statuses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from adf_export.ir.factory import Condition

Statuses = frozenset[Condition]

SUCCEEDED: Final = frozenset({Condition.SUCCEEDED})
FAILED: Final = frozenset({Condition.FAILED})
SKIPPED: Final = frozenset({Condition.SKIPPED})
RAN: Final = SUCCEEDED | FAILED
ANY: Final = RAN | SKIPPED


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Signal -> the statuses that it may have; without entries it always holds.

    A signal is a chain of activities, told by the name of its last one. An entry without statuses never holds.
    """

    entries: frozenset[tuple[str, Statuses]] = frozenset()

    def __and__(self, other: "Conjunction") -> "Conjunction":
        """Both."""
        merged = self.allowed() | other.allowed()
        for signal, statuses in self.entries:
            merged[signal] &= statuses
        return Conjunction(frozenset((signal, statuses) for signal, statuses in merged.items() if statuses != ANY))

    def allowed(self) -> dict[str, Statuses]:
        """The statuses by signal, in the order of the signals' names."""
        return dict(sorted(self.entries))

    @property
    def always(self) -> bool:
        return not self.entries

    @property
    def never(self) -> bool:
        return any(not statuses for _, statuses in self.entries)


ALWAYS: Final = Conjunction()


def entry(signal: str, statuses: Statuses) -> Conjunction:
    """One entry; one that takes all statuses says nothing."""
    return ALWAYS if statuses == ANY else Conjunction(frozenset({(signal, statuses)}))


def all_of(parts: Iterable[Conjunction]) -> Conjunction:
    """All of them."""
    found = ALWAYS
    for part in parts:
        found &= part
    return found


def holds(condition: Conjunction, statuses: Mapping[str, Condition]) -> bool:
    """Whether it holds where the signals have these statuses."""
    return all(statuses[signal] in allowed for signal, allowed in condition.entries)
