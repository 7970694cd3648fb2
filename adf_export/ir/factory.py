"""A Data Factory as it comes out: pipelines with their activities, datasets, linked services, global parameters.

A value in these documents is JSON made of scalars, tuples (arrays), `Object`s and expressions (nodes of `adf_lang`).
A plain `str` is a literal: what would read as an expression is escaped when it is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from adf_export.ir.origin import Origin
from adf_lang.nodes import Node


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object; its members keep their order."""

    members: tuple[tuple[str, "Json"], ...] = ()

    def get(self, name: str) -> "Json":
        """A member's value, None if there is none."""
        return dict(self.members).get(name)


Json: TypeAlias = "bool | int | float | str | Node | Object | tuple[Json, ...] | None"


def obj(members: Mapping[str, Json] | Iterable[tuple[str, Json]] = (), /, **more: Json) -> Object:
    """An object; members whose value is None are left out, as Data Factory's documents have no nulls."""
    pairs = [*(members.items() if isinstance(members, Mapping) else members), *more.items()]
    return Object(tuple((name, value) for name, value in pairs if value is not None))


class Condition(StrEnum):
    """How an upstream activity may have ended; several in one dependency mean any of them."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    COMPLETED = "Completed"


class Role(StrEnum):
    """Why an activity is there."""

    # It does a task's work; one task may have several.
    TASK = "task"
    # It carries a trigger rule, a retry, a result.
    HELPER = "helper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An entry of dependsOn."""

    activity: str
    conditions: tuple[Condition, ...] = (Condition.SUCCEEDED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Timeout and retries of an activity that has them."""

    # None: not written, Data Factory's default.
    timeout_seconds: int | None = None
    retry: int = 0
    retry_interval_seconds: int = 30
    secure_input: bool = False
    secure_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Activities inside a container."""

    # Where they stand in typeProperties: activities, ifTrueActivities, ifFalseActivities, defaultActivities, cases.
    slot: str
    activities: tuple["Activity", ...]
    # With slot "cases": the value of the case.
    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity."""

    name: str
    # ADF's type, "WebActivity"; what it takes is judged by validate/.
    type: str
    role: Role
    # Of the task it works for (also for helpers: the task that they serve).
    origin: Origin
    # One sentence for a reader in the portal; the place in the DAG is added when it is written.
    description: str = ""
    depends_on: tuple[Dependency, ...] = ()
    # typeProperties but for the bodies.
    properties: Object = Object()
    bodies: tuple[Body, ...] = ()
    # Name of the linked service of the activity itself; datasets are in `properties`.
    linked_service: str | None = None
    # Values for its parameters.
    linked_service_parameters: Object = Object()
    policy: Policy | None = None
    # Copy: names of datasets with the values of their parameters.
    inputs: tuple["DatasetReference", ...] = ()
    outputs: tuple["DatasetReference", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReference:
    """A dataset with values for its parameters."""

    name: str
    parameters: Object = Object()

    def as_json(self) -> Object:
        return obj(
            referenceName=self.name,
            type="DatasetReference",
            parameters=self.parameters if self.parameters.members else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a pipeline, dataset, linked service or factory."""

    name: str
    # String, Int, Float, Bool, Array, Object; global parameters are written in lower case.
    type: str
    # A `Missing` default must be given at each run.
    default: "Json | Missing"


@dataclass(frozen=True, slots=True)
class Missing:
    """Absence, where null is a value."""


MISSING = Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineVariable:
    """A variable of a pipeline."""

    name: str
    # String, Boolean, Integer, Array
    type: str = "String"
    default: "Json | Missing" = MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One pipeline."""

    name: str
    dag_id: str
    origin: Origin
    description: str = ""
    activities: tuple[Activity, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    variables: tuple[PipelineVariable, ...] = ()
    # None: no limit is written.
    concurrency: int | None = None
    annotations: tuple[str, ...] = ()
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset."""

    name: str
    type: str
    linked_service: str
    # Values for the parameters of the linked service.
    linked_service_parameters: Object = Object()
    properties: Object = Object()
    parameters: tuple[Parameter, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedService:
    """One linked service; secrets are references to Key Vault (`secret_reference`), never values."""

    name: str
    type: str
    properties: Object
    parameters: tuple[Parameter, ...] = ()
    description: str = ""


def secret_reference(vault: str, secret: str) -> Object:
    """An AzureKeyVaultSecret of the linked service `vault`."""
    return obj(
        type="AzureKeyVaultSecret", store=obj(referenceName=vault, type="LinkedServiceReference"), secretName=secret
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """All documents of one factory."""

    name: str
    location: str = ""
    pipelines: tuple[Pipeline, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    linked_services: tuple[LinkedService, ...] = ()
    global_parameters: tuple[Parameter, ...] = ()
    # Names of pipelines that are in the factory already: no documents of ours, but they may be started.
    outside_pipelines: tuple[str, ...] = ()


def inside(activities: Iterable[Activity]) -> Iterable[Activity]:
    """All activities, those inside of containers too, a container before its content."""
    for activity in activities:
        yield activity
        for body in activity.bodies:
            yield from inside(body.activities)
