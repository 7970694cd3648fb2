"""A server with the shapes of the Databricks Jobs API, for the faults that a real workspace shows rarely."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Json = Any
RUNNING: Json = {"life_cycle_state": "RUNNING"}
SUCCESS: Json = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}


@dataclass(slots=True)
class JobsApi:
    """Each look at a run gives the next state, the last for ever."""

    states: list[Json] = field(default_factory=lambda: [SUCCESS])
    output: Json = field(default_factory=dict)
    # Operation -> answers before the good ones: status and body.
    faults: dict[str, list[tuple[int, Json]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    submitted: list[Json] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Idempotency token -> run.
    runs: dict[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = request.url.path.removeprefix("/api/2.2/jobs/runs/")
        self.calls.append(operation)
        self.headers.append(dict(request.headers))
        body = await request.body()
        await self._answer(operation, json.loads(body) if body else None)(scope, receive, send)

    def _answer(self, operation: str, body: Json) -> Response:
        waiting = self.faults.get(operation)
        if waiting:
            status, document = waiting.pop(0)
            return document if isinstance(document, Response) else JSONResponse(document, status_code=status)
        if operation == "submit":
            self.submitted.append(body)
            return JSONResponse({"run_id": self.runs.setdefault(body["idempotency_token"], 100 + len(self.runs))})
        if operation == "cancel":
            self.cancelled.append(body["run_id"])
            return JSONResponse({})
        if operation == "get-output":
            return JSONResponse(self.output)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        run = {"run_id": 100, "state": state, "run_page_url": "https://x/#job/1/run/100", "tasks": [{"run_id": 7}]}
        return JSONResponse(run)
