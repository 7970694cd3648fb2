"""What comes behind a call that starts something: a loop that asks how it goes, and a Fail where it did not go well."""

from dataclasses import dataclass, replace

from adf_export.ir.factory import Activity, Body, Condition, Dependency, Json, Role, obj
from adf_export.operators.polling import timespan
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How something is followed."""

    # Asks how it goes.
    read: Activity
    # Whether it is over, and whether it went well, by what was read last.
    ended: Node
    succeeded: Node
    # What the Fail says.
    message: Json
    interval: float
    timeout: float


def follow(bench: Workbench, start: Activity, how: Following) -> tuple[Activity, Activity]:
    """The loop behind what starts it, and the verdict."""
    pause = bench.activity(
        bench.name("pause"),
        "Wait",
        obj(waitTimeInSeconds=max(1, round(how.interval))),
        role=Role.HELPER,
        description="Before it is asked again.",
    )
    # Whatever becomes of the pause: so that the loop surely knows an answer.
    read = replace(how.read, depends_on=(Dependency(activity=pause.name, conditions=(Condition.COMPLETED,)),))
    loop = bench.activity(
        bench.name("wait"),
        "Until",
        obj(expression=how.ended, timeout=timespan(how.timeout)),
        role=Role.HELPER,
        description="Waits for the end.",
        after=(start.name,),
        bodies=(Body(slot="activities", activities=(pause, read)),),
    )
    return loop, fails_unless(bench, how.succeeded, how.message, after=loop.name)


def fails_unless(bench: Workbench, good: Node, message: Json, *, after: str) -> Activity:
    """Fails with a message where something does not hold."""
    return _verdict(bench, good, message, after=after, slot="ifFalseActivities")


def fails_if(bench: Workbench, bad: Node, message: Json, *, after: str) -> Activity:
    """Fails with a message where something holds."""
    return _verdict(bench, bad, message, after=after, slot="ifTrueActivities")


def _verdict(bench: Workbench, condition: Node, message: Json, *, after: str, slot: str) -> Activity:
    fail = bench.activity(
        bench.name("fail"),
        "Fail",
        obj(message=message, errorCode="TaskFailed"),
        role=Role.HELPER,
        description="The task fails.",
    )
    return bench.activity(
        bench.name("verdict"),
        "IfCondition",
        obj(expression=condition),
        role=Role.HELPER,
        description="Tells whether the task succeeds.",
        after=(after,),
        bodies=(Body(slot=slot, activities=(fail,)),),
    )
