"""Switch: runs the activities of the case whose value equals a text."""

from adf_lang.text import to_text
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.if_condition import require_success
from local_azure.data_factory.activities.values import flow_of


async def run(context: ActivityContext) -> dict[str, Json]:
    """Compares `on`, as a text and by case, with the values of the cases; without a match the default ones run."""
    flow = flow_of(context.flow)
    value: str = flow.remember("on", lambda: to_text(context.value("on")))
    context.record_input({"on": value})
    cases = context.properties.get("cases") or []
    chosen = next((case for case in cases if case.get("value") == value), None)
    if chosen is None:
        activities, part = context.properties.get("defaultActivities") or [], ".default"
    else:
        activities, part = chosen.get("activities") or [], f".{value}"
    require_success(await flow.run(activities, part=part))
    return {"case": value if chosen is not None else "default"}


SWITCH = ActivityType(
    name="Switch",
    run=run,
    properties=frozenset({"on", "cases", "defaultActivities"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
