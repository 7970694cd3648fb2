"""Tells for each activity of the output where in the DAGs it comes from."""

from collections.abc import Iterator
from typing import Final

from adf_export.backends.plain import Plain
from adf_export.ir.factory import Activity, Factory

SOURCE_MAP: Final = "source_map.json"


def source_map(factory: Factory) -> Plain:
    """Document -> JSON path of an activity -> its name, role, DAG, task, file and line."""
    return {
        f"pipeline/{pipeline.name}.json": {
            path: _place(activity) for path, activity in walk(pipeline.activities, "$.properties.activities")
        }
        for pipeline in factory.pipelines
    }


def walk(activities: tuple[Activity, ...], path: str) -> Iterator[tuple[str, Activity]]:
    """All activities with their JSON paths, those inside of containers too, a container before its content."""
    for index, activity in enumerate(activities):
        here = f"{path}[{index}]"
        yield here, activity
        case = 0
        for body in activity.bodies:
            slot = f"cases[{case}].activities" if body.slot == "cases" else body.slot
            case += body.slot == "cases"
            yield from walk(body.activities, f"{here}.typeProperties.{slot}")


def _place(activity: Activity) -> Plain:
    origin = activity.origin
    return {
        "activity": activity.name,
        "role": str(activity.role),
        "dag_id": origin.dag_id,
        "task_id": origin.task_id,
        "file": origin.file,
        "line": origin.line,
    }
