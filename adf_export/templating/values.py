"""Lowers the value of a field: templates to expressions, XComs to symbols, lists and dicts part by part."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from adf_export.codes import TEMPLATE_NOT_EXPRESSIBLE
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.factory import Json, obj
from adf_export.ir.symbols import group_item, map_item, param, xcom
from adf_export.ir.values import (
    Concat,
    Constant,
    DagParam,
    Duration,
    Function,
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
from adf_export.templating.building import NULL, if_
from adf_export.templating.json_text import as_node
from adf_export.templating.scope import Scope
from adf_export.templating.templates import lower_template
from adf_lang.nodes import Node, call, literal, select

# A constant with one of these was told not to be a template.
_JINJA: Final = ("{{", "{%", "{#")


def lower_value(value: Value, scope: Scope) -> Json:
    """A value as it stands in a document. Durations become seconds, moments ISO 8601 texts.

    Raises:
        Refusal: it has no equal in Data Factory.
    """
    match value:
        case Constant():
            return _constant(value, scope)
        case Template():
            return lower_template(value, scope) if scope.is_template else value.text
        case Moment():
            return value.iso
        case Duration():
            return value.seconds
        case XCom():
            return xcom(value.task_id, value.key)
        case MapItem(group_id=""):
            return select(map_item(), value.argument)
        case MapItem():
            return group_item(value.group_id, value.argument)
        case DagParam():
            return param(value.name)
        case Items():
            return tuple(_inside(item, scope) for item in value.items)
        case Members():
            return obj((name, _inside(member, scope)) for name, member in value.members)
        case Concat():
            return _concat([lower_value(part, scope) for part in value.values])
        case Zip():
            return _zip(value, scope)
        case MapCall():
            raise _refusal(scope, f"map() by '{value.function.name}' has no equal expression")
        case Function():
            raise _refusal(scope, f"the function '{value.name}' is no value that Data Factory has")
        case Opaque():
            raise _refusal(scope, f"a value of class '{value.kind}' has no equal in Data Factory")


def _constant(value: Constant, scope: Scope) -> Json:
    """Airflow renders every text of a template field, also one without Jinja in it."""
    text = value.value
    if not isinstance(text, str) or not scope.is_template or any(mark in text for mark in _JINJA):
        return text
    return lower_template(Template(text=text), scope)


def _inside(value: Value, scope: Scope) -> Json:
    """null inside of an array or object is an expression: documents leave null members out."""
    found = lower_value(value, scope)
    return NULL if found is None else found


def _concat(parts: Sequence[Json]) -> Json:
    """The arrays one behind the other; union() would drop what is equal."""
    if all(isinstance(part, tuple) for part in parts):
        return tuple(item for part in parts if isinstance(part, tuple) for item in part)
    joined = as_node(parts[0])
    for part in parts[1:]:
        joined = _behind(joined, as_node(part))
    return joined


def _behind(one: Node, other: Node) -> Node:
    """Both arrays as one, by their JSON: `[1]` and `[2]` without the brackets between."""
    text = call("string", one)
    head = call("take", text, call("sub", call("length", text), literal(1)))
    whole = call("json", call("concat", head, literal(","), call("skip", call("string", other), literal(1))))
    return if_(call("empty", one), other, if_(call("empty", other), one, whole))


def _zip(value: Zip, scope: Scope) -> Json:
    parts = [lower_value(part, scope) for part in value.values]
    if not all(isinstance(part, tuple) for part in parts):
        raise _refusal(scope, "zip() of XComs has no equal expression", hint="let a task of its own give the pairs")
    lists = [part for part in parts if isinstance(part, tuple)]
    if value.fill is None:
        return tuple(zip(*lists, strict=False))
    return tuple(zip_longest(*lists, fillvalue=_inside(value.fill, scope)))


def _refusal(scope: Scope, summary: str, *, hint: str = "") -> Refusal:
    return Refusal(diagnostic(TEMPLATE_NOT_EXPRESSIBLE, summary, origin=scope.origin, hint=hint))
