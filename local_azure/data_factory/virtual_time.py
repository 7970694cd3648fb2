"""An event loop whose clock jumps: a pipeline that waits for days is run in milliseconds.

For runs that do nothing outside of this process (control activities, injected results). The loop takes every wait for a
timer as over at once and moves its clock by it, so the order of events is that of real time.
"""

import asyncio
import datetime
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock."""

    jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is left to do, and nothing will ever happen: the run waits for itself")
        found = super().select(0)
        if not found and timeout > 0:
            self.jumped += timeout
        return found


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that never waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.jumped

    def now(self) -> datetime.datetime:
        """The time of day that the loop believes in."""
        return EPOCH + datetime.timedelta(seconds=self.time())


def run_stepped(main: Callable[[VirtualTimeLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Runs a coroutine to its end in a loop with a jumping clock."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return runner.run(main(loop))
