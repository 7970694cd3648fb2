"""Refuses what a policy cannot do for the type of its activity, and timeouts beyond what Data Factory runs."""

from collections.abc import Mapping
from typing import Any

from local_azure.data_factory.documents import seconds_of
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.validation.facts import Record, facts
from local_azure.data_factory.validation.paths import Path
from local_azure.data_factory.validation.reading import Activity
from local_azure.data_factory.validation.subject import Found, Subject, problem

Json = Any
DAY = 24 * 3600
# The longest timeout: of a policy (limits page), and of an Until (its own page).
POLICY_TIMEOUT = 7 * DAY
UNTIL_TIMEOUT = 90 * DAY
KNOWN = ("timeout", "retry", "retryIntervalInSeconds", "secureInput", "secureOutput")


def check_policies(subject: Subject) -> Found:
    """Activities whose type has less of a policy than they ask for."""
    members = facts().families["Activity"].members
    for activity in subject.pipeline.activities:
        record = members.get(activity.type)
        if not activity.active or record is None:
            continue
        policy = activity.document.get("policy")
        if isinstance(policy, dict):
            yield from _superfluous(activity, policy, record)
            yield from _timeout(policy.get("timeout"), POLICY_TIMEOUT, (*activity.path, "policy", "timeout"))
        if activity.type == "Until":
            path = (*activity.path, "typeProperties", "timeout")
            yield from _timeout(activity.properties.get("timeout"), UNTIL_TIMEOUT, path)


def _superfluous(activity: Activity, policy: Mapping[str, Json], record: Record) -> Found:
    number = record.properties.get("policy")
    fact = facts().types[number] if number is not None else None
    allowed = fact.properties if isinstance(fact, Record) else {}
    open_ended = isinstance(fact, Record) and fact.further is not None
    for key, value in policy.items():
        if open_ended and key not in KNOWN:
            continue
        if key not in allowed and not _idle(key, value, policy):
            has = ", ".join(allowed) or "no policy at all"
            hint = "; start it in a loop, or by another activity, to have that" if key in KNOWN else ""
            yield problem(
                (*activity.path, "policy", key), f"'{key}' does nothing for {activity.type}, which has {has}{hint}"
            )


def _idle(key: str, value: Json, policy: Mapping[str, Json]) -> bool:
    """Whether it asks for nothing; an interval does so when there is no retry."""
    if key == "retryIntervalInSeconds":
        return policy.get("retry") in (None, 0, "0")
    return value in (None, 0, "0", False, "", "false")


def _timeout(value: Json, longest: int, path: Path) -> Found:
    if not isinstance(value, str):
        return
    try:
        seconds = seconds_of(value, path="timeout")
    except ActivityError:
        # An expression, or another form: the facts have judged that.
        return
    if seconds > longest:
        yield problem(path, f"must be at most {longest // DAY} days")
