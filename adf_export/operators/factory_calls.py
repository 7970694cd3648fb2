"""Calls of Data Factory's own REST API by Web activities: the factory that a task names, its pipelines and runs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from adf_export.environment import Connection
from adf_export.ir.factory import Activity, Json, Object, Policy, Role, obj
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import inner
from adf_lang.nodes import Literal, Node, Property, Text, call, literal, select

_ARM: Final = "https://management.azure.com"
_VERSION: Final = "api-version=2018-06-01"
_IDENTITY: Final = obj(type="MSI", resource=f"{_ARM}/")
# Azure's client tries its reads again as well.
_READS: Final = Policy(retry=3, retry_interval_seconds=30)
_ENDED: Final = ("Succeeded", "Failed", "Cancelled")


def is_own(bench: Workbench) -> bool:
    """Whether the task names the factory that is compiled; a factory's name is unique in the world."""
    name, own = bench.value("factory_name") or "", bench.context.environment.name
    if name == "":
        name = _extra(_connection(bench), "factory_name") or own
    return isinstance(name, str) and name.lower() == own.lower()


def factory_url(bench: Workbench) -> Json:
    """The address of the factory that the task's arguments name, else its connection.

    Raises:
        Refusal: the connection has a login, or does not tell where the factory is.
    """
    connection = _connection(bench)
    if connection.login or connection.secret:
        raise bench.connection_fault(
            connection, "has a login", hint="leave it out, and let the factory's managed identity have access"
        )
    group = bench.value("resource_group_name") or _extra(connection, "resource_group_name")
    name = bench.value("factory_name") or _extra(connection, "factory_name")
    return as_text(
        f"{_ARM}/subscriptions/",
        _place(bench, connection, "subscriptionId", _extra(connection, "subscriptionId")),
        "/resourceGroups/",
        segment(_place(bench, connection, "resource_group_name", group)),
        "/providers/Microsoft.DataFactory/factories/",
        # Its name may be another one in each environment.
        select(call("pipeline"), "DataFactory") if is_own(bench) else segment(name),
    )


def segment(value: Json) -> Json:
    """A part of an address."""
    if isinstance(value, Literal | Text):
        value = value.value
    if isinstance(value, Node):
        return call("encodeUriComponent", inner(value))
    return quote(str(value), safe="")


def create_run(bench: Workbench, factory: Json, query: dict[str, Json]) -> Activity:
    """Starts a run of another pipeline; its output has runId."""
    more: list[Json] = []
    for key, value in query.items():
        more += [f"&{key}=", segment(value)]
    url = as_text(factory, "/pipelines/", segment(bench.value("pipeline_name")), f"/createRun?{_VERSION}", *more)
    parameters = bench.value("parameters")
    return bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="POST",
            url=url,
            headers=obj({"Content-Type": "application/json"}),
            body=Object() if parameters is None else parameters,
            authentication=_IDENTITY,
        ),
    )


def query_runs(bench: Workbench, factory: Json, *, since: Node, filters: Mapping[str, Sequence[str]]) -> Activity:
    """Asks for the runs that changed since a moment; its output has them in `value`, at most 100."""
    asked = tuple(
        obj(operand=operand, operator="In" if len(values) > 1 else "Equals", values=tuple(values))
        for operand, values in filters.items()
    )
    return bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="POST",
            url=as_text(factory, f"/queryPipelineRuns?{_VERSION}"),
            headers=obj({"Content-Type": "application/json"}),
            body=obj(lastUpdatedAfter=since, lastUpdatedBefore=call("utcNow"), filters=asked),
            authentication=_IDENTITY,
        ),
        policy=_READS,
    )


def read_run(bench: Workbench, factory: Json, run_id: Json) -> Activity:
    """Asks for a run; its output has status."""
    url = as_text(factory, "/pipelineruns/", run_id, f"?{_VERSION}")
    return bench.activity(
        bench.name("status"),
        "WebActivity",
        obj(method="GET", url=url, authentication=_IDENTITY),
        role=Role.HELPER,
        description="Asks how the run is going.",
        policy=_READS,
    )


def status(read: Activity) -> Node:
    """What a run's state was when it was last asked for."""
    return select(_output(read), "status")


def has_ended(read: Activity) -> Node:
    """Whether the run is over, in whatever way."""
    return call("contains", call("createArray", *map(literal, _ENDED)), status(read))


def has_succeeded(read: Activity) -> Node:
    """Whether the run has; false also where it could not be asked for."""
    return call("equals", Property(target=_output(read), name="status", safe=True), literal(_ENDED[0]))


def failure(run_id: Json) -> Json:
    """What a Fail says of a run."""
    return as_text("Pipeline run ", run_id, " has failed or has been cancelled.")


def _output(read: Activity) -> Node:
    return select(call("activity", literal(read.name)), "output")


def _connection(bench: Workbench) -> Connection:
    return bench.connection("azure_data_factory_conn_id", default="azure_data_factory_default")


def _extra(connection: Connection, key: str) -> Any:
    return connection.extra.get(key) or connection.extra.get(f"extra__azure_data_factory__{key}")


def _place(bench: Workbench, connection: Connection, key: str, value: Json) -> Json:
    if value:
        return value
    if connection.configured:
        hint = f"give {key} in the extra of [connections.{connection.conn_id}]"
        raise bench.connection_fault(connection, f"does not tell the {key}", hint=hint)
    return f"{connection.conn_id.replace('_', '-')}.invalid"
