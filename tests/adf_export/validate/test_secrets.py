"""Secrets are found in every form and place, told without their value, and harmless texts are left alone."""

import base64
import json

import pytest

from adf_export.ir.factory import Factory, LinkedService, Parameter, obj, secret_reference
from adf_export.validate.secrets import KnownSecret, find_secrets, known_secrets
from adf_lang.nodes import call, interpolate, literal
from tests.adf_export.backends.samples import activity, everything, factory

# Made of pieces, so that nobody's scanner takes this file for a leak.
STORAGE_KEY = base64.b64encode(bytes(range(64))).decode()
HEX = "0123456789abcdef" * 2
WEB_TOKEN = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "none"}, {"sub": "x"}, {})
)
SECRETS = {
    f"dapi{HEX}": "a Databricks token",
    f"Bearer dapi{HEX}-2": "a Databricks token",
    STORAGE_KEY: "the key of a storage account",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={STORAGE_KEY}": "the key of a storage account",
    "AccountName=a;AccountKey=short": "a password in a connection string",
    "Server=a;User ID=b;Password=c": "a password in a connection string",
    "Endpoint=sb://a/;Shared Access Key=x": "a password in a connection string",
    "https://a.test/c/b?sv=2024-01-01&se=2030-01-01&sig=abc%3D": "a shared access signature",
    "?sv=1&sig=abc": "a shared access signature",
    WEB_TOKEN: "a JSON web token",
    f"Authorization: Bearer {WEB_TOKEN}": "a JSON web token",
    "-----BEGIN RSA PRIVATE KEY-----\nabc": "a private key",
    "postgresql://user:hunter2@host/db": "a password in an address",
}
HARMLESS = (
    *(
        "",
        "plain",
        "dapi",
        "dapi is a prefix",
        "https://a.test/?sig=1",
        "https://user@a.test/",
        "a.b.c",
        "crypto.gold.prices",
    ),
    *(
        "-----BEGIN CERTIFICATE-----",
        "password",
        "Password=",
        "Server=a;Database=b",
        "sha256==",
        "2026.01.31",
        "x==",
        "jdbc:a:b",
    ),
    "SELECT * FROM t WHERE password = 'x'",
)


def holding(text: str) -> Factory:
    return factory(activity("Ask", "WebActivity", method="POST", url="https://a.test/", body=text))


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_finds(text: str) -> None:
    found = find_secrets(holding(text))
    assert f"pipeline 'daily' holds {SECRETS[text]}" in [item.summary for item in found]
    assert {item.path for item in found} == {"pipeline/daily.json: $.properties.activities[0].typeProperties.body"}
    assert found[0].origin.line == 10
    assert all(text not in str(item) for item in found)


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_finds_it_within_expressions_and_defaults(text: str) -> None:
    in_call = factory(activity("Ask", "WebActivity", method="GET", url=call("concat", literal(text), call("item"))))
    in_text = factory(activity("Ask", "WebActivity", method="GET", url=interpolate([text, call("item")])))
    in_default = factory(activity("Wait"), parameters=(Parameter(name="p", type="String", default=text),))
    in_global = Factory(name="adf-test", global_parameters=(Parameter(name="g", type="String", default=text),))
    for built in (in_call, in_text, in_default, in_global):
        assert find_secrets(built)


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
def test_leaves_alone(text: str) -> None:
    assert find_secrets(holding(text)) == ()


def test_a_factory_with_references_to_a_vault_holds_none() -> None:
    assert find_secrets(everything()) == ()


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "X_API_KEY", "Ocp-Apim-Subscription-Key"])
def test_a_text_in_a_member_for_secrets(name: str) -> None:
    ask = activity("Ask", "WebActivity", method="GET", url="https://a.test/", headers=obj({name: "abc"}))
    (found,) = find_secrets(factory(ask))
    assert found.summary == f"pipeline 'daily' holds a text in '{name}', which is for secrets"
    read = interpolate(["Bearer ", call("item")])
    assert find_secrets(factory(activity("Ask", "WebActivity", method="GET", url="x", headers=obj({name: read})))) == ()


def test_a_variable_or_param_with_the_name_of_a_secret() -> None:
    key = Parameter(name="shop_api_key", type="String", default="abc")
    one = Parameter(name="api_key", type="String", default="abc")
    (in_global,) = find_secrets(Factory(name="adf-test", global_parameters=(one,)))
    assert in_global.path == "factory/adf-test.json: $.properties.globalParameters.api_key.value"
    (in_default,) = find_secrets(factory(activity("Wait"), parameters=(one,)))
    assert in_default.path == "pipeline/daily.json: $.properties.parameters.api_key.defaultValue"
    assert find_secrets(Factory(name="adf-test", global_parameters=(key,)))
    assert (
        find_secrets(
            factory(activity("Wait"), parameters=(Parameter(name="api_key_name", type="String", default="x"),))
        )
        == ()
    )


def test_a_linked_service_with_a_secure_string() -> None:
    def service(value: object) -> Factory:
        properties = obj(domain="https://adb-1.azuredatabricks.net", accessToken=value)  # type: ignore[arg-type]  # Json
        return Factory(
            name="adf-test", linked_services=(LinkedService(name="w", type="AzureDatabricks", properties=properties),)
        )

    (found,) = find_secrets(service(obj(type="SecureString", value="abc")))
    assert found.path == "linkedService/w.json: $.properties.typeProperties.accessToken.value"
    assert find_secrets(service(secret_reference("vault", "databricks-token"))) == ()


LAKE = {
    "conn_type": "wasb",
    "password": "battery-staple",
    "extra": {"connection_string": "Endpoint of it", "region": "west-europe"},
}
# Too short a password to be told from ordinary texts.
DB = {"conn_type": "postgres", "password": "airflow", "extra": json.dumps({"api_key": "a-key-of-db"})}
ENVIRON = {
    "AIRFLOW_CONN_SHOP": "http://user:correct%20horse@shop.test/?timeout=3",
    "AIRFLOW_CONN_LAKE": json.dumps(LAKE),
    "AIRFLOW_CONN_DB": json.dumps(DB),
    "AIRFLOW__CORE__FERNET_KEY": "fernet-fernet-fernet",
    "AIRFLOW_VAR_API_KEY": "variable-key",
    "HOME": "/home/somebody",
}


def test_knows_the_secrets_of_the_environment() -> None:
    found = {secret.what: secret.value for secret in known_secrets(ENVIRON)}
    assert found == {
        "the password of connection 'shop'": "correct horse",
        "the password of connection 'lake'": "battery-staple",
        "'connection_string' of connection 'lake'": "Endpoint of it",
        "'api_key' of connection 'db'": "a-key-of-db",
        "the value of $AIRFLOW__CORE__FERNET_KEY": "fernet-fernet-fernet",
        "the value of $AIRFLOW_VAR_API_KEY": "variable-key",
    }


@pytest.mark.parametrize(
    "text", ["correct horse", "q=correct%20horse", "correct+horse", base64.b64encode(b"correct horse").decode()]
)
def test_finds_what_is_known_in_any_spelling(text: str) -> None:
    (found,) = find_secrets(holding(f"in {text} between"), known_secrets(ENVIRON))
    assert found.summary == "pipeline 'daily' holds the password of connection 'shop'"
    assert find_secrets(holding(f"in {text} between"), [KnownSecret(what="x", value="another one")]) == ()
