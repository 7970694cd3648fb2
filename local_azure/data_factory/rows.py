"""Turns records into rows of the store and back."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.data_factory.records import (
    ActivityRun,
    ActivityStatus,
    InvokedBy,
    Json,
    PipelineRun,
    RunStatus,
)
from local_azure.data_factory.sealing import Seal

Row = Mapping[str, Any]

# json.dumps would make an encoder for each value.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def to_json(value: Json) -> str:
    """Compact JSON in ASCII, so that zero bytes and lone surrogates are texts like any other; NaN comes back as NaN."""
    return _encode(value)


def to_micros(time: datetime.datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime.datetime:
    return _EPOCH + micros * _MICROSECOND


def has_secret(text: str) -> bool:
    """Whether JSON text may hold a SecureString: better once too often than once too seldom."""
    return "securestring" in text.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The part of a run that never changes and that runs of a pipeline share."""

    hash: str
    text: str
    sealed: bool


def definition_of(run: PipelineRun) -> Definition:
    text = to_json(dict(run.definition))
    return Definition(hash=hashlib.sha256(text.encode()).hexdigest(), text=text, sealed=has_secret(text))


def run_to_row(run: PipelineRun, definition: Definition, seal: Seal) -> Row:
    values = to_json([dict(run.parameters), dict(run.variables), dict(run.return_value)])
    by = run.invoked_by
    rest = {
        "global_parameters": dict(run.global_parameters),
        "invoked_by": [by.name, by.id, by.kind, by.pipeline_name, by.pipeline_run_id],
        "message": run.message,
        "reference_run_id": run.reference_run_id,
        "start_activity": run.start_activity,
        "start_from_failure": run.start_from_failure,
        "annotations": list(run.annotations),
        "run_dimensions": dict(run.run_dimensions),
    }
    return {
        "run_id": run.run_id,
        "factory": run.factory,
        "group_id": run.group_id,
        "pipeline_key": run.pipeline.lower(),
        "pipeline": run.pipeline,
        "status": str(run.status),
        "is_latest": int(run.is_latest),
        "created": to_micros(run.created),
        "last_updated": to_micros(run.last_updated),
        "run_start": None if run.start is None else to_micros(run.start),
        "run_end": None if run.end is None else to_micros(run.end),
        "definition": definition.hash,
        "sealed": definition.sealed,
        "run_values": seal.seal(values) if definition.sealed else values,
        "rest": to_json(rest),
    }


def run_from_row(row: Row, definition: Json, seal: Seal) -> PipelineRun:
    rest = json.loads(row["rest"])
    name, identifier, kind, pipeline_name, pipeline_run_id = rest["invoked_by"]
    values = row["run_values"]
    parameters, variables, return_value = json.loads(seal.unseal(values) if row["sealed"] else values)
    return PipelineRun(
        run_id=row["run_id"],
        group_id=row["group_id"],
        factory=row["factory"],
        pipeline=row["pipeline"],
        parameters=parameters,
        definition=definition,
        global_parameters=rest["global_parameters"],
        invoked_by=InvokedBy(
            name=name, id=identifier, kind=kind, pipeline_name=pipeline_name, pipeline_run_id=pipeline_run_id
        ),
        status=RunStatus(row["status"]),
        created=from_micros(row["created"]),
        last_updated=from_micros(row["last_updated"]),
        start=None if row["run_start"] is None else from_micros(row["run_start"]),
        end=None if row["run_end"] is None else from_micros(row["run_end"]),
        message=rest["message"],
        variables=variables,
        return_value=return_value,
        is_latest=bool(row["is_latest"]),
        reference_run_id=rest["reference_run_id"],
        start_activity=rest["start_activity"],
        start_from_failure=rest["start_from_failure"],
        annotations=tuple(rest["annotations"]),
        run_dimensions=rest["run_dimensions"],
    )


def activity_to_row(run: ActivityRun) -> Row:
    rest = [
        run.key,
        run.attempt,
        run.input,
        run.output,
        run.error_code,
        run.error_message,
        run.failure_type,
        run.linked_service,
        dict(run.user_properties),
        run.iteration,
    ]
    return {
        "activity_run_id": run.activity_run_id,
        "run_id": run.run_id,
        "name": run.name,
        "type": run.type,
        "status": str(run.status),
        "run_start": to_micros(run.start),
        "run_end": None if run.end is None else to_micros(run.end),
        "rest": to_json(rest),
        "hidden_output": run.hidden_output,
    }


def activity_from_row(row: Row) -> ActivityRun:
    key, attempt, given, output, code, message, failure, service, properties, iteration = json.loads(row["rest"])
    return ActivityRun(
        activity_run_id=row["activity_run_id"],
        run_id=row["run_id"],
        key=key,
        attempt=attempt,
        name=row["name"],
        type=row["type"],
        status=ActivityStatus(row["status"]),
        start=from_micros(row["run_start"]),
        end=None if row["run_end"] is None else from_micros(row["run_end"]),
        input=given,
        output=output,
        hidden_output=row["hidden_output"],
        error_code=code,
        error_message=message,
        failure_type=failure,
        linked_service=service,
        user_properties=properties,
        iteration=iteration,
    )
