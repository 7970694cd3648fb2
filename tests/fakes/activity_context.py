"""A hand-made context for one attempt of an activity: real expressions, real HTTP, documents and records in memory."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import adf_lang
from local_azure.data_factory import evaluation
from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.services import Services

Json = Any


@dataclass(slots=True)
class MemoryCheckpoint:
    """Give it to a second context to play a restart."""

    values: dict[str, Json] = field(default_factory=dict)

    def get(self, key: str) -> Json | None:
        return self.values.get(key)

    def put(self, key: str, value: Json) -> None:
        self.values[key] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """`properties` of datasets and linked services by name."""

    datasets: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    linked_services: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def dataset(self, name: str) -> Mapping[str, Json]:
        return _found(self.datasets, name, "dataset")

    def linked_service(self, name: str) -> Mapping[str, Json]:
        return _found(self.linked_services, name, "linked service")


def _found(documents: Mapping[str, Mapping[str, Json]], name: str, what: str) -> Mapping[str, Json]:
    by_name = {key.lower(): document for key, document in documents.items()}
    if name.lower() not in by_name:
        raise ActivityError("NotFound", f"there is no {what} '{name}'")
    return by_name[name.lower()]


@dataclass(frozen=True, slots=True)
class ScopeEvaluate:
    """Evaluates in one scope, as the interpreter does."""

    scope: Mapping[str, Any]

    def __call__(
        self,
        value: Json,
        *,
        path: str = "$",
        dataset: Mapping[str, Json] | None = None,
        linked_service: Mapping[str, Json] | None = None,
    ) -> Json:
        more = {"dataset": dataset, "linked_service": linked_service}
        given = {name: item for name, item in more.items() if item is not None}
        return evaluation.evaluate(value, adf_lang.Scope(**{**self.scope, **given}), path=path)


@dataclass(slots=True)
class Attempt:
    """A context, and what was recorded and masked through it."""

    context: ActivityContext
    inputs: list[Json] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)

    @property
    def checkpoint(self) -> MemoryCheckpoint:
        assert isinstance(self.context.checkpoint, MemoryCheckpoint)
        return self.context.checkpoint


def attempt(
    activity: Mapping[str, Json],
    services: Services,
    *,
    resources: Documents | None = None,
    checkpoint: MemoryCheckpoint | None = None,
    activity_run_id: str = "11111111-2222-3333-4444-555555555555",
    system: Mapping[str, Json] | None = None,
    choices: Choices | None = None,
    **scope: Any,
) -> Attempt:
    """An attempt of an activity; `scope` is what its expressions see, in the words of adf_lang.Scope."""
    inputs: list[Json] = []
    masked: list[str] = []
    known = {"DataFactory": "factory", "Pipeline": "pipeline", "RunId": "99999999-0000-0000-0000-000000000000"}
    seen = known | dict(system or {})
    context = ActivityContext(
        name=str(activity.get("name", "activity")),
        document=activity,
        evaluate=ScopeEvaluate({"system": seen, **scope}),
        resources=resources or Documents(),
        services=services,
        checkpoint=checkpoint or MemoryCheckpoint(),
        system=seen,
        activity_run_id=activity_run_id,
        retry=0,
        deadline=services.now() + datetime.timedelta(hours=12),
        record_input=inputs.append,
        mask=masked.append,
        choices=choices or Choices(),
    )
    return Attempt(context=context, inputs=inputs, masked=masked)


def again(before: Attempt, services: Services | None = None) -> Attempt:
    """The attempt after a kill: the same document and ids, the checkpoint as it was."""
    inputs: list[Json] = []
    masked: list[str] = []
    context = replace(
        before.context,
        services=services or before.context.services,
        record_input=inputs.append,
        mask=masked.append,
    )
    return Attempt(context=context, inputs=inputs, masked=masked)
