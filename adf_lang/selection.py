"""Property access, `target.name` and `target[index]`, as the engine does it."""

from adf_lang.errors import nearest
from adf_lang.registry import RefusalError
from adf_lang.types import Type, Value, type_of
from adf_lang.values import find_member, int32


class SelectionError(RefusalError):
    """A property that is not there; `hint` gives the nearest names."""

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason)
        self.hint = hint


def select_property(target: Value, name: str, safe: bool) -> Value:
    """`target.name`; of null and for a missing name an error, or null where `safe`."""
    if isinstance(target, dict):
        if name in target:
            return target[name]
        key = find_member(target, name)
        if key is not None:
            return target[key]
        if safe:
            return None
        hint = nearest(name, target) or ("the object is empty" if not target else None)
        raise SelectionError(f"there is no property '{name}'", hint=hint)
    if target is None:
        if safe:
            return None
        raise SelectionError(f"null has no property '{name}'", hint="'?.' gives null instead of this error")
    if isinstance(target, list):
        raise SelectionError(f"an Array has no property '{name}'", hint="items are read by number: [0]")
    raise SelectionError(f"a value of type {type_of(target)} has no properties, '{name}' was asked for")


def select_index(target: Value, index: Value, safe: bool) -> Value:
    """`target[index]`: a number for an array, a name for an object."""
    if isinstance(target, list) and type(index) is int:
        index = int32(index)
        if 0 <= index < len(target):
            return target[index]
        if safe:
            return None
        hint = f"the last index is {len(target) - 1}" if target else "the array is empty"
        raise SelectionError(f"the array has no item {index}", hint=hint)
    if isinstance(index, str):
        return select_property(target, index, safe)
    if target is None and safe and index is not None:
        return None
    kind = type_of(index)
    if isinstance(target, list):
        raise SelectionError(f"an item of an Array is read by an Integer, not {kind}")
    if isinstance(target, dict):
        raise SelectionError(f"a member of an Object is read by a String, not {kind}")
    shown = Type.NULL if target is None else type_of(target)
    raise SelectionError(f"a value of type {shown} has no items")
