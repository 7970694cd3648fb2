"""Holds a document against the limits on bytes and counts."""

import json

from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.limits import (
    OTHER_BYTES,
    PIPELINE_ACTIVITIES,
    PIPELINE_BYTES,
    PIPELINE_PARAMETERS,
    SWITCH_CASES,
    USER_PROPERTIES,
)
from local_azure.data_factory.validation.subject import Found, Subject, problem

BYTES = {
    Kind.DATASET: OTHER_BYTES,
    Kind.LINKED_SERVICE: OTHER_BYTES,
    Kind.PIPELINE: PIPELINE_BYTES,
}


def check_sizes(subject: Subject) -> Found:
    """Bytes of the document; activities, parameters, cases, user properties."""
    limit = BYTES.get(subject.kind)
    if limit is not None:
        size = len(json.dumps(subject.document, separators=(",", ":"), ensure_ascii=False).encode())
        if size > limit.most:
            yield problem((), f"the {subject.kind.words} has {size:,} bytes, Data Factory takes {limit.most:,}")
    parameters = subject.properties.get("parameters")
    if isinstance(parameters, dict) and len(parameters) > PIPELINE_PARAMETERS.most:
        yield problem(
            ("properties", "parameters"),
            f"has {len(parameters)} parameters, Data Factory takes {PIPELINE_PARAMETERS.most}",
        )
    if len(subject.pipeline.activities) > PIPELINE_ACTIVITIES.most:
        yield problem(
            ("properties", "activities"),
            f"has {len(subject.pipeline.activities)} activities, inner ones counted, Data Factory takes "
            f"{PIPELINE_ACTIVITIES.most}: move some to a pipeline of their own",
        )
    for activity in subject.pipeline.activities:
        cases = activity.properties.get("cases") if activity.type == "Switch" else None
        if isinstance(cases, list) and len(cases) > SWITCH_CASES.most:
            path = (*activity.path, "typeProperties", "cases")
            yield problem(path, f"has {len(cases)} cases, Data Factory takes {SWITCH_CASES.most}")
        given = activity.document.get("userProperties")
        if isinstance(given, list) and len(given) > USER_PROPERTIES.most:
            path = (*activity.path, "userProperties")
            yield problem(path, f"has {len(given)} user properties, Data Factory takes {USER_PROPERTIES.most}")
