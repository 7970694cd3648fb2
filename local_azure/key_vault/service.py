"""The vault's routes: Key Vault's REST API for secrets, from 7.0 to 2026-04-01."""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from local_azure.identity.tokens import Tokens
from local_azure.key_vault.access import Access
from local_azure.key_vault.documents import SetIn, UpdateIn, bundle, deleted_item, item, secret_id, version_id
from local_azure.key_vault.errors import KeyVaultError, bad_parameter
from local_azure.key_vault.store import Store

API_VERSIONS = ("7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
PAGE = 25


def create_app(store: Store, tokens: Tokens, base_url: str) -> FastAPI:
    """The vault at `base_url`; every route needs a token for https://vault.azure.net."""
    app = FastAPI(title="key vault", openapi_url=None, redirect_slashes=False)
    app.add_middleware(Access, tokens=tokens)
    _answer_errors(app)

    @app.put("/secrets/{name}")
    async def set_secret(name: str, body: SetIn, request: Request) -> dict[str, Any]:
        _check_version(request)
        return bundle(store.set(name, body.value, body.to_attributes()), base_url)

    @app.get("/secrets")
    async def list_secrets(request: Request) -> dict[str, Any]:
        after, limit = _page(request)
        found = store.list_secrets(after=after, limit=limit + 1)
        rows = [item(secret, secret_id(secret, base_url)) for secret in found]
        return _answer_page(request, rows, [secret.name for secret in found], limit, base_url)

    # Azure's clients ask for the latest version as `/secrets/{name}/`, with nothing after the slash.
    @app.get("/secrets/{name}")
    @app.get("/secrets/{name}/")
    async def get_latest(name: str, request: Request) -> dict[str, Any]:
        _check_version(request)
        return bundle(store.get(name), base_url)

    @app.get("/secrets/{name}/versions")
    async def list_versions(name: str, request: Request) -> dict[str, Any]:
        after, limit = _page(request)
        found = store.list_versions(name, after=after, limit=limit + 1)
        rows = [item(secret, version_id(secret, base_url)) for secret in found]
        return _answer_page(request, rows, [secret.version for secret in found], limit, base_url)

    @app.get("/secrets/{name}/{version}")
    async def get_version(name: str, version: str, request: Request) -> dict[str, Any]:
        _check_version(request)
        return bundle(store.get(name, version), base_url)

    @app.patch("/secrets/{name}")
    @app.patch("/secrets/{name}/")
    async def update_latest(name: str, body: UpdateIn, request: Request) -> dict[str, Any]:
        return await update_version(name, "", body, request)

    @app.patch("/secrets/{name}/{version}")
    async def update_version(name: str, version: str, body: UpdateIn, request: Request) -> dict[str, Any]:
        _check_version(request)
        secret = store.update(name, version, body.to_attributes())
        return item(secret, version_id(secret, base_url))

    @app.delete("/secrets/{name}")
    async def delete_secret(name: str, request: Request) -> dict[str, Any]:
        _check_version(request)
        deleted = store.delete(name)
        return deleted_item(deleted, base_url, version_id(deleted.latest, base_url))

    @app.get("/deletedsecrets")
    async def list_deleted(request: Request) -> dict[str, Any]:
        after, limit = _page(request)
        found = store.list_deleted(after=after, limit=limit + 1)
        rows = [deleted_item(deleted, base_url, secret_id(deleted.latest, base_url)) for deleted in found]
        return _answer_page(request, rows, [deleted.latest.name for deleted in found], limit, base_url)

    @app.get("/deletedsecrets/{name}")
    async def get_deleted(name: str, request: Request) -> dict[str, Any]:
        _check_version(request)
        deleted = store.get_deleted(name)
        return deleted_item(deleted, base_url, version_id(deleted.latest, base_url))

    @app.delete("/deletedsecrets/{name}")
    async def purge_deleted(name: str, request: Request) -> Response:
        _check_version(request)
        store.purge(name)
        return Response(status_code=204)

    @app.post("/deletedsecrets/{name}/recover")
    async def recover_deleted(name: str, request: Request) -> dict[str, Any]:
        _check_version(request)
        secret = store.recover(name)
        return item(secret, version_id(secret, base_url))

    return app


def _check_version(request: Request) -> None:
    given = request.query_params.get("api-version")
    if not given:
        raise bad_parameter("api-version must be specified")
    if given not in API_VERSIONS:
        raise bad_parameter(f"The api-version {given!r} is not supported; known are {', '.join(API_VERSIONS)}.")


def _page(request: Request) -> tuple[str, int]:
    """The key after which the asked page starts, and its size."""
    _check_version(request)
    wanted = request.query_params.get("maxresults", str(PAGE))
    if not wanted.isdecimal() or not 1 <= int(wanted) <= PAGE:
        raise bad_parameter(f"maxresults is {wanted!r}: it has to be a number between 1 and {PAGE}")
    token = request.query_params.get("$skiptoken", "")
    try:
        return base64.urlsafe_b64decode(token).decode(), int(wanted)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_parameter("The $skiptoken is not one that this vault gave: start the list anew.") from error


def _answer_page(
    request: Request, rows: list[dict[str, Any]], keys: list[str], limit: int, base_url: str
) -> dict[str, Any]:
    """A page; there is one row more than asked for when another page follows."""
    if len(rows) <= limit:
        return {"value": rows, "nextLink": None}
    query = {
        "api-version": request.query_params["api-version"],
        "maxresults": limit,
        "$skiptoken": base64.urlsafe_b64encode(keys[limit - 1].encode()).decode(),
    }
    return {"value": rows[:limit], "nextLink": f"{base_url}{request.url.path}?{urlencode(query)}"}


def _answer_errors(app: FastAPI) -> None:
    """Every refusal has Key Vault's envelope, those of the framework too."""

    def answer(error: KeyVaultError) -> JSONResponse:
        document: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.inner:
            document["innererror"] = {"code": error.inner}
        return JSONResponse({"error": document}, status_code=error.status)

    @app.exception_handler(KeyVaultError)
    async def refused(request: Request, error: KeyVaultError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
        # Only place and reason: the rejected input may be the secret.
        first = error.errors()[0]
        path = ".".join(["$", *(str(part) for part in first["loc"][1:])])
        return answer(bad_parameter(f"The body is not valid at {path}: {first['msg']}."))

    @app.exception_handler(HTTPException)
    async def unknown_route(request: Request, error: HTTPException) -> JSONResponse:
        message = f"{request.method} {request.url.path} is not offered by the local Key Vault, which serves secrets."
        return answer(KeyVaultError(error.status_code, "BadParameter", message))
