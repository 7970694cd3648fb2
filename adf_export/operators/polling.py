"""Sensors: an activity that looks, in an Until, as often and as long as Airflow's sensors do.

A round looks, keeps in a variable what it found, and waits if that is not enough. An activity that fails has found
nothing: an Until goes on, as a sensor with silent_fail does. The Until fails when the time is up, for good, as a sensor
does; with soft_fail the task is skipped then.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from adf_export.ir.factory import Activity, Body, Condition, Dependency, Role, obj
from adf_export.ir.unit import Attempts, SkipsItself, Unit
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node, call, literal

_WEEK: Final = 7 * 24 * 60 * 60
_CONSTANT: Final = "an activity looks at constant intervals"
# Fields of every sensor without a meaning here.
IGNORED: Final[Mapping[str, str]] = {
    "deferrable": "no worker waits for an activity",
    "exponential_backoff": _CONSTANT,
    "max_wait": _CONSTANT,
    "mode": "no worker waits for an activity",
    "silent_fail": "an activity goes on looking after an error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often and how long a sensor looks."""

    interval: float
    timeout: float
    # The task is skipped, not failed, when the time is up.
    soft_fail: bool


def polling(bench: Workbench) -> Polling:
    """The fields that every sensor has.

    Raises:
        Refusal: never_fail, or an interval that is no number.
    """
    if bench.has("never_fail") and bench.constant("never_fail") is not False:
        raise bench.not_exported("never_fail", "errors of looking do not end the loop", hint="use soft_fail")
    return Polling(
        interval=_seconds(bench, "poke_interval", 60),
        timeout=_seconds(bench, "timeout", _WEEK),
        soft_fail=bench.has("soft_fail") and bench.constant("soft_fail") is True,
    )


def poll(
    bench: Workbench,
    how: Polling,
    look: Activity,
    met: Node,
    *,
    before: tuple[Activity, ...] = (),
    through: tuple[Activity, ...] = (),
) -> Unit:
    """A loop around an activity until a condition on its output is met.

    `before` are steps that it needs, `through` steps of each round behind it, one after the other.
    """
    variable = bench.variable(bench.name("found"), "Boolean")
    found = call("equals", call("variables", literal(variable)), literal(True))
    keep = bench.activity(
        variable,
        "SetVariable",
        obj(variableName=variable, value=met),
        role=Role.HELPER,
        description="Whether it is as the sensor wants it.",
        after=((look, *through)[-1].name,),
    )
    wait = bench.activity(
        bench.name("wait"), "Wait", obj(waitTimeInSeconds=max(1, round(how.interval))), role=Role.HELPER
    )
    unless = bench.activity(
        bench.name("unless_found"),
        "IfCondition",
        obj(expression=found),
        role=Role.HELPER,
        bodies=(Body(slot="ifFalseActivities", activities=(wait,)),),
    )
    ended = Dependency(activity=keep.name, conditions=(Condition.COMPLETED, Condition.SKIPPED))
    round_ = (look, *through, keep, replace(unless, depends_on=(ended,)))
    loop = bench.activity(
        bench.name("until"),
        "Until",
        obj(expression=found, timeout=timespan(how.timeout)),
        description=f"Looks every {how.interval:g} s.",
        after=tuple(step.name for step in before),
        bodies=(Body(slot="activities", activities=round_),),
    )
    if not how.soft_fail:
        return bench.unit(*before, loop, attempts=once(bench))
    ends = bench.activity(bench.name("ended"), "Wait", obj(waitTimeInSeconds=1), role=Role.HELPER)
    ends = replace(ends, depends_on=(Dependency(activity=loop.name, conditions=(Condition.COMPLETED,)),))
    return bench.unit(*before, loop, ends, decision=SkipsItself(when=call("not", found)), attempts=once(bench))


def once(bench: Workbench) -> Attempts:
    """A sensor whose time is up is not tried again, and errors of looking are no end."""
    return replace(bench.attempts(), retries=0)


def timespan(seconds: float) -> str:
    """As Data Factory writes it.

    >>> timespan(93784)
    '1.02:03:04'
    """
    days, rest = divmod(math.ceil(seconds), 86_400)
    return f"{days}.{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def _seconds(bench: Workbench, name: str, default: float) -> float:
    value = bench.value(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bench.invalid(name, f"is {value!r}, not a number of seconds")
    return value
