"""The state of the factories and the rules for changing it; knows no HTTP beyond conditions on etags.

Each method either carries out what it says, durably, or raises ArmError and has changed nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local_azure.data_factory import refusals
from local_azure.data_factory.conditions import check_write
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.queries import Page, RunQuery
from local_azure.data_factory.records import ActivityRun, FactoryId, InvokedBy, PipelineRun
from local_azure.data_factory.references import References
from local_azure.data_factory.store import FACTORIES, Resource, SqlStore
from local_azure.data_factory.stored_documents import StoredDocuments
from local_azure.data_factory.validation import Factory, Kind, validate
from local_azure.data_factory.wire import unmasked
from local_azure.identity.tokens import OBJECT, TENANT

Json = Any
Validate = Callable[[Kind, str, Json, Factory], Iterable[Problem]]

# The segment of the path, in small letters -> what validation calls it.
KINDS = {
    "pipelines": Kind.PIPELINE,
    "datasets": Kind.DATASET,
    "linkedservices": Kind.LINKED_SERVICE,
    "triggers": Kind.TRIGGER,
}
# The one set of global parameters that a factory has.
GLOBAL_PARAMETERS = "default"
EVENT_TRIGGERS = ("blobeventstrigger", "customeventstrigger")
MANUAL = InvokedBy(name="Manual", id="Manual", kind="Manual")

log = logging.getLogger("local_azure.data_factory")


class RunEngine(Protocol):
    """What runs pipelines."""

    def create_run(
        self,
        factory: FactoryId,
        pipeline: str,
        parameters: Mapping[str, Json],
        *,
        invoked_by: InvokedBy = ...,
        reference_run_id: str | None = ...,
        is_recovery: bool = ...,
        start_activity: str | None = ...,
        start_from_failure: bool = ...,
    ) -> PipelineRun:
        """Creates a run and starts it; raises ArmError."""

    def cancel(self, factory: FactoryId, run_id: str, *, recursive: bool = ...) -> None:
        """Cancels a run; raises ArmError."""


class TriggerRuntime(Protocol):
    """What fires triggers."""

    def started(self, factory: FactoryId, name: str, properties: Mapping[str, Json]) -> None:
        """A trigger fires from now on."""

    def stopped(self, factory: FactoryId, name: str) -> None:
        """A trigger fires no more."""


class NoTriggers:
    """The place of the trigger runtime, until there is one: says that nothing will happen."""

    def started(self, factory: FactoryId, name: str, properties: Mapping[str, Json]) -> None:
        log.warning(
            "trigger '%s' of factory '%s' is Started, but the local Data Factory does not fire triggers yet: "
            "start its pipelines with createRun",
            name,
            factory.name,
        )

    def stopped(self, factory: FactoryId, name: str) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger with its state, which is no part of what was PUT."""

    resource: Resource
    started: bool
    # Whether an event trigger receives events.
    subscribed: bool


