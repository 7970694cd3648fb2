"""Reads a file over HTTP as a stream: what does not fit an answer of http_calls, which holds its body."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.errors import FailureType
from local_azure.data_factory.http_calls import shown
from local_azure.data_factory.services import Services

CHUNK = 256 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 20
# Silence between two pieces of a body. Data Factory bounds the time to the answer only; silence for ever is no answer.
SILENCE_SECONDS = 300.0
EXCERPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What to ask for; `url` is the public one."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    # Until the answer begins.
    timeout_seconds: float
    verify: bool = True


async def read(request: HttpRequest, services: Services) -> AsyncIterator[bytes]:
    """The bytes of the body.

    Raises:
        DataError: no answer in time, one that is not 2xx, or one that breaks off.
    """
    async with _client(request, services) as client:
        response = await _answer(request, client, services)
        try:
            async for chunk in response.aiter_bytes(CHUNK):
                yield chunk
        except httpx.HTTPError as error:
            raise _failed(request, error) from error
        finally:
            await response.aclose()


@asynccontextmanager
async def _client(request: HttpRequest, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    if request.verify:
        yield services.http
        return
    async with httpx.AsyncClient(verify=False, trust_env=False, follow_redirects=False, timeout=None) as client:
        yield client


async def _answer(request: HttpRequest, client: httpx.AsyncClient, services: Services) -> httpx.Response:
    url, headers, method, body = request.url, dict(request.headers), request.method, request.body
    for _ in range(MAX_REDIRECTS):
        response = await _once(request, client, method, services.endpoints.locate(url), headers, body)
        location = response.headers.get("location")
        if response.status_code not in REDIRECTS or not location:
            return await _checked(request, response)
        await response.aclose()
        onward = urljoin(url, location)
        if origin(onward) != origin(url):
            # Credentials and keys in headers are meant for the server that was named.
            headers = {}
        if response.status_code == httpx.codes.SEE_OTHER or (method == "POST" and response.status_code in (301, 302)):
            method, body = "GET", b""
        url = onward
    raise DataError("HttpRequestFailed", f"'{shown(request.url)}' redirects more than {MAX_REDIRECTS} times")


async def _once(
    request: HttpRequest,
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
) -> httpx.Response:
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=request.timeout_seconds)
    # No packing on the way: the bytes are to land as they are.
    sent = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "local-azure-data-factory"} | dict(headers)
    try:
        made = httpx.Request(method, url, headers=sent, content=body or None, extensions={"timeout": timeout.as_dict()})
        async with asyncio.timeout(request.timeout_seconds):
            return await client.send(made, stream=True, follow_redirects=False)
    except TimeoutError as error:
        raise DataError(
            "HttpRequestTimeout",
            f"'{shown(request.url)}' gave no answer within {request.timeout_seconds:g} seconds",
            failure_type=FailureType.SYSTEM,
        ) from error
    except UnicodeEncodeError as error:
        raise DataError("HttpRequestFailed", f"a header for '{shown(request.url)}' is not ASCII") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _failed(request, error) from error


async def _checked(request: HttpRequest, response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    excerpt = ""
    try:
        async for piece in response.aiter_bytes(EXCERPT):
            excerpt = piece[:EXCERPT].decode("utf-8", "replace")
            break
    except httpx.HTTPError:
        # The status says enough.
        excerpt = ""
    finally:
        await response.aclose()
    raise status_error("Http request", request.url, response.status_code, response.reason_phrase, excerpt)


def status_error(what: str, url: str, status: int, reason: str, excerpt: str) -> DataError:
    """The failure that an answer other than 2xx is, in Data Factory's words."""
    server = status >= httpx.codes.INTERNAL_SERVER_ERROR
    kind = "Server" if server else "Client"
    code = f"{'RestCall' if what == 'Rest call' else 'HttpRequest'}FailedWith{kind}Error"
    payload = f" Response payload: {excerpt}" if excerpt else ""
    return DataError(
        code,
        f"{what} failed with {kind.lower()} error, status code {status} {reason}, please check your activity settings. "
        f"Request URL: {shown(url)}.{payload}",
        failure_type=FailureType.SYSTEM if server else FailureType.USER,
    )


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme.lower(), (parts.hostname or "").lower(), port


def _failed(request: HttpRequest, error: Exception) -> DataError:
    reason = str(error) or type(error).__name__
    return DataError(
        "HttpRequestFailed", f"reading '{shown(request.url)}' failed: {reason}", failure_type=FailureType.SYSTEM
    )
