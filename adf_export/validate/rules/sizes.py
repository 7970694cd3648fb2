"""How many there are of what, and how many bytes a document has."""

from collections.abc import Mapping
from typing import Final

from adf_export.backends.documents import Kind, size
from adf_export.codes import LIMIT_NEAR
from adf_export.validate.limits import (
    ACTIVITIES,
    BATCH_COUNT,
    CASES,
    PARAMETERS,
    PIPELINE_BYTES,
    RESOURCE_BYTES,
    SAFE_ACTIVITIES,
    USER_PROPERTIES,
    Limit,
)
from adf_export.validate.subject import Found, Problem, Step, Subject, over

_BYTES: Final[Mapping[Kind, Limit]] = {
    Kind.PIPELINE: PIPELINE_BYTES,
    Kind.DATASET: RESOURCE_BYTES,
    Kind.LINKED_SERVICE: RESOURCE_BYTES,
}
_TOO_MANY: Final = "split the DAG in two, and start the second one with TriggerDagRunOperator"


def check_sizes(subject: Subject) -> Found:
    """Activities, parameters, cases, user properties, bytes."""
    document = subject.document
    limit = _BYTES.get(document.kind)
    if limit is not None:
        yield from over(limit, size(document.content()), ())
    if document.kind is Kind.PIPELINE:
        yield from _activities(len(subject.steps))
        yield from over(PARAMETERS, len(document.properties.get("parameters", ())), ("properties", "parameters"))
    for step in subject.steps:
        yield from _step(step)


def _activities(count: int) -> Found:
    path = ("properties", "activities")
    yield from over(ACTIVITIES, count, path, hint=_TOO_MANY)
    if SAFE_ACTIVITIES.exceeded(count) and not ACTIVITIES.exceeded(count):
        what = f"{count} activities in a pipeline: factories from before 2025 may allow {SAFE_ACTIVITIES.maximum}"
        yield Problem(path=path, what=what, code=LIMIT_NEAR, hint=_TOO_MANY)


def _step(step: Step) -> Found:
    yield from over(USER_PROPERTIES, len(step.json.get("userProperties", ())), (*step.path, "userProperties"))
    inside = (*step.path, "typeProperties")
    if step.type == "Switch":
        yield from over(CASES, len(step.properties.get("cases", ())), (*inside, "cases"))
    if step.type == "ForEach" and "batchCount" in step.properties:
        yield from over(BATCH_COUNT, step.properties["batchCount"], (*inside, "batchCount"))
