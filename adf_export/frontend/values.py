"""Reads the values that a DAG gives: a table of types; what is not in it is kept as opaque, with its class."""

import ast
import datetime
import enum
import math
import pathlib
from collections.abc import Callable
from typing import Any, Final

from airflow.sdk import timezone
from airflow.sdk.definitions._internal.expandinput import MappedArgument
from airflow.sdk.definitions._internal.templater import LiteralValue
from airflow.sdk.definitions._internal.types import is_arg_set
from airflow.sdk.definitions.asset import BaseAsset
from airflow.sdk.definitions.param import DagParam
from airflow.sdk.definitions.xcom_arg import ConcatXComArg, MapXComArg, PlainXComArg, ZipXComArg

from adf_export.frontend import syntax
from adf_export.frontend.functions import dotted, read_function
from adf_export.ir.values import (
    Concat,
    Constant,
    Duration,
    Items,
    MapCall,
    MapItem,
    Members,
    Moment,
    Opaque,
    Template,
    Value,
    XCom,
    Zip,
)
from adf_export.ir.values import (
    DagParam as DagParamValue,
)

_JINJA: Final = ("{{", "{%", "{#")
# JSON readers differ beyond it.
_MAX_INT: Final = 2**63
# Deeper than any DAG's: a structure that holds itself.
_MAX_DEPTH: Final = 50


class Values:
    """Reads values of one DAG."""

    def __init__(self, dag_id: str, group_of: Callable[[MappedArgument], str | None]) -> None:
        self._dag_id = dag_id
        self._group_of = group_of

    def read(self, value: object, node: ast.expr | None = None, *, template: bool = False, depth: int = 0) -> Value:
        """A value; `template`: Airflow renders texts in it; `node`: where it stands in the file, if that is known."""
        if depth > _MAX_DEPTH:
            return opaque(value)
        for base in type(value).__mro__:
            reader = _READERS.get(base)
            if reader is not None:
                return reader(Reading(self, node, template, depth), value)
        return read_function(value, constant) if callable(value) and _is_function(value) else opaque(value)

    def xcom(self, value: PlainXComArg) -> Value:
        operator = value.operator
        if operator.dag_id != self._dag_id:
            return opaque(value)
        return XCom(task_id=operator.task_id, key=value.key)

    def map_item(self, value: MappedArgument) -> Value:
        group = self._group_of(value)
        return opaque(value) if group is None else MapItem(group_id=group, argument=value._key)


class Reading:
    """One value on its way, with what is known around it."""

    __slots__ = ("depth", "node", "template", "values")

    def __init__(self, values: Values, node: ast.expr | None, template: bool, depth: int) -> None:
        self.values = values
        self.node = node
        self.template = template
        self.depth = depth

    def inner(self, value: object, node: ast.expr | None = None) -> Value:
        return self.values.read(value, node, template=self.template, depth=self.depth + 1)


def constant(value: object) -> Value | None:
    """A value that needs no DAG; None: it is no constant."""
    found = Values("", lambda _: None).read(value)
    return found if _is_constant(found) else None


def _is_constant(value: Value) -> bool:
    match value:
        case Constant() | Duration() | Moment():
            return True
        case Items():
            return all(_is_constant(item) for item in value.items)
        case Members():
            return all(_is_constant(member) for _, member in value.members)
    return False


def opaque(value: object, text: str = "") -> Opaque:
    """Something that is not read; its text is not taken, as it may hold a secret or an address."""
    return Opaque(kind=dotted(type(value)), text=text)


def _is_function(value: object) -> bool:
    return hasattr(value, "__qualname__") and not isinstance(value, type)


def _text(reading: Reading, value: str) -> Value:
    text = str.__str__(value)
    if not _is_utf8(text):
        return opaque(value)
    if reading.template and any(mark in text for mark in _JINJA):
        return Template(text=text, line=getattr(reading.node, "lineno", 0))
    return Constant(value=text)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(_: Reading, value: int) -> Value:
    return Constant(value=int(value)) if abs(value) < _MAX_INT else opaque(value, str(value))


def _float(_: Reading, value: float) -> Value:
    return Constant(value=float(value)) if math.isfinite(value) else opaque(value, str(value))


def _enum(reading: Reading, value: enum.Enum) -> Value:
    return reading.inner(value.value) if isinstance(value, str | int) else opaque(value, value.name)


def _moment(_: Reading, value: datetime.datetime) -> Value:
    """One without a time zone is in Airflow's default one, as Airflow itself takes it."""
    return Moment(iso=(value if value.tzinfo else timezone.convert_to_utc(value)).isoformat())


def _time(value: datetime.time) -> Value:
    """The text of one whose zone changes its offset does not tell the zone."""
    return opaque(value, "" if value.tzinfo and value.utcoffset() is None else value.isoformat())


def _items(reading: Reading, value: Any) -> Value:
    return Items(items=tuple(reading.inner(item, syntax.item(reading.node, n)) for n, item in enumerate(value)))


def _set(reading: Reading, value: Any) -> Value:
    return Items(items=tuple(reading.inner(item) for item in sorted(value, key=str)))


def _members(reading: Reading, value: dict[Any, Any]) -> Value:
    if not all(isinstance(key, str) and _is_utf8(key) for key in value):
        return opaque(value)
    members = ((str(key), reading.inner(item, syntax.member(reading.node, key))) for key, item in value.items())
    return Members(members=tuple(members))


def _map_call(reading: Reading, value: MapXComArg) -> Value:
    found = reading.inner(value.arg)
    for function in value.callables:
        if not callable(function):
            return opaque(value)
        found = MapCall(value=found, function=read_function(function, constant))
    return found


def _zip(reading: Reading, value: ZipXComArg) -> Value:
    fill = reading.inner(value.fillvalue) if is_arg_set(value.fillvalue) else None
    return Zip(values=tuple(reading.inner(part) for part in value.args), fill=fill)


def _literal(reading: Reading, value: LiteralValue) -> Value:
    return reading.values.read(value.value, reading.node, depth=reading.depth + 1)


# A type -> its reader; the nearest base of a value's class counts.
_READERS: Final[dict[type, Callable[[Reading, Any], Value]]] = {
    type(None): lambda _, value: Constant(value=None),
    bool: lambda _, value: Constant(value=value),
    int: _integer,
    float: _float,
    str: _text,
    enum.Enum: _enum,
    datetime.datetime: _moment,
    datetime.timedelta: lambda _, value: Duration(seconds=value.total_seconds()),
    datetime.date: lambda _, value: opaque(value, value.isoformat()),
    datetime.time: lambda _, value: _time(value),
    pathlib.PurePath: lambda _, value: opaque(value, value.as_posix()),
    list: _items,
    tuple: _items,
    set: _set,
    frozenset: _set,
    dict: _members,
    PlainXComArg: lambda reading, value: reading.values.xcom(value),
    MapXComArg: _map_call,
    ZipXComArg: _zip,
    ConcatXComArg: lambda reading, value: Concat(values=tuple(reading.inner(part) for part in value.args)),
    MappedArgument: lambda reading, value: reading.values.map_item(value),
    DagParam: lambda _, value: DagParamValue(name=value._name),
    LiteralValue: _literal,
    BaseAsset: lambda _, value: opaque(value, asset_name(value)),
    type: lambda _, value: Opaque(kind="builtins.type", text=dotted(value)),
}


def asset_name(asset: object) -> str:
    """The name of an asset or alias, else its class."""
    name = getattr(asset, "name", None) or getattr(asset, "uri", None)
    return name if isinstance(name, str) else dotted(type(asset))
