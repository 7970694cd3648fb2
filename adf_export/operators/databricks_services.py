"""Linked services of Databricks: a workspace by an Airflow connection, and the cluster that its runs get."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adf_export.environment import Connection
from adf_export.ir.factory import MISSING, Json, LinkedService, Object, Parameter, obj, secret_reference
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.payload import Given, Payload
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Literal, Node, Text, call, select

_DIGEST: Final = 6
# Extras of the connection that say what the linked service cannot.
_OTHER_LOGINS: Final = {
    "azure_tenant_id": "logs in as a service principal",
    "azure_managed_identity_client_id": "names a user-assigned identity",
    "service_principal_oauth": "logs in as a service principal",
    "federated_k8s": "logs in by Kubernetes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A linked service, with values for its parameters."""

    name: str
    values: Object = field(default_factory=Object)


def workspace(bench: Workbench) -> Service:
    """The workspace alone: what runs in it has its own clusters."""
    return _service(bench, Object(), "")


def workspace_with(bench: Workbench, payload: Payload) -> Service:
    """The workspace with the cluster that a task asks for.

    Raises:
        Refusal: it asks for none, for two, or for what a linked service cannot say.
    """
    existing, new = payload.take("existing_cluster_id"), payload.take("new_cluster")
    if existing and new:
        raise existing.invalid("excludes 'new_cluster': one cluster runs the task")
    if new:
        return _service(bench, _new_cluster(new.payload()), "new_cluster")
    if existing:
        cluster = existing.text()
        suffix = cluster if isinstance(cluster, str) else "existing_cluster"
        return _service(bench, obj(existingClusterId=cluster), suffix)
    raise bench.invalid(
        "existing_cluster_id",
        f"of '{bench.task.task_id}' is missing: a linked service of Databricks names a cluster",
        hint="give existing_cluster_id or new_cluster",
    )


def _service(bench: Workbench, cluster: Object, suffix: str) -> Service:
    connection = bench.connection("databricks_conn_id", default="databricks_default")
    inner = _Parameters()
    properties = Object((*_workspace(bench).members, *inner.replaced(cluster).members))
    name = "_".join(filter(None, (connection.conn_id, clean(suffix, dashes=False).lstrip("_"))))
    if suffix == "new_cluster":
        name += f"_{hashlib.sha256(repr(properties).encode()).hexdigest()[:_DIGEST]}"
    service = LinkedService(
        name=shorten(name, PIPELINE_LENGTH),
        type="AzureDatabricks",
        properties=properties,
        parameters=tuple(Parameter(name=key, type="String", default=MISSING) for key in inner.values),
    )
    return Service(name=bench.linked_service(service), values=obj(inner.values))


class _Parameters:
    """Puts parameters of the linked service where a cluster's settings are known at run time only."""

    def __init__(self) -> None:
        self.values: dict[str, Json] = {}

    def replaced(self, settings: Object) -> Object:
        return Object(tuple((name, self._value(name, value)) for name, value in settings.members))

    def _value(self, name: str, value: Json) -> Json:
        if isinstance(value, Object):
            return Object(tuple((key, self._value(f"{name}_{key}", member)) for key, member in value.members))
        if isinstance(value, tuple):
            return tuple(self._value(f"{name}_{index}", item) for index, item in enumerate(value))
        if not isinstance(value, Node) or isinstance(value, Literal | Text):
            return value
        parameter = "".join(char if char.isalnum() else "_" for char in name)
        self.values[parameter] = value
        return select(call("linkedService"), parameter)


def workspace_address(bench: Workbench) -> tuple[str, str, str]:
    """Where the workspace is, the secret that is its token, and where there is none its resource id.

    Raises:
        Refusal: the connection has another kind of login, or none.
    """
    connection = bench.connection("databricks_conn_id", default="databricks_default")
    _check(bench, connection)
    nowhere = f"{connection.conn_id.replace('_', '-')}.invalid"
    host = (connection.host or str(connection.extra.get("host", "")) or nowhere).rstrip("/")
    domain = host if "://" in host else f"https://{host}"
    resource = connection.extra.get("azure_resource_id")
    if not connection.secret and resource is None and connection.configured:
        raise bench.connection_fault(
            connection,
            "has neither a token nor the workspace's resource id",
            hint='give secret = "<name in the vault>", or azure_resource_id in extra for the factory\'s identity',
        )
    return domain, connection.secret, str(resource or nowhere)


