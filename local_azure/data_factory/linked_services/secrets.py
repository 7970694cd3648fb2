"""Fetches a secret at run time and has it masked: a text, a SecureString, or a secret in a Key Vault."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.http_calls import Answer, Call, CallError, send
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services.base import INVALID

if TYPE_CHECKING:
    # Only here: activities import linked services.
    from local_azure.data_factory.activities.base import ActivityContext

Json = Any
SECURE_STRING = "SecureString"
KEY_VAULT_SECRET = "AzureKeyVaultSecret"
RESOURCE = "https://vault.azure.net"
API_VERSION = "7.4"
# `errorCode` of an activity whose secret could not be read.
UNREADABLE = "AzureKeyVaultError"
_TIMEOUT_SECONDS = 30


def is_secret(value: Json) -> bool:
    """Whether a JSON value is one of Data Factory's two kinds of secret."""
    return isinstance(value, Mapping) and value.get("type") in (SECURE_STRING, KEY_VAULT_SECRET)


async def read_secret(value: Json, context: "ActivityContext", *, place: str) -> str | None:
    """The text of an evaluated secret, None where there is none; no record shows it from now on.

    Raises:
        ActivityError: it is no secret, or the vault does not give it.
    """
    found = await _text(value, context, place)
    if found:
        context.mask(found)
    return found


async def _text(value: Json, context: "ActivityContext", place: str) -> str | None:
    if isinstance(value, Mapping):
        kind = value.get("type")
        if kind == KEY_VAULT_SECRET:
            return await _from_vault(value, context, place)
        if kind != SECURE_STRING:
            raise ActivityError(
                INVALID,
                f"{place} must be a string, a {SECURE_STRING} or an {KEY_VAULT_SECRET}, but its type is {kind!r}",
            )
        value = value.get("value")
    if value is None or isinstance(value, str):
        return value
    raise ActivityError(INVALID, f"{place} must be a string")


async def _from_vault(reference: Mapping[str, Json], context: "ActivityContext", place: str) -> str:
    # Imported here: a vault is a linked service itself, and resolving one reads secrets.
    from local_azure.data_factory.linked_services.key_vault import KeyVault
    from local_azure.data_factory.linked_services.resolving import resolve_evaluated

    name, version = reference.get("secretName"), reference.get("secretVersion") or ""
    if not isinstance(name, str) or not name or not isinstance(version, str):
        raise ActivityError(INVALID, f"{place}.secretName must be the name of a secret")
    vault = await resolve_evaluated(reference.get("store") or {}, context, expected=KeyVault, place=f"{place}.store")
    token = await token_of(RESOURCE, context)
    call = Call(
        method="GET",
        url=f"{vault.base_url}/secrets/{quote(name, safe='')}/{quote(version, safe='')}?api-version={API_VERSION}",
        headers={"Authorization": f"Bearer {token}"},
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    try:
        answer = await send(call, context.services)
    except CallError as error:
        raise ActivityError(UNREADABLE, f"{place}: the vault of '{vault.name}' gave no answer: {error}") from error
    return _value(answer, f"{place}: secret '{name}' of '{vault.name}'")


def _value(answer: Answer, what: str) -> str:
    try:
        document = answer.json()
    except ValueError:
        document = None
    value = document.get("value") if isinstance(document, dict) else None
    if answer.status == 200 and isinstance(value, str):
        return value
    error = document.get("error") if isinstance(document, dict) else None
    reason = error.get("message") if isinstance(error, dict) else None
    raise ActivityError(
        UNREADABLE, f"{what} cannot be read: the vault answers {answer.status} ({reason or answer.reason})"
    )
