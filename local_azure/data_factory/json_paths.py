"""The JSON paths of mappings and pagination rules: $.data.items, $['a b'][0]; without $ they begin where one stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
_NAME = re.compile(r"[^.\[\]'\"$*?()@,:\s][^.\[\]'\"*?(),]*")
_INDEX = re.compile(r"\[\s*(\d+)\s*\]")
_QUOTED = re.compile(r"""\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]""")
_ESCAPE = re.compile(r"\\(.)")


class JsonPathError(ValueError):
    """Not a path that is understood here: which and where."""


class _Missing:
    """There is nothing at a path; null is something."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath:
    """A path of names and places in arrays."""

    text: str
    # Whether it begins with $.
    rooted: bool
    steps: tuple[str | int, ...]

    def find(self, value: Json) -> Json:
        """What is there, MISSING if there is nothing."""
        for step in self.steps:
            if isinstance(step, str):
                if not isinstance(value, dict) or step not in value:
                    return MISSING
            elif not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        return value


def parse(text: str) -> JsonPath:
    """Reads a path.

    >>> parse("$['prices'][0].usd").steps
    ('prices', 0, 'usd')

    Raises:
        JsonPathError: wildcards, filters and recursion are not understood.
    """
    at = 1 if text.startswith("$") else 0
    steps: list[str | int] = []
    while at < len(text):
        step, at = _step(text, at, first=not steps and at == 0)
        steps.append(step)
    return JsonPath(text=text, rooted=text.startswith("$"), steps=tuple(steps))


def show(steps: Sequence[str | int]) -> str:
    """The steps as a path."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


def _step(text: str, at: int, *, first: bool) -> tuple[str | int, int]:
    if index := _INDEX.match(text, at):
        return int(index[1]), index.end()
    if quoted := _QUOTED.match(text, at):
        name = quoted[1] if quoted[1] is not None else quoted[2]
        return _ESCAPE.sub(r"\1", name), quoted.end()
    start = at if first else at + 1
    if (first or text[at] == ".") and (plain := _NAME.match(text, start)):
        return plain[0].rstrip(), plain.end()
    raise JsonPathError(
        f"'{text}' is not a path that is understood here, from character {at + 1} on: write names as .name or ['name'] "
        "and places as [0]; wildcards, filters and '..' are not done"
    )
