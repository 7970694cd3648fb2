"""Compares values and finds members as the language does: strictly by type, names without case."""

from collections.abc import Iterable, Mapping
from typing import Any

from adf_lang.text import write_json
from adf_lang.types import Value


def deep_equal(left: Value, right: Value) -> bool:
    """Whether two values are equal by type and content; 1 and 1.0 are not, the order of keys does not matter."""
    pending = [(left, right)]
    while pending:
        first, second = pending.pop()
        if type(first) is not type(second):
            return False
        if isinstance(first, dict):
            if len(first) != len(second) or any(key not in second for key in first):
                return False
            pending.extend((member, second[key]) for key, member in first.items())
        elif isinstance(first, list):
            if len(first) != len(second):
                return False
            pending.extend(zip(first, second, strict=True))
        elif first != second:
            return False
    return True


def fingerprint(value: Value) -> tuple[type, object]:
    """Something hashable that is equal for values that are `deep_equal`: makes sets of values possible."""
    if isinstance(value, dict | list):
        return type(value), write_json(value, sort_keys=True)
    return type(value), value


def find_name(names: Iterable[str], name: str) -> str | None:
    """The name as it is spelt among these: exactly, else the first that differs only by case."""
    folded = name.lower()
    found = None
    for item in names:
        if item == name:
            return item
        if found is None and item.lower() == folded:
            found = item
    return found


def find_member(members: Mapping[str, Any], name: str) -> str | None:
    """The key of a member: exactly, else the first that differs only by case."""
    return name if name in members else find_name(members, name)


def int32(number: int) -> int:
    """The lower 32 bits with their sign: the engine cuts counts, places and indexes so, 4294967296 is 0."""
    return (number + 2**31) % 2**32 - 2**31
