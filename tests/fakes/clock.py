"""A clock that only moves when somebody sleeps, and remembers each sleep."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class StepClock:
    at: float = 1_800_000_000.0
    sleeps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at += seconds
