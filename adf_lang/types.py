"""The value model of the language: JSON values, by their .NET names."""

from enum import StrEnum
from typing import Any

# A value of the language: None, bool, int, float, str, list[Value] or dict[str, Value]. An int is an Integer, a float a
# Float, also where they are equal; a bool is neither.
Value = Any


class Type(StrEnum):
    """The types of values, as Data Factory's messages call them."""

    NULL = "Null"
    BOOLEAN = "Boolean"
    INTEGER = "Integer"
    FLOAT = "Float"
    STRING = "String"
    ARRAY = "Array"
    OBJECT = "Object"


TYPES: dict[type, Type] = {
    type(None): Type.NULL,
    bool: Type.BOOLEAN,
    int: Type.INTEGER,
    float: Type.FLOAT,
    str: Type.STRING,
    list: Type.ARRAY,
    dict: Type.OBJECT,
}

# What a signature may say of an argument. `any` takes null as well.
KINDS: dict[str, frozenset[Type]] = {
    "any": frozenset(Type),
    "null": frozenset({Type.NULL}),
    "boolean": frozenset({Type.BOOLEAN}),
    "integer": frozenset({Type.INTEGER}),
    "float": frozenset({Type.FLOAT}),
    "number": frozenset({Type.INTEGER, Type.FLOAT}),
    "string": frozenset({Type.STRING}),
    "array": frozenset({Type.ARRAY}),
    "object": frozenset({Type.OBJECT}),
}

PYTHON_TYPES: dict[Type, type] = {name: kind for kind, name in TYPES.items()}


def type_of(value: Value) -> Type:
    """The type of a value.

    Raises:
        TypeError: not a value of the language (a tuple, a datetime, a set ...).
    """
    found = TYPES.get(type(value))
    if found is not None:
        return found
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} is not a JSON value")
