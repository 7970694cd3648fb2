"""Values as Python has them, as far as they are known while a DAG is compiled: constants, expressions, and both mixed.

Templates and decisions are both run over these terms: what is constant is calculated, the rest becomes expressions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from adf_export.templating.kinds import ANY, DICT, LIST, TEXT, Kinds, kinds_of
from adf_lang.nodes import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A constant: a scalar, a moment, a duration."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbolic:
    """An expression whose value is a JSON value."""

    node: Node
    kinds: Kinds = ANY
    # What it is, for messages: "the XCom of 'extract'".
    what: str = "the value"
    # Of a list: what its items may be.
    items: Kinds = ANY
    # What str() of it gives where that is not the value as text: an enum of Python.
    shown: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A text of texts and expressions, each written as `string()` writes it."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A datetime: an expression for its text in UTC, 2026-01-31T00:00:00.0000000Z."""

    node: Node
    # Minutes east of UTC; None: it has no zone, and `node` is its local time.
    offset: int | None = 0
    # It is a date; the time of `node` does not count.
    is_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One term or the other, by a boolean expression."""

    condition: Node
    yes: "Term"
    no: "Term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list or tuple of so many items."""

    items: tuple["Term", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A dict with these members."""

    members: tuple[tuple[str, "Term"], ...]
    # Its name, for messages: "params".
    what: str = ""

    def get(self, name: str) -> "Term | None":
        return dict(self.members).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """An object of Airflow that is known by its members: a path in `names.NAMES`."""

    # Empty: Airflow's context itself.
    path: str
    # What stood for the stars of the path.
    arguments: tuple[str, ...] = ()
    # Further members, which come first.
    more: "tuple[tuple[str, Term], ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """Something that may be called."""

    name: str
    call: Callable[..., "Term"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undefined:
    """What Jinja gives for a name or member that is not there."""

    name: str
    # Names that are there, for the nearest ones.
    known: tuple[str, ...] = ()
    # What to write instead.
    hint: str = ""


Term: TypeAlias = Known | Symbolic | Joined | Instant | Choice | Listing | Record | Namespace | Callee | Undefined


def known(value: Any) -> Term:
    """A Python value as a term; lists and dicts item by item."""
    if isinstance(value, list | tuple):
        return Listing(items=tuple(known(item) for item in value))
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return Record(members=tuple((name, known(member)) for name, member in value.items()))
    return Known(value=value)


def is_known(term: Term) -> bool:
    """Whether it is wholly constant."""
    if isinstance(term, Listing):
        return all(is_known(item) for item in term.items)
    if isinstance(term, Record):
        return all(is_known(member) for _, member in term.members)
    return isinstance(term, Known)


def constant(term: Term) -> Any:
    """The Python value of a constant.

    Raises:
        TypeError: it is none.
    """
    if isinstance(term, Known):
        return term.value
    if isinstance(term, Listing):
        return [constant(item) for item in term.items]
    if isinstance(term, Record):
        return {name: constant(member) for name, member in term.members}
    raise TypeError(f"{type(term).__name__} is not constant")


NOTHING = Known(value=None)


def kinds(term: Term) -> Kinds:
    """What a term may be; empty: nothing that JSON has."""
    if isinstance(term, Symbolic):
        return term.kinds
    if isinstance(term, Joined):
        return TEXT
    if isinstance(term, Listing):
        return LIST
    if isinstance(term, Record):
        return DICT
    if isinstance(term, Choice):
        return kinds(term.yes) | kinds(term.no)
    return kinds_of(constant(term)) if is_known(term) else frozenset()
