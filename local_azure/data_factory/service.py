"""The Data Factory over HTTP: ARM's paths, tokens and envelope around the table of routes."""

import json
import logging
import math
import uuid
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local_azure.data_factory import refusals
from local_azure.data_factory.backend import Backend
from local_azure.data_factory.call import Answer, Call
from local_azure.data_factory.errors import ArmError
from local_azure.data_factory.request_body import read_body
from local_azure.data_factory.responses import Responses
from local_azure.data_factory.routes import Table
from local_azure.data_factory.wire import error_document
from local_azure.errors import LocalAzureError
from local_azure.identity.tokens import TokenError, Tokens

# Raises TokenError for an access token that is not accepted.
VerifyToken = Callable[[str], object]

AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")

log = logging.getLogger("local_azure.data_factory")


def create_app(backend: Backend, verify_token: VerifyToken, *, show_skipped: bool = False) -> FastAPI:
    """The service of all factories of a backend. Routes that are added to the app are served beside it, without token.

    With `show_skipped` queryActivityruns shows skipped activities even when no filter asks for them.
    """
    app = FastAPI(title="data factory", openapi_url=None, redirect_slashes=False)
    arm = _Arm(Responses(backend, show_skipped=show_skipped), verify_token)
    # Not a route: ARM's paths do not mind case, and FastAPI's do.
    app.router.default = arm
    _answer_errors(app)
    return app


def accept_management_tokens(tokens: Tokens) -> VerifyToken:
    """Accepts the tokens that Azure's resource manager accepts, of this state folder's identity service."""

    def verify(text: str) -> object:
        for audience in AUDIENCES[1:]:
            try:
                return tokens.verify(text, audience=audience)
            except TokenError:
                continue
        return tokens.verify(text, audience=AUDIENCES[0])

    return verify


class _Arm:
    """The ASGI app behind all paths that are no route of FastAPI's."""

    def __init__(self, responses: Responses, verify_token: VerifyToken) -> None:
        self._responses = responses
        self._verify_token = verify_token
        self._table = Table()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._answer(request)
        headers = {"x-ms-request-id": str(uuid.uuid4()), **answer.headers}
        response = Response(status_code=answer.status, headers=headers)
        if answer.body is not None:
            response = _Json(answer.body, status_code=answer.status, headers=headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        self._check_token(request.headers)
        found = self._table.find(request.method, request.scope["raw_path"].decode("ascii"))
        query = {name.lower(): value for name, value in request.query_params.items()}
        _check_version(request.query_params, query.get("api-version"))
        body = await read_body(request)
        assert found.route.handler is not None
        call = Call(
            names=found.names,
            query=query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            url=str(request.url.replace(query="")),
        )
        return found.route.handler(self._responses, call)

    def _check_token(self, headers: Headers) -> None:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise refusals.no_token()
        try:
            self._verify_token(text.strip())
        except TokenError as error:
            raise refusals.bad_token(str(error)) from error


def _check_version(query: QueryParams, given: str | None) -> None:
    if not given:
        raise refusals.no_api_version()
    if given != refusals.API_VERSION:
        raise refusals.unknown_api_version(given)


class _Json(JSONResponse):
    """JSON in ASCII: an output may hold half of a surrogate pair. What is no number is told as a text, as .NET does."""

    def render(self, content: Any) -> bytes:
        try:
            return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            return json.dumps(_numbers(content), allow_nan=False, separators=(",", ":")).encode()


def _numbers(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    return value


def _answer_errors(app: FastAPI) -> None:
    """Every refusal has ARM's envelope, those of the framework and our own faults too."""

    def answer(error: ArmError) -> JSONResponse:
        headers = {"x-ms-request-id": str(uuid.uuid4())}
        if error.status == 401:
            reason = f'error="invalid_token", error_description="{error.code}"'
            headers["WWW-Authenticate"] = f'Bearer authorization_uri="https://login.microsoftonline.com/", {reason}'
        return _Json(error_document(error), status_code=error.status, headers=headers)

    @app.exception_handler(ArmError)
    async def refused(request: Request, error: ArmError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        return answer(ArmError(error.status_code, "BadRequest", str(error.detail)))

    @app.exception_handler(LocalAzureError)
    async def ours(request: Request, error: LocalAzureError) -> JSONResponse:
        log.error("%s %s failed: %s", request.method, request.url.path, error)
        return answer(ArmError(500, "InternalServerError", str(error)))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        # The server logs it with its traceback.
        message = f"a fault of the local Data Factory, see its log: {type(error).__name__}"
        return answer(ArmError(500, "InternalServerError", message))
