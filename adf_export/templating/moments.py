"""Datetimes: their texts in Python's formats, their parts and their arithmetic, as expressions over ISO 8601 texts."""

import datetime
from collections.abc import Callable, Mapping
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adf_export.templating.kinds import TEXT
from adf_export.templating.lowering import Lowering
from adf_export.templating.terms import Instant, Joined, Known, Symbolic, Term
from adf_lang.nodes import Call, Literal, Node, call, literal

# Code of strftime -> pattern of .NET, culture en-US. `-` before a letter: without leading zero (glibc).
FORMATS: Final[dict[str, str]] = {
    "-H": "H",
    "-I": "h",
    "-M": "m",
    "-S": "s",
    "-d": "d",
    "-m": "M",
    "A": "dddd",
    "B": "MMMM",
    "D": "MM/dd/yy",
    "F": "yyyy-MM-dd",
    "H": "HH",
    "I": "hh",
    "M": "mm",
    "R": "HH:mm",
    "S": "ss",
    "T": "HH:mm:ss",
    "Y": "yyyy",
    "a": "ddd",
    "b": "MMM",
    "d": "dd",
    "f": "ffffff",
    "h": "MMM",
    "m": "MM",
    "p": "tt",
    "y": "yy",
}
# Codes of the parts of a time, not of a date.
_TIME_CODES: Final = frozenset({"-H", "-I", "-M", "-S", "H", "I", "M", "R", "S", "T", "f", "p"})
# What a pattern of .NET does not take for itself.
_SPECIFIERS: Final = frozenset("dfFghHKmMstyz%'\"\\")
_MIDNIGHT_FRACTION: Final = ".000000"
_DAY_SECONDS: Final = 86_400
# Functions that move a time and take a pattern for their result, with the number of arguments before it.
_MOVES: Final = {
    "addDays": 2,
    "addHours": 2,
    "addMinutes": 2,
    "addSeconds": 2,
    "addToTime": 3,
    "startOfDay": 1,
    "startOfHour": 1,
    "startOfMonth": 1,
    "subtractFromTime": 3,
}
_WRITERS: Final = {**_MOVES, "formatDateTime": 1}


def formatted(node: Node, pattern: str) -> Call:
    """The text of a time in a pattern of .NET.

    >>> str(formatted(call("addDays", call("utcNow"), literal(1)), "yyyy"))
    "@addDays(utcNow(), 1, 'yyyy')"
    """
    if isinstance(node, Call) and _MOVES.get(node.name) == len(node.arguments):
        return call(node.name, *node.arguments, literal(pattern))
    return call("formatDateTime", node, literal(pattern))


def pattern_of(node: Node) -> str:
    """The pattern in which a text writes a time; empty: it is no such text."""
    if not isinstance(node, Call) or node.name not in _WRITERS or len(node.arguments) != _WRITERS[node.name] + 1:
        return ""
    last = node.arguments[-1]
    return last.value if isinstance(last, Literal) and isinstance(last.value, str) else ""


def unformatted(node: Node) -> Node:
    """The time that such a text writes."""
    assert isinstance(node, Call)
    if node.name == "formatDateTime":
        return node.arguments[0]
    return call(node.name, *node.arguments[:-1])


def local(instant: Instant) -> Node:
    """The time on the clock of its zone."""
    return call("addMinutes", instant.node, literal(instant.offset)) if instant.offset else instant.node


def offset_text(instant: Instant, colon: str = ":") -> str:
    """Its zone as isoformat() writes it; empty: it has none."""
    if instant.offset is None or instant.is_date:
        return ""
    hours, minutes = divmod(abs(instant.offset), 60)
    return f"{'-' if instant.offset < 0 else '+'}{hours:02}{colon}{minutes:02}"


def isoformat(instant: Instant, separator: str = "T") -> Term:
    """What isoformat() and str() give: microseconds only where there are any."""
    if instant.is_date:
        return text_of(formatted(local(instant), "yyyy-MM-dd"))
    return _without_fraction(instant, f"yyyy-MM-dd{separator}HH:mm:ss.ffffff{offset_text(instant)}")


def iso_without_dashes(instant: Instant) -> Term:
    """isoformat() without dashes and colons."""
    if instant.is_date:
        return text_of(formatted(local(instant), "yyyyMMdd"))
    return _without_fraction(instant, f"yyyyMMddTHHmmss.ffffff{offset_text(instant, '')}")


