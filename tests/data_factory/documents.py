"""Builds the documents of a factory with defaults, so that a case says only what it is about."""

from collections.abc import Mapping
from typing import Any

Json = Any


def expression(text: str) -> Json:
    """The object form of an expression."""
    return {"value": text, "type": "Expression"}


def activity(kind: str, name: str, *after: str, more: Mapping[str, Json] | None = None, **properties: Json) -> Json:
    """An activity; `after` is "A", or "A:Failed"."""
    edges = [item.partition(":") for item in after]
    return {
        "name": name,
        "type": kind,
        "dependsOn": [{"activity": to, "dependencyConditions": [how or "Succeeded"]} for to, _, how in edges],
        "typeProperties": properties,
        **(more or {}),
    }


def wait(name: str, *after: str, seconds: Json = 1, **more: Json) -> Json:
    return activity("Wait", name, *after, waitTimeInSeconds=seconds, more=more)


def set_variable(variable: str, value: Json, *after: str, name: str = "Set") -> Json:
    return activity("SetVariable", name, *after, variableName=variable, value=value)


def for_each(
    name: str, *inner: Json, items: Json = "@createArray(1)", after: tuple[str, ...] = (), **more: Json
) -> Json:
    return activity("ForEach", name, *after, items=expression(items), activities=list(inner), **more)


def until(name: str, *inner: Json, condition: str = "@equals(1, 1)", after: tuple[str, ...] = ()) -> Json:
    return activity("Until", name, *after, expression=expression(condition), activities=list(inner))


def if_condition(name: str, *inner: Json, condition: str = "@equals(1, 1)", after: tuple[str, ...] = ()) -> Json:
    return activity("IfCondition", name, *after, expression=expression(condition), ifTrueActivities=list(inner))


def switch(name: str, *inner: Json, on: str = "@string(1)") -> Json:
    return activity("Switch", name, on=expression(on), cases=[{"value": "1", "activities": list(inner)}])


def web(name: str, *after: str, url: Json = "http://localhost/", method: str = "GET", **more: Json) -> Json:
    return activity("WebActivity", name, *after, url=url, method=method, **more)


def execute_pipeline(name: str, pipeline: str, parameters: Mapping[str, Json] | None = None) -> Json:
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    given = {} if parameters is None else {"parameters": parameters}
    return activity("ExecutePipeline", name, pipeline=reference, waitOnCompletion=True, **given)


def pipeline(
    *activities: Json,
    parameters: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    **more: Json,
) -> Json:
    """A pipeline; parameters and variables are name -> type."""
    declared = {
        word: {name: {"type": kind} for name, kind in (given or {}).items()}
        for word, given in (("parameters", parameters), ("variables", variables))
        if given is not None
    }
    return {"properties": {"activities": list(activities), **declared, **more}}


def reference(name: str, kind: str = "DatasetReference", **parameters: Json) -> Json:
    return {"referenceName": name, "type": kind, **({"parameters": parameters} if parameters else {})}


def service(name: str) -> Json:
    """`linkedServiceName`, beside the type properties."""
    return {"linkedServiceName": reference(name, "LinkedServiceReference")}
