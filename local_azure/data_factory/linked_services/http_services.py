"""RestService and HttpServer: a base URL and how to authenticate there."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService, only
from local_azure.data_factory.linked_services.reader import Reader
from local_azure.data_factory.linked_services.secrets import read_secret

Json = Any
ANONYMOUS, BASIC, MSI = "Anonymous", "Basic", "ManagedServiceIdentity"
REST_WAYS, HTTP_WAYS = (ANONYMOUS, BASIC, MSI), (ANONYMOUS, BASIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpService(ResolvedLinkedService):
    """A service to which requests go. `url` is Azure's: `send` of http_calls looks up where it is served."""

    url: str
    # What each request has to carry: Authorization, and authHeaders.
    headers: Mapping[str, str] = field(repr=False)
    # False: the server's certificate is not checked.
    verify: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RestService(HttpService):
    """A REST service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServer(HttpService):
    """A server of files over HTTP."""


async def _read_rest(reader: Reader) -> RestService:
    return RestService(name=reader.name, **await _common(reader, REST_WAYS))


async def _read_http(reader: Reader) -> HttpServer:
    return HttpServer(name=reader.name, **await _common(reader, HTTP_WAYS))


async def _common(reader: Reader, ways: tuple[str, ...]) -> dict[str, Any]:
    return {
        "url": reader.text("url"),
        "headers": await _auth_headers(reader) | await _authorization(reader, ways),
        "verify": reader.flag("enableServerCertificateValidation", default=True),
    }


async def _authorization(reader: Reader, ways: tuple[str, ...]) -> dict[str, str]:
    way = reader.choice("authenticationType", ways, ANONYMOUS)
    if way == BASIC:
        text = basic(reader.text("userName"), await reader.needed_secret("password"))
        reader.context.mask(text)
        return {"Authorization": f"Basic {text}"}
    if way == MSI:
        return {"Authorization": f"Bearer {await token_of(reader.text('aadResourceId'), reader.context)}"}
    return {}


async def _auth_headers(reader: Reader) -> dict[str, str]:
    given = reader.value("authHeaders")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        reader.fail("authHeaders", "must be an object of header names and values")
    found = {}
    for name, value in given.items():
        found[name] = await read_secret(value, reader.context, place=reader.path(f"authHeaders.{name}")) or ""
    return found


def basic(user: str, password: str) -> str:
    """The credentials of HTTP's Basic authentication."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _more_rest(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authenticationType", REST_WAYS)


def _more_http(properties: Mapping[str, Json]) -> Iterator[Problem]:
    yield from only(properties, "authenticationType", HTTP_WAYS)


_COMMON = frozenset(
    {"authHeaders", "authenticationType", "enableServerCertificateValidation", "password", "url", "userName"}
)
REST = LinkedServiceType(
    name="RestService", gives=RestService, read=_read_rest, properties=_COMMON | {"aadResourceId"}, more=_more_rest
)
HTTP = LinkedServiceType(name="HttpServer", gives=HttpServer, read=_read_http, properties=_COMMON, more=_more_http)
