"""The operations of Microsoft.DataFactory: path, name in Microsoft's specification, and who answers.

Paths are compared without regard to case, as ARM does; `{kind}` stands for one of the kinds named in the row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from local_azure.data_factory import refusals
from local_azure.data_factory.responses import Handler, Responses

_SUBSCRIPTION = "subscriptions/{subscription}"
_PROVIDER = "providers/Microsoft.DataFactory"
_FACTORIES = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/{_PROVIDER}/factories"
_F = f"{_FACTORIES}/{{factory}}"
_RUN = f"{_F}/pipelineruns/{{run}}"
_TRIGGER = f"{_F}/triggers/{{name}}"
_RUNTIME = f"{_F}/integrationRuntimes/{{name}}"
_NETWORKS = f"{_F}/managedVirtualNetworks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation."""

    method: str
    path: str
    # `operationId` of the specification.
    operation: str
    # None: it is not offered, for the reason.
    handler: Handler | None = None
    reason: str = ""
    # Names that do not stand in the path.
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The operation that a request asks for, and the names in its path."""

    route: Route
    names: Mapping[str, str]


def _row(method: str, path: str, operation: str, handler: Handler, **names: str) -> Route:
    return Route(method=method, path=path, operation=operation, handler=handler, names=names)


def _refused(method: str, path: str, operation: str, reason: str) -> Route:
    return Route(method=method, path=path, operation=operation, reason=reason, names={})


def _resources(segment: str, group: str) -> Sequence[Route]:
    """The operations that pipelines, datasets, linked services and triggers have alike."""
    kind, one = segment.lower(), f"{_F}/{segment}/{{name}}"
    return (
        _row("GET", f"{_F}/{segment}", f"{group}_ListByFactory", Responses.list_resources, kind=kind),
        _row("PUT", one, f"{group}_CreateOrUpdate", Responses.put_resource, kind=kind),
        _row("GET", one, f"{group}_Get", Responses.get_resource, kind=kind),
        _row("DELETE", one, f"{group}_Delete", Responses.delete_resource, kind=kind),
    )


def _none(segment: str, group: str, reason: str) -> Sequence[Route]:
    """The operations on a kind of which a factory here has none: it can be looked for, and not made."""
    kind, one = segment.lower(), f"{_F}/{segment}/{{name}}"
    return (
        _row("GET", f"{_F}/{segment}", f"{group}_ListByFactory", Responses.list_nothing),
        _row("GET", one, f"{group}_Get", Responses.get_nothing, kind=kind),
        _row("DELETE", one, f"{group}_Delete", Responses.delete_nothing),
        _refused("PUT", one, f"{group}_CreateOrUpdate", reason),
    )


_FLOWS = "data flows run on Azure's Spark clusters: write the transformation as a Databricks notebook"
_RUNTIMES = "there is one integration runtime, AutoResolveIntegrationRuntime, which is this machine"
_NETWORK = "there is no network around this machine that could be managed"
_IDENTITY = "the one identity here is the factory's own, system-assigned one"
_CAPTURE = "change data capture runs on Azure's Spark clusters: write it as a pipeline"
_NO_TOKEN = "nothing on this machine takes the token that it would hand out"

ROUTES: tuple[Route, ...] = (
    _row("GET", f"{_SUBSCRIPTION}/{_PROVIDER}/factories", "Factories_List", Responses.list_factories),
    _row("GET", _FACTORIES, "Factories_ListByResourceGroup", Responses.list_factories),
    _row("PUT", _F, "Factories_CreateOrUpdate", Responses.put_factory),
    _row("PATCH", _F, "Factories_Update", Responses.patch_factory),
    _row("GET", _F, "Factories_Get", Responses.get_factory),
    _row("DELETE", _F, "Factories_Delete", Responses.delete_factory),
    _row(
        "POST",
        f"{_SUBSCRIPTION}/{_PROVIDER}/locations/{{location}}/configureFactoryRepo",
        "Factories_ConfigureFactoryRepo",
        Responses.configure_repository,
    ),
    *_resources("pipelines", "Pipelines"),
    *_resources("datasets", "Datasets"),
    *_resources("linkedservices", "LinkedServices"),
    *_resources("triggers", "Triggers"),
    _row("GET", f"{_F}/globalParameters", "GlobalParameters_ListByFactory", Responses.list_global_parameters),
    _row("PUT", f"{_F}/globalParameters/{{name}}", "GlobalParameters_CreateOrUpdate", Responses.put_global_parameters),
    _row("GET", f"{_F}/globalParameters/{{name}}", "GlobalParameters_Get", Responses.get_global_parameters),
    _row("DELETE", f"{_F}/globalParameters/{{name}}", "GlobalParameters_Delete", Responses.delete_global_parameters),
    _row("POST", f"{_F}/pipelines/{{name}}/createRun", "Pipelines_CreateRun", Responses.create_run),
    _row("POST", f"{_F}/queryPipelineRuns", "PipelineRuns_QueryByFactory", Responses.query_runs),
    _row("GET", _RUN, "PipelineRuns_Get", Responses.get_run),
    _row("POST", f"{_RUN}/cancel", "PipelineRuns_Cancel", Responses.cancel_run),
    _row("POST", f"{_RUN}/queryActivityruns", "ActivityRuns_QueryByPipelineRun", Responses.query_activity_runs),
    _row("POST", f"{_F}/querytriggers", "Triggers_QueryByFactory", Responses.query_triggers),
    _row("POST", f"{_TRIGGER}/start", "Triggers_Start", Responses.start_trigger),
    _row("POST", f"{_TRIGGER}/stop", "Triggers_Stop", Responses.stop_trigger),
    _row("POST", f"{_TRIGGER}/subscribeToEvents", "Triggers_SubscribeToEvents", Responses.subscribe_trigger),
    _row("POST", f"{_TRIGGER}/unsubscribeFromEvents", "Triggers_UnsubscribeFromEvents", Responses.unsubscribe_trigger),
    _row(
        "POST",
        f"{_TRIGGER}/getEventSubscriptionStatus",
        "Triggers_GetEventSubscriptionStatus",
        Responses.subscription_status,
    ),
    _row("POST", f"{_F}/queryTriggerRuns", "TriggerRuns_QueryByFactory", Responses.query_trigger_runs),
    _row("POST", f"{_TRIGGER}/triggerRuns/{{run}}/rerun", "TriggerRuns_Rerun", Responses.no_trigger_run),
    _row("POST", f"{_TRIGGER}/triggerRuns/{{run}}/cancel", "TriggerRuns_Cancel", Responses.no_trigger_run),
    _row("GET", f"{_F}/integrationRuntimes", "IntegrationRuntimes_ListByFactory", Responses.list_runtimes),
    _row("GET", _RUNTIME, "IntegrationRuntimes_Get", Responses.get_runtime),
    _row("POST", f"{_RUNTIME}/getStatus", "IntegrationRuntimes_GetStatus", Responses.runtime_status),
    *_none("dataflows", "DataFlows", _FLOWS),
    *_none("credentials", "CredentialOperations", _IDENTITY),
    *_none("adfcdcs", "ChangeDataCapture", _CAPTURE),
    *_none("managedVirtualNetworks", "ManagedVirtualNetworks", _NETWORK),
    _refused("POST", f"{_F}/createDataFlowDebugSession", "DataFlowDebugSession_Create", _FLOWS),
    _refused("POST", f"{_F}/queryDataFlowDebugSessions", "DataFlowDebugSession_QueryByFactory", _FLOWS),
    _refused("POST", f"{_F}/addDataFlowToDebugSession", "DataFlowDebugSession_AddDataFlow", _FLOWS),
    _refused("POST", f"{_F}/deleteDataFlowDebugSession", "DataFlowDebugSession_Delete", _FLOWS),
    _refused("POST", f"{_F}/executeDataFlowDebugCommand", "DataFlowDebugSession_ExecuteCommand", _FLOWS),
    _refused("PUT", _RUNTIME, "IntegrationRuntimes_CreateOrUpdate", _RUNTIMES),
    _refused("PATCH", _RUNTIME, "IntegrationRuntimes_Update", _RUNTIMES),
    _refused("DELETE", _RUNTIME, "IntegrationRuntimes_Delete", _RUNTIMES),
    _refused(
        "GET",
        f"{_RUNTIME}/outboundNetworkDependenciesEndpoints",
        "IntegrationRuntimes_ListOutboundNetworkDependenciesEndpoints",
        _RUNTIMES,
    ),
    _refused("POST", f"{_RUNTIME}/getConnectionInfo", "IntegrationRuntimes_GetConnectionInfo", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/regenerateAuthKey", "IntegrationRuntimes_RegenerateAuthKey", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/listAuthKeys", "IntegrationRuntimes_ListAuthKeys", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/start", "IntegrationRuntimes_Start", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/stop", "IntegrationRuntimes_Stop", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/syncCredentials", "IntegrationRuntimes_SyncCredentials", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/monitoringData", "IntegrationRuntimes_GetMonitoringData", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/upgrade", "IntegrationRuntimes_Upgrade", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/removeLinks", "IntegrationRuntimes_RemoveLinks", _RUNTIMES),
    _refused(
        "POST",
        f"{_RUNTIME}/linkedIntegrationRuntime",
        "IntegrationRuntimes_CreateLinkedIntegrationRuntime",
        _RUNTIMES,
    ),
    _refused("POST", f"{_RUNTIME}/refreshObjectMetadata", "IntegrationRuntimeObjectMetadata_Refresh", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/getObjectMetadata", "IntegrationRuntimeObjectMetadata_Get", _RUNTIMES),
    _refused("GET", f"{_RUNTIME}/nodes/{{node}}", "IntegrationRuntimeNodes_Get", _RUNTIMES),
    _refused("DELETE", f"{_RUNTIME}/nodes/{{node}}", "IntegrationRuntimeNodes_Delete", _RUNTIMES),
    _refused("PATCH", f"{_RUNTIME}/nodes/{{node}}", "IntegrationRuntimeNodes_Update", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/nodes/{{node}}/ipAddress", "IntegrationRuntimeNodes_GetIpAddress", _RUNTIMES),
    _refused("POST", f"{_F}/adfcdcs/{{name}}/start", "ChangeDataCapture_Start", _CAPTURE),
    _refused("POST", f"{_F}/adfcdcs/{{name}}/stop", "ChangeDataCapture_Stop", _CAPTURE),
    _refused("GET", f"{_F}/adfcdcs/{{name}}/status", "ChangeDataCapture_Status", _CAPTURE),
    _refused("POST", f"{_RUNTIME}/enableInteractiveQuery", "IntegrationRuntime_EnableInteractiveQuery", _RUNTIMES),
    _refused("POST", f"{_RUNTIME}/disableInteractiveQuery", "IntegrationRuntime_DisableInteractiveQuery", _RUNTIMES),
    _refused("GET", f"{_NETWORKS}/{{name}}/managedPrivateEndpoints", "ManagedPrivateEndpoints_ListByFactory", _NETWORK),
    *(
        _refused(
            method,
            f"{_NETWORKS}/{{name}}/managedPrivateEndpoints/{{endpoint}}",
            f"ManagedPrivateEndpoints_{verb}",
            _NETWORK,
        )
        for method, verb in (("PUT", "CreateOrUpdate"), ("GET", "Get"), ("DELETE", "Delete"))
    ),
    _row(
        "GET",
        f"{_F}/privateEndPointConnections",
        "privateEndPointConnections_ListByFactory",
        Responses.list_nothing,
    ),
    *(
        _refused(
            method,
            f"{_F}/privateEndpointConnections/{{name}}",
            f"PrivateEndpointConnection_{verb}",
            _NETWORK,
        )
        for method, verb in (("PUT", "CreateOrUpdate"), ("GET", "Get"), ("DELETE", "Delete"))
    ),
    _refused("GET", f"{_F}/privateLinkResources", "privateLinkResources_Get", _NETWORK),
    _refused("POST", f"{_F}/getGitHubAccessToken", "Factories_GetGitHubAccessToken", _NO_TOKEN),
    _refused("POST", f"{_F}/getDataPlaneAccess", "Factories_GetDataPlaneAccess", _NO_TOKEN),
    *(
        _refused("POST", path, operation, "there are no features in preview here")
        for path, operation in (
            (
                f"{_SUBSCRIPTION}/{_PROVIDER}/locations/{{location}}/getFeatureValue",
                "ExposureControl_GetFeatureValue",
            ),
            (f"{_F}/getFeatureValue", "ExposureControl_GetFeatureValueByFactory"),
            (f"{_F}/queryFeaturesValue", "ExposureControl_QueryFeatureValuesByFactory"),
        )
    ),
    _refused("GET", f"{_PROVIDER}/operations", "Operations_List", "the table of operations is in its documentation"),
)


class Table:
    """Finds the row for a request."""

    def __init__(self, routes: Sequence[Route] = ROUTES) -> None:
        # By the shape of the path: literal segments in small letters, "" where a name stands.
        self._shapes: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            shape = tuple("" if part.startswith("{") else part.lower() for part in route.path.split("/"))
            self._shapes.setdefault(shape, {})[route.method] = route
        self._beginnings = {shape[:length] for shape in self._shapes for length in range(len(shape) + 1)}

    def find(self, method: str, path: str) -> Found:
        """The row and the names in the path, which is still percent-encoded.

        Raises:
            ArmError: there is no such path or method, or the operation is not offered here.
        """
        parts = _decode(path)
        by_method = self._match(parts)
        if by_method is None:
            raise refusals.unknown_path(path)
        route = by_method.get(method)
        if route is None:
            raise refusals.wrong_method(method, path, sorted(by_method))
        if route.handler is None:
            raise refusals.not_offered(route.operation, route.reason)
        pairs = zip(route.path.split("/"), parts, strict=True)
        names = {place[1:-1]: part for place, part in pairs if place.startswith("{")}
        return Found(route=route, names={**names, **route.names})

    def _match(self, parts: Sequence[str]) -> Mapping[str, Route] | None:
        """Literal segments come before names, segment by segment."""
        shapes: list[tuple[str, ...]] = [()]
        for part in parts:
            longer = [(*shape, literal) for shape in shapes for literal in (part.lower(), "") if part]
            shapes = [shape for shape in longer if shape in self._beginnings]
        return next((self._shapes[shape] for shape in shapes if shape in self._shapes), None)


def _decode(path: str) -> list[str]:
    try:
        return [unquote(part, errors="strict") for part in path.strip("/").split("/")]
    except UnicodeDecodeError as error:
        raise refusals.bad_request("The path of the request is not encoded as UTF-8.") from error
