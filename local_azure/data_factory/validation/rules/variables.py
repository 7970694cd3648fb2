"""Judges SetVariable and AppendVariable: the variable is there, takes the value, and does not set itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from adf_lang import AdfLangError, Node, Type, parse
from adf_lang.errors import nearest
from adf_lang.nodes import Call, Index, Interpolation, Literal, Property
from adf_lang.types import type_of
from adf_lang.values import find_name
from local_azure.data_factory.validation.paths import Path
from local_azure.data_factory.validation.reading import Activity
from local_azure.data_factory.validation.shape import is_expression, is_expression_object
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any
RETURN_VALUE = "pipelineReturnValue"
RETURN_TYPES = ("String", "Expression", "Array", "Boolean", "Null", "Int", "Float", "Object")
# Declared type in small letters -> what a value of it may be.
TYPES: dict[str, frozenset[Type]] = {
    "array": frozenset({Type.ARRAY}),
    "bool": frozenset({Type.BOOLEAN}),
    "boolean": frozenset({Type.BOOLEAN}),
    "integer": frozenset({Type.INTEGER}),
    "string": frozenset({Type.STRING}),
}


def check_variables(subject: Subject) -> Found:
    """Activities that set variables."""
    for activity in subject.pipeline.activities:
        if activity.active and activity.type in ("SetVariable", "AppendVariable"):
            yield from _judge(activity, subject)


def variable_types(activity: Activity, subject: Subject) -> frozenset[Type] | None:
    """What the variable that a SetVariable sets may be; None: it is not known."""
    name = activity.properties.get("variableName")
    declared = subject.pipeline.declared("variables")
    found = find_name(declared, name) if isinstance(name, str) else None
    return TYPES.get(str(declared[found].get("type")).lower()) if found is not None else None


def _judge(activity: Activity, subject: Subject) -> Found:
    base = (*activity.path, "typeProperties")
    if activity.properties.get("setSystemVariable") in (True, "true"):
        yield from _return_value(activity.properties, base)
        return
    name = activity.properties.get("variableName")
    if not isinstance(name, str):
        if "typeProperties" in activity.document:
            yield problem(base, "the required property 'variableName' is missing")
        return
    declared = subject.pipeline.declared("variables")
    found = find_name(declared, name)
    if found is None:
        hint = nearest(name, declared) or "declare it under variables"
        yield problem((*base, "variableName"), f"there is no variable '{name}'; {hint}")
        return
    kind = str(declared[found].get("type")).lower()
    if activity.type == "AppendVariable":
        if kind != "array":
            yield problem((*base, "variableName"), f"'{found}' is a {declared[found].get('type')}: only an Array grows")
        return
    yield from _value(activity.properties.get("value"), found, kind, (*base, "value"))


def _value(value: Json, variable: str, kind: str, path: Path) -> Found:
    if is_expression_object(value):
        value, path = value["value"], (*path, "value")
    wanted = TYPES.get(kind)
    if wanted is None or value is None:
        return
    if isinstance(value, str) and is_expression(value):
        yield from _expression(value, variable, path)
    elif isinstance(value, str) and kind in ("bool", "boolean", "integer"):
        return
    elif type_of(value) not in wanted:
        yield problem(path, f"variable '{variable}' takes {_listed(wanted)}, but the value is {type_of(value)}")


def _expression(text: str, variable: str, path: Path) -> Found:
    """Whether it refers to the variable; what it gives is judged with all other expressions."""
    folded = text.lower()
    if "variables" not in folded or variable.lower() not in folded:
        return
    try:
        node = parse(text)
    except AdfLangError:
        # The rule of expressions tells of it.
        return
    for inner in nodes(node):
        if isinstance(inner, Call) and inner.name == "variables" and len(inner.arguments) == 1:
            named = inner.arguments[0]
            if isinstance(named, Literal) and str(named.value).lower() == variable.lower():
                yield problem(
                    path, f"a SetVariable cannot refer to the variable it sets, '{variable}': go by a second variable"
                )
                return


def nodes(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    below: tuple[object, ...] = ()
    if isinstance(node, Call):
        below = node.arguments
    elif isinstance(node, Property):
        below = (node.target,)
    elif isinstance(node, Index):
        below = (node.target, node.index)
    elif isinstance(node, Interpolation):
        below = node.parts
    for item in below:
        if isinstance(item, Node):
            yield from nodes(item)


def _return_value(properties: Mapping[str, Json], base: Path) -> Found:
    """[{"key": .., "value": {"type": .., "content": ..}}]"""
    name = properties.get("variableName")
    if name != RETURN_VALUE:
        yield problem((*base, "variableName"), f"the only system variable is '{RETURN_VALUE}'")
    value = properties.get("value")
    if isinstance(value, str) or is_expression_object(value):
        return
    if not isinstance(value, list):
        yield problem((*base, "value"), 'must be an array of {"key": .., "value": {"type": .., "content": ..}}')
        return
    for index, item in enumerate(value):
        path = (*base, "value", index)
        if (
            not isinstance(item, dict)
            or not isinstance(item.get("key"), str)
            or not isinstance(item.get("value"), dict)
        ):
            yield problem(path, 'must be {"key": .., "value": {"type": .., "content": ..}}')
        elif item["value"].get("type") not in RETURN_TYPES:
            yield problem((*path, "value", "type"), f"must be one of {', '.join(RETURN_TYPES)}")


def _listed(types: frozenset[Type]) -> str:
    return " or ".join(sorted(types))
