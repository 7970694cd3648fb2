"""The kinds of values that Airflow and Data Factory share, and what is known of a value before it is there."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from adf_export.ir.dag import Param
from adf_lang.nodes import Node, call, literal


class Kind(StrEnum):
    """A kind of JSON value, by its Python name."""

    NONE = "None"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "str"
    LIST = "list"
    DICT = "dict"


Kinds = frozenset[Kind]

NONE: Final[Kinds] = frozenset({Kind.NONE})
BOOL: Final[Kinds] = frozenset({Kind.BOOL})
INT: Final[Kinds] = frozenset({Kind.INT})
FLOAT: Final[Kinds] = frozenset({Kind.FLOAT})
NUMBER: Final[Kinds] = INT | FLOAT
TEXT: Final[Kinds] = frozenset({Kind.TEXT})
LIST: Final[Kinds] = frozenset({Kind.LIST})
DICT: Final[Kinds] = frozenset({Kind.DICT})
# Nothing is known: an XCom, a part of the run's conf.
ANY: Final[Kinds] = frozenset(Kind)

# By the types of JSON Schema.
_SCHEMA_TYPES: Final[dict[str, Kinds]] = {
    "array": LIST,
    "boolean": BOOL,
    "integer": INT,
    "null": NONE,
    "number": NUMBER,
    "object": DICT,
    "string": TEXT,
}
# The values of each kind that Python takes for false.
FALSY: Final[dict[Kind, tuple[Node, ...]]] = {
    Kind.NONE: (literal(None),),
    Kind.BOOL: (literal(False),),
    Kind.INT: (literal(0),),
    Kind.FLOAT: (literal(0.0),),
    Kind.TEXT: (literal(""),),
    Kind.LIST: (call("json", literal("[]")),),
    Kind.DICT: (call("json", literal("{}")),),
}
_PYTHON: Final[dict[type, Kind]] = {
    type(None): Kind.NONE,
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.FLOAT,
    str: Kind.TEXT,
    list: Kind.LIST,
    tuple: Kind.LIST,
    dict: Kind.DICT,
}


def kinds_of(value: Any) -> Kinds:
    """The kind of a Python value; empty: JSON has none like it."""
    kind = _PYTHON.get(type(value))
    return frozenset({kind}) if kind else frozenset()


def kinds_of_param(param: Param) -> Kinds:
    """What a param may be: by its schema, else by its default, as the parameter of the pipeline is typed by it."""
    schema = json.loads(param.schema)
    given = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(given, str):
        return _SCHEMA_TYPES.get(given, ANY)
    if isinstance(given, list):
        return _joined(_SCHEMA_TYPES.get(name, ANY) for name in given)
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        return _joined(kinds_of(value) for value in schema["enum"])
    default = kinds_of(json.loads(param.default)) if param.default is not None else ANY
    return ANY if default == NONE else default


def kinds_of_items(param: Param) -> Kinds:
    """What the items of a param that is a list may be."""
    schema = json.loads(param.schema)
    items = schema.get("items") if isinstance(schema, dict) else None
    given = items.get("type") if isinstance(items, dict) else None
    return _SCHEMA_TYPES.get(given, ANY) if isinstance(given, str) else ANY


def _joined(several: Iterable[Kinds]) -> Kinds:
    return frozenset().union(*several)
