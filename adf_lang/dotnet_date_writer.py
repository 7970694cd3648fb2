"""Writes a moment by a .NET format, as culture en-US has it.

A format of one letter is a standard one, all others are custom: letters stand for parts, other characters for
themselves. A format is compiled once into a template of Python.
"""

import datetime
from functools import lru_cache

from adf_lang.dotnet_dates import (
    DAYS,
    MONTHS,
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    TICKS_PER_MINUTE,
    TICKS_PER_SECOND,
    Moment,
)

# What stands before AM and PM in formats t, T, f, F, g, G and U, by the switch Choices.blank_before_am_pm. Without it:
# what the recorded cases expect. The engine itself prints U+202F there (ICU 72), which the recording lost; the service,
# on Windows, prints a blank.
AM_PM_BLANK = {False: "", True: " "}

# Standard formats as custom ones; ~ is the place of AM_PM_BLANK.
STANDARD = {
    "": "M/d/yyyy h:mm:ss~tt",
    "d": "M/d/yyyy",
    "D": "dddd, MMMM d, yyyy",
    "f": "dddd, MMMM d, yyyy h:mm~tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss~tt",
    "g": "M/d/yyyy h:mm~tt",
    "G": "M/d/yyyy h:mm:ss~tt",
    "m": "MMMM d",
    "M": "MMMM d",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "h:mm~tt",
    "T": "h:mm:ss~tt",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "U": "dddd, MMMM d, yyyy h:mm:ss~tt",
    "y": "MMMM yyyy",
    "Y": "MMMM yyyy",
}

FRACTION_DIGITS = 7
# Stands for a fraction of letter F that has no digits; a character that no text may hold.
NO_FRACTION = "\ufdd0"
NOON = 12
# A longer format is compiled each time, so that the cache stays small.
CACHED_LENGTH = 200

# Letter -> the field of `Parts` it prints, by its count; the last entry serves all higher counts.
LETTERS = {
    "d": ("{0.day}", "{0.day:02}", "{0.weekday:.3}", "{0.weekday}"),
    "M": ("{0.month}", "{0.month:02}", "{0.month_name:.3}", "{0.month_name}"),
    "g": ("AD",),
    "h": ("{0.hour12}", "{0.hour12:02}"),
    "H": ("{0.hour}", "{0.hour:02}"),
    "m": ("{0.minute}", "{0.minute:02}"),
    "s": ("{0.second}", "{0.second:02}"),
    "t": ("{0.half:.1}", "{0.half}"),
    # .NET prints the machine's offset, and Data Factory's machines run in UTC.
    "z": ("+0", "+00", "+00:00"),
}
BRACES = str.maketrans({"{": "{{", "}": "}}"})


class BadFormatError(ValueError):
    """The text is no format of .NET."""


class Parts:
    """The parts of a moment, for the templates of `LETTERS`."""

    __slots__ = ("day", "days", "fraction", "hour", "minute", "month", "second", "suffix", "year")

    def __init__(self, moment: Moment) -> None:
        self.days, clock = divmod(moment.ticks, TICKS_PER_DAY)
        date = datetime.date.fromordinal(self.days + 1)
        self.year, self.month, self.day = date.year, date.month, date.day
        seconds, self.fraction = divmod(clock, TICKS_PER_SECOND)
        minutes, self.second = divmod(seconds, 60)
        self.hour, self.minute = divmod(minutes, 60)
        self.suffix = moment.kind.value

    @property
    def weekday(self) -> str:
        # The year 1 began on a Monday.
        return DAYS[(self.days + 1) % len(DAYS)]

    @property
    def month_name(self) -> str:
        return MONTHS[self.month - 1]

    @property
    def year_of_century(self) -> int:
        return self.year % 100

    @property
    def hour12(self) -> int:
        return self.hour % NOON or NOON

    @property
    def half(self) -> str:
        return "PM" if self.hour >= NOON else "AM"

    @property
    def digits(self) -> str:
        return f"{self.fraction:07}"

    def __format__(self, spec: str) -> str:
        """Letter F: so many digits of the fraction, without zeros at their end."""
        return self.digits[: int(spec)].rstrip("0") or NO_FRACTION


