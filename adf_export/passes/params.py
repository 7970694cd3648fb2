"""Makes parameters of a DAG's params, and the expressions that read them.

Documents have no nulls. A param that may be None becomes a text: an empty one stands for None; it holds JSON where the
param is no text.
"""

import json
from typing import Any, Final

from adf_export.codes import PARAM_CHECK_LOST, SETTING_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.dag import Dag, Param
from adf_export.ir.factory import MISSING, Json, Missing, Object, Parameter
from adf_lang.nodes import Node, call, literal, select

TYPES: Final = {
    "string": "String",
    "integer": "Int",
    "number": "Float",
    "boolean": "Bool",
    "array": "Array",
    "object": "Object",
}
_PYTHON: Final[dict[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
# What says nothing about which values are allowed.
_NO_CHECKS: Final = frozenset(
    {"type", "title", "description", "description_md", "default", "examples", "section", "values_display", "const_text"}
)


def parameters_of(dag: Dag, context: Context) -> tuple[Parameter, ...]:
    """A parameter for each param.

    Raises:
        Refusal: a param may be of types that no parameter can hold together.
    """
    seen: dict[str, str] = {}
    for one in dag.params:
        other = seen.setdefault(one.name.lower(), one.name)
        if other != one.name:
            raise _refusal(dag, f"params '{other}' and '{one.name}' differ in nothing but case")
        _tell_lost_checks(one, dag, context)
    return tuple(_parameter(one, dag) for one in dag.params)


def read_param(name: str, dag: Dag) -> Node:
    """The value of a param in its own type, None as null."""
    one = next(one for one in dag.params if one.name == name)
    given = select(call("pipeline"), "parameters", name)
    kind, nullable = kind_of(one, dag)
    if not nullable:
        return given
    if kind == "string":
        return call("if", call("equals", given, literal("")), literal(None), given)
    return call("json", given)  # of an empty text it is null


def frozen(value: Any) -> Json:
    """A value of JSON as it stands in a document."""
    if isinstance(value, dict):
        return Object(tuple((name, frozen(member)) for name, member in value.items()))
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    scalar: bool | int | float | str | None = value
    return scalar


def _parameter(one: Param, dag: Dag) -> Parameter:
    kind, nullable = kind_of(one, dag)
    return Parameter(name=one.name, type="String" if nullable else TYPES[kind], default=_default(one, kind, nullable))


def _default(one: Param, kind: str, nullable: bool) -> "Json | Missing":
    if one.default is None:
        return MISSING
    value = json.loads(one.default)
    if not nullable:
        return MISSING if value is None else frozen(value)
    if value is None:
        return ""
    return str(value) if kind == "string" else one.default


def kind_of(one: Param, dag: Dag) -> tuple[str, bool]:
    """The type of JSON Schema, and whether None is allowed besides."""
    said = json.loads(one.schema).get("type", [])
    types = {said} if isinstance(said, str) else set(said)
    default = None if one.default is None else json.loads(one.default)
    # None as a default against the schema's types: Airflow refuses a run that does not give another value.
    nullable = "null" in types or (not types and one.default is not None and default is None)
    types -= {"null"}
    if not types:
        types = {"string" if default is None else _PYTHON[type(default)]}
    if types == {"integer", "number"}:
        types = {"number"}
    if len(types) > 1 or not types <= TYPES.keys():
        raise _refusal(dag, f"param '{one.name}' may be of several types: {', '.join(sorted(types))}")
    (kind,) = types
    return kind, nullable


def _tell_lost_checks(one: Param, dag: Dag, context: Context) -> None:
    schema = json.loads(one.schema)
    checks = [name for name in schema if name not in _NO_CHECKS]
    if checks:
        lost = f"Data Factory does not check {', '.join(checks)} of param '{one.name}'"
        context.report(diagnostic(PARAM_CHECK_LOST, lost, origin=dag.origin))
    if kind_of(one, dag) == ("string", True):
        empty = f"an empty text for param '{one.name}' means None"
        context.report(diagnostic(PARAM_CHECK_LOST, empty, origin=dag.origin))


def _refusal(dag: Dag, summary: str) -> Refusal:
    return Refusal(diagnostic(SETTING_NOT_EXPORTED, summary, origin=dag.origin, hint="give the param one type"))
