"""An Azurite that somebody else runs, such as a container beside ours: it is waited for and used, never started."""

import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local_azure.blob.azurite import ACCOUNT, BlobTls, create_container

_PROBE_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AzuriteElsewhere:
    """Base URLs over http and https, and the key of its accounts; it was given the same key and our certificate."""

    http: str
    https: str
    key: str = field(repr=False)
    account: str = ACCOUNT
    # Whoever runs it starts it again.
    alive: bool = True

    @property
    def endpoint(self) -> str:
        return f"{self.http}/{self.account}"

    @property
    def tls_endpoint(self) -> str:
        return f"{self.https}/{self.account}"

    def start(self) -> None:
        """Not ours to do."""

    def stop(self) -> None:
        """Not ours to do."""

    def serve_tls(self, tls: BlobTls) -> None:
        """It has them: `local-azure prepare` has written them where it looks."""

    def listening(self) -> bool:
        """Whether both ports take connections."""
        return all(_takes_connections(url) for url in (self.http, self.https))

    def last_words(self) -> str:
        return f"{self.http} and {self.https} do not both answer: see the log of whoever runs it"

    def create_container(self, name: str) -> None:
        create_container(self.endpoint, self.account, self.key, name)


def _takes_connections(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_PROBE_SECONDS):
            return True
    except OSError:
        return False