def write(moment: Moment, pattern: str = "o", *, am_pm_blank: str = AM_PM_BLANK[False]) -> str:
    """The moment in this format.

    Raises:
        BadFormatError: the format is none.
    """
    if pattern == "o":
        return _round_trip(moment)
    template = (_cached_template if len(pattern) <= CACHED_LENGTH else _template)(pattern, am_pm_blank)
    text = template.format(Parts(moment))
    return _drop_points(text) if NO_FRACTION in text else text


def _drop_points(text: str) -> str:
    """The text without marks of empty fractions and the points before them."""
    kept: list[str] = []
    for character in text:
        if character != NO_FRACTION:
            kept.append(character)
        elif kept and kept[-1] == ".":
            kept.pop()
    return "".join(kept)


def _round_trip(moment: Moment) -> str:
    days, clock = divmod(moment.ticks, TICKS_PER_DAY)
    hour, clock = divmod(clock, TICKS_PER_HOUR)
    minute, clock = divmod(clock, TICKS_PER_MINUTE)
    second, fraction = divmod(clock, TICKS_PER_SECOND)
    date = datetime.date.fromordinal(days + 1).isoformat()
    return f"{date}T{hour:02}:{minute:02}:{second:02}.{fraction:07}{moment.kind.value}"


def _template(pattern: str, am_pm_blank: str) -> str:
    """The format as a template for `str.format`.

    Raises:
        BadFormatError: the format is none.
    """
    if len(pattern) <= 1:
        if pattern not in STANDARD:
            raise BadFormatError
        pattern = STANDARD[pattern].replace("~", am_pm_blank)
    pieces: list[str] = []
    index = 0
    while index < len(pattern):
        count, piece = _piece(pattern, index)
        pieces.append(piece)
        index += count
    return "".join(pieces)


_cached_template = lru_cache(maxsize=512)(_template)


def _piece(pattern: str, index: int) -> tuple[int, str]:
    """What stands at this place of a custom format, as a template, and how many characters of it that takes."""
    letter = pattern[index]
    if letter in LETTERS or letter in "yfF":
        count = _run(pattern, index)
        return count, _letter(letter, count)
    if letter == "K":
        return 1, "{0.suffix}"
    if letter in "'\"":
        count, text = _quoted(pattern, index)
        return count, text.translate(BRACES)
    if letter == "%":
        # One letter alone, which would be a standard format without the percent sign.
        following = pattern[index + 1 : index + 2]
        if following in ("", "%"):
            raise BadFormatError
        return 2, _piece(following, 0)[1]
    if letter == "\\":
        if index + 1 == len(pattern):
            raise BadFormatError
        return 2, pattern[index + 1].translate(BRACES)
    return 1, letter.translate(BRACES)


def _letter(letter: str, count: int) -> str:
    if letter == "y":
        return ("{0.year_of_century}", "{0.year_of_century:02}")[count - 1] if count <= 2 else f"{{0.year:0{count}}}"
    if letter in "fF":
        if count > FRACTION_DIGITS:
            raise BadFormatError
        return f"{{0:{count}}}" if letter == "F" else f"{{0.digits:.{count}}}"
    templates = LETTERS[letter]
    return templates[min(count, len(templates)) - 1]


def _run(pattern: str, index: int) -> int:
    end = index + 1
    while end < len(pattern) and pattern[end] == pattern[index]:
        end += 1
    return end - index


def _quoted(pattern: str, start: int) -> tuple[int, str]:
    text: list[str] = []
    index = start + 1
    while index < len(pattern):
        character = pattern[index]
        if character == pattern[start]:
            return index + 1 - start, "".join(text)
        if character == "\\":
            index += 1
            if index == len(pattern):
                break
            character = pattern[index]
        text.append(character)
        index += 1
    raise BadFormatError
