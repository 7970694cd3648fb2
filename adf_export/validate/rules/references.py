"""Finds references to documents that are not there, and parameters that are passed wrongly."""

from collections.abc import Mapping
from typing import Final

from adf_export.backends.documents import Document, Kind
from adf_export.validate.paths import Path
from adf_export.validate.shape import Json, Reference, is_expression
from adf_export.validate.subject import Found, Problem, Subject
from adf_lang.errors import nearest

_KINDS: Final[Mapping[str, Kind]] = {
    "DatasetReference": Kind.DATASET,
    "LinkedServiceReference": Kind.LINKED_SERVICE,
    "PipelineReference": Kind.PIPELINE,
}
_WORDS: Final = {Kind.DATASET: "dataset", Kind.LINKED_SERVICE: "linked service", Kind.PIPELINE: "pipeline"}
# Type of a parameter in small letters -> Python types of its literals; others take any.
_LITERALS: Final[Mapping[str, tuple[type, ...]]] = {
    "array": (list,),
    "bool": (bool,),
    "float": (int, float),
    "int": (int,),
    "object": (dict,),
    "string": (str, int, float, bool),
}


def check_references(subject: Subject) -> Found:
    """Every reference that the facts have."""
    for reference in subject.shape.references:
        kind = _KINDS[reference.type]
        name = reference.document.get("referenceName", "")
        target = subject.find(kind, name)
        if target is None and kind is Kind.PIPELINE and name.lower() in subject.outside:
            continue
        if target is None:
            hint = nearest(name, [document.name for document in subject.factory[kind].values()]) or ""
            what = f"there is no {_WORDS[kind]} '{name}' in the factory"
            yield Problem(path=(*reference.path, "referenceName"), what=what, hint=hint)
        else:
            yield from _arguments(target, *_given(reference, subject), f"{_WORDS[kind]} '{name}'")


def _given(reference: Reference, subject: Subject) -> tuple[Mapping[str, Json], Path]:
    """What is passed, and where: in the reference itself, but beside one to a pipeline."""
    if reference.type != "PipelineReference":
        return reference.document.get("parameters", {}), (*reference.path, "parameters")
    outer: Json = subject.document.content()
    for step in reference.path[:-1]:
        outer = outer[step]
    return outer.get("parameters", {}), (*reference.path[:-1], "parameters")


def _arguments(target: Document, given: Mapping[str, Json], path: Path, what: str) -> Found:
    declared = target.properties.get("parameters", {})
    by_name = {name.lower(): parameter for name, parameter in declared.items()}
    for name, value in given.items():
        parameter = by_name.get(name.lower())
        if parameter is None:
            yield Problem(
                path=(*path, name), what=f"{what} has no parameter '{name}'", hint=nearest(name, declared) or ""
            )
        elif not _fits(value, parameter["type"]):
            yield Problem(path=(*path, name), what=f"parameter '{name}' of {what} is of type {parameter['type']}")
    passed = {name.lower() for name in given}
    for name, parameter in declared.items():
        if "defaultValue" not in parameter and name.lower() not in passed:
            yield Problem(path=path, what=f"parameter '{name}' of {what} has no default and is not given")


def _fits(value: Json, type: str) -> bool:
    """Of an expression the type is known at run time only."""
    if isinstance(value, str) and is_expression(value):
        return True
    if isinstance(value, dict) and value.get("type") == "Expression":
        return True
    wanted = _LITERALS.get(type.lower())
    return wanted is None or (isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool)))
