"""Judges SetVariable and AppendVariable: the variable is there, takes the value, and is not part of its own value."""

from collections.abc import Mapping
from typing import Final

from adf_export.validate.paths import Path
from adf_export.validate.reading import names_in
from adf_export.validate.shape import Json, is_expression
from adf_export.validate.subject import Found, Problem, Step, Subject
from adf_lang import Type
from adf_lang.types import type_of
from adf_lang.values import find_name

_RETURN_VALUE: Final = "pipelineReturnValue"
# Type of a variable -> what its value may be.
VARIABLE_TYPES: Final[Mapping[str, frozenset[Type]]] = {
    "Array": frozenset({Type.ARRAY}),
    "Boolean": frozenset({Type.BOOLEAN}),
    "Integer": frozenset({Type.INTEGER}),
    "String": frozenset({Type.STRING}),
}


def check_variables(subject: Subject) -> Found:
    """Activities that set variables; and what the variables begin with."""
    for step in subject.steps:
        if step.type in ("SetVariable", "AppendVariable"):
            yield from _step(step, subject)
    for name, variable in subject.document.properties.get("variables", {}).items():
        if "defaultValue" in variable and type_of(variable["defaultValue"]) not in _types(variable):
            yield Problem(
                path=("properties", "variables", name), what=f"the default of '{name}' is no {variable['type']}"
            )


def variable_types(step: Step, subject: Subject) -> frozenset[Type] | None:
    """What the variable that an activity sets may be; None: it is not known."""
    declared = subject.document.properties.get("variables", {})
    found = find_name(declared, str(step.properties.get("variableName")))
    return None if found is None else _types(declared[found])


def _types(variable: Mapping[str, Json]) -> frozenset[Type]:
    return VARIABLE_TYPES.get(variable["type"], frozenset(Type))


def _step(step: Step, subject: Subject) -> Found:
    path: Path = (*step.path, "typeProperties", "variableName")
    name = str(step.properties.get("variableName"))
    if step.properties.get("setSystemVariable"):
        if name != _RETURN_VALUE:
            yield Problem(path=path, what=f"'{name}' is no system variable: there is {_RETURN_VALUE}")
        return
    wanted = variable_types(step, subject)
    if wanted is None:
        yield Problem(path=path, what=f"'{step.name}' sets variable '{name}', which is not declared")
    elif step.type == "AppendVariable" and Type.ARRAY not in wanted:
        yield Problem(path=path, what=f"'{step.name}' appends to variable '{name}', which is no Array")
    elif step.type == "SetVariable":
        yield from _value(step, name, wanted)
        yield from _race(step, name)


def _race(step: Step, variable: str) -> Found:
    """Variables belong to the whole run: iterations at once overwrite each other's (control-flow-for-each-activity)."""
    for loop in step.around():
        at_once = not loop.properties.get("isSequential") and loop.properties.get("batchCount") != 1
        if loop.type == "ForEach" and at_once:
            what = f"'{step.name}' sets variable '{variable}' in iterations of '{loop.name}' that run at once"
            yield Problem(path=step.path, what=what, hint="make the loop sequential, or append to an Array")


def _value(step: Step, variable: str, wanted: frozenset[Type]) -> Found:
    path: Path = (*step.path, "typeProperties", "value")
    value = step.properties.get("value")
    if isinstance(value, dict) and value.get("type") == "Expression":
        value, path = value["value"], (*path, "value")
    if isinstance(value, str) and is_expression(value):
        if variable.lower() in {name.lower() for name in names_in(value, "variables")}:
            yield Problem(path=path, what=f"'{step.name}' reads variable '{variable}', which it sets")
    elif type_of(value) not in wanted:
        yield Problem(path=path, what=f"'{step.name}' gives variable '{variable}' a value of type {type_of(value)}")
