"""WebActivity: one HTTP request whose answer, a JSON object, is the activity's output."""

import asyncio
import datetime
import email.utils
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from adf_lang.text import write_json
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.activities.values import boolean, string
from local_azure.data_factory.activities.web_requests import (
    SAFE_METHODS,
    TOO_LARGE,
    Outgoing,
    complete,
    object_of,
    read_authentication,
    read_body,
    read_headers,
    record,
    refuse_authentication,
    refuse_method,
    timing,
)
from local_azure.data_factory.choices import WebAnswers
from local_azure.data_factory.documents import seconds_of
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.http_calls import MEGABYTE, Answer, Call, CallError, TooLargeError, send, shown
from local_azure.data_factory.linked_services.base import DEFAULT_RUNTIME, INERT

Json = Any
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
# Data Factory's number for every call that gives no good answer.
CALL_FAILED = "2108"
RESPONSE_HEADERS = "ADFWebActivityResponseHeaders"
MAX_OUTPUT = 4 * MEGABYTE
TIMEOUT, MAX_TIMEOUT_SECONDS = "00:01:00", 600
# Between two looks at the Location of a 202 that does not say how long to wait; the least also when it does.
POLL_SECONDS, LEAST_POLL_SECONDS = 1.0, 0.02
ERROR_LENGTH = 4000


