"""Reads a text as a moment, as .NET's DateTime.Parse does with the invariant culture and DateTimeStyles.RoundtripKind.

The usual ISO forms are taken by a short cut. All else is cut into numbers and words; each takes `Reader` one step on in
`STEPS`, the table of what may follow in a date, until the date, the time and the zone are known.
"""

import datetime
import re
from collections.abc import Callable

from adf_lang.dotnet_date_parts import Found, NotADateError, clock_ticks, fraction_of, moment_of, with_offset
from adf_lang.dotnet_dates import DAYS, MONTHS, TICKS_PER_DAY, Kind, Moment

# A lexical form of our own, not the language of expressions: three times as fast as the table.
ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,7}))?)?(?:(Z)|([+-])([0-9]{2}):([0-9]{2}))?)?"
)

MONTH_NAMES = {text.lower(): index for index, name in enumerate(MONTHS, 1) for text in (name, name[:3])}
DAY_NAMES = {text.lower(): index for index, name in enumerate(DAYS) for text in (name, name[:3])}
HALVES = ("am", "pm")
ZULU = ("z", "gmt")

# Sets and not texts: the end of the text is read as "", which is in every text.
DIGITS = frozenset("0123456789")
SIGNS = frozenset("+-")
# What may stand between two parts of a date, besides one of / and -.
BLANKS = frozenset(".,")
NO_BLANKS: frozenset[str] = frozenset()
# Suffixes of Chinese, Japanese and Korean numbers, which .NET takes in every culture.
SUFFIXES = dict.fromkeys("年년", "year") | dict.fromkeys("月월", "month") | dict.fromkeys("日일", "day")
SUFFIXES |= dict.fromkeys("時时시", "hour") | dict.fromkeys("分분", "minute") | dict.fromkeys("秒초", "second")

# A number of three digits or more is a year, and digits beyond this count are no number.
YEAR_DIGITS = 3
MAX_DIGITS = 8

# A date so far -> the next part -> the date then. A part is n (a number), y (a year, of three digits or more) or m (the
# name of a month); with a slash where / or - follows; n+ has AM or PM behind it, m. ends the text. Of the dates,
#   DATE is complete, DATE n and DATE nn have one and two numbers more, which will be a time if AM or PM follows,
#   DATE+ is complete, and AM or PM belongs to its time,
#   HOUR says that the numbers so far are a time, DATE HOUR that only the last one is.
# Learned by asking .NET; left out are sequences whose result cannot be meant: it reads 'Mar 15 20:18' as 15:20 today.
STEPS: dict[str, dict[str, str]] = {
    "": {"n": "n", "n/": "n/", "y": "y", "y/": "y", "m": "m", "m/": "m", "n+": "HOUR"},
    "n": {"n": "nn", "n/": "nn/", "y": "ny", "y/": "ny/", "m": "nm", "m/": "nm/", "n+": "HOUR"},
    "n/": {"n": "n/n", "n/": "nn/", "y": "ny", "y/": "ny/", "m": "n/m", "m.": "nm", "m/": "nm/"},
    "y": {"n": "yn", "n/": "yn/", "m": "ym", "m/": "ym/"},
    "m": {"n": "mn", "n/": "nm/", "y": "my", "y/": "ym/"},
    "nn": {"n": "DATE", "y": "DATE", "m": "DATE", "n+": "HOUR"},
    "n/n": {"n": "DATE", "y": "DATE", "m": "DATE", "n+": "DATE HOUR"},
    "nn/": {"n": "DATE", "y": "DATE", "m": "DATE", "n+": "DATE+"},
    "ny": {"n": "DATE", "m": "DATE", "n+": "DATE+"},
    "ny/": {"n": "DATE", "m": "DATE", "n+": "DATE+"},
    "yn": {"n": "DATE", "m": "DATE", "n+": "DATE+"},
    "yn/": {"n": "DATE", "m": "DATE", "n+": "DATE+"},
    "nm": {"n": "DATE", "y": "DATE", "n+": "DATE+"},
    "mn": {"n": "DATE", "y": "DATE", "n+": "DATE+"},
    "n/m": {"n": "DATE", "y": "DATE", "n+": "DATE+"},
    "nm/": {"n": "DATE", "y": "DATE"},
    "ym": {"n": "DATE", "n+": "DATE+"},
    "ym/": {"n": "DATE", "n+": "DATE+"},
    "my": {"n": "DATE", "n+": "DATE+"},
    "DATE": {"n+": "HOUR", "n": "DATE n"},
    "DATE n": {"n+": "HOUR", "n": "DATE nn"},
    "DATE nn": {"n+": "HOUR"},
}
# Where a text may end: nothing but a time, or a date.
ENDS = frozenset({"", "nn", "n/n", "ny", "yn", "nm", "n/m", "mn", "ym", "my", "DATE"})
# Where a colon makes the number before it an hour.
BEFORE_TIME = frozenset({"", "DATE"})
# Where Z or GMT may stand; an offset may stand everywhere.
BEFORE_ZULU = frozenset({"", "n", "nn", "DATE", "DATE n", "DATE nn"})


