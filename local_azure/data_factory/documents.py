"""Reads the JSON of a pipeline, which was validated when it was PUT, into what the interpreter walks over."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_azure.data_factory import timespans
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.records import ActivityStatus

Json = Any

RETRY_INTERVAL_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry of `dependsOn`: met by any of its conditions."""

    activity: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An activity's policy; timeout and retry may be expressions."""

    # None: not given.
    timeout: Json = None
    retry: Json = 0
    retry_interval_seconds: int = RETRY_INTERVAL_SECONDS
    secure_input: bool = False
    secure_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity of a pipeline or a container."""

    name: str
    type: str
    depends_on: tuple[Dependency, ...]
    policy: Policy
    # What downstream sees of an inactive activity; None: it is active.
    marked_as: ActivityStatus | None
    user_properties: Sequence[Mapping[str, Json]]
    document: Mapping[str, Json]


def read_activities(documents: Sequence[Mapping[str, Json]]) -> tuple[Activity, ...]:
    """The activities in their order; names in dependencies are spelt as the activities spell them."""
    names = {document["name"].lower(): document["name"] for document in documents}
    return tuple(_read_activity(document, names) for document in documents)


def _read_activity(document: Mapping[str, Json], names: Mapping[str, str]) -> Activity:
    marked_as = None
    if str(document.get("state", "Active")).lower() == "inactive":
        marked_as = ActivityStatus(str(document.get("onInactiveMarkAs") or "Succeeded").capitalize())
    return Activity(
        name=document["name"],
        type=document["type"],
        depends_on=tuple(
            Dependency(
                activity=names[entry["activity"].lower()],
                conditions=tuple(condition.capitalize() for condition in entry["dependencyConditions"]),
            )
            for entry in document.get("dependsOn") or ()
        ),
        policy=_read_policy(document.get("policy") or {}),
        marked_as=marked_as,
        user_properties=tuple(document.get("userProperties") or ()),
        document=document,
    )


def _read_policy(document: Mapping[str, Json]) -> Policy:
    return Policy(
        timeout=document.get("timeout"),
        retry=document.get("retry") or 0,
        retry_interval_seconds=int(document.get("retryIntervalInSeconds") or RETRY_INTERVAL_SECONDS),
        secure_input=as_bool(document.get("secureInput")),
        secure_output=as_bool(document.get("secureOutput")),
    )


def as_bool(value: Json) -> bool:
    """A boolean of a document; real files also write "true"."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def seconds_of(timespan: Json, *, path: str) -> float:
    """The seconds of a timespan, `D.HH:MM:SS`.

    Raises:
        ActivityError: another form.
    """
    try:
        found = timespans.read(timespan) if isinstance(timespan, str) else None
    except timespans.TimespanError:
        found = None
    if found is None or found < datetime.timedelta(0):
        raise ActivityError("InvalidTimespan", f"{path} must be a timespan such as 0.12:00:00, but is {timespan!r}")
    return found.total_seconds()
