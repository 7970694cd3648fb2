"""The wildcards of names: `*` for any characters, `?` for one or none, `^` before a character that is meant itself."""

import re
from functools import lru_cache

SPECIAL = frozenset("*?^")


def has_wildcard(text: str) -> bool:
    """Whether the text is a pattern rather than a name."""
    return any(mark in text for mark in "*?")


@lru_cache(maxsize=256)
def compile_wildcards(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression that matches a whole name; no wildcard matches a slash.

    >>> bool(compile_wildcards("2026-??-*.json").fullmatch("2026-05-a.json"))
    True
    """
    out: list[str] = []
    marks = iter(pattern)
    for mark in marks:
        match mark:
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]?")
            case "^":
                out.append(re.escape(next(marks, "^")))
            case _:
                out.append(re.escape(mark))
    return re.compile("".join(out))
