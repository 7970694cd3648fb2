"""One HTTP call of an activity: sent to where the host is served, bounded in time and size, every failure one error."""

import asyncio
import codecs
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from local_azure.data_factory.services import Services
from local_azure.errors import LocalAzureError

MEGABYTE = 1024 * 1024
# What .NET's client, which Data Factory calls with, follows before it gives up.
MAX_REDIRECTS = 50
REDIRECTS = (300, 301, 302, 303, 307, 308)


class CallError(LocalAzureError):
    """No usable answer: the service is not there, hangs, breaks off or says too much. The message names the URL."""


class TooLargeError(CallError):
    """The answer is larger than the caller takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is sent. `url` is Azure's; where it is served locally is looked up when it is sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    # From the first byte sent to the last one received, redirects included.
    timeout_seconds: float = 60
    # False: the server's certificate is not checked.
    verify: bool = True
    # Bytes of an answer's body, unpacked.
    limit: int = 4 * MEGABYTE
    # False: a redirect is an answer like any other.
    follow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, after redirects."""

    status: int
    reason: str
    # Names as the server spelt them; the values of repeated ones are joined by a comma.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    # Where it came from, on this machine.
    url: str

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode(self._charset(), errors="replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is not JSON, or not in its own encoding.
        """
        if self._charset() != "utf-8":
            return _strict_json(self.body.decode(self._charset()))
        return _strict_json(self.body.decode(json.detect_encoding(self.body)))

    def _charset(self) -> str:
        """What the Content-Type says, UTF-8 where it says nothing that Python knows."""
        message = Message()
        message["content-type"] = self.header("content-type") or ""
        given = message.get_content_charset("utf-8")
        try:
            # Not codecs.lookup: that also knows codecs that are no encodings of text.
            b"a".decode(given)
            return codecs.lookup(given).name
        except (LookupError, ValueError):
            return "utf-8"


def _strict_json(text: str) -> Any:
    try:
        document = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:
            # A lone half of a surrogate pair can be in no record.
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return document


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


async def send(call: Call, services: Services) -> Answer:
    """The answer, whatever its status.

    Raises:
        CallError: there is none; TooLargeError: it is too large.
    """
    try:
        async with asyncio.timeout(call.timeout_seconds), _client(call, services) as client:
            return await _follow(call, client, services)
    except TimeoutError as error:
        raise CallError(
            f"'{shown(call.url)}' gave no complete answer within {call.timeout_seconds:g} seconds"
        ) from error
    except httpx.InvalidURL as error:
        raise CallError(f"'{shown(call.url)}' is not a URL: {error}") from error
    except httpx.HTTPError as error:
        raise CallError(f"calling '{shown(call.url)}' failed: {_reason(error)}") from error


def shown(url: str) -> str:
    """A URL as an error may show it: without query, user and fragment, where secrets travel."""
    base = url.partition("#")[0].partition("?")[0]
    scheme, mark, rest = base.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}" if mark else base


@asynccontextmanager
async def _client(call: Call, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    if call.verify:
        yield services.http
        return
    async with httpx.AsyncClient(verify=False, trust_env=False, follow_redirects=False, timeout=None) as client:
        yield client


async def _follow(call: Call, client: httpx.AsyncClient, services: Services) -> Answer:
    for _ in range(MAX_REDIRECTS):
        answer = await _once(call, client, services)
        onward = _redirected(call, answer)
        if onward is None:
            return answer
        call = onward
    raise CallError(f"'{shown(call.url)}' redirects more than {MAX_REDIRECTS} times")


def _redirected(call: Call, answer: Answer) -> Call | None:
    """The call a redirect leads to, as .NET's client makes it: never from https to http, never with credentials."""
    location = answer.header("location")
    if not call.follow or answer.status not in REDIRECTS or not location:
        return None
    target = urljoin(answer.url, location)
    if urlsplit(answer.url).scheme == "https" and urlsplit(target).scheme != "https":
        return None
    becomes_get = (answer.status in (300, 301, 302) and call.method == "POST") or (
        answer.status == 303 and call.method not in ("GET", "HEAD")
    )
    dropped = {"authorization"} | ({"content-type", "content-length"} if becomes_get else set())
    headers = {name: value for name, value in call.headers.items() if name.lower() not in dropped}
    if becomes_get:
        return replace(call, method="GET", url=target, headers=headers, body=b"")
    return replace(call, url=target, headers=headers)


async def _once(call: Call, client: httpx.AsyncClient, services: Services) -> Answer:
    request = _request(call, services)
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > call.limit:
                raise TooLargeError(f"'{shown(call.url)}' answers more than {call.limit} bytes")
    finally:
        await response.aclose()
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1"), _header_text(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Answer(
        status=response.status_code,
        reason=response.reason_phrase,
        headers=headers,
        body=bytes(body),
        url=str(request.url),
    )


def _request(call: Call, services: Services) -> httpx.Request:
    """Made by hand and not by the client: the client would send cookies that other runs were given."""
    try:
        parts = urlsplit(call.url)
        located = services.endpoints.locate(call.url)
        fit = parts.scheme.lower() in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise CallError(f"'{shown(call.url)}' is not a URL: {error}") from error
    if not fit:
        raise CallError(f"'{shown(call.url)}' is not an http or https URL")
    headers = {"Accept": "*/*", "User-Agent": "local-azure-data-factory"}
    given = {name.lower() for name in call.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in given} | dict(call.headers)
    try:
        return httpx.Request(call.method, located, headers=headers, content=call.body or None)
    except UnicodeEncodeError as error:
        # Not the error's own text: it quotes the value, which may be a secret.
        raise CallError(f"calling '{shown(call.url)}' failed: a header holds other characters than ASCII") from error


def _header_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _reason(error: httpx.HTTPError) -> str:
    kinds = {
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "the connection was closed before a complete answer",
        httpx.ReadError: "the connection broke",
        httpx.WriteError: "the connection broke",
        httpx.DecodingError: "the answer cannot be unpacked",
        httpx.LocalProtocolError: "the request is not valid HTTP: look at the names and values of its headers",
    }
    kind = next((text for known, text in kinds.items() if isinstance(error, known)), type(error).__name__)
    # Of a request that is not valid, the text quotes header values.
    detail = "" if isinstance(error, httpx.LocalProtocolError) else str(error)
    return f"{kind} ({detail})" if detail else kind
