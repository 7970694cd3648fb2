"""Decides, purely, from the statuses of activities: what may run, what is skipped, how a pipeline or loop ended."""

from collections.abc import Mapping, Sequence

from local_azure.data_factory.choices import LeafReading
from local_azure.data_factory.documents import Activity, Dependency
from local_azure.data_factory.records import ActivityStatus

# Condition of a dependency -> the statuses that meet it. Completed does not take Skipped.
CONDITIONS: dict[str, frozenset[ActivityStatus]] = {
    "Succeeded": frozenset({ActivityStatus.SUCCEEDED}),
    "Failed": frozenset({ActivityStatus.FAILED, ActivityStatus.CANCELLED}),
    "Skipped": frozenset({ActivityStatus.SKIPPED}),
    "Completed": frozenset({ActivityStatus.SUCCEEDED, ActivityStatus.FAILED, ActivityStatus.CANCELLED}),
}


def may_run(dependencies: Sequence[Dependency], statuses: Mapping[str, ActivityStatus]) -> bool:
    """Whether an activity runs, once all that it depends on is final: every entry is met, by one of its conditions."""
    return all(
        any(statuses[entry.activity] in CONDITIONS[condition] for condition in entry.conditions)
        for entry in dependencies
    )


def deciding_failure(
    activities: Sequence[Activity], statuses: Mapping[str, ActivityStatus], reading: LeafReading
) -> str | None:
    """The activity that makes the whole fail; None: it succeeded.

    Leaves decide, the activities that nothing depends on. A skipped one is replaced by its parents, as the reading
    says.
    """
    by_name = {activity.name: activity for activity in activities}
    parents = {entry.activity for activity in activities for entry in activity.depends_on}
    for leaf in activities:
        if leaf.name not in parents:
            failed = _failure(leaf.name, by_name, statuses, reading)
            if failed is not None:
                return failed
    return None


def _failure(
    name: str, by_name: Mapping[str, Activity], statuses: Mapping[str, ActivityStatus], reading: LeafReading
) -> str | None:
    """The activity to blame for this one, None if there is nothing to blame."""
    status = statuses[name]
    if status is not ActivityStatus.SKIPPED:
        return None if status is ActivityStatus.SUCCEEDED else name
    above = [entry.activity for entry in by_name[name].depends_on]
    if reading in (LeafReading.ONE_LEVEL_SKIPPED_GOOD, LeafReading.ONE_LEVEL_SKIPPED_BAD):
        good = {ActivityStatus.SUCCEEDED}
        if reading is LeafReading.ONE_LEVEL_SKIPPED_GOOD:
            good.add(ActivityStatus.SKIPPED)
        return next((parent for parent in above if statuses[parent] not in good), None)
    blamed = [_failure(parent, by_name, statuses, reading) for parent in above]
    if reading is LeafReading.ANY_PARENT:
        return blamed[0] if blamed and all(item is not None for item in blamed) else None
    return next((item for item in blamed if item is not None), None)