def _workspace(bench: Workbench) -> Object:
    domain, secret, resource = workspace_address(bench)
    if secret:
        return obj(domain=domain, accessToken=secret_reference(bench.vault(), secret))
    return obj(domain=domain, authentication="MSI", workspaceResourceId=resource)


def _check(bench: Workbench, connection: Connection) -> None:
    if "token" in connection.extra:
        hint = 'store it in the vault and name it: secret = "..."'
        raise bench.connection_fault(connection, "holds a token in its extra", hint=hint)
    hint = "give a token's secret, or azure_resource_id in extra for the factory's own identity"
    for name, what in _OTHER_LOGINS.items():
        if name in connection.extra:
            raise bench.connection_fault(connection, f"{what}, which the linked service cannot", hint=hint)
    if connection.login not in ("", "token"):
        raise bench.connection_fault(connection, "logs in with a password, which the linked service cannot", hint=hint)


def _new_cluster(payload: Payload) -> Object:
    properties = [(name, read(given)) for key, (name, read) in _CLUSTER.items() if (given := payload.take(key))]
    workers, scale = payload.take("num_workers"), payload.take("autoscale")
    if workers:
        properties.append(("newClusterNumOfWorker", workers.text()))
    elif scale:
        properties.append(("newClusterNumOfWorker", _range(scale)))
    payload.close(_NOT_OF_CLUSTERS)
    return obj(properties)


def _text(given: Given) -> Json:
    return given.text()


def _texts(given: Given) -> Json:
    found = given.texts()
    if isinstance(found, Node):
        raise given.invalid("must be a dict that is known when the DAG is compiled")
    return found


def _place(given: Given) -> Json:
    """{"dbfs": {"destination": "dbfs:/logs"}}: the destination alone tells its scheme."""
    payload = given.payload()
    for scheme in payload:
        inside = payload.take(scheme)
        found = inside.payload() if inside else Payload({})
        destination = found.take("destination")
        found.close({})
        payload.close({})
        if destination:
            return destination.text()
    raise given.invalid("has no destination")


def _places(given: Given) -> Json:
    return tuple(_place(item) for item in given.items())


def _elastic(given: Given) -> Json:
    if given.text() != "true":
        raise given.refusal("clusters that Data Factory starts always have elastic disks")
    return True


def _range(given: Given) -> Json:
    payload = given.payload()
    least, most = payload.take("min_workers"), payload.take("max_workers")
    payload.close({})
    if least is None or most is None:
        raise given.invalid("needs min_workers and max_workers")
    return f"{least.constant()}:{most.constant()}"


# Member of new_cluster -> property of the linked service, and how it is read.
_CLUSTER: Final[Mapping[str, tuple[str, Callable[[Given], Json]]]] = {
    "instance_pool_id": ("instancePoolId", _text),
    "policy_id": ("policyId", _text),
    "data_security_mode": ("dataSecurityMode", _text),
    "spark_version": ("newClusterVersion", _text),
    "node_type_id": ("newClusterNodeType", _text),
    "driver_node_type_id": ("newClusterDriverNodeType", _text),
    "spark_conf": ("newClusterSparkConf", _texts),
    "spark_env_vars": ("newClusterSparkEnvVars", _texts),
    "custom_tags": ("newClusterCustomTags", _texts),
    "cluster_log_conf": ("newClusterLogDestination", _place),
    "init_scripts": ("newClusterInitScripts", _places),
    "enable_elastic_disk": ("newClusterEnableElasticDisk", _elastic),
}
_POLICY: Final = "put it into a cluster policy and give its policy_id"
_NOT_OF_CLUSTERS: Final = {
    "aws_attributes": ("Data Factory runs clusters on Azure", "leave it out"),
    "gcp_attributes": ("Data Factory runs clusters on Azure", "leave it out"),
    "azure_attributes": ("a linked service has no place for it", _POLICY),
    "runtime_engine": ("a linked service has no place for it", _POLICY),
    "single_user_name": ("a linked service has no place for it", _POLICY),
}
