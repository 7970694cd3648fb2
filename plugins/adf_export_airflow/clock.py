"""The time and the waiting of a task, given as an argument so that tests step it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time in UNIX seconds, comparable between the processes of one machine."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def moment(clock: Clock) -> datetime:
    """The clock's time as a UTC datetime."""
    return datetime.fromtimestamp(clock.now(), tz=UTC)
