"""Writes Airflow's retries and execution_timeout: into policies where a type has one, else into a loop.

Data Factory repeats an activity, Airflow a task: of a unit with several steps each step is repeated by itself.
The loop is an Until around the steps. It ends when an attempt succeeded or none is left; a failure inside does not end
an Until, so the last attempt's state is kept in a variable, and a Fail activity behind the loop tells it.
"""

import math
from dataclasses import replace
from typing import Final

from adf_export.codes import (
    BACKOFF_LOST,
    BEHAVIOUR_DIFFERS,
    RETRY_DELAY_CHANGED,
    RETRY_NOT_EXPORTED,
    TIMEOUT_CHANGED,
    Code,
)
from adf_export.context import Context
from adf_export.diagnostics import diagnostic
from adf_export.ir.factory import Activity, Body, Policy, inside
from adf_export.ir.unit import Attempts, Draft, Unit
from adf_export.passes.parts import Part, outlined, why_not
from adf_export.passes.retry_loop import FORBIDDEN, in_loop, reads_inside

DELAY: Final = (30, 86_400)
TIMEOUT: Final = (600, 7 * 86_400)
# Types whose policy has no retry and no timeout, or that have none, by the type table; all others have both.
WITHOUT_POLICY: Final = frozenset(
    {
        "AppendVariable",
        "ExecutePipeline",
        "Fail",
        "Filter",
        "ForEach",
        "IfCondition",
        "SetVariable",
        "Switch",
        "Until",
        "Validation",
        "Wait",
        "WebHook",
    }
)
# Where only an expression can fail, that gives the same again; and containers, which fail by what is inside of them.
_STEADY: Final = frozenset({"AppendVariable", "Filter", "IfCondition", "SetVariable", "Switch", "Wait"})


def retries(draft: Draft, context: Context) -> Draft:
    """The draft with the attempts of every unit written into its steps."""
    for unit in draft.units:
        if unit.attempts is not None:
            draft = _written(draft, unit, unit.attempts, context)
    return draft


def _written(draft: Draft, unit: Unit, attempts: Attempts, context: Context) -> Draft:
    working = [step for step in inside(unit.steps) if step.type not in _STEADY]
    _tell_losses(unit, attempts, working, context)
    # A Fail is how a check of the task fails it: then all of it is to be done again.
    if attempts.retries and any(step.type in WITHOUT_POLICY for step in working):
        why = _no_loop(unit)
        if why and (moved := _in_pipeline(draft, unit, attempts, context)):
            draft, unit, why = *moved, ""
        if why:
            _tell(context, RETRY_NOT_EXPORTED, unit, f"retries of '{unit.id}' cannot be exported: {why}")
            return draft
        timed = replace(unit, steps=_with_policies(unit.steps, _policy(replace(attempts, retries=0))))
        looped, variables = in_loop(timed, attempts, context)
        return _with_unit(replace(draft, variables=(*draft.variables, *variables)), looped)
    return _with_unit(draft, replace(unit, steps=_with_policies(unit.steps, _policy(attempts))))


def _in_pipeline(draft: Draft, unit: Unit, attempts: Attempts, context: Context) -> tuple[Draft, Unit] | None:
    """The draft with the steps in a pipeline of their own, and the unit that starts it; None: they have to stay.

    A loop cannot stand in a loop, but in a pipeline that a loop starts.
    """
    part = Part(id=unit.id, origin=unit.origin, description=f"One attempt of '{unit.id}'.", units=(unit,))
    mapped = any(draft.dag.task(task).mapping is not None for task in unit.tasks)
    if mapped or unit.decision is not None or why_not(part, draft):
        return None
    steps = _with_policies(unit.steps, _policy(replace(attempts, retries=0)))
    part = replace(part, units=(replace(unit, steps=steps, attempts=None),))
    draft = outlined(part, draft, None, 1, context)
    return draft, draft.unit(unit.id)


