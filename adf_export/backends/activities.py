"""Writes activities as plain JSON, in the order of keys that Data Factory Studio writes."""

from collections.abc import Iterable
from typing import Final

from adf_export.backends.plain import Plain, evaluated, expression_object
from adf_export.ir.factory import Activity, Body, Policy, Role
from adf_export.ir.origin import Origin

# (type, property) that the type table wants as {"value": .., "type": "Expression"}.
EXPRESSION_OBJECTS: Final = frozenset(
    {
        ("Filter", "condition"),
        ("Filter", "items"),
        ("ForEach", "items"),
        ("IfCondition", "expression"),
        ("Switch", "on"),
        ("Until", "expression"),
    }
)
# Types whose policy has these members only; others have all.
SHORT_POLICIES: Final = {
    "ExecutePipeline": ("secureInput",),
    "SetVariable": ("secureOutput", "secureInput"),
    "WebHook": ("secureOutput", "secureInput"),
}
DAG_PROPERTY: Final = "airflow_dag_id"
TASK_PROPERTY: Final = "airflow_task_id"
HELPER_PROPERTY: Final = "airflow_helper"
# What a helper that serves no single task serves.
_RUN: Final = "run"
_SECONDS_OF_DAY: Final = 24 * 60 * 60


def write_activity(activity: Activity) -> Plain:
    """One activity with all that is inside of it."""
    written: Plain = {"name": activity.name}
    description = describe(activity.description, activity.origin)
    if description:
        written["description"] = description
    written["type"] = activity.type
    written["dependsOn"] = [
        {"activity": edge.activity, "dependencyConditions": [str(condition) for condition in edge.conditions]}
        for edge in activity.depends_on
    ]
    if activity.policy is not None:
        written["policy"] = _policy(activity.policy, activity.type)
    written["userProperties"] = user_properties(activity)
    written["typeProperties"] = _type_properties(activity)
    if activity.linked_service is not None:
        values = evaluated(activity.linked_service_parameters)
        written["linkedServiceName"] = {
            "referenceName": activity.linked_service,
            "type": "LinkedServiceReference",
            **({"parameters": values} if values else {}),
        }
    for key, references in (("inputs", activity.inputs), ("outputs", activity.outputs)):
        if references:
            written[key] = [evaluated(reference.as_json()) for reference in references]
    return written


def describe(text: str, origin: Origin) -> str:
    """A description that ends with the place in the DAG file: "Lands prices. (dags/prices.py:12)"."""
    place = str(origin)
    return f"{text} ({place})" if text and place else text or place


def user_properties(activity: Activity) -> Plain:
    """What the monitoring page shows: the DAG and the task, or the task that a helper serves."""
    origin = activity.origin
    of_task = activity.role is Role.TASK
    name, value = (TASK_PROPERTY, origin.task_id) if of_task else (HELPER_PROPERTY, origin.task_id or _RUN)
    pairs = ((DAG_PROPERTY, origin.dag_id), (name, value))
    return [{"name": name, "value": evaluated(value)} for name, value in pairs if value]


def timespan(seconds: int) -> str:
    """Seconds as Data Factory writes them.

    >>> timespan(43200)
    '0.12:00:00'
    """
    days, rest = divmod(seconds, _SECONDS_OF_DAY)
    return f"{days}.{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"


def _policy(policy: Policy, type: str) -> Plain:
    """The members that the type has; one that it lacks is written only where it says something, to be refused."""
    written: Plain = {} if policy.timeout_seconds is None else {"timeout": timespan(policy.timeout_seconds)}
    written |= {
        "retry": policy.retry,
        "retryIntervalInSeconds": policy.retry_interval_seconds,
        "secureOutput": policy.secure_output,
        "secureInput": policy.secure_input,
    }
    known = SHORT_POLICIES.get(type)
    if known is None:
        return written
    asked = {"timeout"} | ({"retry"} if policy.retry else set()) | ({"secureOutput"} if policy.secure_output else set())
    return {key: value for key, value in written.items() if key in known or key in asked}


def _type_properties(activity: Activity) -> Plain:
    written: Plain = evaluated(activity.properties)
    for name, value in activity.properties.members:
        if (activity.type, name) in EXPRESSION_OBJECTS:
            written[name] = expression_object(value)
    return written | _bodies(activity.bodies)


def _bodies(bodies: Iterable[Body]) -> Plain:
    written: Plain = {}
    for body in bodies:
        activities = [write_activity(activity) for activity in body.activities]
        if body.slot == "cases":
            written.setdefault("cases", []).append({"value": body.case, "activities": activities})
        else:
            written[body.slot] = activities
    return written
