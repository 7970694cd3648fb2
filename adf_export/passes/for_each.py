"""The loop of Data Factory that runs activities once for each item."""

from typing import Final

from adf_export.ir.factory import Activity, Body, Json, Role, obj
from adf_export.ir.origin import Origin
from adf_export.templating import as_node

_BATCH: Final = 50
# Airflow's default for max_active_tasks, which bounds the copies too.
AT_ONCE: Final = 16


def for_each(
    name: str, origin: Origin, items: Json, steps: tuple[Activity, ...], at_once: int, *, role: Role = Role.TASK
) -> Activity:
    """A ForEach over items, of which so many run at once."""
    limit = min(at_once, _BATCH)
    parallel: dict[str, Json] = {"isSequential": True} if limit == 1 else {"isSequential": False, "batchCount": limit}
    return Activity(
        name=name,
        type="ForEach",
        role=role,
        origin=origin,
        description="Runs once for each item.",
        properties=obj({**parallel, "items": as_node(items)}),
        bodies=(Body(slot="activities", activities=steps),),
    )
