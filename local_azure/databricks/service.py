"""Serves the Jobs API of a local Databricks and owns its warm Spark driver."""

import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from local_azure.databricks.answers import attempt_answer, output_answer, run_answer
from local_azure.databricks.bodies import read_submit
from local_azure.databricks.driver import Driver
from local_azure.databricks.engine import SERVICE_ENDED, Engine, wall_clock
from local_azure.databricks.errors import ApiError, invalid_parameter
from local_azure.databricks.pages import run_page
from local_azure.databricks.records import Record, RunStore
from local_azure.databricks.settings import DatabricksSettings

VERSIONS = ("2.1", "2.2")
LOOPBACK = ("127.0.0.1", "::1", "localhost", "testclient")
# The first look at a run that is shorter than a request must still find it active: clients that check so fail else.
HOLD_SECONDS = 2.0
MAX_LOG = 5 * 1024 * 1024
MAX_PAGE_LOG = 200_000
MAX_BODY = 10 * 1024 * 1024
SPARK_VERSION = "4.2.x-local"


class Jobs:
    """What the routes share."""

    def __init__(self, settings: DatabricksSettings) -> None:
        self.settings = settings
        self.driver = Driver(settings)
        self.store = RunStore(settings.root / "runs.db")
        self.store.end_active(SERVICE_ENDED, wall_clock())
        self.engine = Engine(settings, self.store, self.driver)
        # Runs of this process that nobody has looked at yet, and when they were submitted.
        self._unseen: dict[int, float] = {}

    def submit(self, body: object) -> dict[str, Any]:
        """runs/submit"""
        run_id = self.engine.submit(read_submit(body))
        self._unseen.setdefault(run_id, time.monotonic())
        return {"run_id": run_id}

    def get(self, run_id: int, base_url: str) -> dict[str, Any]:
        """runs/get, of a run or of a task's attempt"""
        record = self.record(run_id)
        held = time.monotonic() - self._unseen.pop(run_id, float("-inf")) < HOLD_SECONDS
        if record.parent_id is not None:
            return attempt_answer(record, base_url)
        return run_answer(record, self.store.attempts(run_id), base_url, held=held)

    def get_output(self, run_id: int, base_url: str) -> dict[str, Any]:
        """runs/get-output"""
        record = self.record(run_id)
        if record.parent_id is None:
            attempts = ", ".join(f"{attempt.name}: {attempt.run_id}" for attempt in self.store.attempts(run_id))
            raise invalid_parameter(
                "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of "
                f"each individual task run instead ({attempts})."
            )
        logs, truncated = self.log(record, MAX_LOG)
        return output_answer(record, base_url, logs=logs, logs_truncated=truncated)

    def cancel(self, body: object) -> dict[str, Any]:
        """runs/cancel"""
        if not isinstance(body, dict) or set(body) != {"run_id"}:
            raise invalid_parameter("the body must be an object with the one field run_id")
        run_id = self.record(integer(body["run_id"], "run_id")).run_id
        self.engine.cancel(run_id)
        return {}

    def list(self, query: dict[str, str], base_url: str) -> dict[str, Any]:
        """runs/list"""
        limit = integer(query.get("limit") or 20, "limit")
        start = integer(query.get("page_token") or query.get("offset") or 0, "page_token")
        wanted = {name: query.get(name, "").lower() == "true" for name in ("active_only", "completed_only")}
        runs = [
            run
            for run in self.store.runs()
            if not (wanted["active_only"] and not run.state.active)
            and not (wanted["completed_only"] and run.state.active)
        ]
        shown = [run_answer(run, self.store.attempts(run.run_id), base_url) for run in runs[start : start + limit]]
        if query.get("expand_tasks", "").lower() != "true":
            shown = [{key: value for key, value in run.items() if key != "tasks"} for run in shown]
        more = start + limit < len(runs)
        return {"runs": shown, "has_more": more} | ({"next_page_token": str(start + limit)} if more else {})

    def record(self, run_id: int) -> Record:
        """A known run."""
        record = self.store.get(run_id)
        if record is None:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Run {run_id} does not exist.", status=404)
        return record

    def log(self, record: Record, limit: int) -> tuple[str, bool]:
        """The end of an attempt's log, and whether its beginning is missing."""
        path = self.engine.log_path(record.run_id)
        if not path.exists():
            return "", False
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.seek(max(0, size - limit))
            return stream.read().decode("utf-8", errors="replace"), size > limit

    def health(self) -> dict[str, Any]:
        """Whether runs start at once."""
        driver = self.driver
        return {"status": driver.status, "warm": driver.warm, "jvm": driver.jvm, "message": driver.message}


