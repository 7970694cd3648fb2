"""SetVariable: sets a variable of the pipeline, or adds to what the pipeline returns."""

from collections.abc import Iterable, Mapping

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.values import boolean, flow_of, string
from local_azure.data_factory.errors import ActivityError, Problem

RETURN_VALUE = "pipelineReturnValue"
# How the content of a return value is read, by its declared type; the others are taken as they are.
RETURN_TYPES = ("String", "Expression", "Array", "Boolean", "Null", "Int", "Float", "Object")


async def run(context: ActivityContext) -> dict[str, Json]:
    """Sets the variable; the output is its name and value."""
    flow = flow_of(context.flow)
    name = string(context.properties.get("variableName"), "variableName")
    if boolean(context.properties.get("setSystemVariable", False), "setSystemVariable") and name == RETURN_VALUE:
        entries = context.properties.get("value") or []
        values = {entry["key"]: _content(context, entry["value"], index) for index, entry in enumerate(entries)}
        context.record_input({"variableName": name, "value": values})
        flow.set_return_value(values)
        return {"name": name, "value": values}
    value = context.value("value")
    context.record_input({"variableName": name, "value": value})
    flow.set_variable(name, value)
    return {"name": name, "value": flow.variable(name)}


def _content(context: ActivityContext, value: Mapping[str, Json], index: int) -> Json:
    kind, content = value.get("type"), value.get("content")
    if kind == "Null":
        return None
    if kind == "Array" and isinstance(content, list):
        return [_content(context, item, index) if _is_typed(item) else item for item in content]
    if kind not in RETURN_TYPES:
        known = ", ".join(RETURN_TYPES)
        raise ActivityError("InvalidTemplate", f"return value {index} has the unknown type {kind!r} (known: {known})")
    return context.evaluate(content, path=f"$.typeProperties.value[{index}].value.content")


def _is_typed(item: Json) -> bool:
    return isinstance(item, Mapping) and set(item) == {"type", "content"}


def refuse(activity: Mapping[str, Json]) -> Iterable[Problem]:
    """System variables other than the return value."""
    properties = activity.get("typeProperties", {})
    if properties.get("setSystemVariable") is True and properties.get("variableName") != RETURN_VALUE:
        yield Problem(
            path="$.typeProperties.variableName",
            message=f"the only system variable is {RETURN_VALUE}, not {properties.get('variableName')!r}",
        )


SET_VARIABLE = ActivityType(
    name="SetVariable",
    run=run,
    properties=frozenset({"variableName", "value", "setSystemVariable"}),
    after_restart=AfterRestart.REPEAT,
    policy=False,
    refuse=refuse,
)
