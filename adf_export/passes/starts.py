"""What pipelines give to those that they start, once all of them are known.

A run always has a date and a conf in Airflow; a pipeline has parameters for them only where its DAG reads them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from adf_export.ir.factory import Activity, Object, Pipeline, obj
from adf_export.ir.symbols import RunField

_OF_EVERY_RUN: Final = frozenset({RunField.LOGICAL_DATE.value, RunField.CONF.value})


def without_unread(pipelines: Iterable[Pipeline]) -> tuple[Pipeline, ...]:
    """Leaves out what a started pipeline does not read of its run."""
    kept = tuple(pipelines)
    declared = {one.name: {parameter.name.lower() for parameter in one.parameters} for one in kept}
    return tuple(replace(one, activities=_all(one.activities, declared)) for one in kept)


def _all(activities: tuple[Activity, ...], declared: Mapping[str, set[str]]) -> tuple[Activity, ...]:
    return tuple(_one(activity, declared) for activity in activities)


def _one(activity: Activity, declared: Mapping[str, set[str]]) -> Activity:
    if activity.bodies:
        bodies = tuple(replace(body, activities=_all(body.activities, declared)) for body in activity.bodies)
        return replace(activity, bodies=bodies)
    pipeline, given = activity.properties.get("pipeline"), activity.properties.get("parameters")
    if activity.type != "ExecutePipeline" or not isinstance(pipeline, Object) or not isinstance(given, Object):
        return activity
    wanted = declared.get(str(pipeline.get("referenceName")), _OF_EVERY_RUN)
    kept = tuple((name, value) for name, value in given.members if name not in _OF_EVERY_RUN - wanted)
    members = dict(activity.properties.members) | {"parameters": Object(kept) if kept else None}
    return replace(activity, properties=obj(members))
