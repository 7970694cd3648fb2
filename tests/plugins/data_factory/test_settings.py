"""The connection: clouds, addresses, credentials, and what is said about a wrong one."""

import logging
from typing import Any

import azure.identity
import azure.identity.aio
import pytest

from adf_export_airflow.data_factory import credentials
from adf_export_airflow.data_factory.errors import DataFactorySetupError
from adf_export_airflow.data_factory.settings import Settings, read_settings

SUBSCRIPTION = {"subscriptionId": "sub"}


def settings(login: str | None = None, password: str | None = None, **extra: Any) -> Settings:
    return read_settings("adf", login, password, SUBSCRIPTION | extra)


# Azure's documented endpoints: resource manager, authority, studio.
@pytest.mark.parametrize(
    ("cloud", "manager", "authority", "studio"),
    [
        ("public", "management.azure.com", "login.microsoftonline.com", "adf.azure.com"),
        ("china", "management.chinacloudapi.cn", "login.chinacloudapi.cn", "adf.azure.cn"),
        ("usgov", "management.usgovcloudapi.net", "login.microsoftonline.us", "adf.azure.us"),
    ],
)
def test_a_cloud_is_a_set_of_addresses(cloud: str, manager: str, authority: str, studio: str) -> None:
    found = settings(cloud=cloud, resource_group_name="rg", factory_name="adf")
    assert (found.base_url, found.authority) == (f"https://{manager}", f"https://{authority}")
    assert found.scope == f"https://{manager}/.default"
    assert found.page("run-1") == (
        f"https://{studio}/en-us/monitoring/pipelineruns/run-1"
        "?factory=/subscriptions/sub/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf"
    )


def test_addresses_can_be_given_one_by_one() -> None:
    found = settings(base_url="https://localhost:10015/", monitoring_url="http://127.0.0.1:10017/monitoring")
    assert found.base_url == "https://localhost:10015"
    assert found.scope == "https://management.azure.com/.default"
    page = found.page("r", resource_group="g", factory="f", activity="Copy orders")
    assert page.startswith(
        "http://127.0.0.1:10017/monitoring/pipelineruns/r?factory=/subscriptions/sub/resourceGroups/g/"
    )
    assert page.endswith("/factories/f&activity=Copy%20orders")


def test_prefixed_names_of_old_connections_are_read() -> None:
    found = read_settings("adf", None, None, {"extra__azure_data_factory__subscriptionId": "old"})
    assert found.subscription == "old"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"subscriptionId": ""}, "subscriptionId is missing"),
        ({"cloud": "germany"}, "cloud says 'germany'.*public, china, usgov"),
        ({"base_url": "http://localhost:10015"}, "base_url says 'http://localhost:10015'.*https"),
        ({"authority": "login.local"}, "authority says 'login.local'"),
    ],
)
def test_a_wrong_field_is_named(extra: dict[str, Any], said: str) -> None:
    with pytest.raises(DataFactorySetupError, match=f"{said}") as raised:
        settings(**extra)
    assert "connection 'adf'" in str(raised.value)


def test_a_misspelt_field_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        settings(baseurl="https://localhost")
    assert "nothing reads baseurl" in caplog.text


@pytest.mark.parametrize("identity", [azure.identity, azure.identity.aio])
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "DefaultAzureCredential"),
        ({"login": "id", "password": "secret", "tenantId": "t"}, "ClientSecretCredential"),
        ({"credential": "managed_identity"}, "ManagedIdentityCredential"),
        ({"credential": "azure_cli"}, "AzureCliCredential"),
        ({"login": "id", "password": "secret", "tenantId": "t", "credential": "default"}, "DefaultAzureCredential"),
    ],
)
def test_a_credential_is_a_row(identity: Any, given: dict[str, Any], kind: str) -> None:
    assert type(credentials.make(identity, settings(**given))).__name__ == kind


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"credential": "password"}, "credential says 'password'.*client_secret"),
        ({"login": "id", "password": "secret"}, "tenantId is missing"),
        ({"credential": "client_secret", "tenantId": "t"}, "login .* is missing"),
    ],
)
def test_a_wrong_credential_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(DataFactorySetupError, match=said):
        credentials.make(azure.identity, settings(**given))


def test_no_secret_is_shown() -> None:
    assert "hush" not in repr(settings(login="id", password="hush", tenantId="t"))