def _no_loop(unit: Unit) -> str:
    """Why the steps cannot stand in an Until; empty: they can."""
    unfit = next((step.type for step in inside(unit.steps) if step.type in FORBIDDEN), None)
    if unfit:
        return f"its {unfit} cannot stand inside of an Until"
    return "its decision reads what is inside of the loop" if reads_inside(unit) else ""


def _policy(attempts: Attempts) -> Policy:
    limit = attempts.timeout_seconds
    return Policy(
        timeout_seconds=TIMEOUT[1] if limit is None else _within(limit, TIMEOUT),
        retry=attempts.retries,
        retry_interval_seconds=_within(attempts.delay_seconds, DELAY) if attempts.retries else DELAY[0],
    )


def _within(seconds: float, bounds: tuple[int, int]) -> int:
    return min(max(math.ceil(seconds), bounds[0]), bounds[1])


def _with_policies(steps: tuple[Activity, ...], policy: Policy) -> tuple[Activity, ...]:
    return tuple(_with_policy(step, policy) for step in steps)


def _with_policy(step: Activity, policy: Policy) -> Activity:
    bodies = tuple(_in_body(body, policy) for body in step.bodies)
    if step.type in WITHOUT_POLICY:
        return replace(step, bodies=bodies)
    own = step.policy or Policy()
    if own.retry > policy.retry:
        policy = replace(policy, retry=own.retry, retry_interval_seconds=own.retry_interval_seconds)
    limits = [limit for limit in (own.timeout_seconds, policy.timeout_seconds) if limit is not None]
    merged = replace(policy, timeout_seconds=min(limits, default=None), secure_input=own.secure_input)
    return replace(step, bodies=bodies, policy=replace(merged, secure_output=own.secure_output))


def _in_body(body: Body, policy: Policy) -> Body:
    return replace(body, activities=_with_policies(body.activities, policy))


def _with_unit(draft: Draft, changed: Unit) -> Draft:
    return replace(draft, units=tuple(changed if unit.id == changed.id else unit for unit in draft.units))


def _tell_losses(unit: Unit, attempts: Attempts, working: list[Activity], context: Context) -> None:
    looped = any(step.type in WITHOUT_POLICY for step in working)
    if attempts.retries and not looped and working:
        delay = attempts.delay_seconds
        if delay != _within(delay, DELAY):
            summary = f"retry_delay of '{unit.id}' becomes {_within(delay, DELAY)} s instead of {delay:g} s"
            _tell(context, RETRY_DELAY_CHANGED, unit, summary)
        if len(working) > 1:
            summary = f"'{unit.id}' becomes {len(working)} activities: each is tried again by itself"
            _tell(context, BEHAVIOUR_DIFFERS, unit, summary)
    if attempts.retries and attempts.exponential_backoff:
        _tell(context, BACKOFF_LOST, unit, f"all pauses between the attempts of '{unit.id}' are the first one")
    _tell_timeout(unit, attempts.timeout_seconds, working, context)


def _tell_timeout(unit: Unit, limit: float | None, working: list[Activity], context: Context) -> None:
    if limit is None:
        return
    endless = next((step.type for step in working if step.type in WITHOUT_POLICY - {"Fail"}), None)
    if endless:
        _tell(context, TIMEOUT_CHANGED, unit, f"execution_timeout of '{unit.id}' is lost: {endless} has none")
    elif working and limit != _within(limit, TIMEOUT):
        summary = f"execution_timeout of '{unit.id}' becomes {_within(limit, TIMEOUT)} s instead of {limit:g} s"
        _tell(context, TIMEOUT_CHANGED, unit, summary)
    elif (timed := sum(step.type not in WITHOUT_POLICY for step in working)) > 1:
        _tell(context, TIMEOUT_CHANGED, unit, f"each of the {timed} activities of '{unit.id}' may take its time")


def _tell(context: Context, code: Code, unit: Unit, summary: str) -> None:
    context.report(diagnostic(code, summary, origin=unit.origin))
