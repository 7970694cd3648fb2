"""Time zones by name: the Windows ids of Data Factory's page, and IANA names.

Rules of .NET: names in any case; a local time that daylight saving skips or repeats is refused, one that another change
of the clock skips or repeats is not; a time beyond the years 1 to 9999 becomes the first or last one; offsets are whole
minutes, also those of the time before standard time.
"""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from adf_lang.dotnet_dates import END, TICKS_PER_DAY, TICKS_PER_MICROSECOND, TICKS_PER_MINUTE, Kind, Moment
from adf_lang.errors import nearest
from adf_lang.registry import RefusalError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# The one zone whose times are UTC: others at the same offset (GMT, Etc/UTC) give times of no known zone.
UTC = "utc"
EPOCH = datetime.datetime(1, 1, 1)  # noqa: DTZ001 - the origin of ticks has no zone
ZERO = datetime.timedelta()
MINUTE = datetime.timedelta(minutes=1)
# A day on which every zone has its standard time of today.
TODAY = (2026, 1, 1)
# Python's zones refuse the outermost days, which have the offset of the days beside them.
FIRST = 2 * TICKS_PER_DAY
LAST = END - 2 * TICKS_PER_DAY


class SkippedOrRepeatedError(ValueError):
    """Daylight saving skips this local time or lets it pass twice."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone."""

    # The IANA name.
    name: str
    info: "ZoneInfo"
    is_utc: bool

    def from_utc(self, ticks: int) -> Moment:
        """The local time of a time in UTC."""
        time = _datetime(ticks).replace(tzinfo=datetime.UTC).astimezone(self.info)
        return Moment(_bound(ticks + self._offset(time)), Kind.UTC if self.is_utc else Kind.UNSPECIFIED)

    def to_utc(self, ticks: int) -> Moment:
        """The time in UTC of a local time.

        Raises:
            SkippedOrRepeatedError: there is none, or two.
        """
        before = _datetime(ticks).replace(tzinfo=self.info)
        after = before.replace(fold=1)
        if before.dst() != after.dst():
            raise SkippedOrRepeatedError
        # A skipped time takes the offset after the change, a repeated one the offset before.
        offset = max(self._offset(before), self._offset(after))
        return Moment(_bound(ticks - offset), Kind.UTC)

    def _offset(self, time: datetime.datetime) -> int:
        """Ticks east of UTC; only what differs from today's standard time is cut to minutes."""
        offset = time.utcoffset() or ZERO
        if offset % MINUTE:
            today = datetime.datetime(*TODAY, tzinfo=self.info)
            standard = (today.utcoffset() or ZERO) - (today.dst() or ZERO)
            further = abs(offset - standard) // MINUTE * MINUTE
            offset = standard + further if offset > standard else standard - further
        return offset // MINUTE * TICKS_PER_MINUTE


def find_zone(name: str, argument: int, *, iana_names: bool = True) -> Zone:
    """The zone of this name.

    Raises:
        RefusalError: there is none; `argument` is the index that it blames.
    """
    try:
        return _find(name, iana_names)
    except LookupError as error:
        raise RefusalError(error.args[0], argument=argument) from error


@lru_cache(maxsize=256)
def _find(name: str, iana_names: bool) -> Zone:
    from zoneinfo import ZoneInfo

    key = name.lower()
    if key == UTC:
        return Zone("UTC", _load("UTC", name, ZoneInfo), is_utc=True)
    iana = _windows_zones().get(key)
    if iana is None and iana_names:
        iana = _iana_zones().get(key)
    if iana is None:
        raise LookupError(_unknown(name, iana_names=iana_names))
    return Zone(iana, _load(iana, name, ZoneInfo), is_utc=False)


def _load(iana: str, name: str, kind: "type[ZoneInfo]") -> "ZoneInfo":
    # A machine without /usr/share/zoneinfo needs the package tzdata, which zoneinfo finds by itself.
    try:
        return kind(iana)
    except (KeyError, OSError, ValueError) as error:
        raise LookupError(
            f"the data of time zone '{name}' ({iana}) are missing on this machine: install the package tzdata"
        ) from error


def _unknown(name: str, *, iana_names: bool) -> str:
    from adf_lang.data.windows_zones import WINDOWS_ZONES

    known = [*WINDOWS_ZONES, *(_iana_zones().values() if iana_names else ())]
    hint = nearest(name, known)
    return f"'{name}' is no time zone" + (f"; {hint}" if hint else "")


@lru_cache(maxsize=1)
def _windows_zones() -> dict[str, str]:
    from adf_lang.data.windows_zones import WINDOWS_ZONES

    return {name.lower(): iana for name, iana in WINDOWS_ZONES.items()}


@lru_cache(maxsize=1)
def _iana_zones() -> dict[str, str]:
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones()}


def _datetime(ticks: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(microseconds=min(max(ticks, FIRST), LAST) // TICKS_PER_MICROSECOND)


def _bound(ticks: int) -> int:
    return min(max(ticks, 0), END - 1)
