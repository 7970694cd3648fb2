"""Linked services: parameters, secrets of the real vault, each family, what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.linked_services import TYPES, BlobStorage, HttpServer, KeyVault, PostgreSql, resolve
from local_azure.data_factory.linked_services.databricks import RESOURCE as DATABRICKS
from local_azure.data_factory.services import EndpointMap
from local_azure.key_vault.store import Attributes
from tests.data_factory.world import Ran, World, resolved
from tests.local_azure.cloud import Cloud

Json = Any
SECRET = "S3cret/+=ü"
IN_VAULT: Json = {
    "type": "AzureKeyVaultSecret",
    "store": {"referenceName": "vault", "type": "LinkedServiceReference"},
    "secretName": "linked-secret",
}
SECURE = {"type": "SecureString", "value": SECRET}
VAULT = {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://vault.vault.azure.net/"}}


@pytest.fixture
def azure(cloud: Cloud) -> World:
    """Azure's hosts, each served somewhere else; a vault with one secret."""
    cloud.store.set("linked-secret", SECRET, Attributes())
    hosts = {
        "*.azuredatabricks.net": "http://127.0.0.1:1",
        "*.blob.core.windows.net": "https://127.0.0.1:2/{account}",
        "*.postgres.database.azure.com": "http://127.0.0.1:3",
        "*.vault.azure.net": cloud.vault_url,
    }
    return World(hosts=hosts, cloud=cloud)


def read(
    azure: World,
    kind: str,
    properties: Mapping[str, Json],
    *,
    reference: Mapping[str, Json] | None = None,
    expected: type | None = None,
    more: Mapping[str, Json] | None = None,
    dataset: Mapping[str, Json] | None = None,
) -> Ran:
    """The linked service `s` with these type properties, resolved."""
    document = {"type": kind, "typeProperties": properties, **(more or {})}
    world = replace(azure, linked_services={"s": document, "vault": VAULT})

    async def work(context: ActivityContext) -> Json:
        given = {"referenceName": "S", "type": "LinkedServiceReference"} | dict(reference or {})
        options: dict[str, Any] = {"dataset": dataset} | ({"expected": expected} if expected else {})
        return await resolve(given, context, **options)

    return resolved(work, world, parameters={"p": "given"})


@pytest.mark.parametrize("secret", [SECRET, SECURE, IN_VAULT, IN_VAULT | {"secretVersion": ""}])
def test_each_kind_of_secret_is_had_and_masked(azure: World, secret: Json) -> None:
    ran = read(azure, "AzureDatabricks", {"domain": "x", "accessToken": secret, "existingClusterId": "c"})
    assert ran.output.headers == {"Authorization": f"Bearer {SECRET}"}
    assert SECRET in ran.made.masked
    assert SECRET not in repr(ran.output)


def test_a_version_of_a_secret(azure: World, cloud: Cloud) -> None:
    old = cloud.store.set("versions", "old-value", Attributes()).version
    cloud.store.set("versions", "new-value", Attributes())
    properties = {"domain": "x", "existingClusterId": "c"}
    newest = IN_VAULT | {"secretName": "versions"}
    for secret, value in ((newest, "new-value"), (newest | {"secretVersion": old}, "old-value")):
        output = read(azure, "AzureDatabricks", properties | {"accessToken": secret}).output
        assert output.headers["Authorization"] == f"Bearer {value}"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (IN_VAULT | {"secretName": "nothing"}, "'nothing' of 'vault' cannot be read: the vault answers 404"),
        (IN_VAULT | {"secretName": "disabled"}, "the vault answers 403"),
        (IN_VAULT | {"secretName": "../x"}, "the vault answers 404"),
        (IN_VAULT | {"secretName": ""}, "accessToken.secretName must be the name of a secret"),
        (
            IN_VAULT | {"store": {"referenceName": "s"}},
            "accessToken.store: linked service 's' is of type AzureDatabricks",
        ),
        (IN_VAULT | {"store": {"referenceName": "nowhere"}}, "there is no linked service 'nowhere'"),
        (IN_VAULT | {"store": {}}, "store.referenceName is missing"),
        ({"type": "Other"}, "its type is 'Other'"),
        (5, "must be a string"),
        ({"type": "SecureString"}, "accessToken is missing"),
    ],
)
def test_secrets_that_are_not_had(azure: World, cloud: Cloud, secret: Json, text: str) -> None:
    cloud.store.set("disabled", "v", Attributes(enabled=False))
    ran = read(azure, "AzureDatabricks", {"domain": "x", "existingClusterId": "c", "accessToken": secret})
    assert text in ran.failure[1]


