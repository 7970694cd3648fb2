"""WebHook: a POST that carries an address, and a wait until that address is called."""

import asyncio
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from adf_lang.json_reader import read_json
from adf_lang.text import to_text, write_json
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.activities.values import boolean
from local_azure.data_factory.activities.web import CALL_FAILED, exchange, read_request
from local_azure.data_factory.activities.web_requests import (
    WRONG_TYPE,
    Outgoing,
    complete,
    read_authentication,
    record,
    refuse_authentication,
    refuse_method,
)
from local_azure.data_factory.callbacks import Callbacks, new_token
from local_azure.data_factory.documents import seconds_of
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.http_calls import Call

Json = Any
METHODS = ("POST",)
CALLBACK_URI = "callBackUri"
# How long the callback may take; the call itself has a minute.
TIMEOUT, CALL_SECONDS = "00:10:00", 60.0
TIMED_OUT = "TimedOut"
# Keys of the checkpoint.
TOKEN, SENT, DUE = "token", "sent", "due"


async def run(context: ActivityContext) -> dict[str, Json]:
    """Calls the endpoint once, also over restarts, and gives what the callback brings."""
    callbacks = _callbacks(context)
    seconds = seconds_of(context.value("timeout") or TIMEOUT, path="$.typeProperties.timeout")
    reports = boolean(context.value("reportStatusOnCallBack") or False, "reportStatusOnCallBack")
    token = _token(context)
    waiting = callbacks.expect(token)
    try:
        await _send_once(context, token)
        body = await _wait(waiting, context, seconds)
    except ActivityError:
        callbacks.close(token)
        raise
    finally:
        callbacks.leave(token)
    return _reported(body) if reports else body


def _callbacks(context: ActivityContext) -> Callbacks:
    callbacks = context.services.callbacks
    if callbacks is None or not context.services.callback_base:
        raise ActivityError(
            CALL_FAILED, "a WebHook needs an address for its callback: run the factory as a service, 'local-azure up'"
        )
    return callbacks


def _token(context: ActivityContext) -> str:
    token = context.checkpoint.get(TOKEN)
    if token is None:
        token = new_token(str(context.system["RunId"]))
        context.checkpoint.put(TOKEN, token)
    # Who knows it may end the activity.
    context.mask(token)
    return str(token)


async def _send_once(context: ActivityContext, token: str) -> None:
    """Before it is sent that is noted: an endpoint that was perhaps called is not called again, but may call back."""
    outgoing = _with_address(await read_request(context), f"{context.services.callback_base}/callbacks/{token}")
    record(outgoing, context)
    if context.checkpoint.get(SENT):
        return
    headers = complete(outgoing.headers, await read_authentication(context), outgoing.content)
    call = Call(
        method=outgoing.method,
        url=outgoing.url,
        headers=headers,
        body=outgoing.content,
        timeout_seconds=CALL_SECONDS,
    )
    context.checkpoint.put(SENT, True)
    await exchange(call, context)


def _with_address(outgoing: Outgoing, address: str) -> Outgoing:
    """The request with the callback's address in its body, which has to be an object for that."""
    body = outgoing.body
    if isinstance(body, str):
        try:
            body = read_json(body)
        except ValueError as error:
            raise ActivityError(WRONG_TYPE, f"$.typeProperties.body must be a JSON object: {error}") from error
    if not isinstance(body, dict | None):
        raise ActivityError(WRONG_TYPE, f"$.typeProperties.body must be a JSON object: {CALLBACK_URI} is added to it")
    body = (body or {}) | {CALLBACK_URI: address}
    return replace(outgoing, body=body, content=write_json(body).encode())


async def _wait(waiting: asyncio.Future[Json], context: ActivityContext, seconds: float) -> dict[str, Json]:
    """The callback's body; the time counts from the first wait, also over restarts."""
    now = context.services.now()
    due = context.checkpoint.get(DUE)
    if due is None:
        due = (now + datetime.timedelta(seconds=seconds)).isoformat()
        context.checkpoint.put(DUE, due)
    left = (datetime.datetime.fromisoformat(due) - now).total_seconds()
    try:
        async with asyncio.timeout(max(0.0, left)):
            body: dict[str, Json] = await waiting
    except TimeoutError as error:
        raise ActivityError(
            TIMED_OUT, f"the endpoint did not call {CALLBACK_URI} within {seconds:g} seconds"
        ) from error
    return body


def _reported(body: Mapping[str, Json]) -> dict[str, Json]:
    """What the endpoint says of itself: {"Output", "Error": {"ErrorCode", "Message"}, "StatusCode"}, in any case."""
    found = _small(body)
    status = found.get("statuscode")
    if status is not None and not to_text(status).strip().isdecimal():
        raise ActivityError(WRONG_TYPE, f"StatusCode of the callback must be a number, but is {status!r}")
    if status is not None and int(to_text(status)) >= 400:
        given = found.get("error")
        error = _small(given) if isinstance(given, Mapping) else {"message": to_text(given)}
        code = to_text(error.get("errorcode")) or to_text(status)
        message = to_text(error.get("message")) or f"the endpoint reports the status {to_text(status)}"
        raise ActivityError(code, message)
    output = found.get("output")
    if not isinstance(output, dict | None):
        raise ActivityError(WRONG_TYPE, "Output of the callback must be a JSON object")
    return output or {}


def _small(document: Mapping[str, Json]) -> dict[str, Json]:
    return {name.lower(): value for name, value in document.items()}


def _refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    yield from refuse_method(activity, METHODS)
    yield from refuse_authentication(activity)


WEB_HOOK = ActivityType(
    name="WebHook",
    run=run,
    properties=frozenset({"authentication", "body", "headers", "method", "reportStatusOnCallBack", "timeout", "url"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
    refuse=_refuse,
)
