"""What a local Databricks is told at its start, and how that travels to the Spark driver's process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_azure.storage import BlobAccount, StorageMap


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where `dbutils.secrets` looks: Key Vault backed scopes, read with a managed identity."""

    # Scope name to the URL of its vault.
    scopes: Mapping[str, str]
    identity_endpoint: str
    identity_header: str
    # PEM file that the vaults' certificates are checked against.
    ca_bundle: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabricksSettings:
    """One local Databricks workspace and its warm Spark driver."""

    # Runs, logs, dbfs:/ and scratch files.
    root: Path
    warehouse: Path
    metastore: Path
    # The personal access token that clients must send.
    token: str
    # Workspace path prefix to the local folder that is mounted there, e.g. "/Shared/adf-export" to "<project>/spark".
    workspace: Mapping[str, Path]
    storage: StorageMap
    # None: the workspace has no secret scopes.
    secrets: SecretSource | None = None
    catalog: str = "crypto"
    # Attached Python processes kept ready for the next runs.
    pool_size: int = 1
    # Runs beyond it wait as PENDING.
    max_concurrent_runs: int = 4
    heap: str = "1g"
    cores: int = 2
    # False leaves out format("cloudFiles"), which costs a little at each run.
    cloud_files: bool = True
    # Run a small Delta workload at start, so that the first run of a user finds compiled code.
    warm_up: bool = True
    # Names that others than this machine call the service by, and where a browser finds its pages.
    hosts: tuple[str, ...] = ()
    pages_url: str = ""
    # Further environment variables of the driver and of each run.
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """One log file a task run, and the driver's own."""
        return self.root / "logs"

    @property
    def dbfs(self) -> Path:
        """What notebooks see as dbfs:/."""
        return self.root / "dbfs"


def settings_to_json(settings: DatabricksSettings) -> dict[str, Any]:
    """The part of the settings that the driver's process needs: never the API token."""
    source = settings.secrets
    return {
        "root": str(settings.root),
        "warehouse": str(settings.warehouse),
        "metastore": str(settings.metastore),
        "workspace": {prefix: str(folder) for prefix, folder in settings.workspace.items()},
        "accounts": [
            {"name": account.name, "endpoint": account.endpoint, "key": account.key}
            for account in settings.storage.accounts
        ],
        "secrets": source
        and {
            "scopes": dict(source.scopes),
            "identity_endpoint": source.identity_endpoint,
            "identity_header": source.identity_header,
            "ca_bundle": str(source.ca_bundle),
        },
        "catalog": settings.catalog,
        "pool_size": settings.pool_size,
        "heap": settings.heap,
        "cores": settings.cores,
        "cloud_files": settings.cloud_files,
        "warm_up": settings.warm_up,
    }


def settings_from_json(document: Mapping[str, Any]) -> DatabricksSettings:
    """The settings as the driver's process sees them."""
    source = document["secrets"]
    return DatabricksSettings(
        root=Path(document["root"]),
        warehouse=Path(document["warehouse"]),
        metastore=Path(document["metastore"]),
        token="",
        workspace={prefix: Path(folder) for prefix, folder in document["workspace"].items()},
        storage=StorageMap(accounts=tuple(BlobAccount(**account) for account in document["accounts"])),
        secrets=source and SecretSource(**(source | {"ca_bundle": Path(source["ca_bundle"])})),
        catalog=document["catalog"],
        pool_size=document["pool_size"],
        heap=document["heap"],
        cores=document["cores"],
        cloud_files=document["cloud_files"],
        warm_up=document["warm_up"],
    )