def test_a_vault_that_is_dead_or_not_authorized(azure: World, cloud: Cloud) -> None:
    properties = {"domain": "x", "existingClusterId": "c", "accessToken": IN_VAULT}
    dead = replace(azure, hosts={"*.vault.azure.net": "https://127.0.0.1:1"})
    code, message = read(dead, "AzureDatabricks", properties).failure
    assert code == "AzureKeyVaultError"
    assert "the vault of 'vault' gave no answer" in message
    assert read(World(hosts=azure.hosts), "AzureDatabricks", properties).failure[0] == "2403"


def test_parameters_defaults_and_expressions(azure: World) -> None:
    more = {"parameters": {"Host": {"type": "String"}, "path": {"type": "String", "defaultValue": "d"}}}
    url = {"url": "https://@{linkedService().host}/@{linkedService().path}"}
    for parameters, found in (
        ({"host": "@pipeline().parameters.p"}, "https://given/d"),
        ({"HOST": "h", "path": "@@x"}, "https://h/@x"),
        ({"host": "@dataset().table"}, "https://of the dataset/d"),
    ):
        dataset = {"table": "of the dataset"}
        ran = read(azure, "HttpServer", url, more=more, reference={"parameters": parameters}, dataset=dataset)
        assert ran.output.url == found


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "parameter 'n' of linked service 'S' has no value and no default"),
        ({"n": "many"}, "parameter 'n' of linked service 'S' must be Int"),
        ({"n": 1, "x": 1}, "linked service 'S' has no parameter 'x'"),
    ],
)
def test_parameters_that_do_not_fit(azure: World, given: Json, text: str) -> None:
    more = {"parameters": {"n": {"type": "Int"}}}
    assert text in read(azure, "HttpServer", {"url": "x"}, more=more, reference={"parameters": given}).failure[1]


def test_a_reference_must_lead_somewhere_that_fits(azure: World) -> None:
    assert "S" in read(azure, "HttpServer", {"url": "x"}, expected=HttpServer).output.name
    code, message = read(azure, "HttpServer", {"url": "x"}, expected=KeyVault).failure
    assert code == "InvalidLinkedService"
    assert "$.linkedServiceName: linked service 'S' is of type HttpServer, which does not fit here" in message
    assert "is of type 'Oracle'; used here are" in read(azure, "Oracle", {}).failure[1]
    nowhere = read(azure, "HttpServer", {}, reference={"referenceName": "nothing"})
    assert "there is no linked service 'nothing'" in nowhere.failure[1]
    assert (
        "$.linkedServiceName.referenceName is missing"
        in read(azure, "X", {}, reference={"referenceName": ""}).failure[1]
    )


