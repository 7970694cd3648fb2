"""AzureDatabricks: a workspace, and the cluster that its runs ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService, only
from local_azure.data_factory.linked_services.reader import Reader

Json = Any
MSI = "MSI"
# The application id of Databricks: the audience of tokens for any workspace.
RESOURCE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
# Property -> field of the cluster that runs/submit asks for, where the value goes over as it is.
CLUSTER_FIELDS: Mapping[str, str] = {
    "dataSecurityMode": "data_security_mode",
    "instancePoolId": "instance_pool_id",
    "newClusterCustomTags": "custom_tags",
    "newClusterDriverNodeType": "driver_node_type_id",
    "newClusterNodeType": "node_type_id",
    "newClusterSparkConf": "spark_conf",
    "newClusterSparkEnvVars": "spark_env_vars",
    "newClusterVersion": "spark_version",
    "policyId": "policy_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Databricks(ResolvedLinkedService):
    """A workspace; `url` is Azure's, https://adb-<number>.azuredatabricks.net."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    # {"existing_cluster_id": ..} or {"new_cluster": {..}}, as a task of runs/submit has it.
    cluster: Mapping[str, Json]


async def _read(reader: Reader) -> Databricks:
    url = reader.text("domain").rstrip("/")
    return Databricks(
        name=reader.name,
        url=url if "://" in url else f"https://{url}",
        headers=await _headers(reader),
        cluster=_cluster(reader),
    )


async def _headers(reader: Reader) -> dict[str, str]:
    token = await reader.secret("accessToken")
    if reader.optional_text("authentication") is None:
        if not token:
            reader.fail("accessToken", "is missing: give one, or authentication MSI with workspaceResourceId")
        return {"Authorization": f"Bearer {token}"}
    reader.choice("authentication", (MSI,), MSI)
    if token:
        reader.fail("accessToken", "and authentication MSI exclude each other")
    workspace = reader.text("workspaceResourceId")
    return {
        "Authorization": f"Bearer {await token_of(RESOURCE, reader.context)}",
        "X-Databricks-Azure-Workspace-Resource-Id": workspace,
    }


def _cluster(reader: Reader) -> dict[str, Json]:
    existing = reader.optional_text("existingClusterId")
    new: dict[str, Json] = {
        field_name: value
        for name, field_name in CLUSTER_FIELDS.items()
        if (value := reader.value(name)) not in (None, "", {})
    }
    if existing is not None:
        if new:
            reader.fail("existingClusterId", f"excludes a new cluster, but {', '.join(sorted(new))} of one is given")
        return {"existing_cluster_id": existing}
    if "spark_version" not in new:
        reader.fail("existingClusterId", "or newClusterVersion must be given: a run needs a cluster")
    scripts, log = reader.value("newClusterInitScripts"), reader.optional_text("newClusterLogDestination")
    if scripts:
        new["init_scripts"] = [_place(str(script)) for script in scripts]
    if log:
        new["cluster_log_conf"] = _place(log)
    return {"new_cluster": new | _workers(reader)}


def _workers(reader: Reader) -> dict[str, Json]:
    """A number of workers, or `least:most` of a cluster that grows and shrinks."""
    given = reader.optional_text("newClusterNumOfWorker") or "1"
    least, mark, most = given.partition(":")
    if not least.isdecimal() or (mark and not most.isdecimal()):
        reader.fail("newClusterNumOfWorker", f"must be a number or a range such as 1:4, but is '{given}'")
    if mark:
        return {"autoscale": {"min_workers": int(least), "max_workers": int(most)}}
    return {"num_workers": int(least)}


def _place(path: str) -> dict[str, Json]:
    """A file in the way a cluster's settings name one: its scheme, and where it is."""
    scheme = path.partition(":/")[0] if ":/" in path else "workspace"
    return {scheme: {"destination": path}}


def _more(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authentication", (MSI,))


TYPE = LinkedServiceType(
    name="AzureDatabricks",
    gives=Databricks,
    read=_read,
    properties=frozenset(CLUSTER_FIELDS)
    | {
        "accessToken",
        "authentication",
        "domain",
        "existingClusterId",
        # Data Factory ignores it as well, by its specification.
        "newClusterEnableElasticDisk",
        "newClusterInitScripts",
        "newClusterLogDestination",
        "newClusterNumOfWorker",
        "workspaceResourceId",
    },
    more=_more,
)
