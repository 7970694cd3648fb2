"""Where the running services are: the one file that every client of a state folder reads."""

import json
from dataclasses import asdict, dataclass, fields

from local_azure.errors import LocalAzureError
from local_azure.lock import owner
from local_azure.state import State, write_private


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of one running set of stand-ins."""

    coingecko: str
    coingecko_pro: str
    # Over http, for account keys; over https, for tokens too: the same blobs.
    blob: str
    blob_tls: str
    blob_account: str
    key_vault: str
    identity: str
    # Base URL of the Resource Manager's REST API, without a path.
    data_factory: str
    # None when started without Spark.
    databricks: str | None
    ca_bundle: str
    pid: int

    def write(self, state: State) -> None:
        """Publish: readers see the whole document or none."""
        write_private(state.endpoints, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, state: State) -> "Endpoints":
        """The addresses of what runs now on this state folder; an error when nothing does."""
        pid = owner(state.lock)
        if pid is None:
            raise LocalAzureError(f"nothing runs on {state.root}: start it with 'local-azure up --state {state.root}'")
        try:
            document = json.loads(state.endpoints.read_text())
        except FileNotFoundError as error:
            raise LocalAzureError(f"process {pid} is still starting on {state.root}: try again shortly") from error
        names = {field.name for field in fields(cls)}
        if set(document) != names:
            raise LocalAzureError(
                f"{state.endpoints} was written by another version: 'local-azure down', then 'local-azure up'"
            )
        if document["pid"] != pid:
            raise LocalAzureError(f"process {pid} is still starting on {state.root}: try again shortly")
        return cls(**document)
