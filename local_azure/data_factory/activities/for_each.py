"""ForEach: runs the activities inside once for every item, some at a time."""

import asyncio
from collections.abc import Sequence

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Flow, Inner, Json
from local_azure.data_factory.activities.values import array, boolean, flow_of, integer
from local_azure.data_factory.errors import ActivityError

BATCH_COUNT = 20
MAX_BATCH_COUNT = 50
MAX_ITEMS = 100_000


async def run(context: ActivityContext) -> dict[str, Json]:
    """Deals the items to `batchCount` queues, each of which goes on when an item fails; fails if one item failed.

    The queues are built up front and nothing moves between them, as on the service.
    """
    flow = flow_of(context.flow)
    items = array(flow.remember("items", lambda: context.value("items")), "items")
    if len(items) > MAX_ITEMS:
        raise ActivityError("BadRequest", f"ForEach takes at most {MAX_ITEMS:,} items, but got {len(items):,}")
    sequential = boolean(context.properties.get("isSequential", False), "isSequential")
    batch = integer(context.properties.get("batchCount", BATCH_COUNT), "batchCount", least=1)
    queues = 1 if sequential else min(batch, MAX_BATCH_COUNT, max(1, len(items)))
    context.record_input({"itemsCount": len(items), "isSequential": sequential, "batchCount": queues})
    activities = context.properties["activities"]
    failures: list[tuple[int, Inner]] = []
    async with asyncio.TaskGroup() as group:
        for first in range(queues):
            group.create_task(_queue(flow, activities, items, range(first, len(items), queues), failures))
    if failures:
        index, inner = min(failures, key=lambda failure: failure[0])
        raise ActivityError(
            "ActionFailed",
            f"Activity failed because an inner activity failed: {len(failures)} of {len(items)} items failed, first "
            f"item {index}: {inner.failed}: {inner.message}",
        )
    return {}


async def _queue(
    flow: Flow, activities: Sequence[Json], items: Sequence[Json], places: range, failures: list[tuple[int, Inner]]
) -> None:
    for index in places:
        inner = await flow.run(activities, part=f"[{index}]", item=items[index])
        if not inner.succeeded:
            failures.append((index, inner))


FOR_EACH = ActivityType(
    name="ForEach",
    run=run,
    properties=frozenset({"items", "isSequential", "batchCount", "activities"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
