"""Until: runs the activities inside again and again until an expression is true."""

import asyncio
import datetime

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Inner, Json
from local_azure.data_factory.activities.values import boolean, flow_of
from local_azure.data_factory.choices import UntilOutcome
from local_azure.data_factory.documents import seconds_of
from local_azure.data_factory.errors import ActivityError

TIMEOUT = "7.00:00:00"
MAX_TIMEOUT_SECONDS = 90 * 86400
# A loop that turns faster than this waits for nothing.
BUSY_SECONDS_PER_TURN = 0.05


async def run(context: ActivityContext) -> dict[str, Json]:
    """The body first, then the expression; a failure in the body does not end the loop."""
    flow = flow_of(context.flow)
    timeout = seconds_of(context.value("timeout", TIMEOUT), path="$.typeProperties.timeout")
    context.record_input({"timeout": context.value("timeout", TIMEOUT)})
    begun = asyncio.get_running_loop().time()
    results: list[Inner] = []
    try:
        async with asyncio.timeout(_left(context, min(timeout, MAX_TIMEOUT_SECONDS))):
            while True:
                turn = len(results)
                results.append(await flow.run(context.properties["activities"], part=f"[{turn}]", visible_after=True))
                done = flow.remember(f"[{turn}]", lambda: boolean(context.value("expression"), "expression"))
                if done:
                    break
                await asyncio.sleep(0)
                if turn + 1 >= context.choices.until_turns:
                    _require_waiting(turn + 1, asyncio.get_running_loop().time() - begun)
    except TimeoutError as error:
        raise ActivityError(
            "UntilTimeout",
            f"the expression was not true within the timeout of {timeout:g} s, after {len(results)} turns",
        ) from error
    decisive = results if context.choices.until_outcome is UntilOutcome.ALL else results[-1:]
    failed = next((inner for inner in decisive if not inner.succeeded), None)
    if failed is not None:
        raise ActivityError(
            "ActionFailed", f"Activity failed because an inner activity failed: {failed.failed}: {failed.message}"
        )
    return {}


def _left(context: ActivityContext, timeout: float) -> float:
    """The seconds until the timeout, which counts from the first start, also over a restart."""
    now = context.services.now()
    until = context.checkpoint.get("until")
    if until is None:
        until = (now + datetime.timedelta(seconds=timeout)).isoformat()
        context.checkpoint.put("until", until)
    return (datetime.datetime.fromisoformat(until) - now).total_seconds()


def _require_waiting(turns: int, seconds: float) -> None:
    if seconds < turns * BUSY_SECONDS_PER_TURN:
        raise ActivityError(
            "EndlessUntil",
            f"the expression is still false after {turns:,} turns in {seconds:.0f} s: let the loop wait, or change "
            "what its expression looks at",
        )


UNTIL = ActivityType(
    name="Until",
    run=run,
    properties=frozenset({"expression", "timeout", "activities"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
