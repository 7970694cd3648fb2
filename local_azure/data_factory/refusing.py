"""Tables of what a part of a document may have, and the problems of one that has more."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.evaluation import is_expression

Json = Any
# Judges a literal: what is wrong with it, None if nothing.
Check = Callable[[Json], str | None]
# Values that ask for nothing.
INERT: tuple[Json, ...] = (None, "", [], {})


def is_dynamic(value: Json) -> bool:
    """Whether only a run can tell the value."""
    if isinstance(value, str):
        return (value.startswith("@") and not value.startswith("@@")) or "@{" in value.replace("@@{", "")
    return is_expression(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an object may have: names, and checks of literal values."""

    # What it is called in a message: "a source of type RestSource".
    what: str
    properties: Mapping[str, Check]
    # Name -> what to do instead.
    remedies: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.properties)

    def problems(self, value: Mapping[str, Json], path: str, *, evaluated: bool = False) -> Iterator[Problem]:
        """What it has and is not done, and literals that are wrong; `evaluated`: no expressions are left in it."""
        for name, member in value.items():
            check = self.properties.get(name)
            if check is None:
                if member not in INERT:
                    remedy = self.remedies.get(name)
                    yield Problem(
                        path=f"{path}.{name}",
                        message=f"'{name}' of {self.what} is not done by the local Data Factory"
                        + (f": {remedy}" if remedy else ""),
                    )
            elif member not in INERT and (evaluated or not is_dynamic(member)):
                wrong = check(member)
                if wrong:
                    yield Problem(path=f"{path}.{name}", message=wrong)


def anything(value: Json) -> str | None:
    """Judged elsewhere, or when it is evaluated."""
    return None


def text(value: Json) -> str | None:
    """A text."""
    return None if isinstance(value, str) else f"must be a text, but is {value!r}"


def flag(value: Json) -> str | None:
    """true or false, also as text, as real files have it."""
    ok = isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false"))
    return None if ok else f"must be true or false, but is {value!r}"


def count(least: int) -> Check:
    """A whole number, also as text."""

    def check(value: Json) -> str | None:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
        if isinstance(value, str) and value.strip().isdecimal():
            number = int(value)
        ok = number is not None and number >= least
        return None if ok else f"must be a whole number of at least {least}, but is {value!r}"

    return check


def one_of(allowed: Iterable[str], *, why: str = "") -> Check:
    """One of some words, whatever its case."""
    words = tuple(allowed)

    def check(value: Json) -> str | None:
        if isinstance(value, str) and value.lower() in {word.lower() for word in words}:
            return None
        return f"'{value}' is not done by the local Data Factory{why}: use {' or '.join(words)}"

    return check


def off(reason: str) -> Check:
    """A switch that may only be off."""

    def check(value: Json) -> str | None:
        if value is False or (isinstance(value, str) and value.lower() == "false"):
            return None
        return f"is not done by the local Data Factory{': ' + reason if reason else ''}"

    return check


def as_flag(value: Json) -> bool:
    """The truth of a value that `flag` accepts."""
    return value if isinstance(value, bool) else str(value).lower() == "true"
