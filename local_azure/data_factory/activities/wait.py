"""Wait: does nothing for a number of seconds."""

import asyncio
import datetime

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.values import integer


async def run(context: ActivityContext) -> dict[str, Json]:
    """Waits `waitTimeInSeconds`; after a restart only what is left of it."""
    seconds = integer(context.value("waitTimeInSeconds"), "waitTimeInSeconds", least=1)
    context.record_input({"waitTimeInSeconds": seconds})
    until = context.checkpoint.get("until")
    now = context.services.now()
    if until is None:
        until = (now + datetime.timedelta(seconds=seconds)).isoformat()
        context.checkpoint.put("until", until)
    await asyncio.sleep(max(0.0, (datetime.datetime.fromisoformat(until) - now).total_seconds()))
    return {}


WAIT = ActivityType(
    name="Wait",
    run=run,
    properties=frozenset({"waitTimeInSeconds"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
