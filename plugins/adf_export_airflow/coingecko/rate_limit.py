"""A rate limit that all processes of a machine share: one small locked file for each host and key.

The bucket is kept as the time at which it would be full again (generic cell rate algorithm): a call reserves its
place under the lock and waits outside of it, so callers are served in order and never rush together. A refusal by
the server moves that time for everybody.
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adf_export_airflow.clock import Clock
from adf_export_airflow.coingecko.errors import CoinGeckoSetupError

STATE = struct.Struct("<dd")  # when the bucket is full again; until when the server wants no call
LONGEST_AHEAD = 86_400.0  # seconds; a state further in the future comes from a clock that was set back


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """`burst` calls at once, then one every `60 / per_minute` seconds."""

    per_minute: float
    burst: int

    @property
    def interval(self) -> float:
        return 60.0 / self.per_minute


class SharedBucket:
    """The place where processes take turns."""

    def __init__(self, file: Path, limit: RateLimit, *, clock: Clock) -> None:
        self.file = file
        self.limit = limit
        self._clock = clock

    def take(self) -> float:
        """Wait for a turn; returns the seconds waited. A hold that begins meanwhile is waited for too."""
        waited = 0.0
        while True:
            wait, held_until = self._reserve()
            if wait <= 0:
                return waited
            self._clock.sleep(wait)
            waited += wait
            with self._state() as (state, _):
                if state[1] in (0.0, held_until):
                    return waited

    def hold(self, seconds: float) -> None:
        """Nobody calls for so long, and then one after the other: the server refused one of us."""
        with self._state() as (state, save):
            until = self._clock.now() + seconds
            save(max(state[0], until + (self.limit.burst - 1) * self.limit.interval), max(state[1], until))

    def _reserve(self) -> tuple[float, float]:
        """The seconds until our turn, and the hold that they already respect."""
        with self._state() as (state, save):
            now = self._clock.now()
            full_at = max(state[0], now)
            save(full_at + self.limit.interval, state[1])
            return full_at - (self.limit.burst - 1) * self.limit.interval - now, state[1]

    @contextmanager
    def _state(self) -> "Iterator[tuple[tuple[float, float], _Save]]":
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self._read(handle), _Save(handle)
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            os.close(handle)

    def _read(self, handle: int) -> tuple[float, float]:
        content = os.pread(handle, STATE.size, 0)
        if len(content) != STATE.size:  # new, or its writer was killed half-way
            return (0.0, 0.0)
        full_at, held_until = STATE.unpack(content)
        latest = self._clock.now() + LONGEST_AHEAD
        sane = 0 <= full_at <= latest and 0 <= held_until <= latest  # False for NaN too
        return (full_at, held_until) if sane else (0.0, 0.0)

    def _unusable(self, error: OSError) -> CoinGeckoSetupError:
        return CoinGeckoSetupError(
            f"the shared rate limit cannot be kept: {error.strerror}",
            place=str(self.file.parent),
            remedy="Name a writable folder on a local disk as rate_limit_folder in the connection's extra",
        )


@dataclass(frozen=True, slots=True)
class _Save:
    handle: int

    def __call__(self, full_at: float, held_until: float) -> None:
        os.pwrite(self.handle, STATE.pack(full_at, held_until), 0)


def bucket_file(folder: Path, *, base_url: str, key: str) -> Path:
    """One file for each host and key: the limit belongs to the key, and the key is not in the name."""
    digest = hashlib.sha256(f"{base_url}\0{key}".encode()).hexdigest()
    return folder / f"{digest[:32]}.bucket"
