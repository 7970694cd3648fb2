"""The environment that points an Airflow process, or any Azure client, at the running stand-ins."""

import json
import shlex
from collections.abc import Mapping

from local_azure.blob.azurite import ACCOUNT
from local_azure.connections import PREFIX
from local_azure.data_factory.defaults import FACTORY, RESOURCE_GROUP, SUBSCRIPTION
from local_azure.endpoints import Endpoints
from local_azure.state import Secrets, State

LANDING = "landing"
CATALOG = "crypto"
NOTEBOOKS = "/Shared/adf-export"
_BACKEND = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend"
_LOOPBACK = ("127.0.0.1", "localhost")


def client_environment(state: State, endpoints: Endpoints, secrets: Secrets) -> dict[str, str]:
    """What to set before a client process starts: some clients read these once, when they are imported."""
    backend = {
        "connections_prefix": PREFIX,
        "variables_prefix": None,
        "config_prefix": None,
        "vault_url": endpoints.key_vault,
        "verify_challenge_resource": False,
    }
    return {
        # Airflow's workers use this backend too: [workers] secrets_backend is only for those that shall have another.
        "AIRFLOW__SECRETS__BACKEND": _BACKEND,
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(backend),
        "AIRFLOW_VAR_CRYPTO_CATALOG": CATALOG,
        "AIRFLOW_VAR_CRYPTO_CHECKPOINT_ROOT": str(state.checkpoints),
        "AIRFLOW_VAR_CRYPTO_CLUSTER_ID": "local",
        "AIRFLOW_VAR_CRYPTO_LANDING_URL": f"abfss://{LANDING}@{ACCOUNT}.dfs.core.windows.net/coingecko",
        "AIRFLOW_VAR_CRYPTO_NOTEBOOK_ROOT": f"{NOTEBOOKS}/jobs",
        # Which factory a client of Data Factory's REST API asks for, and where.
        "AZURE_DATA_FACTORY": FACTORY,
        "AZURE_RESOURCE_GROUP": RESOURCE_GROUP,
        "AZURE_RESOURCE_MANAGER_URL": endpoints.data_factory,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        # Without it, DefaultAzureCredential would first try the real Azure account of whoever has one in the shell.
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": endpoints.identity,
        "IDENTITY_HEADER": secrets.identity_header,
        "REQUESTS_CA_BUNDLE": endpoints.ca_bundle,
        "SSL_CERT_FILE": endpoints.ca_bundle,
    }


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """The two spellings of NO_PROXY with this machine added: a proxy must never see local calls."""
    named = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    hosts = [host for host in (part.strip() for part in named) if host]
    value = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])
    return {"NO_PROXY": value, "no_proxy": value}


def export_lines(environment: Mapping[str, str]) -> str:
    """The environment as lines for a shell's eval."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