KEY = "a2V5S0VZa2V5"
BY_KEY = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={KEY};EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    ("properties", "key", "endpoint", "url"),
    [
        ({"connectionString": BY_KEY}, KEY, "https://acc.blob.core.windows.net", "https://127.0.0.1:2/acc"),
        (
            {"connectionString": {"type": "SecureString", "value": BY_KEY}, "accountKind": "StorageV2"},
            KEY,
            "https://acc.blob.core.windows.net",
            "https://127.0.0.1:2/acc",
        ),
        (
            {"connectionString": f"AccountName=acc;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:9/acc"},
            KEY,
            "http://127.0.0.1:9/acc",
            "http://127.0.0.1:9/acc",
        ),
        (
            {"connectionString": "AccountName=acc;EndpointSuffix=core.windows.net", "accountKey": IN_VAULT},
            SECRET,
            "https://acc.blob.core.windows.net",
            "https://127.0.0.1:2/acc",
        ),
        (
            {"serviceEndpoint": "https://acc.blob.core.windows.net/", "authenticationType": "MSI"},
            None,
            "https://acc.blob.core.windows.net",
            "https://127.0.0.1:2/acc",
        ),
        (
            {"serviceEndpoint": "https://@{toLower('ACC')}.blob.core.windows.net"},
            None,
            "https://acc.blob.core.windows.net",
            "https://127.0.0.1:2/acc",
        ),
    ],
)
def test_blob_storage(azure: World, properties: Json, key: str | None, endpoint: str, url: str) -> None:
    ran = read(azure, "AzureBlobStorage", properties, expected=BlobStorage)
    found = ran.output
    assert (found.account, found.endpoint, found.url, found.key) == ("acc", endpoint, url, key)
    if key:
        assert key in ran.made.masked
        assert key not in repr(found)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({}, "connectionString or serviceEndpoint must be given, and not both"),
        ({"connectionString": BY_KEY, "serviceEndpoint": "https://x"}, "and not both"),
        ({"connectionString": "AccountName=acc"}, "has no AccountKey"),
        ({"connectionString": f"AccountKey={KEY}"}, "has no AccountName"),
        ({"connectionString": f"AccountName=a;{KEY}"}, "its part 2 is not of the form Name=value"),
        (
            {"connectionString": f"AccountName=a;SharedAccessSignature={KEY}"},
            "'sharedaccesssignature', which is not done",
        ),
        ({"connectionString": BY_KEY, "authenticationType": "Msi"}, "is Msi, which needs serviceEndpoint"),
        ({"connectionString": BY_KEY, "authenticationType": "@concat('Sas','Uri')"}, "is 'SasUri', which is not done"),
    ],
)
def test_blob_storage_that_cannot_be_used(azure: World, properties: Json, text: str) -> None:
    code, message = read(azure, "AzureBlobStorage", properties).failure
    assert code == "InvalidLinkedService"
    assert text in message
    assert KEY not in message


def test_http_services(azure: World, cloud: Cloud) -> None:
    basic = {"url": "https://h", "authenticationType": "basic", "userName": "me", "password": SECURE}
    for kind in ("HttpServer", "RestService"):
        assert read(azure, kind, {"url": "https://h", "authenticationType": "Anonymous"}).output.headers == {}
        ran = read(azure, kind, basic | {"enableServerCertificateValidation": "False"})
        # "me:S3cret/+=ü", encoded by hand.
        assert ran.output.headers == {"Authorization": "Basic bWU6UzNjcmV0Lys9w7w="}
        assert (ran.output.url, ran.output.verify) == ("https://h", False)
        assert {"bWU6UzNjcmV0Lys9w7w=", SECRET} <= set(ran.made.masked)
        assert "bWU6" not in repr(ran.output)
        headers = {"x-key": IN_VAULT, "x-plain": "visible?"}
        ran = read(azure, kind, {"url": "h", "authHeaders": headers})
        assert ran.output.headers == {"x-key": SECRET, "x-plain": "visible?"}
        assert {SECRET, "visible?"} <= set(ran.made.masked)
    resource = "https://api.example.com"
    msi = {"url": "h", "authenticationType": "ManagedServiceIdentity", "aadResourceId": resource}
    ran = read(azure, "RestService", msi)
    token = ran.output.headers["Authorization"].removeprefix("Bearer ")
    cloud.tokens.verify(token, audience=resource)
    assert token in ran.made.masked


def test_azure_function(azure: World, cloud: Cloud) -> None:
    app = {"functionAppUrl": "https://app.azurewebsites.net/"}
    found = read(azure, "AzureFunction", app | {"functionKey": IN_VAULT}).output
    assert (found.url, found.headers) == ("https://app.azurewebsites.net", {"x-functions-key": SECRET})
    assert SECRET not in repr(found)
    assert read(azure, "AzureFunction", app).output.headers == {}
    found = read(azure, "AzureFunction", app | {"authentication": "MSI", "resourceId": "api://app"}).output
    cloud.tokens.verify(found.headers["Authorization"].removeprefix("Bearer "), audience="api://app")