class Backend:
    """All factories of one store."""

    def __init__(
        self,
        store: SqlStore,
        engine: RunEngine,
        *,
        triggers: TriggerRuntime | None = None,
        validate: Validate = validate,
    ) -> None:
        self.store = store
        self.documents = StoredDocuments(store)
        self._engine = engine
        self._triggers = triggers or NoTriggers()
        self._validate = validate
        self._references = References(store)

    # -- factories -------------------------------------------------------------------------------------------------

    def factory(self, factory: FactoryId) -> Resource:
        """A factory's own document."""
        found = self.store.resource(factory.key, FACTORIES, factory.name)
        if found is None:
            raise refusals.factory_not_found(factory.name, factory.resource_group)
        return found

    def path(self, factory: FactoryId) -> str:
        """The ARM id of a factory that exists, spelt as it was first written."""
        path: str = self.factory(factory).document["id"]
        return path

    def factories(self, subscription: str, group: str | None, *, after: str, limit: int) -> Sequence[Resource]:
        """The factories of a resource group, or of a subscription; those behind a key."""
        prefix = f"{subscription}/{group}/" if group else f"{subscription}/"
        return self.store.factories(prefix.lower(), after=after, limit=limit)

    def put_factory(self, factory: FactoryId, document: Mapping[str, Json], headers: Mapping[str, str]) -> Resource:
        """Creates a factory, or replaces what is said about it: global parameters that are not given again are gone."""
        before = self.store.resource(factory.key, FACTORIES, factory.name)
        check_write(headers, before.etag if before else None)
        self._check(Kind.FACTORY, FACTORIES, factory, factory.name, document)
        location = document.get("location")
        if not isinstance(location, str) or not location:
            raise refusals.no_location()
        if before and _plain(before.document["location"]) != _plain(location):
            raise refusals.other_location(factory.name, before.document["location"], location)
        properties = {key: value for key, value in (document.get("properties") or {}).items() if key not in _READ_ONLY}
        written = {
            "id": before.document["id"] if before else factory.path,
            "location": before.document["location"] if before else location,
            "tags": document.get("tags") or {},
            "identity": _identity(document.get("identity")),
            "properties": properties,
        }
        return self.store.put_resource(factory.key, FACTORIES, factory.name, written)

    def patch_factory(self, factory: FactoryId, document: Mapping[str, Json]) -> Resource:
        """Changes tags, identity, or single properties of a factory."""
        before = self.factory(factory)
        unknown = [key for key in document if key not in ("tags", "identity", "properties")]
        if unknown:
            message = f"'{unknown[0]}' of a factory cannot be changed by PATCH: tags, identity and properties can."
            raise refusals.bad_request(message, target=f"$.{unknown[0]}")
        merged = {**before.document, **document}
        merged["identity"] = _identity(merged.get("identity"))
        merged["properties"] = {**before.document["properties"], **(document.get("properties") or {})}
        shown = {key: merged[key] for key in ("location", "tags", "properties")}
        self._check(Kind.FACTORY, FACTORIES, factory, factory.name, shown)
        return self.store.put_resource(factory.key, FACTORIES, factory.name, merged)

    def delete_factory(self, factory: FactoryId) -> bool:
        """Deletes a factory with all that is in it; whether there was one."""
        if self.store.resource(factory.key, FACTORIES, factory.name) is None:
            return False
        unfinished = [run for run in self.store.unfinished_runs() if run.factory == factory.key]
        if unfinished:
            raise refusals.running(factory.name, len(unfinished))
        for trigger in self.triggers(factory):
            if trigger.started:
                self._triggers.stopped(factory, trigger.resource.name)
        self._references.factory_deleted(factory.key)
        return self.store.delete_factory(factory.key)

    # -- global parameters: the same thing as `globalParameters` of the factory --------------------------------------

    def global_parameters(self, factory: FactoryId) -> tuple[Mapping[str, Json], str] | None:
        """The declared global parameters and the etag; None when there are none."""
        found = self.factory(factory)
        declared = found.document["properties"].get("globalParameters")
        return (declared, found.etag) if declared else None

    def put_global_parameters(
        self, factory: FactoryId, name: str, document: Mapping[str, Json], headers: Mapping[str, str]
    ) -> tuple[Mapping[str, Json], str]:
        """Replaces the global parameters."""
        if name.lower() != GLOBAL_PARAMETERS:
            message = f"A factory has one set of global parameters, '{GLOBAL_PARAMETERS}', and none that is '{name}'."
            raise refusals.bad_request(message, target=name)
        before = self._parent(factory)
        declared = before.document["properties"].get("globalParameters")
        check_write(headers, before.etag if declared else None)
        self._check(Kind.GLOBAL_PARAMETERS, "globalparameters", factory, name, document)
        properties = {**before.document["properties"], "globalParameters": document["properties"]}
        merged = {**before.document, "properties": properties}
        written = self.store.put_resource(factory.key, FACTORIES, factory.name, merged)
        return document["properties"], written.etag

    def delete_global_parameters(self, factory: FactoryId, name: str) -> bool:
        """Deletes the global parameters; whether there were any."""
        before = self.factory(factory)
        if name.lower() != GLOBAL_PARAMETERS or not before.document["properties"].get("globalParameters"):
            return False
        kept = {key: value for key, value in before.document["properties"].items() if key != "globalParameters"}
        self.store.put_resource(factory.key, FACTORIES, factory.name, {**before.document, "properties": kept})
        return True

    # -- pipelines, datasets, linked services, triggers ------------------------------------------------------------

    def resource(self, factory: FactoryId, kind: str, name: str) -> Resource:
        """A document of a factory."""
        self.factory(factory)
        found = self.store.resource(factory.key, kind, name)
        if found is None:
            raise refusals.not_found(kind, name)
        return found

    def resources(self, factory: FactoryId, kind: str, *, after: str, limit: int) -> Sequence[Resource]:
        """The documents of a kind, in the order of their names; those behind a name."""
        self.factory(factory)
        return self.store.resources(factory.key, kind, after=after, limit=limit)

    def put_resource(
        self, factory: FactoryId, kind: str, name: str, document: Mapping[str, Json], headers: Mapping[str, str]
    ) -> Resource:
        """Adds a document, or replaces the one of this name."""
        self._parent(factory)
        before = self.store.resource(factory.key, kind, name)
        check_write(headers, before.etag if before else None)
        if before and kind == "triggers" and before.document["started"]:
            raise refusals.trigger_started()
        known = before.document["properties"] if before else None
        whole = {**document}
        if "properties" in whole:
            whole["properties"] = unmasked(whole["properties"], known)
        if kind == "triggers" and isinstance(whole.get("properties"), Mapping):
            # What a client read and writes back; the state is changed by start and stop only.
            whole["properties"] = {key: value for key, value in whole["properties"].items() if key != "runtimeState"}
        self._check(KINDS[kind], kind, factory, name, whole)
        written: dict[str, Json] = {"properties": whole["properties"]}
        if kind == "triggers":
            written |= {"started": False, "subscribed": False}
        resource = self.store.put_resource(factory.key, kind, name, written)
        self._references.put(factory.key, kind, resource.name, written)
        return resource

    def delete_resource(self, factory: FactoryId, kind: str, name: str) -> bool:
        """Deletes a document to which no other refers; whether there was one."""
        self.factory(factory)
        found = self.store.resource(factory.key, kind, name)
        if found is None:
            return False
        if kind == "triggers" and found.document["started"]:
            raise refusals.trigger_started()
        by = self._references.referring(factory.key, kind, name)
        if by is not None:
            target = f"/Microsoft.DataFactory/factories/{factory.name}/{kind}/{found.name}"
            raise refusals.referenced(target, by)
        self.store.delete_resource(factory.key, kind, name)
        self._references.deleted(factory.key, kind, name)
        return True

    # -- triggers --------------------------------------------------------------------------------------------------

    def trigger(self, factory: FactoryId, name: str) -> Trigger:
        """A trigger with its state."""
        return _trigger(self.resource(factory, "triggers", name))

    def triggers(self, factory: FactoryId) -> list[Trigger]:
        """All triggers of a factory."""
        return [_trigger(found) for found in self.store.resources(factory.key, "triggers")]

    def start_trigger(self, factory: FactoryId, name: str) -> None:
        """A trigger becomes Started; it needs pipelines that exist."""
        trigger = self.trigger(factory, name)
        pipelines = triggered_pipelines(trigger.resource.document["properties"])
        if not pipelines:
            message = f"The trigger '{name}' has no pipelines: give it one, then start it."
            raise refusals.bad_request(message, target=name)
        for pipeline in pipelines:
            if self.store.resource(factory.key, "pipelines", pipeline) is None:
                raise refusals.not_found("pipelines", pipeline)
        self._set_trigger(factory, trigger, started=True, subscribed=trigger.subscribed)
        self._triggers.started(factory, trigger.resource.name, trigger.resource.document["properties"])

    def stop_trigger(self, factory: FactoryId, name: str) -> None:
        """A trigger becomes Stopped."""
        trigger = self.trigger(factory, name)
        self._set_trigger(factory, trigger, started=False, subscribed=trigger.subscribed)
        self._triggers.stopped(factory, trigger.resource.name)

    def subscribe_trigger(self, factory: FactoryId, name: str, *, subscribed: bool) -> Trigger:
        """An event trigger receives events, or no more."""
        trigger = self.event_trigger(factory, name)
        return self._set_trigger(factory, trigger, started=trigger.started, subscribed=subscribed)

    def event_trigger(self, factory: FactoryId, name: str) -> Trigger:
        """A trigger that receives events."""
        trigger = self.trigger(factory, name)
        kind = str(trigger.resource.document["properties"].get("type"))
        if kind.lower() not in EVENT_TRIGGERS:
            message = f"The trigger '{name}' is a {kind} and has no events to subscribe to."
            raise refusals.bad_request(message, target=name)
        return trigger

    def _set_trigger(self, factory: FactoryId, trigger: Trigger, *, started: bool, subscribed: bool) -> Trigger:
        written = {**trigger.resource.document, "started": started, "subscribed": subscribed}
        return _trigger(self.store.put_resource(factory.key, "triggers", trigger.resource.name, written))

    # -- runs ------------------------------------------------------------------------------------------------------

    def create_run(
        self,
        factory: FactoryId,
        pipeline: str,
        parameters: Mapping[str, Json],
        *,
        reference_run_id: str | None,
        is_recovery: bool,
        start_activity: str | None,
        start_from_failure: bool,
    ) -> PipelineRun:
        """Starts a pipeline, or repeats an earlier run of it."""
        name = self.resource(factory, "pipelines", pipeline).name
        if reference_run_id is not None:
            earlier = self.store.run(reference_run_id)
            if earlier is None or earlier.factory != factory.key:
                raise refusals.reference_run_not_valid(reference_run_id, name)
        return self._engine.create_run(
            factory,
            name,
            parameters,
            invoked_by=MANUAL,
            reference_run_id=reference_run_id,
            is_recovery=is_recovery,
            start_activity=start_activity,
            start_from_failure=start_from_failure,
        )

    def run(self, factory: FactoryId, run_id: str) -> PipelineRun:
        """A pipeline run of this factory."""
        self.factory(factory)
        found = self.store.run(run_id)
        if found is None or found.factory != factory.key:
            raise refusals.run_not_found(run_id)
        return found

    def cancel_run(self, factory: FactoryId, run_id: str, *, recursive: bool) -> None:
        """Cancels a run, with `recursive` those that it started too."""
        run = self.run(factory, run_id)
        if run.status.final:
            raise refusals.run_not_running(run_id, run.status)
        self._engine.cancel(factory, run_id, recursive=recursive)

    def query_runs(self, factory: FactoryId, query: RunQuery) -> Page[PipelineRun]:
        """A page of the factory's runs."""
        self.factory(factory)
        return self.store.query_runs(factory.key, query)

    def query_activities(self, factory: FactoryId, run_id: str, query: RunQuery) -> Page[ActivityRun]:
        """A page of a run's activity runs."""
        self.run(factory, run_id)
        return self.store.query_activities(run_id, query)

    # ----------------------------------------------------------------------------------------------------------------

    def _parent(self, factory: FactoryId) -> Resource:
        """The factory that something is written into."""
        found = self.store.resource(factory.key, FACTORIES, factory.name)
        if found is None:
            raise refusals.parent_not_found(factory.name)
        return found

    def _check(self, kind: Kind, segment: str, factory: FactoryId, name: str, document: Json) -> None:
        problems = tuple(self._validate(kind, name, document, self.documents.of(factory.key)))
        if problems:
            target = f"/Microsoft.DataFactory/factories/{factory.name}"
            if segment != FACTORIES:
                target += f"/{segment}/{name}"
            raise refusals.invalid(segment, name, target, problems)


# What a client reads of a factory and may send back.
_READ_ONLY = ("provisioningState", "createTime", "version")


def triggered_pipelines(properties: Mapping[str, Json]) -> list[str]:
    """The pipelines that a trigger starts; a tumbling window has exactly one, in a property of its own."""
    entries = [*(properties.get("pipelines") or ()), *filter(None, [properties.get("pipeline")])]
    return [entry["pipelineReference"]["referenceName"] for entry in entries]


def _trigger(resource: Resource) -> Trigger:
    document = resource.document
    return Trigger(resource=resource, started=document["started"], subscribed=document["subscribed"])


def _identity(given: Json) -> Json:
    """A factory's identity; a system-assigned one is the identity of this machine."""
    if not isinstance(given, Mapping) or "systemassigned" not in str(given.get("type")).lower():
        return given
    return {**given, "principalId": OBJECT, "tenantId": TENANT}


def _plain(location: str) -> str:
    """A region without blanks and case: 'West Europe' is 'westeurope'."""
    return location.replace(" ", "").lower()
