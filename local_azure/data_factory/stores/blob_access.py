"""How a request to Blob Storage says who asks: a Shared Key signature, or a token of the managed identity."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from local_azure.data_factory.data_errors import DataError

# Of the headers that a signature holds besides x-ms-*, these are sent; Content-Length is empty when it is 0.
# https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


class BlobAccess(Protocol):
    """Who asks."""

    async def authorization(self, method: str, url: httpx.URL, headers: Mapping[str, str]) -> str:
        """The value of the Authorization header; names of headers are in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedKey:
    """By the key of the account."""

    account: str
    key: str = field(repr=False)

    async def authorization(self, method: str, url: httpx.URL, headers: Mapping[str, str]) -> str:
        lines = [method, *("" if (v := headers.get(name, "")) == "0" else v for name in SIGNED)]
        lines += [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-ms-")]
        # In Azurite's addresses the account stands in the path too, and so twice in what is signed.
        lines.append(f"/{self.account}{url.raw_path.partition(b'?')[0].decode('ascii')}")
        lines += [f"{name.lower()}:{value}" for name, value in sorted(url.params.multi_items())]
        try:
            secret = base64.b64decode(self.key, validate=True)
        except binascii.Error as error:
            raise DataError("UserErrorInvalidAccountKey", f"the key of '{self.account}' is not base64") from error
        digest = hmac.digest(secret, "\n".join(lines).encode(), hashlib.sha256)
        return f"SharedKey {self.account}:{base64.b64encode(digest).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """By a token, asked for each request: who gives it keeps it as long as it is valid."""

    token: Callable[[], Awaitable[str]] = field(repr=False)

    async def authorization(self, method: str, url: httpx.URL, headers: Mapping[str, str]) -> str:
        return f"Bearer {await self.token()}"
