"""One handler an operation: reads the call, asks the backend, writes the answer."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from local_azure.data_factory import refusals
from local_azure.data_factory.backend import GLOBAL_PARAMETERS, Backend, Trigger
from local_azure.data_factory.call import Answer, Call
from local_azure.data_factory.conditions import is_unchanged
from local_azure.data_factory.records import FactoryId
from local_azure.data_factory.run_filters import continuation_token, read_activity_query, read_run_query
from local_azure.data_factory.store import Resource
from local_azure.data_factory.wire import activity_document, child_document, factory_document, run_document

Json = Any
Handler = Callable[["Responses", Call], Answer]

PAGE = 100
# The one integration runtime: this machine. Azure has it in every factory without being asked.
RUNTIME = "AutoResolveIntegrationRuntime"
_RUNTIME_PROPERTIES = {"type": "Managed", "typeProperties": {"computeProperties": {"location": "AutoResolve"}}}
_FACTORY_ID = ("subscriptions", "resourcegroups", "providers", "microsoft.datafactory", "factories")


class Responses:
    """The handlers of the table in `routes`."""

    def __init__(self, backend: Backend, *, show_skipped: bool) -> None:
        self._backend = backend
        # Whether queryActivityruns shows skipped activities that no filter asks for.
        self._show_skipped = show_skipped

    # -- factories -------------------------------------------------------------------------------------------------

    def put_factory(self, call: Call) -> Answer:
        return _answer(factory_document(self._backend.put_factory(call.factory, call.document, call.headers)))

    def patch_factory(self, call: Call) -> Answer:
        return _answer(factory_document(self._backend.patch_factory(call.factory, call.document)))

    def get_factory(self, call: Call) -> Answer:
        found = self._backend.factory(call.factory)
        return _read(call, factory_document(found), found.etag)

    def delete_factory(self, call: Call) -> Answer:
        return _deleted(self._backend.delete_factory(call.factory))

    def list_factories(self, call: Call) -> Answer:
        subscription, group = call.names["subscription"], call.names.get("group")
        found = self._backend.factories(subscription, group, after=_after(call), limit=PAGE + 1)
        return _page(call, [factory_document(each) for each in found], [each.factory for each in found])

    def configure_repository(self, call: Call) -> Answer:
        factory = _read_factory_id(call.document.get("factoryResourceId"))
        changes = {"properties": {"repoConfiguration": call.document.get("repoConfiguration")}}
        return _answer(factory_document(self._backend.patch_factory(factory, changes)))

    # -- global parameters -----------------------------------------------------------------------------------------

    def put_global_parameters(self, call: Call) -> Answer:
        declared, etag = self._backend.put_global_parameters(call.factory, call.name, call.document, call.headers)
        return _answer(self._global_parameters(call.factory, declared, etag))

    def get_global_parameters(self, call: Call) -> Answer:
        found = self._backend.global_parameters(call.factory)
        if found is None or call.name.lower() != GLOBAL_PARAMETERS:
            raise refusals.not_found("globalparameters", call.name)
        return _read(call, self._global_parameters(call.factory, *found), found[1])

    def delete_global_parameters(self, call: Call) -> Answer:
        return _deleted(self._backend.delete_global_parameters(call.factory, call.name))

    def list_global_parameters(self, call: Call) -> Answer:
        found = self._backend.global_parameters(call.factory)
        return _answer({"value": [self._global_parameters(call.factory, *found)] if found else []})

    def _global_parameters(self, factory: FactoryId, declared: Mapping[str, Json], etag: str) -> Json:
        path = self._backend.path(factory)
        return child_document(path, "globalparameters", GLOBAL_PARAMETERS, declared, etag)

    # -- pipelines, datasets, linked services, triggers ------------------------------------------------------------

    def put_resource(self, call: Call) -> Answer:
        kind = call.names["kind"]
        written = self._backend.put_resource(call.factory, kind, call.name, call.document, call.headers)
        return _answer(self._document(call.factory, written))

    def get_resource(self, call: Call) -> Answer:
        found = self._backend.resource(call.factory, call.names["kind"], call.name)
        return _read(call, self._document(call.factory, found), found.etag)

    def delete_resource(self, call: Call) -> Answer:
        return _deleted(self._backend.delete_resource(call.factory, call.names["kind"], call.name))

    def list_resources(self, call: Call) -> Answer:
        found = self._backend.resources(call.factory, call.names["kind"], after=_after(call), limit=PAGE + 1)
        path = self._backend.path(call.factory)
        return _page(call, [_document(path, each) for each in found], [each.name for each in found])

    def _document(self, factory: FactoryId, resource: Resource) -> Json:
        return _document(self._backend.path(factory), resource)

    # -- what a factory has none of --------------------------------------------------------------------------------

    def list_nothing(self, call: Call) -> Answer:
        self._backend.factory(call.factory)
        return _answer({"value": []})

    def get_nothing(self, call: Call) -> Answer:
        self._backend.factory(call.factory)
        raise refusals.not_found(call.names["kind"], call.name)

    def delete_nothing(self, call: Call) -> Answer:
        self._backend.factory(call.factory)
        return _deleted(False)

    # -- integration runtimes --------------------------------------------------------------------------------------

    def list_runtimes(self, call: Call) -> Answer:
        return _answer({"value": [self._runtime(call.factory)]})

    def get_runtime(self, call: Call) -> Answer:
        document = self._runtime(call.factory)
        if call.name.lower() != RUNTIME.lower():
            raise refusals.not_found("integrationruntimes", call.name)
        return _answer(document)

    def runtime_status(self, call: Call) -> Answer:
        self.get_runtime(call)
        status = {"type": "Managed", "dataFactoryName": call.factory.name, "state": "Online", "typeProperties": {}}
        return _answer({"name": RUNTIME, "properties": status})

    def _runtime(self, factory: FactoryId) -> Json:
        path = self._backend.path(factory)
        return child_document(path, "integrationruntimes", RUNTIME, _RUNTIME_PROPERTIES, None)

    # -- triggers --------------------------------------------------------------------------------------------------

    def start_trigger(self, call: Call) -> Answer:
        self._backend.start_trigger(call.factory, call.name)
        return Answer()

    def stop_trigger(self, call: Call) -> Answer:
        self._backend.stop_trigger(call.factory, call.name)
        return Answer()

    def subscribe_trigger(self, call: Call) -> Answer:
        return _subscription(self._backend.subscribe_trigger(call.factory, call.name, subscribed=True))

    def unsubscribe_trigger(self, call: Call) -> Answer:
        return _subscription(self._backend.subscribe_trigger(call.factory, call.name, subscribed=False))

    def subscription_status(self, call: Call) -> Answer:
        return _subscription(self._backend.event_trigger(call.factory, call.name))

    def query_triggers(self, call: Call) -> Answer:
        parent = call.document.get("parentTriggerName")
        path = self._backend.path(call.factory)
        found = [trigger.resource for trigger in self._backend.triggers(call.factory)]
        kept = [each for each in found if parent is None or _parent(each).lower() == str(parent).lower()]
        return _answer({"value": [_document(path, each) for each in kept], "continuationToken": None})

    def query_trigger_runs(self, call: Call) -> Answer:
        self._backend.factory(call.factory)
        return _answer({"value": [], "continuationToken": None})

    def no_trigger_run(self, call: Call) -> Answer:
        self._backend.trigger(call.factory, call.name)
        raise refusals.trigger_run_not_found(call.names["run"])

    # -- runs ------------------------------------------------------------------------------------------------------

    def create_run(self, call: Call) -> Answer:
        run = self._backend.create_run(
            call.factory,
            call.name,
            call.document,
            reference_run_id=call.text("referencePipelineRunId"),
            is_recovery=call.flag("isRecovery"),
            start_activity=call.text("startActivityName"),
            start_from_failure=call.flag("startFromFailure"),
        )
        return _answer({"runId": run.run_id})

    def get_run(self, call: Call) -> Answer:
        run = self._backend.run(call.factory, call.names["run"])
        return _answer(run_document(self._backend.path(call.factory), run))

    def cancel_run(self, call: Call) -> Answer:
        self._backend.cancel_run(call.factory, call.names["run"], recursive=call.flag("isRecursive"))
        return Answer()

    def query_runs(self, call: Call) -> Answer:
        store = self._backend.store
        page = self._backend.query_runs(call.factory, read_run_query(call.document, store.unseal))
        path = self._backend.path(call.factory)
        token = continuation_token(call.document, page.next, store.seal)
        return _runs([run_document(path, run) for run in page.rows], token)

    def query_activity_runs(self, call: Call) -> Answer:
        store = self._backend.store
        query = read_activity_query(call.document, store.unseal, show_skipped=self._show_skipped)
        run = self._backend.run(call.factory, call.names["run"])
        page = self._backend.query_activities(call.factory, run.run_id, query)
        path = self._backend.path(call.factory)
        token = continuation_token(call.document, page.next, store.seal)
        return _runs([activity_document(path, run.pipeline, each) for each in page.rows], token)


def _document(factory_path: str, resource: Resource) -> dict[str, Json]:
    properties = resource.document["properties"]
    if resource.kind == "triggers":
        properties = {**properties, "runtimeState": "Started" if resource.document["started"] else "Stopped"}
    return child_document(factory_path, resource.kind, resource.name, properties, resource.etag)


def _answer(document: Mapping[str, Json]) -> Answer:
    etag = document.get("etag") or document.get("eTag")
    quoted = {} if etag is None else {"ETag": '"{}"'.format(etag.strip('"'))}
    return Answer(body=document, headers=quoted)


def _read(call: Call, document: Mapping[str, Json], etag: str) -> Answer:
    if is_unchanged(call.headers, etag):
        return Answer(status=304, headers={"ETag": f'"{etag}"'})
    return _answer(document)


def _deleted(found: bool) -> Answer:
    return Answer(status=200 if found else 204)


def _runs(documents: Sequence[Json], token: str | None) -> Answer:
    return Answer(body={"value": documents} | ({} if token is None else {"continuationToken": token}))


def _subscription(trigger: Trigger) -> Answer:
    status = "Enabled" if trigger.subscribed else "Disabled"
    return Answer(body={"triggerName": trigger.resource.name, "status": status})


def _parent(trigger: Resource) -> str:
    """The trigger that a rerun trigger repeats."""
    parent = (trigger.document["properties"].get("typeProperties") or {}).get("parentTrigger")
    return str(parent.get("referenceName") if isinstance(parent, Mapping) else parent)


def _page(call: Call, documents: Sequence[Json], keys: Sequence[str]) -> Answer:
    """A page of a list; there is one row more than fits when another page follows."""
    if len(documents) <= PAGE:
        return Answer(body={"value": documents})
    token = base64.urlsafe_b64encode(keys[PAGE - 1].encode()).decode()
    query = urlencode({"api-version": call.query["api-version"], "$skiptoken": token})
    return Answer(body={"value": documents[:PAGE], "nextLink": f"{call.url}?{query}"})


def _after(call: Call) -> str:
    """The key behind which the asked page starts."""
    try:
        return base64.b64decode(call.query.get("$skiptoken", ""), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        message = "The $skiptoken is not one that this factory gave: start the list anew."
        raise refusals.bad_request(message, target="$skiptoken") from error


def _read_factory_id(given: Json) -> FactoryId:
    parts = str(given).strip("/").split("/")
    fixed = tuple(part.lower() for part in [*parts[0:3:2], *parts[4:7]])
    if len(parts) != 8 or fixed != _FACTORY_ID:
        raise refusals.bad_request("'factoryResourceId' is not the id of a factory.", target="$.factoryResourceId")
    return FactoryId(subscription=parts[1], resource_group=parts[3], name=parts[7])