def _without_fraction(instant: Instant, pattern: str) -> Term:
    return text_of(call("replace", formatted(local(instant), pattern), literal(_MIDNIGHT_FRACTION), literal("")))


def text_of(node: Node) -> Symbolic:
    return Symbolic(node=node, kinds=TEXT)


def strftime(lowering: Lowering, instant: Instant, text: str) -> Term:
    """What strftime() gives.

    Raises:
        Refusal: a code that .NET has not.
    """
    if instant.is_date and _TIME_CODES.intersection(_codes(text)):
        raise lowering.refusal(f"strftime('{text}') of a date asks for a time")
    parts: list[str | Node] = []
    pattern = ""
    for piece, is_code in _pieces(text):
        if is_code and piece in FORMATS:
            letters = FORMATS[piece]
            if pattern and pattern[-1] == letters[0]:
                parts.append(_finish(instant, pattern))
                pattern = ""
            pattern += letters
        elif is_code:
            parts += [_finish(instant, pattern)] if pattern else []
            parts.append(_special(lowering, instant, piece, text))
            pattern = ""
        else:
            pattern += _escaped(piece)
    parts += [_finish(instant, pattern)] if pattern else []
    if all(isinstance(part, str) for part in parts):
        return Known(value="".join(str(part) for part in parts))
    if len(parts) == 1 and isinstance(parts[0], Node):
        return text_of(parts[0])
    return Joined(parts=tuple(parts))


def to_pattern(text: str) -> str:
    """The pattern of .NET for a format of strftime; empty: there is no single one."""
    letters = []
    for piece, is_code in _pieces(text):
        if is_code and piece not in FORMATS:
            return ""
        letters.append(FORMATS[piece] if is_code else _escaped(piece))
    return "".join(letters)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in _SPECIFIERS else char for char in text)


def _finish(instant: Instant, pattern: str) -> str | Node:
    if not any(char in _SPECIFIERS for char in pattern):
        return pattern
    # A single letter would be a standard format.
    return formatted(local(instant), f"%{pattern}" if len(pattern) == 1 else pattern)


def _special(lowering: Lowering, instant: Instant, code: str, text: str) -> str | Node:
    if code == "%":
        return "%"
    if code == "z":
        return offset_text(instant, "")
    if code == "Z" and instant.offset in (0, None):
        return "UTC" if instant.offset == 0 and not instant.is_date else ""
    node = local(instant)
    if code == "j":
        padded = call("concat", literal("00"), call("dayOfYear", node))
        return call("skip", padded, call("sub", call("length", padded), literal(3)))
    if code == "u":
        return call("add", weekday(node), literal(1))
    if code == "w":
        return call("dayOfWeek", node)
    if code == "s" and instant.offset is not None and not instant.is_date:
        return epoch_seconds(instant.node)
    raise lowering.refusal(f"strftime('{text}'): Data Factory has no format for %{code}")


