"""Finds out which factory a command means: that of the state folder, or another one behind a URL."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from local_azure.data_factory.defaults import FACTORY, local_factory
from local_azure.data_factory.records import FactoryId
from local_azure.data_factory.remote.api import AUDIENCE, Target
from local_azure.endpoints import Endpoints
from local_azure.errors import LocalAzureError
from local_azure.state import Secrets, State

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a factory that is not the local one is; all of it is needed then."""

    url: str
    # The environment variable that holds an access token: a token on a command line would be seen by all.
    token_env: str
    subscription: str
    resource_group: str


def local_target(state: State, factory: str) -> Target:
    """A factory of what runs on the state folder."""
    endpoints, secrets = Endpoints.read(state), Secrets.load(state)
    return Target(
        url=endpoints.data_factory,
        factory=local_factory(factory or FACTORY),
        token=lambda: _local_token(endpoints, secrets),
        ca_bundle=endpoints.ca_bundle,
    )


def remote_target(place: Place, factory: str, environment: Mapping[str, str] = os.environ) -> Target:
    """A factory behind another URL."""
    missing = [
        option
        for option, value in (
            ("--token-env", place.token_env),
            ("--subscription", place.subscription),
            ("--resource-group", place.resource_group),
            ("--factory", factory),
        )
        if not value
    ]
    if missing:
        raise LocalAzureError(f"--url needs {', '.join(missing)} as well")
    if not place.url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise LocalAzureError(f"--url {place.url}: expected https://, a token is not sent over plain http")
    token = environment.get(place.token_env, "").strip()
    if not token:
        raise LocalAzureError(
            f"{place.token_env} is not set: it has to hold an access token, such as the one of "
            "'az account get-access-token --query accessToken -o tsv'"
        )
    identifier = FactoryId(subscription=place.subscription, resource_group=place.resource_group, name=factory)
    return Target(url=place.url, factory=identifier, token=lambda: token)


def _local_token(endpoints: Endpoints, secrets: Secrets) -> str:
    query = {"api-version": "2019-08-01", "resource": AUDIENCE}
    try:
        answer = httpx.get(
            endpoints.identity,
            params=query,
            headers={"X-IDENTITY-HEADER": secrets.identity_header},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise LocalAzureError(f"{endpoints.identity} does not answer: see 'local-azure status'") from error
    if not answer.is_success:
        raise LocalAzureError(f"{endpoints.identity} gives no token ({answer.status_code}): {answer.text[:200]}")
    return str(answer.json()["access_token"])
