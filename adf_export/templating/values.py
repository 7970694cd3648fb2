"""Lowers the value of a field: templates to expressions, XComs to symbols, lists and dicts part by part."""

from adf_export.codes import TEMPLATE_NOT_EXPRESSIBLE
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.factory import Json, obj
from adf_export.ir.symbols import group_item, map_item, xcom
from adf_export.ir.values import Constant, Duration, Items, MapItem, Members, Moment, Template, Value, XCom
from adf_export.templating.scope import Scope
from adf_export.templating.templates import lower_template
from adf_lang.nodes import select


def lower_value(value: Value, scope: Scope) -> Json:
    """A value as it stands in a document. Durations become seconds, moments ISO 8601 texts.

    Raises:
        Refusal: it has no equal in Data Factory.
    """
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Moment):
        return value.iso
    if isinstance(value, Duration):
        return value.seconds
    if isinstance(value, XCom):
        return xcom(value.task_id, value.key)
    if isinstance(value, MapItem):
        if value.group_id:
            return group_item(value.group_id, value.argument)
        return select(map_item(), value.argument)
    if isinstance(value, Items):
        return tuple(lower_value(item, scope) for item in value.items)
    if isinstance(value, Members):
        return obj((name, lower_value(item, scope)) for name, item in value.members)
    if isinstance(value, Template):
        return lower_template(value, scope)
    raise Refusal(
        diagnostic(
            TEMPLATE_NOT_EXPRESSIBLE, f"a value of {type(value).__name__} has no equal expression", origin=scope.origin
        )
    )
