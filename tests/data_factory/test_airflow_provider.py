"""Airflow's Data Factory operator, sensor, hook and triggers against the local service, on two routes.

With a hook whose client is made for another address, as a product would do it; and with nothing changed at all.
"""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.microsoft.azure.hooks.data_factory import AzureDataFactoryAsyncHook, AzureDataFactoryHook
from airflow.providers.microsoft.azure.operators.data_factory import AzureDataFactoryRunPipelineOperator
from airflow.providers.microsoft.azure.sensors.data_factory import AzureDataFactoryPipelineRunStatusSensor
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory.aio import DataFactoryManagementClient as AsyncClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local_azure.identity.service import MANAGED_IDENTITY_PATH
from local_azure.tls import Tls
from tests.data_factory.arm import AUDIENCE, GROUP, SUBSCRIPTION, Arm, AsyncCredential, Credential, arm_in
from tests.data_factory.provider_cases import *  # noqa: F403  # the tests are collected here
from tests.data_factory.provider_cases import Provider, pipelines
from tests.fakes.connect_proxy import ConnectProxy, connect_proxy
from tests.fakes.gate import Gate
from tests.local_azure.cloud import Cloud

pytestmark = pytest.mark.integration

HOST = "management.azure.com"


def _connection(factory: str) -> str:
    extra = {"subscriptionId": SUBSCRIPTION, "resource_group_name": GROUP, "factory_name": factory}
    return json.dumps({"conn_type": "azure_data_factory", "extra": extra})


@pytest.fixture(scope="module")
def factory(arm: Arm) -> str:
    """A factory with the pipelines of the cases."""
    return _fill(arm)


def _fill(arm: Arm) -> str:
    name = f"airflow-{uuid.uuid4().hex[:12]}"
    with arm.http() as http:
        http.put(arm.factory_url(name), json={"location": "westeurope"}).raise_for_status()
        for pipeline, properties in pipelines().items():
            path = f"{arm.factory_url(name)}/pipelines/{pipeline}"
            http.put(path, json={"properties": properties}).raise_for_status()
    return name


@pytest.fixture
def provider(arm: Arm, factory: str, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The first route: a hook that makes its client for the local address."""
    monkeypatch.setenv("AIRFLOW_CONN_AZURE_DATA_FACTORY_DEFAULT", _connection(factory))

    class Hook(AzureDataFactoryHook):
        def get_conn(self) -> DataFactoryManagementClient:
            return DataFactoryManagementClient(Credential(arm.cloud), SUBSCRIPTION, **_settings(arm))

    class Operator(AzureDataFactoryRunPipelineOperator):
        @cached_property
        def hook(self) -> AzureDataFactoryHook:
            return Hook()

    class Sensor(AzureDataFactoryPipelineRunStatusSensor):
        @cached_property
        def hook(self) -> AzureDataFactoryHook:
            return Hook()

    return Provider(operator=Operator, sensor=Sensor, hook=Hook(), group=GROUP, factory=factory)


def _settings(arm: Arm) -> dict[str, Any]:
    return {
        "base_url": arm.url,
        "credential_scopes": [f"{AUDIENCE}/.default"],
        "connection_verify": arm.ca,
    }


def test_the_async_hook_follows_and_cancels(arm: Arm, provider: Provider, closed: Gate) -> None:
    class Hook(AzureDataFactoryAsyncHook):
        async def get_async_conn(self) -> AsyncClient:
            if self._async_conn is None:
                self._async_conn = AsyncClient(AsyncCredential(arm.cloud), SUBSCRIPTION, **_settings(arm))
            return self._async_conn

    run_id = provider.start("gated", {"url": closed.url})

    async def follow() -> list[str]:
        async with Hook() as hook:
            before = await hook.get_adf_pipeline_run_status(run_id, provider.group, provider.factory)
            await hook.cancel_pipeline_run(run_id, provider.group, provider.factory)
            while (now := await hook.get_adf_pipeline_run_status(run_id, provider.group, provider.factory)) == before:
                await asyncio.sleep(0.02)
        return [before, now]

    assert asyncio.run(asyncio.wait_for(follow(), 60)) in (["InProgress", "Canceling"], ["InProgress", "Cancelled"])
    provider.wait_until(run_id, "Cancelled")


def test_all_of_this_and_the_triggers_work_unmodified(tmp_path: Path, cloud: Cloud) -> None:
    """The second route: the real host name, by a proxy, a certificate of the local CA and the identity endpoint."""
    with _azure(tmp_path, cloud) as (arm, proxy):
        environment = os.environ | {
            "ADF_TEST_FACTORY": (name := _fill(arm)),
            "ADF_TEST_GROUP": GROUP,
            "AIRFLOW_CONN_AZURE_DATA_FACTORY_DEFAULT": _connection(name),
            "HTTPS_PROXY": proxy.url,
            "IDENTITY_ENDPOINT": cloud.identity_url + MANAGED_IDENTITY_PATH,
            "IDENTITY_HEADER": cloud.secrets.identity_header,
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(cloud.tls.bundle),
            "SSL_CERT_FILE": str(cloud.tls.bundle),
        }
        module = Path(__file__).with_name("unmodified_provider.py")
        # The provider closes its client and leaves the credential's open.
        lenient = ["-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *lenient, str(module)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert set(proxy.asked) == {f"{HOST}:443"}


@contextmanager
def _azure(folder: Path, cloud: Cloud) -> Iterator[tuple[Arm, ConnectProxy]]:
    """The service under Azure's name."""
    with (
        arm_in(folder, cloud, files=_certificate(cloud, folder)) as arm,
        connect_proxy({f"{HOST}:443": int(arm.url.rpartition(":")[2])}) as proxy,
    ):
        yield arm, proxy


def _certificate(cloud: Cloud, folder: Path) -> Tls:
    """One for Azure's host and for localhost, by the CA of the state folder."""
    tls = cloud.state.tls
    ca = x509.load_pem_x509_certificate((tls / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((tls / "ca.key.pem").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    server = x509.load_pem_x509_certificate(cloud.tls.certificate.read_bytes())
    key = serialization.load_pem_private_key(cloud.tls.key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(server.subject)
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(server.not_valid_before_utc)
        .not_valid_after(server.not_valid_after_utc)
        .add_extension(names, critical=False)
    )
    for extension in server.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    file = folder / "azure.pem"
    file.write_bytes(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return replace(cloud.tls, certificate=file)
