"""Collection functions: arrays, texts and objects."""

from adf_lang.functions.strings import bound_text, cut, units
from adf_lang.registry import RefusalError, function
from adf_lang.text import to_text
from adf_lang.types import TYPES, Type, Value, type_of
from adf_lang.values import deep_equal, find_member, fingerprint, int32


@function("contains(collection: array | object | string, value: any) -> boolean")
def contains(collection: Value, value: Value) -> bool:
    """Whether an array holds the value, an object the key (whatever its case) or a text the other text (by case).

    >>> contains('hello world', 'hello') -> true
    >>> contains(createArray(1, 2), '1') -> false
    """
    if isinstance(collection, list):
        return any(deep_equal(item, value) for item in collection)
    if not isinstance(value, str):
        what = "key" if isinstance(collection, dict) else "text"
        raise RefusalError(
            f"contains looks for a {what} (String) in {type_of(collection)}, not {type_of(value)}", argument=1
        )
    if isinstance(collection, dict):
        return find_member(collection, value) is not None
    return value in collection


@function("empty(collection: array | object | string | null) -> boolean")
def empty(collection: Value) -> bool:
    """Whether an array, an object or a text has nothing in it; null has nothing.

    >>> empty('') -> true
    >>> empty('abc') -> false
    """
    return not collection


@function("first(collection: array | string) -> any")
def first(collection: Value) -> Value:
    """The first item or character; null of an empty array, the empty text of an empty text.

    >>> first(createArray(0, 2, 3)) -> 0
    """
    if isinstance(collection, str):
        return cut(collection, 0, 1) if collection else ""
    return collection[0] if collection else None


@function("last(collection: array | string) -> any")
def last(collection: Value) -> Value:
    """The last item or character; null of an empty array, the empty text of an empty text.

    >>> last(createArray(0, 2, 3)) -> 3
    """
    if isinstance(collection, str):
        return cut(collection, units(collection) - 1) if collection else ""
    return collection[-1] if collection else None


@function("length(collection: array | string) -> integer")
def length(collection: Value) -> int:
    """The number of items or characters.

    >>> length('abcd') -> 4
    """
    return units(collection) if isinstance(collection, str) else len(collection)


@function("join(collection: array, delimiter: string) -> string")
def join(collection: list[Value], delimiter: str) -> str:
    """The items as one text, each as `string()` writes it, with the delimiter between.

    >>> join(createArray(1, 'b', true), '.') -> '1.b.True'
    """
    return bound_text(delimiter.join([to_text(item) for item in collection]), "join")


@function("skip(collection: array | string, count: integer) -> array | string")
def skip(collection: Value, count: int) -> Value:
    """What follows the first so many items or characters.

    >>> skip(createArray(0, 1, 2, 3), 1) -> [1,2,3]
    """
    count = _count("skip", count)
    return cut(collection, count) if isinstance(collection, str) else collection[count:]


@function("take(collection: array | string, count: integer) -> array | string")
def take(collection: Value, count: int) -> Value:
    """The first so many items or characters.

    >>> take(createArray(0, 1, 2, 3, 4), 3) -> [0,1,2]
    """
    count = _count("take", count)
    return cut(collection, 0, count) if isinstance(collection, str) else collection[:count]


def _count(name: str, count: int) -> int:
    count = int32(count)
    if count < 0:
        raise RefusalError(f"'count' of {name} must be 0 or a positive 32-bit integer, but is {count}", argument=1)
    return count


@function("union(collection1: array | object, collection2: array | object, ...more: array | object) -> array | object")
def union(*collections: Value) -> Value:
    """All items once, in their order; of objects all members, the last one of a name.

    >>> union(createArray(1, 2, 3), createArray(1, 2, 10)) -> [1,2,3,10]
    """
    if _kind("union", collections) is Type.OBJECT:
        return {key: member for collection in collections for key, member in collection.items()}
    found: dict[object, Value] = {}
    for collection in collections:
        for item in collection:
            found.setdefault(fingerprint(item), item)
    return list(found.values())


@function("intersection(collection1: array | object, collection2: array | object, ...more: array | object) -> any")
def intersection(*collections: Value) -> Value:
    """The items that are in all of them; of objects the members that are the same in all.

    >>> intersection(createArray(1, 2, 3), createArray(101, 2, 1)) -> [1,2]
    """
    if _kind("intersection", collections) is Type.OBJECT:
        rest = collections[1:]
        return {
            key: member
            for key, member in collections[0].items()
            if all(key in other and deep_equal(other[key], member) for other in rest)
        }
    first = {fingerprint(item): item for item in reversed(collections[0])}
    common = set(first).intersection(*({fingerprint(item) for item in other} for other in collections[1:]))
    return [item for mark, item in reversed(first.items()) if mark in common]


def _kind(name: str, collections: tuple[Value, ...]) -> Type:
    kinds = [TYPES[type(collection)] for collection in collections]
    for index, kind in enumerate(kinds):
        if kind is not kinds[0]:
            raise RefusalError(f"{name} takes arrays or objects, not both", argument=index)
    return kinds[0]