def read(text: str, today: Callable[[], datetime.date]) -> Moment:
    """The moment that the text names; `today` completes a text without date or year.

    Raises:
        NotADateError: the text names none.
    """
    match = ISO.fullmatch(text)
    if match is None:
        return Reader(text).read(today)
    year, month, day, hour, minute, second, fraction, zulu, sign, hours, minutes = match.groups()
    try:
        ticks = (datetime.date(int(year), int(month), int(day)).toordinal() - 1) * TICKS_PER_DAY
    except ValueError as error:
        raise NotADateError from error
    if hour is not None:
        ticks += clock_ticks(int(hour), int(minute), int(second or 0))
        if fraction:
            ticks += int(fraction.ljust(7, "0"))
    if sign is not None:
        return with_offset(ticks, _minutes(sign, hours, minutes))
    return Moment(ticks, Kind.UTC if zulu else Kind.UNSPECIFIED)


class Reader:
    """Reads one text, from left to right."""

    def __init__(self, text: str) -> None:
        text = text.rstrip("\0")
        if text.startswith("#"):
            if len(text) < len("##") or not text.endswith("#"):
                raise NotADateError
            text = text[1:-1]
        self.text = text
        self.index = 0
        self.state = ""
        self.found = Found()

    def read(self, today: Callable[[], datetime.date]) -> Moment:
        """The moment that the text names."""
        while True:
            self._skip(BLANKS)
            character = self._peek()
            if not character:
                break
            if character in DIGITS:
                self._number()
            elif character in SIGNS:
                self._offset()
            else:
                self._word()
        if self.state not in ENDS or self.found.clock:
            raise NotADateError
        return moment_of(self.found, today)

    # Characters

    def _peek(self) -> str:
        return self.text[self.index : self.index + 1]

    def _skip(self, others: frozenset[str] = NO_BLANKS) -> None:
        text, index = self.text, self.index
        while index < len(text) and (text[index] in others or _is_blank(text[index])):
            index += 1
        self.index = index

    def _digits(self, limit: int = MAX_DIGITS) -> str:
        start = self.index
        while self._peek() in DIGITS:
            self.index += 1
        if not 0 < self.index - start <= limit:
            raise NotADateError
        return self.text[start : self.index]

    def _letters(self) -> str:
        start = self.index
        while self._peek().isalpha():
            self.index += 1
        return self.text[start : self.index].lower()

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.index += 1
        return True

    # Numbers

    def _number(self) -> None:
        digits = self._digits()
        kind = "y" if len(digits) >= YEAR_DIGITS else "n"
        number = int(digits)
        suffix = SUFFIXES.get(self._peek())
        if suffix is not None:
            self.index += 1
            self._name(suffix, number)
            return
        end = self.index
        self._skip()
        if kind == "n" and self._take(":"):
            self._time(number)
            return
        if kind == "n" and self._half():
            self._step("n+", number)
            return
        if self._separator(kind):
            self._step(kind + "/", number)
            return
        self.index = end
        self._step(kind, number)
        self._iso_time()

    def _separator(self, kind: str) -> bool:
        """Whether a separator of dates follows; a minus that cannot be one belongs to an offset."""
        character = self._peek()
        if character == "/" or (character == "-" and kind + "/" in STEPS[self.state]):
            self.index += 1
            return True
        return False

    def _half(self) -> bool:
        """Takes AM or PM, if it follows."""
        start = self.index
        word = self._letters()
        if word not in HALVES:
            self.index = start
            return False
        self._set_half(word)
        return True

    def _set_half(self, word: str) -> None:
        if self.found.half is not None:
            raise NotADateError
        self.found.half = word

    def _step(self, part: str, number: int) -> None:
        found = self.found
        state = STEPS[self.state].get(part)
        if state is None:
            raise NotADateError
        if state in ("HOUR", "DATE HOUR"):
            self._hour(number, before_date=state == "HOUR" and self.state in ("", "n", "nn"))
            return
        if state.startswith("DATE n"):
            found.clock.append(number)
        else:
            found.parts.append((part[0], number))
        if state == "n/m":
            # '5-Mar +2' is the fifth of March, '5-Mar' is March 2005.
            found.parts.reverse()
        self.state = state.removesuffix("+")

    def _hour(self, number: int, *, before_date: bool) -> None:
        """Ends a time that has AM or PM but no colon."""
        found = self.found
        numbers = [*found.clock, number]
        if before_date:
            numbers = [value for _, value in found.parts] + numbers
            found.parts = []
        if found.time is not None:
            raise NotADateError
        found.clock = []
        hour, minute, second, *_ = (*numbers, 0, 0)
        found.time = hour, minute, second
        self.state = "" if before_date else "DATE"

    # Times

    def _time(self, hour: int) -> None:
        """Reads on behind the first colon."""
        if self.state not in BEFORE_TIME or self.found.time is not None:
            raise NotADateError
        self._skip(BLANKS)
        minute, second = int(self._digits(2)), 0
        end = self.index
        self._skip()
        if self._take(":"):
            self._skip(BLANKS)
            second = int(self._digits(2))
            self._fraction()
        else:
            self.index = end
        self.found.time = hour, minute, second
        self._skip()
        self._half()

    def _fraction(self) -> None:
        if self._peek() in BLANKS and self.text[self.index + 1 : self.index + 2] in DIGITS:
            self.index += 1
            self.found.fraction = fraction_of(self._digits(len(self.text)))

    def _iso_time(self) -> None:
        """Reads T and a strict time, if they follow year, month and day in this order; nothing may follow them."""
        start = self.index
        self._skip()
        if [kind for kind, _ in self.found.parts] != ["y", "n", "n"] or self._peek().lower() != "t":
            self.index = start
            return
        if self.found.time is not None:
            raise NotADateError
        self.index += 1
        hour = self._two_digits()
        if not self._take(":"):
            raise NotADateError
        minute, second = self._two_digits(), 0
        if self._take(":"):
            second = self._two_digits(with_fraction=True)
        self.found.time = hour, minute, second
        if self._peek().lower() == "z":
            self.index += 1
            self._set_zulu()
        elif self._peek() in SIGNS:
            self._offset()
        self._skip()
        if self._peek():
            raise NotADateError

    def _two_digits(self, *, with_fraction: bool = False) -> int:
        self._skip()
        digits = self._digits(2)
        if len(digits) != 2:
            raise NotADateError
        if with_fraction:
            self._fraction()
        self._skip()
        return int(digits)

    # Words and zones

    def _word(self) -> None:
        if self.text[self.index : self.index + len("A.D.")].lower() == "a.d.":
            self.index += len("A.D.")
            return
        word = self._letters()
        if word in MONTH_NAMES:
            self._skip()
            slash = self._separator("m")
            if self._peek() == ":" or (not slash and self._half()):
                raise NotADateError
            last = self.state == "n/" and not self._peek()
            self._step("m/" if slash else "m." if last else "m", MONTH_NAMES[word])
        elif word in DAY_NAMES and self.found.weekday is None and not self.state.endswith("/"):
            self.found.weekday = DAY_NAMES[word]
        elif word in HALVES:
            self._set_half(word)
        elif word in ZULU and self.state in BEFORE_ZULU:
            self._set_zulu()
        elif word != "ad":
            raise NotADateError

    def _set_zulu(self) -> None:
        self._set_offset(0)
        self.found.zulu = True

    def _set_offset(self, minutes: int) -> None:
        if self.found.offset is not None:
            raise NotADateError
        self.found.offset = minutes

    def _offset(self) -> None:
        """Reads an offset from UTC: +h, +hh, +hmm, +hhmm, +h:m, +hh:mm."""
        sign = self._peek()
        self.index += 1
        digits = self._digits(4)
        if len(digits) > 2:
            hours, minutes = digits[:-2], digits[-2:]
        else:
            hours, minutes = digits, self._digits(2) if self._take(":") else "0"
        self._set_offset(_minutes(sign, hours, minutes))

    def _name(self, suffix: str, number: int) -> None:
        """Notes a number with a suffix; such a date is complete whatever it lacks."""
        is_date = suffix in ("year", "month", "day")
        if suffix in self.found.named or (is_date and self.found.parts):
            raise NotADateError
        self.found.named[suffix] = number
        if is_date:
            self.state = "DATE"


def _minutes(sign: str, hours: str, minutes: str) -> int:
    if int(minutes) > 59:
        raise NotADateError
    count = 60 * int(hours) + int(minutes)
    return -count if sign == "-" else count


def _is_blank(character: str) -> bool:
    # Python counts four control characters as blanks that .NET does not.
    return character.isspace() and not "\x1c" <= character <= "\x1f"