async def run(context: ActivityContext) -> dict[str, Json]:
    """Sends the request, follows a 202 to its end, and gives the object that is answered."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    call = await _call(context)
    answer = await exchange(call, context)
    if not boolean(context.value("turnOffAsync") or False, "turnOffAsync"):
        answer = await _follow_accepted(answer, call, context)
    return _output(answer, call, context.choices.web_answers) | timing(started, loop.time())


async def _call(context: ActivityContext) -> Call:
    outgoing = await read_request(context)
    record(outgoing, context)
    headers = complete(outgoing.headers, await read_authentication(context), outgoing.content)
    return Call(
        method=outgoing.method,
        url=outgoing.url,
        headers=headers,
        body=outgoing.content,
        timeout_seconds=_timeout(context.value("httpRequestTimeout") or TIMEOUT),
        verify=not boolean(context.value("disableCertValidation") or False, "disableCertValidation"),
        limit=MAX_OUTPUT,
    )


async def read_request(context: ActivityContext) -> Outgoing:
    """The request of a Web or WebHook activity."""
    body, content = read_body(context)
    return Outgoing(
        method=string(context.value("method"), "method").upper(),
        url=string(context.value("url"), "url").strip(),
        headers=await read_headers(context),
        body=body,
        content=content,
    )


def _timeout(value: Json) -> float:
    seconds = seconds_of(value, path="$.typeProperties.httpRequestTimeout")
    if not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        raise ActivityError(
            "InvalidTimespan",
            f"$.typeProperties.httpRequestTimeout must be more than 0 and at most 00:10:00, but is {value!r}",
        )
    return seconds


async def exchange(call: Call, context: ActivityContext) -> Answer:
    """The answer to a call, if it is a good one.

    Raises:
        ActivityError: none came, it is too large, or its status says that the request failed.
    """
    try:
        answer = await send(call, context.services)
    except TooLargeError as error:
        raise ActivityError(
            TOO_LARGE, f"The length of execution output is over limit (around 4MB currently): {error}"
        ) from error
    except CallError as error:
        raise ActivityError(CALL_FAILED, f"Error calling the endpoint: {error}") from error
    if answer.status >= 300:
        raise ActivityError(CALL_FAILED, _failure(answer))
    return answer


def _failure(answer: Answer) -> str:
    """A JSON object is the message itself, as on Azure: pipelines read it with json()."""
    text = answer.text()[:ERROR_LENGTH]
    document = object_of(answer)
    if document is not None and len(answer.body) <= ERROR_LENGTH:
        return write_json(document)
    location = answer.header("location")
    onward = f" (it leads to '{location}', which is not followed)" if answer.status < 400 and location else ""
    return (
        f"Invoking Web Activity failed with HttpStatusCode - '{answer.status} : {answer.reason}', "
        f"message - '{text}'{onward}"
    )


async def _follow_accepted(answer: Answer, call: Call, context: ActivityContext) -> Answer:
    """Asks the Location of a 202 until it answers anything else."""
    location: str | None = None
    while answer.status == 202:
        given = answer.header("location")
        location = urljoin(answer.url, given) if given else location
        if location is None:
            return answer
        await asyncio.sleep(_pause(answer, context.services.now()))
        of_body = ("content-type", "content-length")
        headers = {name: value for name, value in call.headers.items() if name.lower() not in of_body}
        answer = await exchange(replace(call, method="GET", url=location, headers=headers, body=b""), context)
    return answer


def _pause(answer: Answer, now: datetime.datetime) -> float:
    """The seconds that Retry-After asks to wait: a number, or a date."""
    given = (answer.header("retry-after") or "").strip()
    if not given:
        return POLL_SECONDS
    if given.isdecimal():
        return max(LEAST_POLL_SECONDS, float(given))
    try:
        until = email.utils.parsedate_to_datetime(given)
    except ValueError:
        return POLL_SECONDS
    until = until if until.tzinfo else until.replace(tzinfo=datetime.UTC)
    return max(LEAST_POLL_SECONDS, (until - now).total_seconds())


def _output(answer: Answer, call: Call, answers: WebAnswers) -> dict[str, Json]:
    """The object that was answered, and the headers; an empty answer is an empty text, as on Azure."""
    try:
        document = answer.json() if answer.body.strip() else {"Response": ""}
        kind = "a JSON array" if isinstance(document, list) else "a JSON value"
    except ValueError as error:
        document, kind = answer.text(), f"what is not JSON ({error})"
    if not isinstance(document, dict):
        if answers is not WebAnswers.WRAPPED:
            raise ActivityError(
                CALL_FAILED,
                f"'{shown(call.url)}' answers {answer.status} with {kind}, and a Web activity takes only a JSON "
                "object: use a Copy activity, or let the service answer an object",
            )
        document = {"Response": document}
    return document | {RESPONSE_HEADERS: dict(answer.headers)}


def _after_restart(activity: Mapping[str, Json]) -> AfterRestart:
    method = str((activity.get("typeProperties") or {}).get("method", "")).upper()
    return AfterRestart.REPEAT if method in SAFE_METHODS else AfterRestart.FAIL


def _refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    properties = activity.get("typeProperties") or {}
    yield from refuse_method(activity, METHODS)
    yield from refuse_authentication(activity)
    timeout = properties.get("httpRequestTimeout")
    if isinstance(timeout, str) and timeout and "@" not in timeout:
        try:
            _timeout(timeout)
        except ActivityError as error:
            yield Problem(path="$.typeProperties.httpRequestTimeout", message=error.message)
    for name in ("datasets", "linkedServices"):
        if properties.get(name) not in INERT:
            yield Problem(
                path=f"$.typeProperties.{name}",
                message=f"{name} are not passed on to the endpoint by the local Data Factory: put it in the body",
            )
    runtime = properties.get("connectVia") or {}
    if isinstance(runtime, Mapping) and runtime.get("referenceName", DEFAULT_RUNTIME) != DEFAULT_RUNTIME:
        yield Problem(
            path="$.typeProperties.connectVia.referenceName",
            message=f"the integration runtime '{runtime['referenceName']}' does not exist locally: everything runs on "
            f"this machine, which is '{DEFAULT_RUNTIME}'",
        )
    if activity.get("linkedServiceName") not in INERT:
        yield Problem(
            path="$.linkedServiceName", message="a Web activity uses no linked service here: give the whole url"
        )


WEB = ActivityType(
    name="WebActivity",
    run=run,
    properties=frozenset(
        {
            "authentication",
            "body",
            "connectVia",
            "datasets",
            "disableCertValidation",
            "headers",
            "httpRequestTimeout",
            "linkedServices",
            "method",
            "turnOffAsync",
            "url",
        }
    ),
    after_restart=_after_restart,
    refuse=_refuse,
)