def create_app(settings: DatabricksSettings, *, entra: Callable[[str], bool] | None = None) -> FastAPI:
    """The service; its lifespan starts and stops the Spark driver.

    `entra` accepts the tokens of identities, besides the personal access token; None: there are none.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs = Jobs(settings)
        app.state.jobs = jobs
        jobs.driver.start()
        try:
            yield
        finally:
            await jobs.engine.close()
            await jobs.driver.stop()
            jobs.store.close()

    app = FastAPI(title="local Databricks", lifespan=lifespan, openapi_url=None, redirect_slashes=False)
    app.middleware("http")(guard(settings.token, entra, hosts=settings.hosts))

    @app.exception_handler(ApiError)
    async def _refuse(_: Request, error: ApiError) -> JSONResponse:
        return error_answer(error)

    @app.get("/health")
    async def _health(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).health())

    @app.get("/runs/{run_id}")
    async def _page(request: Request, run_id: int) -> HTMLResponse:
        jobs = jobs_of(request)
        record = jobs.record(run_id)
        attempts = [record] if record.parent_id is not None else jobs.store.attempts(run_id)
        return HTMLResponse(run_page(record, [(each, jobs.log(each, MAX_PAGE_LOG)[0]) for each in attempts]))

    for version in VERSIONS:
        add_jobs_routes(app, f"/api/{version}")

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def _unknown(request: Request, path: str) -> Response:
        offered = "runs/submit, runs/get, runs/get-output, runs/cancel, runs/list of jobs, clusters/spark-versions"
        raise ApiError(
            "ENDPOINT_NOT_FOUND",
            f"No API found for '{request.method} /{path}' in the local Databricks: it offers {offered}",
            status=404,
        )

    return app


def add_jobs_routes(app: FastAPI, prefix: str) -> None:
    """The operations of one version of the API."""

    @app.post(f"{prefix}/jobs/runs/submit")
    async def _submit(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).submit(await read_body(request)))

    @app.get(f"{prefix}/jobs/runs/get")
    async def _get(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).get(await run_id_of(request), base_url(request)))

    @app.get(f"{prefix}/jobs/runs/get-output")
    async def _get_output(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).get_output(await run_id_of(request), base_url(request)))

    @app.post(f"{prefix}/jobs/runs/cancel")
    async def _cancel(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).cancel(await read_body(request)))

    @app.get(f"{prefix}/jobs/runs/list")
    async def _list(request: Request) -> JSONResponse:
        return JSONResponse(jobs_of(request).list(dict(request.query_params), base_url(request)))

    @app.get(f"{prefix}/clusters/spark-versions")
    async def _versions() -> JSONResponse:
        return JSONResponse({"versions": [{"key": SPARK_VERSION, "name": "Apache Spark 4.2 on this machine"}]})


Handler = Callable[[Request], Awaitable[Response]]
# What a token of Entra ID for Azure Databricks is issued for.
DATABRICKS_RESOURCE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"


def guard(
    token: str, entra: Callable[[str], bool] | None = None, *, hosts: Sequence[str] = ()
) -> Callable[[Request, Handler], Awaitable[Response]]:
    """Lets only this machine in, and to the API only who has the token or one that `entra` accepts.

    `hosts` are names that others call it by: with any, who calls may be on another machine.
    """
    names = {*LOOPBACK, *hosts}

    async def check(request: Request, call_next: Handler) -> Response:
        is_near = bool(hosts) or (request.client is not None and request.client.host in LOOPBACK)
        # The name too: a page of another site that resolves its own name to 127.0.0.1 must not read logs.
        if not is_near or host_name(request) not in names:
            return error_answer(
                ApiError("PERMISSION_DENIED", "the local Databricks serves only this machine", status=403)
            )
        if request.url.path.startswith("/api/"):
            given = request.headers.get("authorization", "")
            if not given.lower().startswith("bearer "):
                return error_answer(
                    ApiError("UNAUTHENTICATED", "Credential was not sent: a Bearer token is required", status=401)
                )
            text = given[7:].strip()
            if not hmac.compare_digest(text.encode(), token.encode()) and not (entra and entra(text)):
                return error_answer(ApiError("PERMISSION_DENIED", "Invalid access token.", status=403))
        return await call_next(request)

    return check


def host_name(request: Request) -> str:
    """The Host header without its port."""
    host = request.headers.get("host", "")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def error_answer(error: ApiError) -> JSONResponse:
    """Databricks' error body."""
    return JSONResponse({"error_code": error.error_code, "message": error.message}, status_code=error.status)


def jobs_of(request: Request) -> Jobs:
    """The state behind the routes."""
    jobs: Jobs = request.app.state.jobs
    return jobs


def base_url(request: Request) -> str:
    """Where the pages of runs are: where a browser finds them, else the address that the client used."""
    return jobs_of(request).settings.pages_url or str(request.base_url).rstrip("/")


async def run_id_of(request: Request) -> int:
    """The run that is asked for, in the query or (Airflow's triggers do so) in the body of the GET."""
    if "run_id" in request.query_params:
        return integer(request.query_params["run_id"], "run_id")
    body = await read_body(request) if await request.body() else None
    if not isinstance(body, dict) or "run_id" not in body:
        raise invalid_parameter("run_id is missing")
    return integer(body["run_id"], "run_id")


def integer(value: object, name: str) -> int:
    """A number that may be sent as text."""
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise invalid_parameter(f"{name} must be a natural number, not {value!r}")


async def read_body(request: Request) -> object:
    """The JSON body."""
    data = await request.body()
    if len(data) > MAX_BODY:
        raise invalid_parameter(f"the body has {len(data)} bytes: at most {MAX_BODY} are allowed")
    try:
        return json.loads(data)
    except ValueError as error:
        raise ApiError("MALFORMED_REQUEST", f"the body is not JSON: {error}") from error
