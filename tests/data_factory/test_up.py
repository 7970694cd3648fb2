"""The Data Factory as `local-azure up` starts it: clients, identity, the stand-ins' addresses, restarts, its store."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from local_azure.data_factory.deferred import Deferred
from local_azure.storage import BlobAccount
from tests.data_factory.command_line import Factory
from tests.data_factory.harness import activity, set_variable
from tests.local_azure.running import Running, run, up, wait_until

pytestmark = pytest.mark.integration
Json = Any
MSI = {"type": "MSI"}
STORAGE_ACCOUNT = "acmelake"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("up") / "state", "--storage-account", STORAGE_ACCOUNT) as started:
        yield started


def factory_of(cloud: Running, folder: Path) -> Factory:
    """The factory that every cloud has."""
    return Factory(state=cloud.state, name="local", folder=folder / "folder")


@pytest.fixture
def factory(running: Running, tmp_path: Path) -> Factory:
    return factory_of(running, tmp_path)


def outputs(factory: Factory, pipeline: str) -> dict[str, Json]:
    """Runs it to its end; the outputs by activity."""
    assert factory.load().code == 0
    done = factory("run", pipeline, "--wait", "--json")
    assert done.code == 0, done.out
    return {row["activityName"]: row["output"] for row in done.document["activities"]}


def failure(factory: Factory, pipeline: str) -> str:
    """Runs it to its end, which is a failure; the message."""
    assert factory.load().code == 0
    done = factory("run", pipeline, "--wait", "--json")
    assert done.code == 1
    message: str = done.document["run"]["message"]
    return message


def web(name: str, url: str, method: str = "GET", after: "tuple[str, ...]" = (), **more: Json) -> Json:
    return activity(name, "WebActivity", after, url=url, method=method, **more)


SDK = """
import json, os
from azure.identity import DefaultAzureCredential
from azure.mgmt.datafactory import DataFactoryManagementClient

