"""The wire forms: what resources, runs and refusals look like in an answer."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from local_azure.data_factory.errors import ArmError
from local_azure.data_factory.parameters import MASK, reported
from local_azure.data_factory.records import ActivityRun, PipelineRun
from local_azure.data_factory.refusals import API_VERSION
from local_azure.data_factory.store import Resource

Json = Any
# The segments of paths and types as Azure spells them, where it is not in small letters.
SPELLING = {"globalparameters": "globalParameters", "integrationruntimes": "integrationRuntimes"}


def time_text(time: datetime.datetime | None) -> str | None:
    """A time as Data Factory writes it: UTC, seven decimals."""
    return None if time is None else f"{time.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def masked(value: Json) -> Json:
    """The value with each SecureString's text hidden, as Azure shows a document to its owner."""
    if isinstance(value, Mapping):
        shown = {key: masked(item) for key, item in value.items()}
        return shown | dict.fromkeys(_secret_keys(value), MASK)
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def unmasked(given: Json, before: Json) -> Json:
    """What was read from us and is written back gets its secrets back: a mask means "as before"."""
    if isinstance(given, Mapping):
        known = before if isinstance(before, Mapping) else {}
        kept = {key: known[key] for key in _secret_keys(given) & _secret_keys(known) if given[key] == MASK}
        return {key: unmasked(item, known.get(key)) for key, item in given.items()} | kept
    if isinstance(given, list):
        known_items = before if isinstance(before, list) else []
        padded = [*known_items, *[None] * (len(given) - len(known_items))]
        return [unmasked(item, old) for item, old in zip(given, padded, strict=False)]
    return given


def _secret_keys(value: Mapping[str, Json]) -> set[str]:
    """Which members of {"type": "SecureString", "value": ...}, or of such a parameter, are secret."""
    if str(value.get("type")).lower() != "securestring":
        return set()
    return {key for key in ("value", "defaultValue") if isinstance(value.get(key), str)}


def factory_document(factory: Resource) -> dict[str, Json]:
    """A factory."""
    stored = factory.document
    properties = {
        "provisioningState": "Succeeded",
        "createTime": time_text(factory.created),
        "version": API_VERSION,
        **stored.get("properties", {}),
    }
    document = {"name": factory.name, "id": stored["id"], "type": "Microsoft.DataFactory/factories"}
    document |= {"properties": masked(properties), "eTag": f'"{factory.etag}"', "location": stored["location"]}
    document |= {key: stored[key] for key in ("identity",) if stored.get(key)}
    return document | {"tags": stored.get("tags") or {}}


def child_document(factory_path: str, kind: str, name: str, properties: Json, etag: str | None) -> dict[str, Json]:
    """A resource in a factory."""
    segment = SPELLING.get(kind, kind)
    document = {
        "id": f"{factory_path}/{segment}/{name}",
        "name": name,
        "type": f"Microsoft.DataFactory/factories/{segment}",
        "properties": masked(properties),
    }
    return document if etag is None else document | {"etag": etag}


def run_document(factory_path: str, run: PipelineRun) -> dict[str, Json]:
    """A pipeline run: parameters are texts, and what has not happened yet is null."""
    by = run.invoked_by
    invoked_by = {"id": by.id, "name": by.name, "invokedByType": by.kind}
    if by.pipeline_run_id:
        invoked_by |= {"pipelineName": by.pipeline_name, "pipelineRunId": by.pipeline_run_id}
    return {
        "id": f"{factory_path}/pipelineruns/{run.run_id}",
        "runId": run.run_id,
        "debugRunId": None,
        "runGroupId": run.group_id,
        "isLatest": run.is_latest,
        "pipelineName": run.pipeline,
        "parameters": reported(run.definition.get("parameters") or {}, run.parameters),
        "invokedBy": invoked_by,
        "runStart": time_text(run.start),
        "runEnd": time_text(run.end),
        "durationInMs": _milliseconds(run.start, run.end),
        "status": str(run.status),
        "message": run.message,
        "lastUpdated": time_text(run.last_updated),
        "annotations": list(run.annotations),
        "runDimension": dict(run.run_dimensions),
        "runDimensions": dict(run.run_dimensions),
    }


def activity_document(factory_path: str, pipeline: str, run: ActivityRun) -> dict[str, Json]:
    """An activity run: `error` has empty texts unless it failed, and the first attempt has no number."""
    document = {
        "id": f"{factory_path}/pipelineruns/{run.run_id}/activityruns/{run.activity_run_id}",
        "activityName": run.name,
        "activityType": run.type,
        "activityRunId": run.activity_run_id,
        "activityRunStart": time_text(run.start),
        "activityRunEnd": time_text(run.end),
        "durationInMs": _milliseconds(run.start, run.end),
        "status": str(run.status),
        "input": {} if run.input is None else run.input,
        "output": {} if run.output is None else run.output,
        "error": {
            "errorCode": run.error_code,
            "message": run.error_message,
            "failureType": run.failure_type,
            "target": run.name,
        },
        "linkedServiceName": run.linked_service,
        "pipelineName": pipeline,
        "pipelineRunId": run.run_id,
        "retryAttempt": run.attempt or None,
        "userProperties": dict(run.user_properties),
    }
    return document | ({"iterationHash": run.iteration} if run.iteration else {})


def error_document(error: ArmError) -> dict[str, Json]:
    """ARM's envelope."""
    return {"error": _error(error)}


def _error(error: ArmError) -> dict[str, Json]:
    details: Sequence[Json] = [_error(each) for each in error.details]
    return {"code": error.code, "message": error.message, "target": error.target, "details": details or None}


def _milliseconds(start: datetime.datetime | None, end: datetime.datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return (end - start) // datetime.timedelta(milliseconds=1)
