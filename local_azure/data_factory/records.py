"""What a run leaves behind: frozen records, and the store that keeps them."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Json = Any


class RunStatus(StrEnum):
    """Of a pipeline run, as Azure spells it."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELING = "Canceling"
    CANCELLED = "Cancelled"

    @property
    def final(self) -> bool:
        return self in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


class ActivityStatus(StrEnum):
    """Of an activity run. Skipped ones are recorded too, so that a rerun and a person can see them."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"
    INACTIVE = "Inactive"

    @property
    def final(self) -> bool:
        return self not in (ActivityStatus.QUEUED, ActivityStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactoryId:
    """Which factory; compared without case, as ARM does."""

    subscription: str
    resource_group: str
    name: str

    @property
    def key(self) -> str:
        """What the store files things under."""
        return f"{self.subscription}/{self.resource_group}/{self.name}".lower()

    @property
    def path(self) -> str:
        """The ARM id of the factory."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.DataFactory/factories/{self.name}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokedBy:
    """Who started a run: {"name": "Manual", "invokedByType": "Manual"}, a trigger, or a pipeline's activity."""

    name: str
    id: str
    kind: str
    # Of the run that started this one by ExecutePipeline; empty otherwise.
    pipeline_name: str = ""
    pipeline_run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """One run of a pipeline. `definition` is the pipeline as it was when the run was created: it runs that."""

    run_id: str
    group_id: str
    factory: str
    pipeline: str
    # Values with their types; reported as strings. Of a SecureString what is reported is a mask.
    parameters: Mapping[str, Json]
    definition: Mapping[str, Json]
    global_parameters: Mapping[str, Json]
    invoked_by: InvokedBy
    status: RunStatus
    created: datetime.datetime
    last_updated: datetime.datetime
    # None until it leaves the queue.
    start: datetime.datetime | None = None
    end: datetime.datetime | None = None
    message: str = ""
    variables: Mapping[str, Json] = field(default_factory=dict)
    return_value: Mapping[str, Json] = field(default_factory=dict)
    is_latest: bool = True
    # The run that this one repeats, and how: from one activity, from the failed ones, or the whole.
    reference_run_id: str | None = None
    start_activity: str | None = None
    start_from_failure: bool = False
    annotations: Sequence[Json] = ()
    run_dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRun:
    """One attempt of an activity, or the one line of an activity that was skipped or is inactive."""

    activity_run_id: str
    run_id: str
    # Where it stands in the run, the same after a restart and in a rerun: "Load[3]/Copy".
    key: str
    attempt: int
    name: str
    type: str
    status: ActivityStatus
    start: datetime.datetime
    end: datetime.datetime | None = None
    # Masked, and hidden by secureInput, before it comes here.
    input: Json = None
    # As expressions see it; what secureOutput hides is kept apart, encrypted (`hidden_output`).
    output: Json = None
    hidden_output: str | None = None
    error_code: str = ""
    error_message: str = ""
    failure_type: str = ""
    linked_service: str = ""
    user_properties: Mapping[str, str] = field(default_factory=dict)
    # Which iteration of a ForEach; empty outside.
    iteration: str = ""


class RunStore(Protocol):
    """Keeps runs. Every method is durable when it returns; a kill -9 after it loses nothing."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is saved inside becomes durable together, or not at all."""

    def save_run(self, run: PipelineRun) -> None:
        """Inserts a run, or replaces the one of the same id."""

    def run(self, run_id: str) -> PipelineRun | None:
        """A run by its id."""

    def runs_of_group(self, factory: str, group_id: str) -> Sequence[PipelineRun]:
        """A run with all its reruns, oldest first."""

    def unfinished_runs(self) -> Sequence[PipelineRun]:
        """The runs of all factories that have no final status, in the order they were created."""

    def save_activities(self, runs: Iterable[ActivityRun]) -> None:
        """Inserts activity runs, or replaces those of the same id."""

    def activities(self, run_id: str) -> Sequence[ActivityRun]:
        """The activity runs of a run, in the order they were first saved."""

    def remember(self, run_id: str, key: str, value: Json) -> None:
        """Keeps a small JSON value of a run: items of a ForEach, the branch of an If, a checkpoint."""

    def memory(self, run_id: str) -> Mapping[str, Json]:
        """All that was remembered of a run."""
