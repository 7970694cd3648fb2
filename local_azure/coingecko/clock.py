"""The time the stand-in believes in: the system's, or one that is set and stands still until it is set again."""

import time
from datetime import UTC, datetime

from local_azure.coingecko.errors import CoinGeckoStandInError


class Clock:
    """Seconds since 1970: running from a start, or standing still at it.

    >>> clock = Clock(start=0.0)
    >>> clock.set(86_400.0)
    >>> clock.now()
    86400.0
    """

    def __init__(self, start: float | None = None) -> None:
        # None: the system's time. A number: stands still there, as a recording does.
        self._start = start
        self.reset()

    def now(self) -> float:
        return self._at if self._running_since is None else self._at + time.time() - self._running_since

    def set(self, at: float, *, running: bool = False) -> None:
        """Jump to `at`; then stand still, or run on from there."""
        self._at = at
        self._running_since = time.time() if running else None

    def reset(self) -> None:
        """Back to the start: the recording's time, or the system's."""
        if self._start is None:
            self.set(time.time(), running=True)
        else:
            self.set(self._start)

    @property
    def running(self) -> bool:
        return self._running_since is not None


def iso(seconds: float) -> str:
    """The moment as the real API writes it: UTC, milliseconds, Z.

    >>> iso(0)
    '1970-01-01T00:00:00.000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(text: str) -> float:
    """Seconds since 1970 from UNIX seconds or an ISO date or date-time (UTC unless it carries an offset)."""
    stripped = text.strip()
    try:
        return float(stripped)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        raise CoinGeckoStandInError(
            f"{text!r} is no moment: give UNIX seconds, YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS][Z]"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
