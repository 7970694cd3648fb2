"""Asks Data Factory's REST API (2018-06-01) about runs: https://learn.microsoft.com/rest/api/datafactory/."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from adf_export.errors import AdfExportError

Json = Any
_VERSION: Final = {"api-version": "2018-06-01"}
_SECONDS: Final = 30.0
# Calls in all, where an answer says that a later one may be better, and the longest pause between two.
_TRIES: Final = 3
_LONGEST_PAUSE: Final = 10.0
# Data Factory keeps runs for 45 days.
KEPT: Final = timedelta(days=45)
# Cloud -> base URL of its Resource Manager, which is what tokens are asked for too, and host that gives them.
CLOUDS: Final[Mapping[str, tuple[str, str]]] = {
    "public": ("https://management.azure.com", "https://login.microsoftonline.com"),
    "china": ("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    "usgov": ("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
}
# Codes of a 404 that mean what a pipeline or run is in.
_ABOVE: Final = ("SubscriptionNotFound", "ResourceGroupNotFound", "ResourceNotFound", "ParentResourceNotFound")
_SIGN_IN: Final = "sign in ('az login'), or give a token with --token-env"
_NEW_TOKEN: Final = "put a new token for the Resource Manager into the variable of --token-env"
# Reader alone is not enough: the two queries are actions.
_ROLE: Final = (
    "the identity needs the role Data Factory Contributor on the factory, or Reader and a role of your own with "
    "Microsoft.DataFactory/factories/querypipelineruns/action and "
    "Microsoft.DataFactory/factories/pipelineruns/queryactivityruns/action"
)


class OutsideError(AdfExportError):
    """Data Factory did not give what was asked for."""


class UnreachableError(OutsideError):
    """No answer, or one that a later call may better: too many calls, a fault of the server, an old token."""


class MissingError(OutsideError):
    """What was asked for is not there."""


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
        return httpx.URL(self.url).host in {"localhost", "127.0.0.1", "::1"}

    def check(self) -> None:
        """Refuses an address that a token must not be sent to.

        Raises:
            AdfExportError: it is none, or neither encrypted nor on this machine.
        """
        try:
            safe = httpx.URL(self.url).scheme == "https" or (httpx.URL(self.url).scheme == "http" and self.is_local)
        except httpx.InvalidURL as error:
            raise AdfExportError(f"--url {self.url}: {error}") from error
        if not safe:
            raise AdfExportError(
                f"--url {self.url}: a token is sent there, so it must be https", remedy="write https://HOST[:PORT]"
            )


def token_of(cloud: str) -> Callable[[], str]:
    """Gives tokens of whoever is signed in: Azure's usual order, from environment variables to the Azure CLI."""
    # Imported late: with --token-env nothing of Azure is needed.
    from azure.core.exceptions import AzureError, ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    audience, authority = CLOUDS[cloud]
    # Without one given, AZURE_AUTHORITY_HOST counts.
    credential = DefaultAzureCredential(**({} if cloud == "public" else {"authority": authority}))

    def token() -> str:
        try:
            return str(credential.get_token(f"{audience}/.default").token)
        except ClientAuthenticationError as error:
            first = str(error).splitlines()[0]
            raise UnreachableError(f"nobody is signed in: {first}", remedy=_SIGN_IN) from error
        except AzureError as error:
            raise UnreachableError(f"no token ({type(error).__name__}: {error})") from error

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
    # Whether asking for a token again can give another one.
    renewable: bool = True
    _client: httpx.Client = field(init=False, repr=False)
    _definitions: dict[str, Json | None] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.place.check()
        try:
            self._client = httpx.Client(base_url=self.place.url, params=_VERSION, timeout=_SECONDS)
        except OSError as error:
            raise AdfExportError(f"the certificates of SSL_CERT_FILE cannot be read: {error}") from error

    def close(self) -> None:
        self._client.close()

    def run(self, run_id: str) -> Json:
        """A pipeline run.

        Raises:
            MissingError: there is none.
        """
        return self._call("GET", f"/pipelineruns/{quote(run_id, safe='')}", what=f"pipeline run '{run_id}'")

    def runs(self, *, since: timedelta = KEPT, filters: Sequence[Json] = ()) -> Iterator[Json]:
        """Pipeline runs that changed since then, the newest first."""
        order = [{"orderBy": "RunStart", "order": "DESC"}]
        yield from self._pages("/queryPipelineRuns", {"filters": list(filters), "orderBy": order}, since)

    def activity_runs(self, run_id: str) -> list[Json]:
        """All activity runs of a pipeline run, each attempt and iteration, in the order of their start."""
        found = list(self._pages(f"/pipelineruns/{quote(run_id, safe='')}/queryActivityruns", {}, KEPT))
        return sorted(found, key=lambda run: (run.get("activityRunStart") is None, run.get("activityRunStart") or ""))

    def pipeline(self, name: str) -> Json | None:
        """A pipeline's properties as they are now, asked for once; None if it was deleted."""
        if name not in self._definitions:
            try:
                found = self._call("GET", f"/pipelines/{quote(name, safe='')}", what=f"pipeline '{name}'")
                self._definitions[name] = found["properties"]
            except MissingError:
                self._definitions[name] = None
        return self._definitions[name]

    def pipelines(self) -> list[str]:
        """The names of all pipelines."""
        found: list[str] = []
        page = self._call("GET", "/pipelines", what="the factory")
        while True:
            found += [one["name"] for one in page["value"]]
            if not page.get("nextLink"):
                return found
            # The token goes to no other host than the one that was named.
            page = self._send("GET", httpx.URL(page["nextLink"]).raw_path.decode(), what="the factory")

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
        for left in reversed(range(_TRIES)):
            answer = self._request(method, url, body)
            busy = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.status_code >= 500
            if not busy or not left:
                break
            time.sleep(_pause(answer))
        if not answer.is_success:
            raise self._refusal(answer, what)
        try:
            return answer.json()
        except ValueError as error:
            raise UnreachableError(
                "the answer is no JSON: is this a Resource Manager?", place=self.place.url
            ) from error

    def _request(self, method: str, url: str, body: Json) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token()}"}
        try:
            return self._client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise UnreachableError(f"no answer ({type(error).__name__}: {error})", place=self.place.url) from error

    def _refusal(self, answer: httpx.Response, what: str) -> OutsideError:
        code, message = _error(answer)
        status, said, place = answer.status_code, f"{code}: {message}"[:400], self.place.path
        told = f"HTTP {status} for {what}: {said}"
        if status == httpx.codes.NOT_FOUND:
            what = f"factory '{self.place.factory}'" if code in _ABOVE else what
            return MissingError(f"there is no {what}: {said}", place=place)
        if status == httpx.codes.UNAUTHORIZED and not self.renewable:
            return OutsideError(told, place=place, remedy=_NEW_TOKEN)
        if status == httpx.codes.UNAUTHORIZED:
            return UnreachableError(told, place=place, remedy=_SIGN_IN)
        if status == httpx.codes.FORBIDDEN:
            return OutsideError(told, place=place, remedy=_ROLE)
        busy = status == httpx.codes.TOO_MANY_REQUESTS or status >= 500
        return (UnreachableError if busy else OutsideError)(told, place=place)


def _pause(answer: httpx.Response) -> float:
    wanted = answer.headers.get("Retry-After", "")
    return min(float(wanted), _LONGEST_PAUSE) if wanted.isdecimal() else 1.0


def _error(answer: httpx.Response) -> tuple[str, str]:
    try:
        error = answer.json()["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase, answer.text


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
