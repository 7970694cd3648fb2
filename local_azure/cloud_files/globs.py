"""Matches file names and paths against Hadoop's glob patterns."""

import functools
import re
from collections.abc import Iterator

from local_azure.cloud_files.errors import CloudFilesError

SPECIAL = frozenset("*?[{")


def is_glob(text: str) -> bool:
    """Whether the text is a pattern rather than a name."""
    return any(char in SPECIAL for char in text)


@functools.cache
def compile_glob(pattern: str) -> re.Pattern[str]:
    """The pattern of one path component as a regular expression: `*`, `?`, `[a-c]`, `[^a]`, `{x,y}` and `\\` quoting.

    >>> bool(compile_glob("page-*.{json,txt}").fullmatch("page-1.json"))
    True
    """
    out: list[str] = []
    depth = 0
    chars = iter(pattern)
    for char in chars:
        match char:
            case "\\":
                out.append(re.escape(next(chars, "\\")))
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case "[":
                out.append(_set(chars, pattern))
            case "{":
                depth += 1
                out.append("(?:")
            case "}" if depth:
                depth -= 1
                out.append(")")
            case "," if depth:
                out.append("|")
            case _:
                out.append(re.escape(char))
    if depth:
        raise CloudFilesError(f"pattern '{pattern}' has a '{{' without its '}}'")
    return re.compile("".join(out))


def _set(chars: Iterator[str], pattern: str) -> str:
    members: list[str] = []
    for char in chars:
        if char == "]" and members and members != ["^"]:
            return f"[{''.join(members)}]"
        members.append("^" if char in "^!" and not members else char if char == "-" else re.escape(char))
    raise CloudFilesError(f"pattern '{pattern}' has a '[' without its ']'")
