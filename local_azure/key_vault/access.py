"""Lets a request through with a valid token, and answers any other with Key Vault's challenge."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local_azure.identity.tokens import TENANT, TokenError, Tokens

RESOURCE = "https://vault.azure.net"


class Access:
    """ASGI middleware: the first request of Azure's clients has no token and no body, and learns here where to ask."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(Headers(scope=scope)) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        challenge = f'Bearer authorization="{self._tokens.base_url}/{TENANT}", resource="{RESOURCE}"'
        answer = JSONResponse(
            {"error": {"code": "Unauthorized", "message": problem}},
            status_code=401,
            headers={"WWW-Authenticate": challenge},
        )
        await answer(scope, receive, send)

    def _problem(self, headers: Headers) -> str | None:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            return "AKV10000: Request is missing a Bearer or PoP token."
        try:
            self._tokens.verify(text.strip(), audience=RESOURCE)
        except TokenError as error:
            return f"Error validating token: {error}."
        return None