def _codes(text: str) -> list[str]:
    return [piece for piece, is_code in _pieces(text) if is_code]


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The codes of a format of strftime, without %, and the texts between."""
    pieces: list[tuple[str, bool]] = []
    index = 0
    while index < len(text):
        if text[index] != "%":
            end = text.find("%", index)
            end = len(text) if end < 0 else end
            pieces.append((text[index:end], False))
            index = end
            continue
        length = 2 if text[index + 1 : index + 2] == "-" else 1
        pieces.append((text[index + 1 : index + 1 + length], True))
        index += 1 + length
    return pieces


def weekday(node: Node) -> Node:
    """Monday is 0."""
    return call("mod", call("add", call("dayOfWeek", node), literal(6)), literal(7))


def epoch_seconds(node: Node) -> Node:
    """Whole seconds since 1970."""
    return call("div", call("sub", call("ticks", node), literal(EPOCH_TICKS)), literal(_TICKS))


EPOCH_TICKS: Final = 621_355_968_000_000_000
_TICKS: Final = 10_000_000


def shift(lowering: Lowering, instant: Instant, by: datetime.timedelta) -> Instant:
    """The datetime so much later.

    Raises:
        Refusal: by parts of a second.
    """
    if instant.is_date:
        by = datetime.timedelta(days=by.days)
    if by.microseconds:
        raise lowering.refusal("Data Factory cannot move a time by parts of a second")
    seconds = by.days * _DAY_SECONDS + by.seconds
    for name, unit in (("addDays", _DAY_SECONDS), ("addHours", 3600), ("addMinutes", 60), ("addSeconds", 1)):
        if seconds % unit == 0:
            return _moved(instant, name, seconds // unit)
    raise AssertionError("every number is a multiple of 1")


def _moved(instant: Instant, name: str, count: int) -> Instant:
    node = instant.node
    if not count:
        return instant
    if isinstance(node, Call) and node.name == name and len(node.arguments) == 2:
        moved, before = node.arguments
        if isinstance(before, Literal) and type(before.value) is int:
            node, count = moved, before.value + count
    return Instant(node=call(name, node, literal(count)), offset=instant.offset, is_date=instant.is_date)


def from_known(value: datetime.date) -> Instant:
    """A constant datetime or date as a term like the others."""
    if not isinstance(value, datetime.datetime):
        return Instant(node=literal(f"{value.isoformat()}T00:00:00.0000000Z"), offset=None, is_date=True)
    offset = value.utcoffset()
    utc = value if offset is None else value - offset
    text = utc.replace(tzinfo=None).isoformat(timespec="microseconds")
    minutes = None if offset is None else int(offset.total_seconds() // 60)
    return Instant(node=literal(f"{text}0Z"), offset=minutes)


def fixed_offset(zone: str) -> int | None:
    """Minutes east of UTC of a zone that never changed its clock since 1990 and will not; None: another zone."""
    try:
        info = ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
    days = (datetime.datetime(1990, 1, 1, tzinfo=info) + datetime.timedelta(days=7 * week) for week in range(2600))
    offsets = {day.utcoffset() for day in days}
    found = offsets.pop() if len(offsets) == 1 else None
    return None if found is None else int(found.total_seconds() // 60)


def replacing(parts: Mapping[str, int]) -> str | None:
    """The pattern that writes a time with some of its parts replaced; None: it might be no time then."""
    letters = {"year": "yyyy", "month": "MM", "day": "dd", "hour": "HH", "minute": "mm", "second": "ss"}
    if not parts.keys() <= {*letters, "microsecond"} or parts.get("day", 1) > _SAFE_DAY:
        return None
    if ("month" in parts or "year" in parts) and "day" not in parts:
        return None
    texts = {name: f"{parts[name]:0{len(code)}}" if name in parts else code for name, code in letters.items()}
    fraction = f"{parts['microsecond']:06}0" if "microsecond" in parts else "fffffff"
    return "{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction}Z".format(fraction=fraction, **texts)


_SAFE_DAY: Final = 28
_LAST: Final = "23:59:59.9999990Z"


def _monday(node: Node) -> Node:
    return call("addDays", node, call("mul", weekday(node), literal(-1)))


def _last_of_month(node: Node) -> Node:
    return call("addDays", call("addToTime", call("startOfMonth", node), literal(1), literal("Month")), literal(-1))


# pendulum's start_of() and end_of(), by their unit.
STARTS: Final[dict[str, Callable[[Node], Node]]] = {
    "day": lambda node: call("startOfDay", node),
    "hour": lambda node: call("startOfHour", node),
    "minute": lambda node: formatted(node, "yyyy-MM-ddTHH:mm:00.0000000Z"),
    "month": lambda node: call("startOfMonth", node),
    "week": lambda node: call("startOfDay", _monday(node)),
    "year": lambda node: formatted(node, "yyyy-01-01T00:00:00.0000000Z"),
}
ENDS: Final[dict[str, Callable[[Node], Node]]] = {
    "day": lambda node: formatted(node, f"yyyy-MM-ddT{_LAST}"),
    "hour": lambda node: formatted(node, "yyyy-MM-ddTHH:59:59.9999990Z"),
    "month": lambda node: formatted(_last_of_month(node), f"yyyy-MM-ddT{_LAST}"),
    "week": lambda node: formatted(call("addDays", _monday(node), literal(6)), f"yyyy-MM-ddT{_LAST}"),
    "year": lambda node: formatted(node, f"yyyy-12-31T{_LAST}"),
}
