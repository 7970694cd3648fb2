"""Filter: keeps the items of an array for which a condition holds."""

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.values import array, boolean


async def run(context: ActivityContext) -> dict[str, Json]:
    """The items for which the condition, evaluated with item(), is true."""
    items = array(context.value("items"), "items")
    condition = context.properties["condition"]
    context.record_input({"ItemsCount": len(items)})
    kept = [
        item
        for index, item in enumerate(items)
        if boolean(
            context.evaluate(condition, path=f"$.typeProperties.condition, item {index}", item=item), "condition"
        )
    ]
    return {"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept}


FILTER = ActivityType(
    name="Filter",
    run=run,
    properties=frozenset({"items", "condition"}),
    after_restart=AfterRestart.REPEAT,
    policy=False,
)