NEW_CLUSTER = {
    "newClusterVersion": "15.4.x-scala2.12",
    "newClusterNodeType": "Standard_D4s_v3",
    "newClusterNumOfWorker": "2:8",
    "newClusterSparkConf": {"spark.x": "@{linkedService().size}"},
    "newClusterSparkEnvVars": {"A": "1"},
    "newClusterCustomTags": {},
    "newClusterInitScripts": ["dbfs:/a.sh", "/Shared/b.sh"],
    "newClusterLogDestination": "dbfs:/logs",
    "newClusterEnableElasticDisk": True,
    "policyId": "p1",
}


def test_databricks_clusters(azure: World) -> None:
    base = {"domain": "adb-1234567890.7.azuredatabricks.net", "accessToken": SECURE}
    found = read(azure, "AzureDatabricks", base | {"existingClusterId": "0923-164208-meows279"}).output
    assert found.url == "https://adb-1234567890.7.azuredatabricks.net"
    assert found.cluster == {"existing_cluster_id": "0923-164208-meows279"}
    more = {"parameters": {"size": {"type": "Int", "defaultValue": 4}}}
    assert read(azure, "AzureDatabricks", base | NEW_CLUSTER, more=more).output.cluster == {
        "new_cluster": {
            "spark_version": "15.4.x-scala2.12",
            "node_type_id": "Standard_D4s_v3",
            "autoscale": {"min_workers": 2, "max_workers": 8},
            "spark_conf": {"spark.x": "4"},
            "spark_env_vars": {"A": "1"},
            "init_scripts": [
                {"dbfs": {"destination": "dbfs:/a.sh"}},
                {"workspace": {"destination": "/Shared/b.sh"}},
            ],
            "cluster_log_conf": {"dbfs": {"destination": "dbfs:/logs"}},
            "policy_id": "p1",
        }
    }
    fixed = {"newClusterVersion": "v", "newClusterNumOfWorker": 0, "instancePoolId": "pool"}
    assert read(azure, "AzureDatabricks", base | fixed).output.cluster == {
        "new_cluster": {"spark_version": "v", "num_workers": 0, "instance_pool_id": "pool"}
    }


def test_databricks_by_managed_identity(azure: World, cloud: Cloud) -> None:
    properties = {
        "domain": "https://x.azuredatabricks.net/",
        "authentication": "MSI",
        "workspaceResourceId": "/subscriptions/s",
        "existingClusterId": "c",
    }
    found = read(azure, "AzureDatabricks", properties).output
    cloud.tokens.verify(found.headers["Authorization"].removeprefix("Bearer "), audience=DATABRICKS)
    assert found.headers["X-Databricks-Azure-Workspace-Resource-Id"] == "/subscriptions/s"
    assert found.url == "https://x.azuredatabricks.net"


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"existingClusterId": "c"}, "accessToken is missing"),
        ({"accessToken": SECURE}, "existingClusterId or newClusterVersion must be given"),
        ({"accessToken": SECURE, "existingClusterId": "c", **NEW_CLUSTER}, "excludes a new cluster"),
        ({"accessToken": SECURE, "newClusterVersion": "v", "newClusterNumOfWorker": "2:x"}, "a range such as 1:4"),
        ({"accessToken": SECURE, "authentication": "MSI", "existingClusterId": "c"}, "exclude each other"),
        ({"authentication": "MSI", "existingClusterId": "c"}, "workspaceResourceId is missing"),
    ],
)
def test_databricks_that_cannot_be_used(azure: World, properties: Json, text: str) -> None:
    more = {"parameters": {"size": {"type": "Int", "defaultValue": 4}}}
    assert text in read(azure, "AzureDatabricks", {"domain": "x"} | properties, more=more).failure[1]


