"""Runs one task through the Jobs API of a Databricks workspace: submitted once, followed to its end, or cancelled."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adf_lang.text import write_json
from local_azure.data_factory.activities.base import ActivityContext, Checkpoint
from local_azure.data_factory.errors import ActivityError, FailureType
from local_azure.data_factory.http_calls import Answer, Call, CallError, send
from local_azure.data_factory.linked_services import Databricks
from local_azure.data_factory.services import Services

Json = Any
API = "/api/2.2/jobs/runs"
# Data Factory's numbers: not authorized; wrong authoring; refused by the service; the cluster is not there; the run
# failed; the connection broke.
UNAUTHORIZED, WRONG, REFUSED, NO_CLUSTER, FAILED, BROKEN = "3200", "3201", "3202", "3203", "3204", "3208"
# error_code of Databricks -> number; what is not in it is told by the status.
CODES: Mapping[str, str] = {
    "INVALID_PARAMETER_VALUE": WRONG,
    "INVALID_STATE": NO_CLUSTER,
    "MALFORMED_REQUEST": REFUSED,
    "PERMISSION_DENIED": UNAUTHORIZED,
    "QUOTA_EXCEEDED": REFUSED,
    "REQUEST_LIMIT_EXCEEDED": REFUSED,
    "RESOURCE_DOES_NOT_EXIST": WRONG,
    "UNAUTHENTICATED": UNAUTHORIZED,
}
STATUSES: Mapping[int, str] = {400: WRONG, 401: UNAUTHORIZED, 403: UNAUTHORIZED, 404: WRONG, 429: REFUSED}
# Life cycle states in which a run has ended.
ENDED = ("INTERNAL_ERROR", "SKIPPED", "TERMINATED")
# Azure looks less often; here a look costs nothing.
POLL_SECONDS = 0.2
CALL_SECONDS, CANCEL_SECONDS = 60.0, 10.0
# So often in a row a look may fail, and so long it then waits longer and longer, before the run is given up.
PATIENCE, PATIENCE_SECONDS = 5, 0.2
MAX_ANSWER = 32 * 1024 * 1024
RUN_ID = "run_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that succeeded."""

    page_url: str
    # What the notebook ended with; None: nothing.
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The Jobs API of one workspace."""

    service: Databricks
    services: Services

    async def run(self, body: Mapping[str, Json], checkpoint: Checkpoint, context: ActivityContext) -> Finished:
        """Submits a run, or takes up the one of before a restart, and follows it to its end.

        Raises:
            ActivityError: it could not be submitted, or it failed; the message has the error of its task.
        """
        submitting = asyncio.create_task(self._submit(body, checkpoint))
        try:
            # Shielded: a run that was submitted while we are cancelled must be known, to be cancelled too.
            return await self._follow(await asyncio.shield(submitting))
        except asyncio.CancelledError:
            if context.stopping():
                submitting.cancel()
            else:
                await self._cancel(submitting)
            raise

    async def _submit(self, body: Mapping[str, Json], checkpoint: Checkpoint) -> int:
        known = checkpoint.get(RUN_ID)
        if known is not None:
            return int(known)
        # The token in the body makes this harmless if we are killed between the answer and the checkpoint.
        document = await self._call("POST", "/submit", body)
        run_id = document.get(RUN_ID)
        if not isinstance(run_id, int):
            raise ActivityError(FAILED, f"{self._where} answers runs/submit without a run_id")
        checkpoint.put(RUN_ID, run_id)
        return run_id

    async def _follow(self, run_id: int) -> Finished:
        while True:
            run = await self._look(run_id)
            state = run.get("state") or {}
            if state.get("life_cycle_state") in ENDED:
                break
            await asyncio.sleep(POLL_SECONDS)
        page_url = str(run.get("run_page_url", ""))
        tasks = run.get("tasks") or [{RUN_ID: run_id}]
        if state.get("result_state") == "SUCCESS":
            return Finished(page_url=page_url, result=await self._result(tasks[-1][RUN_ID]))
        raise ActivityError(FAILED, await self._why(state, tasks[-1][RUN_ID], page_url))

    async def _look(self, run_id: int) -> dict[str, Json]:
        """runs/get, patient with a service that is away for a moment: the run itself goes on."""
        for failures in range(PATIENCE):
            try:
                return await self._call("GET", f"/get?run_id={run_id}")
            except ActivityError as error:
                if error.failure_type is not FailureType.SYSTEM:
                    raise
                await asyncio.sleep(PATIENCE_SECONDS * 2**failures)
        return await self._call("GET", f"/get?run_id={run_id}")

    async def _result(self, run_id: int) -> str | None:
        output = await self._call("GET", f"/get-output?run_id={run_id}")
        notebook = output.get("notebook_output") or {}
        if notebook.get("truncated"):
            raise ActivityError(FAILED, f"the result of run {run_id} was cut off by Databricks: let it return less")
        result = notebook.get("result")
        return None if result is None else str(result)

    async def _why(self, state: Mapping[str, Json], run_id: int, page_url: str) -> str:
        output: Mapping[str, Json] = {}
        if state.get("life_cycle_state") == "TERMINATED":
            output = await self._call("GET", f"/get-output?run_id={run_id}")
        error = output.get("error") or state.get("state_message") or ""
        how = state.get("result_state") or state.get("life_cycle_state")
        return (
            f"Databricks execution failed with error state: {how}, error message: {error}. "
            f"For more details please check the run page url: {page_url}"
        )

    async def _cancel(self, submitting: asyncio.Task[int]) -> None:
        """Cancels the run; one that cannot be reached now is left to its own end."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._call("POST", "/cancel", {RUN_ID: await submitting})
        except (ActivityError, TimeoutError):
            return

    async def _call(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> dict[str, Json]:
        headers = dict(self.service.headers)
        content = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = write_json(dict(body)).encode()
        call = Call(
            method=method,
            url=f"{self.service.url}{API}{path}",
            headers=headers,
            body=content,
            timeout_seconds=CALL_SECONDS,
            limit=MAX_ANSWER,
        )
        try:
            answer = await send(call, self.services)
        except CallError as error:
            raise ActivityError(
                BROKEN, f"An error occurred while sending the request: {error}", failure_type=FailureType.SYSTEM
            ) from error
        return self._document(answer, path.partition("?")[0])

    def _document(self, answer: Answer, path: str) -> dict[str, Json]:
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status == 200 and isinstance(document, dict):
            return document
        given = document if isinstance(document, dict) else {}
        code = CODES.get(str(given.get("error_code"))) or STATUSES.get(answer.status) or FAILED
        message = given.get("message") or answer.text()[:1000] or answer.reason
        away = answer.status >= 500 or answer.status == 429
        raise ActivityError(
            code,
            f"{self._where} answers runs{path} with {answer.status}: {message}",
            failure_type=FailureType.SYSTEM if away else FailureType.USER,
        )

    @property
    def _where(self) -> str:
        return f"linked service '{self.service.name}' ({self.service.url})"
