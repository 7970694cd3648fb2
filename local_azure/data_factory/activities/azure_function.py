"""AzureFunctionActivity: calls a function of a function app, whose answer, a JSON object, is the activity's output."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.activities.values import string
from local_azure.data_factory.activities.web_requests import (
    SAFE_METHODS,
    TOO_LARGE,
    Outgoing,
    complete,
    object_of,
    read_body,
    read_headers,
    record,
    refuse_method,
    timing,
)
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.http_calls import MEGABYTE, Answer, Call, CallError, TooLargeError, send
from local_azure.data_factory.linked_services import AzureFunction, resolve
from local_azure.data_factory.linked_services.base import INERT

Json = Any
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE")
# Data Factory's numbers: not an object; the function's name is missing; it answers a failure; it cannot be reached.
NO_OBJECT, NO_NAME, FAILED, UNREACHABLE = "3603", "3607", "3608", "3610"
# Azure's load balancer ends a request after this, whatever the function app is set to.
TIMEOUT_SECONDS = 230.0
ERROR_LENGTH = 4000


async def run(context: ActivityContext) -> dict[str, Json]:
    """Calls <function app>/api/<function>; a query is part of the function's name."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    service = await resolve(context.document.get("linkedServiceName") or {}, context, expected=AzureFunction)
    name = string(context.value("functionName"), "functionName").strip().lstrip("/")
    if not name:
        raise ActivityError(NO_NAME, "Azure function activity missing function name.")
    body, content = read_body(context)
    headers = complete(await read_headers(context), service.headers, content)
    method = string(context.value("method"), "method").upper()
    outgoing = Outgoing(method=method, url=f"{service.url}/api/{name}", headers=headers, body=body, content=content)
    record(outgoing, context)
    answer = await _send(outgoing, context, name)
    document = object_of(answer)
    if document is None:
        raise ActivityError(NO_OBJECT, f"Response Content is not a valid JObject: function '{name.partition('?')[0]}'.")
    return document | timing(started, loop.time())


async def _send(outgoing: Outgoing, context: ActivityContext, name: str) -> Answer:
    call = Call(
        method=outgoing.method,
        url=outgoing.url,
        headers=outgoing.headers,
        body=outgoing.content,
        timeout_seconds=TIMEOUT_SECONDS,
        limit=4 * MEGABYTE,
    )
    try:
        answer = await send(call, context.services)
    except TooLargeError as error:
        raise ActivityError(
            TOO_LARGE, f"The length of execution output is over limit (around 4MB currently): {error}"
        ) from error
    except CallError as error:
        raise ActivityError(UNREACHABLE, f"There was an error while calling endpoint: {error}") from error
    if answer.status >= 300:
        raise ActivityError(
            FAILED,
            f"Call to provided Azure function '{name.partition('?')[0]}' failed with status-'{answer.status} : "
            f"{answer.reason}' and message - '{answer.text()[:ERROR_LENGTH]}'.",
        )
    return answer


def _after_restart(activity: Mapping[str, Json]) -> AfterRestart:
    method = str((activity.get("typeProperties") or {}).get("method", "")).upper()
    return AfterRestart.REPEAT if method in SAFE_METHODS else AfterRestart.FAIL


def _refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    yield from refuse_method(activity, METHODS)
    if activity.get("linkedServiceName") in INERT:
        yield Problem(path="$.linkedServiceName", message="is missing: an Azure function belongs to a linked service")


AZURE_FUNCTION = ActivityType(
    name="AzureFunctionActivity",
    run=run,
    properties=frozenset({"body", "functionName", "headers", "method"}),
    after_restart=_after_restart,
    refuse=_refuse,
)
