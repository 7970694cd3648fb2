"""What all runs share: an HTTP client, where Azure's hosts are served, tokens of the factory's identity, the clock."""

import datetime
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import httpx

    from local_azure.data_factory.callbacks import Callbacks


def utc_now() -> datetime.datetime:
    """The real clock."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointMap:
    """Says where the host of a URL is served on this machine: the JSON of a factory is never edited.

    Keys are hosts, `account.blob.core.windows.net`, or with one leading `*.` for all below; values are base URLs, in
    which `{account}` is the first label of the host. A path in the base URL comes before the path of the URL (Azurite
    wants the account there). Hosts that are not in the map stay what they are.
    """

    hosts: Mapping[str, str] = field(default_factory=dict)

    def locate(self, url: str) -> str:
        """The URL to call."""
        parts = urlsplit(url)
        base = self._base((parts.hostname or "").lower())
        if base is None:
            return url
        to = urlsplit(base.replace("{account}", (parts.hostname or "").split(".")[0]))
        return urlunsplit((to.scheme, to.netloc, to.path.rstrip("/") + parts.path, parts.query, parts.fragment))

    def _base(self, host: str) -> str | None:
        if host in self.hosts:
            return self.hosts[host]
        # adb-123.4.azuredatabricks.net has two labels before what *.azuredatabricks.net says.
        while "." in host:
            host = host.partition(".")[2]
            if f"*.{host}" in self.hosts:
                return self.hosts[f"*.{host}"]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Shared by all runs of a factory."""

    # Follows no redirects, trusts the local CA as well, has no timeout of its own.
    http: "httpx.AsyncClient"
    endpoints: EndpointMap
    # An access token of the factory's managed identity for a resource (audience).
    token: Callable[[str], Awaitable[str]]
    now: Callable[[], datetime.datetime] = utc_now
    # Where a WebHook's callBackUri leads: this plus "/callbacks/<token>".
    callback_base: str = ""
    # The callbacks that WebHooks wait for; None: this service has no address for them.
    callbacks: "Callbacks | None" = None
