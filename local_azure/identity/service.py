"""Serves tokens the way App Service's managed identity and Entra ID's client-credentials flow do."""

import hmac
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

from local_azure.identity.tokens import OBJECT, TENANT, Tokens

MANAGED_IDENTITY_PATH = "/metadata/identity/oauth2/token"
_API_VERSION = "2019-08-01"


def create_app(tokens: Tokens, identity_header: str) -> FastAPI:
    """The identity service; `identity_header` is also the secret of every client id in the client-credentials flow."""
    app = FastAPI(title="identity", openapi_url=None)

    @app.get(MANAGED_IDENTITY_PATH)
    async def managed_identity(
        request: Request, x_identity_header: Annotated[str | None, Header()] = None
    ) -> JSONResponse:
        if not _same(x_identity_header, identity_header):
            return _managed_identity_error(
                401,
                "the X-IDENTITY-HEADER is missing or wrong: set IDENTITY_HEADER from 'local-azure env'",
            )
        query = request.query_params
        if query.get("api-version") != _API_VERSION:
            given = query.get("api-version")
            return _managed_identity_error(400, f"api-version is {given!r}, expected {_API_VERSION!r}")
        resource = (query.get("resource") or "").removesuffix("/.default")
        if not resource:
            return _managed_identity_error(400, "the query names no resource, such as https://vault.azure.net")
        client_id = query.get("client_id") or OBJECT
        token = tokens.issue(resource, client_id=client_id)
        return _token_answer(
            {
                "access_token": token.text,
                "client_id": client_id,
                "expires_on": str(token.expires_at),
                "not_before": str(token.issued_at),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    @app.post("/{tenant}/oauth2/v2.0/token")
    async def client_credentials(tenant: str, request: Request) -> JSONResponse:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        if tenant != TENANT:
            return _oauth_error(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found, ours is {TENANT}.")
        if form.get("grant_type") != "client_credentials":
            grant = form.get("grant_type")
            return _oauth_error(
                400,
                "unsupported_grant_type",
                f"AADSTS70003: the grant type {grant!r} is not offered locally, only 'client_credentials'.",
            )
        if not _same(form.get("client_secret"), identity_header) or not form.get("client_id"):
            return _oauth_error(
                401,
                "invalid_client",
                "AADSTS7000215: Invalid client secret provided: it is 'identity_header' in the state folder's "
                "secrets.json, with any client_id.",
            )
        scope = form.get("scope") or ""
        if not scope.endswith("/.default"):
            return _oauth_error(
                400,
                "invalid_scope",
                f"AADSTS1002012: the scope {scope!r} is not valid, expected one like https://vault.azure.net/.default",
            )
        token = tokens.issue(scope.removesuffix("/.default"), client_id=form["client_id"])
        lifetime = token.expires_at - token.issued_at
        return _token_answer(
            {
                "access_token": token.text,
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "token_type": "Bearer",
            }
        )

    @app.get("/{tenant}/v2.0/.well-known/openid-configuration")
    async def openid_configuration(tenant: str) -> JSONResponse:
        if tenant != TENANT:
            return _oauth_error(400, "invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found, ours is {TENANT}.")
        base = f"{tokens.base_url}/{TENANT}"
        return JSONResponse(
            {
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "grant_types_supported": ["client_credentials"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "issuer": tokens.issuer,
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    @app.get("/{tenant}/discovery/v2.0/keys")
    async def keys(tenant: str) -> JSONResponse:
        if tenant != TENANT:
            return _oauth_error(400, "invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found, ours is {TENANT}.")
        return JSONResponse(tokens.jwks())

    return app


def _same(given: str | None, expected: str) -> bool:
    return hmac.compare_digest((given or "").encode(), expected.encode())


def _token_answer(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _managed_identity_error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)


def _oauth_error(status: int, code: str, description: str) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": description}, status_code=status)
