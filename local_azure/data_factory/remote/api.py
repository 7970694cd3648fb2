"""Calls the REST API of one factory, the local one or Azure's: documents, runs, and ARM's errors as ours."""

import datetime
import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import certifi
import httpx

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.records import ActivityStatus, FactoryId
from local_azure.errors import LocalAzureError

Json = Any

API_VERSION = "2018-06-01"
AUDIENCE = "https://management.azure.com/"
# Data Factory keeps runs for this long.
KEPT_DAYS = 45
_TIMEOUT_SECONDS = 60.0


class RestError(LocalAzureError):
    """An answer that is a refusal; `problems` tells the places when it was the JSON of a document."""

    def __init__(self, status: int, code: str, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which factory is meant, and how to reach it."""

    url: str
    factory: FactoryId
    token: Callable[[], str] = field(repr=False)
    # A file of certificate authorities; None: those that the environment names, else the public ones.
    ca_bundle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list; empty means all."""

    status: str = ""
    pipeline: str = ""
    group: str = ""
    limit: int = 20


class FactoryApi:
    """The calls of one command; a context manager."""

    def __init__(self, target: Target) -> None:
        self.target = target
        named = target.ca_bundle or os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
        verify = ssl.create_default_context(cafile=named or certifi.where())
        # No proxy is meant for the local factory.
        trust = urlsplit(target.url).hostname not in ("localhost", "127.0.0.1")
        self._http = httpx.Client(verify=verify, timeout=_TIMEOUT_SECONDS, trust_env=trust)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    # -- documents -------------------------------------------------------------------------------------------------

    def factory(self) -> Json:
        """The factory's own document; None when there is none."""
        return self._find("")

    def put_factory(self, document: Mapping[str, Json]) -> Json:
        return self._call("PUT", "", json=dict(document))

    def put(self, kind: str, name: str, properties: Json) -> Json:
        """Adds or replaces a document; `kind` is the segment of the path: pipelines, datasets, ..."""
        return self._call("PUT", f"/{kind}/{_segment(name)}", json={"properties": properties})

    def pipeline(self, name: str) -> Json:
        """A pipeline's document; None when there is none of this name."""
        return self._find(f"/pipelines/{_segment(name)}")

    def names(self, kind: str) -> list[str]:
        """The names of all documents of a kind."""
        found: list[str] = []
        page = self._call("GET", f"/{kind}")
        while True:
            found += [row["name"] for row in page.get("value", [])]
            if not page.get("nextLink"):
                return found
            page = self._request("GET", page["nextLink"])

    # -- runs ------------------------------------------------------------------------------------------------------

    def create_run(self, pipeline: str, parameters: Mapping[str, Json], **query: str) -> str:
        """Starts a run; its id."""
        answer = self._call("POST", f"/pipelines/{_segment(pipeline)}/createRun", json=dict(parameters), query=query)
        return str(answer["runId"])

    def run(self, run_id: str) -> Json:
        return self._call("GET", f"/pipelineruns/{_segment(run_id)}")

    def cancel(self, run_id: str, *, recursive: bool) -> None:
        query = {"isRecursive": "true"} if recursive else {}
        self._call("POST", f"/pipelineruns/{_segment(run_id)}/cancel", query=query)

    def runs(self, wanted: RunFilter) -> list[Json]:
        """The newest runs, newest first."""
        filters = [
            {"operand": operand, "operator": "Equals", "values": [value]}
            for operand, value in (
                ("Status", wanted.status),
                ("PipelineName", wanted.pipeline),
                ("RunGroupId", wanted.group),
            )
            if value
        ]
        body = {**_window(), "filters": filters, "orderBy": [{"orderBy": "RunStart", "order": "DESC"}]}
        found: list[Json] = []
        for row in self._pages("/queryPipelineRuns", body):
            found.append(row)
            if len(found) == wanted.limit:
                break
        return found

    def activity_runs(self, run_id: str, *, changed_after: datetime.datetime | None = None) -> list[Json]:
        """The activity runs of a run, all or those that changed since, in the order they started."""
        # All of them: unasked, skipped ones are not told.
        statuses = [status.value for status in ActivityStatus]
        body = {
            **_window(changed_after),
            "filters": [{"operand": "Status", "operator": "In", "values": statuses}],
            "orderBy": [{"orderBy": "ActivityRunStart", "order": "ASC"}],
        }
        return list(self._pages(f"/pipelineruns/{_segment(run_id)}/queryActivityruns", body))

    def _pages(self, path: str, body: Mapping[str, Json]) -> Iterator[Json]:
        token = None
        while True:
            answer = self._call("POST", path, json={**body, **({"continuationToken": token} if token else {})})
            yield from answer.get("value", [])
            token = answer.get("continuationToken")
            if not token:
                return

    # -- the wire --------------------------------------------------------------------------------------------------

    def _find(self, path: str) -> Json:
        try:
            return self._call("GET", path)
        except RestError as error:
            if error.status != 404:
                raise
            return None

    def _call(self, method: str, path: str, *, json: Json = None, query: Mapping[str, str] | None = None) -> Json:
        url = f"{self.target.url.rstrip('/')}{self.target.factory.path}{path}"
        return self._request(method, url, json=json, params={"api-version": API_VERSION, **(query or {})})

    def _request(self, method: str, url: str, **more: Json) -> Json:
        self._token = self._token or self.target.token()
        try:
            answer = self._http.request(method, url, headers={"Authorization": f"Bearer {self._token}"}, **more)
        except httpx.HTTPError as error:
            raise LocalAzureError(f"{self.target.url} does not answer ({type(error).__name__}: {error})") from error
        try:
            document = answer.json() if answer.content else None
        except ValueError:
            document = None
        if answer.is_success:
            return document
        raise _refusal(answer.status_code, f"{method} {urlsplit(url).path}", document)


def _refusal(status: int, call: str, document: Json) -> RestError:
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return RestError(status, "", f"{call} answers {status}")
    problems = [
        Problem(path=str(detail.get("target") or "$"), message=str(detail.get("message") or ""))
        for detail in error.get("details") or ()
    ]
    message = str(error.get("message") or f"{call} answers {status}")
    return RestError(status, str(error.get("code") or ""), message, problems)


def _window(after: datetime.datetime | None = None) -> dict[str, str]:
    now = datetime.datetime.now(datetime.UTC)
    after = after or now - datetime.timedelta(days=KEPT_DAYS)
    # A day more: the clock of the service may be ahead.
    before = now + datetime.timedelta(days=1)
    return {"lastUpdatedAfter": after.isoformat(), "lastUpdatedBefore": before.isoformat()}


def _segment(name: str) -> str:
    return quote(name, safe="")
