"""The token endpoints, judged by azure-identity and by what an independent reader of JWTs finds."""

import asyncio
from dataclasses import replace

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.identity.aio import DefaultAzureCredential as AsyncDefaultAzureCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from local_azure.identity.tokens import TENANT, TokenError
from tests.local_azure.cloud import Cloud

VAULT = "https://vault.azure.net"


def claims(cloud: Cloud, text: str) -> dict[str, object]:
    """Read a token as a service in Azure does: from the discovery document and the published keys."""
    discovery = f"{cloud.identity_url}/{TENANT}/v2.0/.well-known/openid-configuration"
    document = requests.get(discovery, timeout=10).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(document["jwks_uri"], timeout=10).json())
    key = keys[jwt.get_unverified_header(text)["kid"]]
    return dict(jwt.decode(text, key, algorithms=["RS256"], audience=VAULT, issuer=document["issuer"]))


@pytest.mark.parametrize("credential", [ManagedIdentityCredential, DefaultAzureCredential])
def test_credentials_get_a_verifiable_token(managed_identity: Cloud, credential: type) -> None:
    with credential() as used:
        token = used.get_token(f"{VAULT}/.default")
    found = claims(managed_identity, token.token)
    assert found["tid"] == TENANT
    assert found["exp"] == pytest.approx(token.expires_on, abs=2)


@pytest.mark.parametrize("credential", [AsyncManagedIdentityCredential, AsyncDefaultAzureCredential])
def test_async_credentials_get_a_verifiable_token(managed_identity: Cloud, credential: type) -> None:
    async def ask() -> str:
        async with credential() as used:
            return str((await used.get_token(f"{VAULT}/.default")).token)

    assert claims(managed_identity, asyncio.run(ask()))["aud"] == VAULT


def test_a_wrong_header_is_told_clearly(managed_identity: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with ManagedIdentityCredential() as used, pytest.raises(ClientAuthenticationError, match="local-azure env"):
        used.get_token(f"{VAULT}/.default")


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"resource": VAULT}, 400, "api-version"),
        ({"api-version": "2019-08-01"}, 400, "names no resource"),
        ({"api-version": "2018-02-01", "resource": VAULT}, 400, "2019-08-01"),
    ],
)
def test_managed_identity_refuses(cloud: Cloud, query: dict[str, str], status: int, text: str) -> None:
    answer = requests.get(
        f"{cloud.identity_url}/metadata/identity/oauth2/token",
        params=query,
        headers={"X-IDENTITY-HEADER": cloud.secrets.identity_header},
        timeout=10,
    )
    assert answer.status_code == status
    assert text in answer.json()["message"]


def ask_with_secret(cloud: Cloud, tenant: str = TENANT, **changes: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": "0d0f7ac7-7b60-4a5d-a1c2-1b0c6d8c0b11",
        "client_secret": cloud.secrets.identity_header,
        "scope": f"{VAULT}/.default",
    }
    return requests.post(f"{cloud.identity_url}/{tenant}/oauth2/v2.0/token", data=form | changes, timeout=10)


def test_client_credentials_get_a_verifiable_token(cloud: Cloud) -> None:
    answer = ask_with_secret(cloud)
    assert answer.status_code == 200
    assert claims(cloud, answer.json()["access_token"])["appid"] == "0d0f7ac7-7b60-4a5d-a1c2-1b0c6d8c0b11"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": VAULT}, 400, "invalid_scope"),
        ({"tenant": "11111111-1111-1111-1111-111111111111"}, 400, "invalid_request"),
    ],
)
def test_client_credentials_refuse(cloud: Cloud, changes: dict[str, str], status: int, code: str) -> None:
    answer = ask_with_secret(cloud, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert cloud.secrets.identity_header not in answer.text


def test_tokens_are_refused_for_each_reason(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> None:
    tokens = cloud.tokens
    good = tokens.issue(VAULT, client_id="x").text
    head, body, signature = good.split(".")
    unverified = jwt.decode(good, options={"verify_signature": False})
    cases = {
        "is for": tokens.issue("https://storage.azure.com", client_id="x").text,
        "expired": replace(tokens, clock=lambda: 0.0).issue(VAULT, client_id="x").text,
        "not valid yet": replace(tokens, clock=lambda: tokens.clock() + 3600).issue(VAULT, client_id="x").text,
        "issuer": jwt.encode(unverified | {"iss": "http://elsewhere"}, tokens.key, algorithm="RS256"),
        "signed": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        "not a signed JWT": f"{head}.{body}",
    }
    for reason, text in cases.items():
        with pytest.raises(TokenError, match=reason):
            tokens.verify(text, audience=VAULT)
    unsigned = jwt.encode(unverified, "", algorithm="none")
    with pytest.raises(TokenError, match="not a signed JWT"):
        tokens.verify(unsigned, audience=VAULT)
