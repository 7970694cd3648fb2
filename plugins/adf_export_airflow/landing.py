"""Lands bytes in Blob Storage: whole or not at all, never twice under one name, checked after the write."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, ClassVar

from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import BlobClient, BlobProperties, ContentSettings

from adf_export_airflow.errors import AdfExportAirflowError

NO_SPACE = 507


class LandingError(AdfExportAirflowError):
    """The storage is set up wrongly, or refuses."""


class LandingUnavailableError(LandingError):
    """The storage cannot be reached or is in trouble; nothing was landed."""

    transient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A blob that is there, whole: what XCom carries instead of the payload."""

    blob: str
    bytes: int
    sha256: str
    provenance: str
    rows: int
    already_landed: bool

    def as_xcom(self) -> dict[str, Any]:
        return asdict(self)


class Landing:
    """One container, written through Airflow's connection of type `wasb`."""

    def __init__(self, *, wasb_conn_id: str, container: str) -> None:
        self.wasb_conn_id = wasb_conn_id
        self.container = container
        self._hook = _PatientWasbHook(wasb_conn_id)

    def find(self, name: str) -> Landed | None:
        """The blob of this name if it has landed."""
        with self._told(name):
            try:
                properties = self._client(name).get_blob_properties()
            except ResourceNotFoundError as error:
                if _code(error) == "ContainerNotFound":
                    raise
                return None
            return self._existing(name, properties)

    def put(self, name: str, body: bytes, *, rows: int, provenance: str, about: Mapping[str, str]) -> Landed:
        """Write a new blob in one atomic step; an existing one is reported, never overwritten."""
        digest = hashlib.sha256(body).hexdigest()
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        metadata = {"provenance": provenance, "sha256": digest, "rows": str(rows), **about}
        with self._told(name):
            client = self._client(name)
            try:
                client.upload_blob(
                    body,
                    metadata={key: _ascii(value) for key, value in metadata.items()},
                    content_settings=ContentSettings(content_type="application/json", content_md5=bytearray(md5)),
                    overwrite=False,  # If-None-Match: *
                    validate_content=True,
                )
            except ResourceExistsError:
                there = client.get_blob_properties()
                # Our own write, whose first answer was lost: the SDK tried again and met itself.
                ours = (there.metadata or {}).get("sha256") == digest and _same(there.metadata, about)
                return replace(self._existing(name, there), already_landed=not ours)
            self._verify(name, client.get_blob_properties(), size=len(body), md5=md5)
        return Landed(blob=name, bytes=len(body), sha256=digest, provenance=provenance, rows=rows, already_landed=False)

    def _client(self, name: str) -> BlobClient:
        client = self._hook.blob_service_client.get_blob_client(self.container, name)
        assert isinstance(client, BlobClient)
        return client

    def _existing(self, name: str, properties: BlobProperties) -> Landed:
        metadata = properties.metadata or {}
        if not {"sha256", "rows", "provenance"} <= metadata.keys() or not metadata["rows"].isdecimal():
            raise LandingError(
                "a blob of this name exists, and it was not landed by us",
                place=self._place(name),
                remedy="Choose another run_name, or remove the blob",
            )
        return Landed(
            blob=name,
            bytes=int(properties.size),
            sha256=metadata["sha256"],
            provenance=metadata["provenance"],
            rows=int(metadata["rows"]),
            already_landed=True,
        )

    def _verify(self, name: str, properties: BlobProperties, *, size: int, md5: bytes) -> None:
        stored = properties.content_settings.content_md5
        if properties.size != size or stored is None or bytes(stored) != md5:
            raise LandingError(
                f"the storage holds {properties.size} bytes that are not the {size} bytes written",
                place=self._place(name),
                remedy="Remove the blob and run the task again",
            )

    def _place(self, name: str) -> str:
        return f"blob {self.container}/{name}, connection {self.wasb_conn_id!r}"

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Turns faults of the storage into ours."""
        place = self._place(name)
        try:
            yield
        except AirflowNotFoundException as error:
            raise LandingError(
                f"Airflow has no connection {self.wasb_conn_id!r}",
                place=place,
                remedy="Create it with type wasb, or check that the secrets backend that holds it answers",
            ) from error
        except ClientAuthenticationError as error:
            raise LandingError(
                "the storage does not accept the account key",
                place=place,
                remedy="Put the right connection_string into the connection's extra",
            ) from error
        except ResourceNotFoundError as error:
            raise LandingError(
                f"the container {self.container!r} does not exist", place=place, remedy="Create it, or correct its name"
            ) from error
        except (ServiceRequestError, ServiceResponseError) as error:
            raise LandingUnavailableError(
                "the storage cannot be reached: nothing was landed",
                place=place,
                remedy="Check that it runs, the network and the connection's address",
            ) from error
        except HttpResponseError as error:
            raise self._refused(error, place) from error
        except (AzureError, ValueError) as error:  # ValueError: the SDK's word for a malformed connection string
            raise LandingError(
                "the storage connection cannot be used", place=place, remedy="Correct its connection_string"
            ) from error

    def _refused(self, error: HttpResponseError, place: str) -> LandingError:
        said = f"HTTP {error.status_code}" + (f", {code}" if (code := _code(error)) else "")
        if error.status_code == NO_SPACE:
            return LandingUnavailableError(
                f"the storage has no space left ({said}): nothing was landed, what has landed before is safe",
                place=place,
                remedy="Free disk space where Azurite keeps its data, then run the task again",
            )
        if error.status_code is None or error.status_code >= 500 or error.status_code in (408, 429):
            return LandingUnavailableError(
                f"the storage fails to write ({said}): nothing was landed",
                place=place,
                remedy="Check the free disk space where Azurite keeps its data, or the storage account's health",
            )
        if error.status_code == 403:
            return LandingError(
                f"the storage does not accept the account key or this network ({said})",
                place=place,
                remedy="Put the right connection_string into the connection's extra, or open the account's firewall",
            )
        return LandingError(f"the storage refuses the blob ({said})", place=place, remedy="Check container and names")


class _PatientWasbHook(WasbHook):
    """The provider's hook with shorter pauses: the SDK's own make a task silent for over a minute.

    Airflow's retries come on top. What the connection's extra says wins.
    """

    PAUSES: ClassVar[dict[str, int]] = {"retry_total": 3, "initial_backoff": 1, "increment_base": 2}

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        conn = super().get_connection(conn_id)
        extra = json.dumps({**cls.PAUSES, **conn.extra_dejson})
        return Connection(
            conn_id=conn_id,
            conn_type=conn.conn_type,
            host=conn.host,
            login=conn.login,
            password=conn.password,
            extra=extra,
        )


def _code(error: HttpResponseError) -> str:
    """The storage's own code; the SDK sets it on the error at run time only."""
    code = getattr(error, "error_code", None)
    return str(code.value if isinstance(code, Enum) else code or "")


def _same(metadata: Mapping[str, str], about: Mapping[str, str]) -> bool:
    return all(metadata.get(key) == _ascii(value) for key, value in about.items())


def _ascii(text: str) -> str:
    """A text as a header of HTTP may hold it."""
    return "".join(char if " " <= char <= "~" else "_" for char in text).strip()