place = (os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZURE_DATA_FACTORY"])
with (
    DefaultAzureCredential() as credential,
    DataFactoryManagementClient(
        credential,
        os.environ["AZURE_SUBSCRIPTION_ID"],
        base_url=os.environ["AZURE_RESOURCE_MANAGER_URL"],
    ) as client,
):
    factory = client.factories.get(*place)
    listed = [found.name for found in client.factories.list_by_resource_group(place[0])]
    print(json.dumps([factory.name, factory.provisioning_state, listed]))
"""


def test_azures_client_finds_the_factory_with_the_environment(running: Running) -> None:
    environment = json.loads(running.run("env", "--json").stdout)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SDK],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    name, state, listed = json.loads(done.stdout)
    assert (name, state, "local" in listed) == ("local", "Succeeded", True)


@pytest.mark.parametrize("account", ["cryptolake", STORAGE_ACCOUNT])
def test_a_web_activity_writes_a_blob_with_the_managed_identity(
    running: Running, factory: Factory, account: str
) -> None:
    key = json.loads((running.state / "secrets.json").read_text())["azurite_key"]
    endpoint = running.ready["endpoints"]["blob"].replace("cryptolake", account)
    blobs = BlobAccount(name=account, endpoint=endpoint, key=key)
    with BlobServiceClient.from_connection_string(blobs.connection_string, retry_total=0) as service:
        container = service.create_container("from-web")
        put = web(
            "Put",
            f"https://{account}.blob.core.windows.net/from-web/a.json",
            "PUT",
            headers={"x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob", "Content-Type": "application/json"},
            body={"written": "by a web activity"},
            authentication={**MSI, "resource": "https://storage.azure.com/"},
        )
        factory.pipeline("put", put)
        outputs(factory, "put")
        assert json.loads(container.download_blob("a.json").readall()) == {"written": "by a web activity"}


def test_secrets_of_the_vault_are_read_with_the_managed_identity_and_masked(running: Running, factory: Factory) -> None:
    assert running.run("secret", "set", "password", "s3cret-value").returncode == 0
    get = web(
        "Get",
        "https://any-vault.vault.azure.net/secrets/password?api-version=7.6",
        authentication={**MSI, "resource": "https://vault.azure.net"},
        policy={"secureOutput": True},
    )
    use = set_variable("Use", "length", "@string(length(activity('Get').output.value))", ("Get",))
    factory.pipeline("secret", get, use, variables={"length": {"type": "String"}})
    found = outputs(factory, "secret")
    assert found["Use"]["value"] == str(len("s3cret-value"))
    assert "s3cret-value" not in json.dumps(found)
    for file in running.state.rglob("*"):
        if file.is_file() and file.parent.name in ("data_factory", "logs"):
            assert b"s3cret-value" not in file.read_bytes(), file


def test_the_market_and_the_resource_manager_are_found_by_azures_names(factory: Factory) -> None:
    factory.pipeline(
        "calls",
        web("Ping", "https://api.coingecko.com/api/v3/ping"),
        web(
            "Factories",
            "https://management.azure.com/subscriptions/d7f3a1c2-5b84-4e0e-9c6a-1f2e3d4c5b6a/providers"
            "/Microsoft.DataFactory/factories?api-version=2018-06-01",
            authentication={**MSI, "resource": "https://management.azure.com/"},
        ),
    )
    found = outputs(factory, "calls")
    assert "gecko_says" in found["Ping"]
    assert [each["name"] for each in found["Factories"]["value"]] == ["local"]


def test_databricks_that_does_not_run_is_told(factory: Factory) -> None:
    factory.write(
        "linkedService",
        "dbx",
        {
            "type": "AzureDatabricks",
            "typeProperties": {
                "domain": "https://adb-123.4.azuredatabricks.net",
                "accessToken": {"type": "SecureString", "value": "dapi-x"},
                "existingClusterId": "c",
            },
        },
    )
    notebook = activity("Note", "DatabricksNotebook", notebookPath="/Shared/x")
    notebook["linkedServiceName"] = {"referenceName": "dbx", "type": "LinkedServiceReference"}
    factory.pipeline("notebook", notebook)
    assert "started with --no-spark" in failure(factory, "notebook")


def test_a_file_says_where_other_hosts_are(tmp_path: Path, running: Running) -> None:
    """Another cloud, whose host leads to the first one's market."""
    endpoints = tmp_path / "endpoints.json"
    market = running.ready["endpoints"]["coingecko"]
    endpoints.write_text(json.dumps({"prices.acme.example": market}))
    with up(tmp_path / "state", "--endpoints", str(endpoints)) as cloud:
        factory = factory_of(cloud, tmp_path)
        factory.pipeline("ping", web("Ping", "https://prices.acme.example/ping"))
        assert "gecko_says" in outputs(factory, "ping")["Ping"]


@pytest.mark.parametrize(
    ("content", "text"),
    [("{", "is not JSON"), ('{"a b": "http://c"}', "'a b' is not a host"), (None, "cannot be read")],
)
def test_a_wrong_file_of_hosts_is_one_line_before_anything_starts(
    tmp_path: Path, content: str | None, text: str
) -> None:
    file = tmp_path / "endpoints.json"
    if content is not None:
        file.write_text(content)
    done = run("up", "--state", str(tmp_path / "state"), "--no-spark", "--ports", "free", "--endpoints", str(file))
    assert (done.returncode, done.stderr.count("\n"), text in done.stderr) == (1, 1, True)
    assert not (tmp_path / "state").exists()


def statuses(factory: Factory) -> dict[str, str]:
    rows = factory("show", "last", "--json").document["activities"]
    return {row["activityName"]: row["status"] for row in rows}


def test_a_killed_cloud_goes_on_with_its_runs(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with up(state) as killed:
        factory = factory_of(killed, tmp_path)
        variables = {name: {"type": "String"} for name in "vw"}
        waiting = activity("Wait", "Wait", ("Set",), waitTimeInSeconds=5)
        last = set_variable("Last", "w", "@concat(variables('v'), '!')", ("Wait",))
        factory.pipeline("long", set_variable("Set", "v", "@utcNow()"), waiting, last, variables=variables)
        assert factory.load().code == 0
        run_id = factory("run", "long").out.strip()
        wait_until(lambda: statuses(factory).get("Wait") == "InProgress")
        killed.process.kill()
        killed.process.wait(10)
    with up(state) as cloud:
        factory = factory_of(cloud, tmp_path)

        def ended() -> bool:
            return bool(factory("show", run_id, "--json").document["run"]["status"] == "Succeeded")

        wait_until(ended)
        rows = {row["activityName"]: row for row in factory("show", run_id, "--json").document["activities"]}
        assert rows["Last"]["output"]["value"] == rows["Set"]["output"]["value"] + "!"
        cloud.process.send_signal(signal.SIGTERM)
        assert cloud.process.wait(60) == 0
    assert (tmp_path / "state.stderr").read_text() == ""


def test_a_stop_leaves_a_run_where_it_is(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with up(state) as first:
        factory = factory_of(first, tmp_path)
        factory.pipeline("long", activity("Wait", "Wait", waitTimeInSeconds=3600))
        assert factory.load().code == 0
        assert factory("run", "long").code == 0
        wait_until(lambda: statuses(factory) == {"Wait": "InProgress"})
        assert first.run("down").returncode == 0
        assert first.process.wait(60) == 0
    with up(state) as second:
        factory = factory_of(second, tmp_path)
        assert statuses(factory) == {"Wait": "InProgress"}
        assert factory("cancel", "last").code == 0
        wait_until(lambda: factory("runs", "--json").document[0]["status"] == "Cancelled")


def test_factories_are_kept_in_postgresql_by_its_url(tmp_path: Path, postgres_database: str) -> None:
    with up(tmp_path / "state", "--data-factory-store", postgres_database) as cloud:
        factory = factory_of(cloud, tmp_path)
        factory.pipeline("p", activity("Wait", "Wait", waitTimeInSeconds=1))
        assert factory.load().code == 0
        assert factory("run", "p", "--wait").code == 0
        assert not list((tmp_path / "state" / "data_factory").glob("*.sqlite"))
    with up(tmp_path / "state", environment={"LOCAL_AZURE_DATA_FACTORY_STORE": postgres_database}) as cloud:
        assert [each["status"] for each in factory("runs", "--json").document] == ["Succeeded"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://user:hunter2@127.0.0.1:1/none", "cannot be opened"),
        ("mysql://user:hunter2@127.0.0.1:1/none", "sqlite or postgresql"),
        ("hunter2", "cannot be read"),
    ],
)
def test_a_store_that_cannot_be_opened_is_one_line_without_the_password(tmp_path: Path, url: str, text: str) -> None:
    state = tmp_path / "state"
    done = run("up", "--state", str(state), "--no-spark", "--ports", "free", "--data-factory-store", url, "--json")
    assert done.returncode == 1
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    logs = "".join(file.read_text() for file in (state / "logs").rglob("*") if file.is_file())
    assert "hunter2" not in done.stderr + done.stdout + logs
    assert set(json.loads(done.stdout)) == {"error"}


def test_requests_wait_until_the_app_is_loaded_and_are_refused_after_it_ended() -> None:
    async def app(scope: Json, receive: Json, send: Json) -> None:
        await send("answered")

    async def scenario() -> tuple[bool, list[Json]]:
        deferred, sent = Deferred(), []

        async def send(message: Json) -> None:
            sent.append(message)

        request = asyncio.create_task(deferred({"type": "http"}, send, send))
        await asyncio.sleep(0)
        waited = not request.done()
        deferred.become(app)
        await request
        deferred.withdraw()
        await deferred({"type": "http"}, send, send)
        return waited, sent

    waited, sent = asyncio.run(scenario())
    assert (waited, sent[0], sent[1]["status"]) == (True, "answered", 503)
