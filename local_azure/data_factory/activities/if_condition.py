"""IfCondition: runs one of two lists of activities."""

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Inner, Json
from local_azure.data_factory.activities.values import boolean, flow_of
from local_azure.data_factory.errors import ActivityError


async def run(context: ActivityContext) -> dict[str, Json]:
    """Runs the list that the expression, which must be boolean, chooses; an empty list succeeds."""
    flow = flow_of(context.flow)
    chosen: bool = flow.remember("expression", lambda: boolean(context.value("expression"), "expression"))
    context.record_input({"expression": chosen})
    activities = context.properties.get("ifTrueActivities" if chosen else "ifFalseActivities") or []
    require_success(await flow.run(activities, part=".true" if chosen else ".false"))
    return {"expressionResult": chosen}


def require_success(inner: Inner) -> None:
    """Fails the container when what ran inside it failed."""
    if not inner.succeeded:
        raise ActivityError(
            "ActionFailed", f"Activity failed because an inner activity failed: {inner.failed}: {inner.message}"
        )


IF_CONDITION = ActivityType(
    name="IfCondition",
    run=run,
    properties=frozenset({"expression", "ifTrueActivities", "ifFalseActivities"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