SERVER = "srv.postgres.database.azure.com"
V2 = {"server": SERVER, "database": "db", "username": "me", "password": SECURE}


@pytest.mark.parametrize(
    ("properties", "host", "port", "mode", "connect", "command", "zone"),
    [
        (V2, "127.0.0.1", 3, "prefer", None, None, None),
        (
            V2
            | {
                "server": "10.0.0.1",
                "port": "5433",
                "sslMode": 0,
                "timeout": 5,
                "commandTimeout": "60",
                "timezone": "UTC",
                "authenticationType": "Basic",
            },
            "10.0.0.1",
            5433,
            "disable",
            5,
            60,
            "UTC",
        ),
        (
            V2 | {"server": "10.0.0.1:5444", "sslMode": "3", "trustServerCertificate": True},
            "10.0.0.1",
            5444,
            "require",
            None,
            None,
            None,
        ),
        (V2 | {"server": "/tmp/sockets", "password": IN_VAULT}, "/tmp/sockets", 5432, "prefer", None, None, None),
        (
            {"connectionString": f"host={SERVER};database=db;port=5432;uid=me;password={SECRET}"},
            "127.0.0.1",
            3,
            "disable",
            None,
            None,
            None,
        ),
        (
            {
                "connectionString": "Server=h;Database=db;User Id=me;SSL Mode=VerifyFull;Timeout=7;Command Timeout=8",
                "password": IN_VAULT,
            },
            "h",
            5432,
            "verify-full",
            7,
            8,
            None,
        ),
        (
            {
                "connectionString": f"host=h;database=db;uid=me;pwd='{SECRET}';EncryptionMethod=1;"
                "ValidateServerCertificate=1"
            },
            "h",
            5432,
            "verify-full",
            None,
            None,
            None,
        ),
        ({"connectionString": f'host=h;database=db;uid=me;pwd="{SECRET}";EM=6'}, "h", 5432, "prefer", None, None, None),
    ],
)
def test_postgresql(
    azure: World,
    properties: Json,
    host: str,
    port: int,
    mode: str,
    connect: int | None,
    command: int | None,
    zone: str | None,
) -> None:
    ran = read(azure, "AzurePostgreSql", properties, expected=PostgreSql)
    assert ran.output == PostgreSql(
        name="S",
        host=host,
        port=port,
        database="db",
        user="me",
        password=SECRET,
        ssl_mode=mode,
        connect_timeout=connect,
        command_timeout=command,
        time_zone=zone,
    )
    assert SECRET not in repr(ran.output)
    assert SECRET in ran.made.masked


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"server": "h", "database": "d", "username": "u"}, "password is missing"),
        ({"database": "d"}, "server is missing"),
        (V2 | {"sslMode": 6}, "sslMode must be between 0 and 5"),
        (V2 | {"sslMode": "on"}, "sslMode must be a whole number"),
        (V2 | {"sslMode": 5, "trustServerCertificate": True}, "contradicts the sslMode verify-full"),
        ({"connectionString": f"host=h;uid=u;password={SECRET}"}, "has no database"),
        ({"connectionString": "host=h;uid=u;database=d"}, "password is missing"),
        (
            {"connectionString": f"host=h;uid=u;database=d;password={SECRET};Pooling=true"},
            "has 'pooling', which is not done",
        ),
        ({"connectionString": f"host=h;uid=u;database=d;password={SECRET};EM=9"}, "unknown EncryptionMethod '9'"),
        ({"connectionString": f"host=h;uid=u;database=d;password={SECRET};port=x"}, "has 'x' where a number belongs"),
        ({"connectionString": f"host=h;uid=u;database=d;password={SECRET};SSL Mode=on"}, "unknown SSL mode 'on'"),
    ],
)
def test_postgresql_that_cannot_be_used(azure: World, properties: Json, text: str) -> None:
    code, message = read(azure, "AzurePostgreSql", properties).failure
    assert code == "InvalidLinkedService"
    assert text in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("kind", "properties", "paths"),
    [
        ("AzureBlobStorage", {"sasUri": SECURE}, ["$.typeProperties.sasUri"]),
        (
            "AzureBlobStorage",
            {"authenticationType": "Anonymous", "containerUri": "x"},
            ["$.typeProperties.containerUri", "$.typeProperties.authenticationType"],
        ),
        (
            "AzureBlobStorage",
            {"serviceEndpoint": "x", "servicePrincipalId": "i"},
            ["$.typeProperties.servicePrincipalId"],
        ),
        (
            "AzureBlobStorage",
            {"encryptedCredential": "x", "sasToken": None, "tenant": ""},
            ["$.typeProperties.encryptedCredential"],
        ),
        ("RestService", {"authenticationType": "OAuth2ClientCredential"}, ["$.typeProperties.authenticationType"]),
        ("RestService", {"authenticationType": "AadServicePrincipal"}, ["$.typeProperties.authenticationType"]),
        ("RestService", {"authenticationType": "managedServiceIdentity", "aadResourceId": "x"}, []),
        ("RestService", {"authenticationType": "@linkedService().way"}, []),
        ("HttpServer", {"authenticationType": "ClientCertificate"}, ["$.typeProperties.authenticationType"]),
        ("HttpServer", {"authenticationType": "Digest"}, ["$.typeProperties.authenticationType"]),
        ("HttpServer", {"certThumbprint": "x"}, ["$.typeProperties.certThumbprint"]),
        ("AzureDatabricks", {"credential": {"referenceName": "c"}}, ["$.typeProperties.credential"]),
        ("AzureDatabricks", {"authentication": "ServicePrincipal"}, ["$.typeProperties.authentication"]),
        ("AzureKeyVault", {"baseUrl": "x", "credential": {"referenceName": "c"}}, ["$.typeProperties.credential"]),
        ("AzureFunction", {"functionAppUrl": "x", "functionKey": IN_VAULT}, []),
        ("AzurePostgreSql", {"authenticationType": "ServicePrincipal"}, ["$.typeProperties.authenticationType"]),
        (
            "AzurePostgreSql",
            {"readBufferSize": 1, "encoding": "x"},
            ["$.typeProperties.readBufferSize", "$.typeProperties.encoding"],
        ),
    ],
)
def test_what_is_refused_at_put(azure: World, kind: str, properties: Json, paths: list[str]) -> None:
    problems: list[Problem] = list(TYPES[kind].refuse({"type": kind, "typeProperties": properties}))
    assert [problem.path for problem in problems] == paths
    assert all(problem.message for problem in problems)
    if paths:
        code, message = read(azure, kind, properties).failure
        assert code == "InvalidLinkedService"
        assert f"linked service 'S' {paths[0]}: " in message


