"""AppendVariable: adds an item to an array variable of the pipeline."""

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.values import array, flow_of, string


async def run(context: ActivityContext) -> dict[str, Json]:
    """Appends the value; the output is the variable's name and the value appended."""
    flow = flow_of(context.flow)
    name = string(context.properties.get("variableName"), "variableName")
    value = context.value("value")
    context.record_input({"variableName": name, "value": value})
    items = array(flow.variable(name), f"variable '{name}'")
    flow.set_variable(name, [*items, value])
    return {"name": name, "value": value}


APPEND_VARIABLE = ActivityType(
    name="AppendVariable",
    run=run,
    properties=frozenset({"variableName", "value"}),
    after_restart=AfterRestart.REPEAT,
    policy=False,
)
