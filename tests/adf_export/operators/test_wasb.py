"""Operators of Blob Storage do in the local Data Factory what they do in Airflow, on the same real Azurite."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adf_export.environment import Connection, Environment
from local_azure.key_vault.store import Attributes
from local_azure.storage import BlobAccount
from tests.adf_export.lakehouse.factory_side import deploy, outcome
from tests.adf_export.operators.given import Made, made, task
from tests.data_factory.arm import Arm, arm_in
from tests.data_factory.lab import Lab, lab_of
from tests.local_azure.cloud import cloud_in

pytestmark = pytest.mark.integration
Json = Any
PACKAGE = "airflow.providers.microsoft.azure"
DELETE = f"{PACKAGE}.operators.wasb_delete_blob.WasbDeleteBlobOperator"
BLOB = f"{PACKAGE}.sensors.wasb.WasbBlobSensor"
PREFIX = f"{PACKAGE}.sensors.wasb.WasbPrefixSensor"
BLOBS = ("a.csv", "orders/1.csv", "orders/12.csv", "orders/2026/1.csv", "orders2/1.csv")


@pytest.fixture(scope="module")
def lab(azurite: BlobAccount) -> Lab:
    return lab_of(azurite, "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def arm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arm]:
    folder = tmp_path_factory.mktemp("factory")
    with cloud_in(folder / "cloud") as cloud:
        cloud.store.set("lake-key", lab.account.key, Attributes())
        with arm_in(folder, cloud, hosts={**lab.world.hosts, "vault.vault.azure.net": cloud.vault_url}) as running:
            yield running


@pytest.fixture
def blobs(lab: Lab) -> None:
    with lab.client as client:
        client.delete_blobs(*client.list_blob_names())
    for name in BLOBS:
        lab.put(name, b"1")


def exported(lab: Lab, operator: str, fields: Mapping[str, Json], **of_task: Json) -> Made:
    lake = Connection(conn_id="lake", host=f"https://{lab.account.name}.blob.core.windows.net", secret="lake-key")
    environment = Environment(name="own", key_vault="https://vault.vault.azure.net", connections={"lake": lake})
    one = task(operator, wasb_conn_id="lake", container_name=lab.container, of_task=of_task, **fields)
    return made(one, environment=environment)


def in_data_factory(arm: Arm, one: Made) -> tuple[str, list[Json]]:
    assert one.compiled.pipelines, one.summaries
    with arm.http() as client:
        client.base_url = f"{arm.url}{arm.factory_url('own')}"
        deploy(client, one.factory)
        return outcome(client, "d", {})


def hook(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Any:
    from airflow.providers.microsoft.azure.hooks.wasb import WasbHook

    document = {"conn_type": "wasb", "extra": {"connection_string": lab.account.connection_string}}
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps(document))
    return WasbHook("lake")


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a.csv", {}),
        ("orders/1.csv", {}),
        ("orders", {"ignore_if_missing": True}),
        ("absent", {"ignore_if_missing": True}),
        ("orders/", {"is_prefix": True}),
        ("orders", {"is_prefix": True}),
        ("orders/1", {"is_prefix": True}),
        ("absent", {"is_prefix": True, "ignore_if_missing": True}),
    ],
)
@pytest.mark.usefixtures("blobs")
def test_delete(lab: Lab, arm: Arm, monkeypatch: pytest.MonkeyPatch, name: str, more: dict[str, bool]) -> None:
    state, _ = in_data_factory(arm, exported(lab, DELETE, {"blob_name": name, **more}))
    left = lab.names()
    for blob in BLOBS:
        lab.put(blob, b"1")
    hook(lab, monkeypatch).delete_file(lab.container, name, **more)
    assert state == "Succeeded"
    assert left == lab.names()


SENSORS = [(BLOB, "blob_name", name) for name in ("a.csv", "orders/12.csv", "absent", "orders/absent.csv")]
SENSORS += [
    (PREFIX, "prefix", name) for name in ("orders/", "orders/1", "orders/20", "order", "absent/", "orders/x", "b")
]


@pytest.mark.parametrize("soft_fail", [False, True])
@pytest.mark.parametrize(("operator", "field", "name"), SENSORS)
@pytest.mark.usefixtures("blobs")
def test_sensors(
    lab: Lab, arm: Arm, monkeypatch: pytest.MonkeyPatch, operator: str, field: str, name: str, soft_fail: bool
) -> None:
    own = hook(lab, monkeypatch)
    found = (own.check_for_blob if operator == BLOB else own.check_for_prefix)(lab.container, name)
    # Long enough for a Validation where it is not waited for.
    fields = {field: name, "poke_interval": 1, "timeout": 600 if found else 1, "soft_fail": soft_fail}
    state, rows = in_data_factory(arm, exported(lab, operator, fields))
    assert state == ("Succeeded" if found or soft_fail else "Failed"), rows


def test_a_sensor_waits_as_long_as_it_says(lab: Lab) -> None:
    fields = {"blob_name": "orders/{{ ds }}.csv", "poke_interval": 90, "timeout": 93784, "mode": "reschedule"}
    one = exported(lab, BLOB, fields, retries=3)
    found = one.activities()["t"]["typeProperties"]
    assert (found["timeout"], found["sleep"]) == ("1.02:03:04", 90)
    assert one.codes == ["ADF105"]
    assert exported(lab, BLOB, {"blob_name": "a", "timeout": 60}).activities()["t_until"]["type"] == "Until"


# Operator, arguments -> code and a part of the message.
REFUSED: list[tuple[str, dict[str, Json], str, str]] = [
    (BLOB, {"blob_name": "a", "check_options": {"timeout": 1}}, "ADF102", "Python client"),
    (BLOB, {"blob_name": "a", "never_fail": True}, "ADF102", "never_fail"),
    (BLOB, {"blob_name": "a", "poke_interval": "x"}, "ADF104", "not a number"),
    (DELETE, {"blob_name": "a", "check_options": {"timeout": 1}}, "ADF102", "Python client"),
    (DELETE, {"blob_name": "a", "is_prefix": "{{ params.x }}"}, "ADF103", "is_prefix"),
    (f"{PACKAGE}.transfers.local_to_wasb.LocalFilesystemToWasbOperator", {"file_path": "a"}, "ADF101", "a worker"),
]


@pytest.mark.parametrize(("operator", "fields", "code", "part"), REFUSED)
def test_refused(lab: Lab, operator: str, fields: dict[str, Json], code: str, part: str) -> None:
    one = exported(lab, operator, fields)
    assert code in one.codes
    assert part in one.summaries


# A connection of the environment file -> its linked service, or the code that refuses it.
CONNECTIONS: list[tuple[dict[str, Json], dict[str, Json] | str]] = [
    ({"host": "https://a.blob.core.windows.net/"}, {"serviceEndpoint": "https://a.blob.core.windows.net"}),
    ({"host": "a.blob.core.windows.net"}, {"serviceEndpoint": "https://a.blob.core.windows.net"}),
    ({"login": "a"}, {"serviceEndpoint": "https://a.blob.core.windows.net"}),
    ({"secret": "s"}, {"connectionString": {"secretName": "s"}}),
    (
        {"login": "a", "secret": "s"},
        {
            "connectionString": "DefaultEndpointsProtocol=https;AccountName=a;EndpointSuffix=core.windows.net;",
            "accountKey": {"secretName": "s"},
        },
    ),
    ({}, "ADF504"),
    ({"host": "https://example.com", "secret": "s"}, "ADF504"),
    ({"login": "a", "extra": {"connection_string": "x"}}, "ADF504"),
    ({"login": "a", "extra": {"sas_token": "x"}}, "ADF504"),
]


@pytest.mark.parametrize(("given", "expected"), CONNECTIONS)
def test_linked_service(given: dict[str, Json], expected: dict[str, Json] | str) -> None:
    lake = Connection(conn_id="lake", **given)
    environment = Environment(key_vault="https://vault.vault.azure.net", connections={"lake": lake})
    one = made(task(BLOB, wasb_conn_id="lake", container_name="c", blob_name="b"), environment=environment)
    if isinstance(expected, str):
        assert one.codes == [expected]
        return
    found = one.documents("linkedService")["lake"]["typeProperties"]
    for name, value in expected.items():
        shown = {"secretName": found[name]["secretName"]} if isinstance(value, dict) else found[name]
        assert shown == value
    assert ("authenticationType" in found) is ("serviceEndpoint" in found)
    assert one.refused_by_local_factory() == []