def test_an_integration_runtime_of_ones_own_is_refused() -> None:
    document = {"type": "HttpServer", "typeProperties": {"url": "x"}, "connectVia": {"referenceName": "onPremises"}}
    (problem,) = TYPES["HttpServer"].refuse(document)
    assert problem.path == "$.connectVia.referenceName"
    assert "'onPremises' does not exist locally" in problem.message
    default = document | {"connectVia": {"referenceName": "AutoResolveIntegrationRuntime"}}
    assert list(TYPES["HttpServer"].refuse(default)) == []


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("adb-1234567890.7.azuredatabricks.net", "http://a/x"),
        ("x.azuredatabricks.net", "http://a/x"),
        ("y.x.azuredatabricks.net", "http://b/x"),
        ("exact.azuredatabricks.net", "http://c/x"),
        ("azuredatabricks.net", "https://azuredatabricks.net/x"),
        ("azuredatabricks.net.example.com", "https://azuredatabricks.net.example.com/x"),
    ],
)
def test_the_nearest_entry_of_the_endpoint_map_counts(host: str, found: str) -> None:
    hosts = {
        "*.azuredatabricks.net": "http://a",
        "*.x.azuredatabricks.net": "http://b",
        "exact.azuredatabricks.net": "http://c",
    }
    assert EndpointMap(hosts=hosts).locate(f"https://{host}/x") == found
