"""Asks a REST service for its pages, one after the other."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.errors import FailureType
from local_azure.data_factory.http_calls import MEGABYTE, Answer, Call, CallError, send, shown
from local_azure.data_factory.services import Services
from local_azure.data_factory.stores.http_files import EXCERPT, origin, status_error
from local_azure.data_factory.stores.pagination import Page, PaginationError, Request, Rules

Json = Any
# One page is held in memory.
MAX_PAGE = 256 * MEGABYTE
NO_CONTENT = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class RestQuery:
    """What a REST source asks for."""

    method: str
    url: str
    # Of the source; Accept is always application/json.
    headers: Mapping[str, str] = field(repr=False)
    # Of the linked service: sent to its own server only.
    credentials: Mapping[str, str] = field(repr=False)
    body: str = field(default="", repr=False)
    rules: Rules = field(default_factory=Rules)
    interval: datetime.timedelta = datetime.timedelta(seconds=1)
    timeout_seconds: float = 100.0
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RestPage:
    """The JSON of one answer, and its size in bytes."""

    document: Json
    size: int
    url: str


async def pages(query: RestQuery, services: Services) -> AsyncIterator[RestPage]:
    """The pages, each asked for when the one before was taken.

    Raises:
        DataError: no answer, one that is not 2xx or not JSON, or rules that lead nowhere.
    """
    template = Request(url=query.url, headers=query.headers, body=query.body)
    count = 0
    try:
        request = query.rules.first(template)
        while request is not None:
            answer = await _ask(query, request, services)
            if answer.status == NO_CONTENT:
                return
            document = _document(request, answer)
            count += 1
            yield RestPage(document=document, size=len(answer.body), url=request.url)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            page = Page(url=request.url, headers=headers, body=document)
            request = query.rules.next(template, request, page, count)
            if request is not None:
                await asyncio.sleep(query.interval.total_seconds())
    except PaginationError as error:
        raise DataError("RestPaginationInvalid", f"paginationRules, after {count} pages: {error}") from error


async def _ask(query: RestQuery, request: Request, services: Services) -> Answer:
    headers = {name: value for name, value in request.headers.items() if name.lower() != "accept"}
    headers |= {"Accept": "application/json"}
    if request.body and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    if origin(request.url) == origin(query.url):
        headers |= query.credentials
    elif query.credentials or query.headers:
        raise DataError(
            "RestPaginationInvalid",
            f"the next page is at {urlsplit(request.url).netloc}, but headers and credentials of this source are meant "
            f"for {urlsplit(query.url).netloc}",
        )
    call = Call(
        method=query.method,
        url=request.url,
        headers=headers,
        body=request.body.encode(),
        timeout_seconds=query.timeout_seconds,
        verify=query.verify,
        limit=MAX_PAGE,
    )
    try:
        answer = await send(call, services)
    except CallError as error:
        raise DataError("RestCallFailed", str(error), failure_type=FailureType.SYSTEM) from error
    if not 200 <= answer.status < 300:
        raise status_error("Rest call", request.url, answer.status, answer.reason, answer.text()[:EXCERPT])
    return answer


def _document(request: Request, answer: Answer) -> Json:
    try:
        return answer.json()
    except ValueError as error:
        raise DataError("RestResponseNotJson", f"'{shown(request.url)}' does not answer JSON: {error}") from error
