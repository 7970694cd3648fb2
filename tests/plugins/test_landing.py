"""Landing in real Azurite: once, whole, checked; and what is said when the storage fails."""

import base64
import hashlib
import json
import socket
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from adf_export_airflow.landing import Landed, Landing, LandingError, LandingUnavailableError
from local_azure.blob.azurite import Azurite, AzuriteSettings
from local_azure.storage import BlobAccount
from tests.fakes.http_script import HttpScript, raw

pytestmark = pytest.mark.integration

BODY = b'[ {"id": "bitcoin", "price": 77671.0, "\xc3\xa9": 1} ]\n'
ABOUT = {"fetched_at": "2026-05-18T12:34:56+00:00", "endpoint": "/coins/markets?page=1", "run_name": "r\u00e9sum\u00e9"}


def put(container: ContainerClient | str, body: bytes = BODY, *, name: str = "a/b.json") -> Landed:
    where = container if isinstance(container, str) else str(container.container_name)
    landing = Landing(wasb_conn_id="wasb_default", container=where)
    return landing.put(name, body, rows=1, provenance="simulated; seed=42", about=ABOUT)


def test_bytes_land_unchanged_with_their_origin(landing: ContainerClient) -> None:
    landed = put(landing)
    digest = hashlib.sha256(BODY).hexdigest()
    assert landed.as_xcom() == {
        "blob": "a/b.json",
        "bytes": len(BODY),
        "sha256": digest,
        "provenance": "simulated; seed=42",
        "rows": 1,
        "already_landed": False,
    }
    blob = landing.get_blob_client("a/b.json")
    assert blob.download_blob().readall() == BODY
    properties = blob.get_blob_properties()
    assert properties.content_settings.content_type == "application/json"
    assert properties.metadata == {
        "provenance": "simulated; seed=42",
        "sha256": digest,
        "rows": "1",
        **ABOUT,
        "run_name": "r_sum_",
    }


def test_an_existing_blob_is_reported_never_overwritten(landing: ContainerClient) -> None:
    first = put(landing)
    again = put(landing, b"[1]")
    assert again == Landed(**{**first.as_xcom(), "already_landed": True})
    assert landing.get_blob_client("a/b.json").download_blob().readall() == BODY
    found = Landing(wasb_conn_id="wasb_default", container=str(landing.container_name)).find("a/b.json")
    assert found == again


def test_our_own_write_met_again_counts_as_landed_now(landing: ContainerClient) -> None:
    assert put(landing) == put(landing)  # as when the first answer is lost and the SDK tries again


def test_a_large_body_lands_in_one_step(landing: ContainerClient) -> None:
    body = b"[" + b"1," * 3_000_000 + b"1]"
    assert put(landing, body).bytes == len(body)
    assert landing.get_blob_client("a/b.json").download_blob().readall() == body


def test_a_stranger_under_the_name_is_refused(landing: ContainerClient) -> None:
    landing.upload_blob("a/b.json", b"{}")
    with pytest.raises(LandingError, match="not landed by us"):
        put(landing)
    assert landing.get_blob_client("a/b.json").download_blob().readall() == b"{}"


def test_nothing_there(landing: ContainerClient) -> None:
    assert Landing(wasb_conn_id="wasb_default", container=str(landing.container_name)).find("a/b.json") is None


def test_no_container(landing: ContainerClient) -> None:
    with pytest.raises(LandingError, match="container 'no-such-place' does not exist"):
        put("no-such-place")
    with pytest.raises(LandingError, match="container 'no-such-place' does not exist"):
        Landing(wasb_conn_id="wasb_default", container="no-such-place").find("a/b.json")


def connect(monkeypatch: pytest.MonkeyPatch, account: BlobAccount) -> None:
    extra = {"connection_string": account.connection_string, "retry_total": 0}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_DEFAULT", json.dumps({"conn_type": "wasb", "extra": extra}))


def test_wrong_key(azurite: BlobAccount, landing: ContainerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = base64.b64encode(b"wrong" * 12).decode()
    connect(monkeypatch, BlobAccount(name=azurite.name, endpoint=azurite.endpoint, key=wrong))
    with pytest.raises(LandingError, match="does not accept the account key") as caught:
        put(landing)
    assert wrong not in str(caught.value)


@pytest.mark.parametrize(
    "connection_string", ["nonsense", "", "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=%%%"]
)
def test_unusable_connection_string(connection_string: str, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"connection_string": connection_string, "retry_total": 0}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_DEFAULT", json.dumps({"conn_type": "wasb", "extra": extra}))
    with pytest.raises(LandingError, match=r"blob landing/a/b\.json, connection 'wasb_default'"):
        put("landing")


def test_no_connection_of_that_name() -> None:
    with pytest.raises(LandingError, match="Airflow has no connection 'no_such'"):
        Landing(wasb_conn_id="no_such", container="landing").find("a")


def test_storage_is_down(azurite: BlobAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        gone = f"http://127.0.0.1:{bound.getsockname()[1]}/{azurite.name}"
    connect(monkeypatch, BlobAccount(name=azurite.name, endpoint=gone, key=azurite.key))
    with pytest.raises(LandingUnavailableError, match="cannot be reached: nothing was landed"):
        put("landing")


def test_a_full_disk_under_azurite(tmp_path: Path, azurite: BlobAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Azurite(
        AzuriteSettings(location=tmp_path / "blob", logs=tmp_path / "logs", key=azurite.key, reserve_bytes=2**60)
    )
    server.start()
    try:
        server.wait()
        connect(monkeypatch, BlobAccount(name=azurite.name, endpoint=server.endpoint, key=azurite.key))
        with pytest.raises(LandingUnavailableError, match=r"no space left .* Free disk space"):
            put("landing")
    finally:
        server.stop()


FULL = b'<?xml version="1.0"?><Error><Code>InsufficientStorage</Code><Message>the disk is full</Message></Error>'


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (raw(507, FULL, x_ms_error_code="InsufficientStorage"), LandingUnavailableError, "no space left"),
        (raw(500, b"", x_ms_error_code="InternalError"), LandingUnavailableError, "free disk space"),
        (raw(403, b"", x_ms_error_code="AuthorizationFailure"), LandingError, "key"),
        (raw(400, b"", x_ms_error_code="InvalidResourceName"), LandingError, "refuses the blob"),
    ],
)
def test_storage_refuses(
    answer: bytes, kind: type[LandingError], said: str, azurite: BlobAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpScript([answer]) as server:
        connect(monkeypatch, BlobAccount(name=azurite.name, endpoint=f"{server.origin}/a", key=azurite.key))
        with pytest.raises(kind) as caught:
            put("landing")
    assert said in str(caught.value)
    assert "landing/a/b.json" in str(caught.value)
    assert isinstance(caught.value.__cause__, HttpResponseError)


def test_a_write_that_stored_something_else_is_told(azurite: BlobAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    created = raw(201, b"", ETag='"0x1"', Last_Modified="Mon, 18 May 2026 12:34:56 GMT")
    other = raw(200, b"", ETag='"0x1"', Last_Modified="Mon, 18 May 2026 12:34:56 GMT", x_ms_blob_type="BlockBlob")
    with HttpScript([created, other]) as server:
        connect(monkeypatch, BlobAccount(name=azurite.name, endpoint=f"{server.origin}/a", key=azurite.key))
        with pytest.raises(LandingError, match="not the 49 bytes written"):
            put("landing")
