"""Asks Data Factory's REST API (2018-06-01) about runs: https://learn.microsoft.com/rest/api/datafactory/."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from adf_export.errors import AdfExportError

Json = Any
_VERSION: Final = {"api-version": "2018-06-01"}
_SECONDS: Final = 30.0
# Data Factory keeps runs for 45 days.
_KEPT: Final = timedelta(days=45)
# Cloud -> base URL of its Resource Manager, which is what tokens are asked for too, and host that gives them.
CLOUDS: Final[Mapping[str, tuple[str, str]]] = {
    "public": ("https://management.azure.com", "https://login.microsoftonline.com"),
    "china": ("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    "usgov": ("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
}
_REMEDIES: Final[Mapping[int, str]] = {
    401: "sign in ('az login'), or give a token with --token-env",
    403: "your identity needs the role Data Factory Contributor, or Reader with Microsoft.DataFactory/factories/*/read",
}


class UnreachableError(AdfExportError):
    """No answer, or one that a later call may better: too many calls, a fault of the server, an old token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One factory: where, and whose."""

    url: str
    subscription: str
    resource_group: str
    factory: str

    @property
    def path(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.DataFactory/factories/{self.factory}"
        )

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where nobody counts calls."""
        return httpx.URL(self.url).host in {"localhost", "127.0.0.1"}


def token_of(cloud: str) -> Callable[[], str]:
    """Gives tokens of whoever is signed in: Azure's usual order, from environment variables to the Azure CLI."""
    # Imported late: with --token-env nothing of Azure is needed.
    from azure.identity import DefaultAzureCredential

    audience, authority = CLOUDS[cloud]
    credential = DefaultAzureCredential(authority=authority)

    def token() -> str:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return str(credential.get_token(f"{audience}/.default").token)
        except ClientAuthenticationError as error:
            first = str(error).splitlines()[0]
            raise AdfExportError(f"nobody is signed in: {first}", remedy=_REMEDIES[401]) from error

    return token


def token_in(variable: str) -> Callable[[], str]:
    """Reads the token from a variable of the environment."""
    if not os.environ.get(variable):
        raise AdfExportError(f"the variable {variable} is not set", remedy="put an access token into it")
    return lambda: os.environ[variable]


@dataclass(slots=True, kw_only=True)
class FactoryApi:
    """The calls; close it."""

    place: Place
    token: Callable[[], str] = field(repr=False)
    _client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        trust = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)
        self._client = httpx.Client(base_url=self.place.url, params=_VERSION, timeout=_SECONDS, verify=trust)

    def close(self) -> None:
        self._client.close()

    def run(self, run_id: str) -> Json:
        """A pipeline run; AdfExportError if there is none."""
        return self._call("GET", f"/pipelineruns/{run_id}", what=f"pipeline run '{run_id}'")

    def runs(self, *, since: timedelta = _KEPT, filters: Sequence[Json] = ()) -> Iterator[Json]:
        """Pipeline runs that changed since then, the newest first."""
        order = [{"orderBy": "RunStart", "order": "DESC"}]
        yield from self._pages("/queryPipelineRuns", {"filters": list(filters), "orderBy": order}, since)

    def activity_runs(self, run_id: str) -> list[Json]:
        """All activity runs of a pipeline run, each attempt and iteration, in the order of their start."""
        found = list(self._pages(f"/pipelineruns/{run_id}/queryActivityruns", {}, _KEPT))
        return sorted(found, key=lambda run: (run.get("activityRunStart") is None, run.get("activityRunStart") or ""))

    def pipeline(self, name: str) -> Json | None:
        """Activities as they are defined now, None if the pipeline was deleted."""
        try:
            return self._call("GET", f"/pipelines/{name}", what=f"pipeline '{name}'")["properties"]
        except MissingError:
            return None

    def pipelines(self) -> list[str]:
        """The names of all pipelines."""
        found: list[str] = []
        page = self._call("GET", "/pipelines", what="the factory")
        while True:
            found += [one["name"] for one in page["value"]]
            if not page.get("nextLink"):
                return found
            page = self._send("GET", page["nextLink"], what="the factory")

    def _pages(self, path: str, body: Json, since: timedelta) -> Iterator[Json]:
        now = datetime.now(UTC)
        window = {"lastUpdatedAfter": _text(now - since), "lastUpdatedBefore": _text(now + timedelta(days=1))}
        token: str | None = None
        while True:
            more = {"continuationToken": token} if token else {}
            page = self._call("POST", path, body | window | more, what=f"factory '{self.place.factory}'")
            yield from page["value"]
            token = page.get("continuationToken")
            if not token:
                return

    def _call(self, method: str, path: str, body: Json = None, *, what: str) -> Json:
        return self._send(method, f"{self.place.path}{path}", body, what=what)

    def _send(self, method: str, url: str, body: Json = None, *, what: str) -> Json:
        try:
            answer = self._client.request(method, url, json=body, headers={"Authorization": f"Bearer {self.token()}"})
        except httpx.HTTPError as error:
            raise UnreachableError(f"no answer ({type(error).__name__}: {error})", place=self.place.url) from error
        if answer.is_success:
            return answer.json()
        code, message = _error(answer)
        said = f"{code}: {message}"[:400]
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise MissingError(f"there is no {what}: {said}", place=self.place.path)
        kind = UnreachableError if answer.status_code in (401, 429) or answer.status_code >= 500 else AdfExportError
        raise kind(
            f"HTTP {answer.status_code} for {what}: {said}",
            place=self.place.path,
            remedy=_REMEDIES.get(answer.status_code, ""),
        )


class MissingError(AdfExportError):
    """What was asked for is not there."""


def _error(answer: httpx.Response) -> tuple[str, str]:
    try:
        error = answer.json()["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase, answer.text


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
