"""A factory that has whatever a document refers to: for judging documents that came without their surroundings."""

from collections.abc import Iterator
from typing import Any

from local_azure.data_factory.validation import Documents

Json = Any

KINDS = {"DatasetReference": "datasets", "LinkedServiceReference": "linked_services", "PipelineReference": "pipelines"}
TYPES = {str: "String", bool: "Bool", int: "Int", float: "Float", list: "Array", dict: "Object"}


def factory_around(document: Json, *, global_parameters: tuple[str, ...] = ()) -> Documents:
    """Every dataset, linked service and pipeline that is named, with parameters for all that is passed to it."""
    found: dict[str, dict[str, Any]] = {word: {} for word in KINDS.values()}
    for kind, name, arguments in _references(document):
        parameters = found[kind].setdefault(name, {"parameters": {}})["parameters"]
        for key, value in arguments.items() if isinstance(arguments, dict) else ():
            dynamic = isinstance(value, dict) and value.get("type") == "Expression"
            parameters[key] = {"type": "String" if dynamic else TYPES.get(type(value), "String"), "defaultValue": ""}
    return Documents(**found, parameters=global_parameters)


def _references(value: Json) -> Iterator[tuple[str, str, Json]]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if isinstance(value, dict):
        kind = KINDS.get(str(value.get("type")))
        if kind and isinstance(value.get("referenceName"), str):
            yield kind, value["referenceName"], value.get("parameters") or {}
        pipeline = value.get("pipeline")
        if isinstance(pipeline, dict) and pipeline.get("type") == "PipelineReference":
            arguments = value.get("parameters")
            yield "pipelines", pipeline["referenceName"], arguments if isinstance(arguments, dict) else {}
        for item in value.values():
            yield from _references(item)
