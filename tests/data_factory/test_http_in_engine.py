"""HTTP activities in the real interpreter on a real store: secrets stay out of it, a restart goes on."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from fastapi import FastAPI

from local_azure import ports, servers
from local_azure.data_factory.activities import TYPES
from local_azure.data_factory.callbacks import Callbacks, router
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.records import ActivityRun, FactoryId, PipelineRun, RunStatus
from local_azure.data_factory.store import SqlStore
from local_azure.key_vault.store import Attributes
from tests.data_factory.conftest import AZURE
from tests.data_factory.world import World, serving
from tests.fakes.jobs_api import RUNNING, SUCCESS, JobsApi
from tests.fakes.web_service import WebService

Json = Any
FACTORY = FactoryId(subscription="s", resource_group="g", name="local")
KEY = Fernet.generate_key()
SECRET = "CG-v3ry-s3cret-key"
VAULT = {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://vault.vault.azure.net"}}


class Factory:
    """One pipeline `p` and its linked services."""

    def __init__(self, activities: Sequence[Json], linked_services: Mapping[str, Json]) -> None:
        self._pipeline = {"activities": activities}
        self._linked_services = linked_services

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        return "p", self._pipeline

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return None

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return self._linked_services.get(name)

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        return {}

    def factory_name(self, factory: str) -> str:
        return "local"


@asynccontextmanager
async def engine_on(folder: Path, world: World, activities: Sequence[Json]) -> AsyncIterator[Engine]:
    """An engine that takes up what it finds in the folder, and takes callbacks; at the end it is stopped."""
    store = SqlStore(folder / "runs.sqlite", key=KEY)
    callbacks = Callbacks(store)
    app = FastAPI(openapi_url=None)
    app.include_router(router(callbacks))
    bound = ports.bind("test", 0)
    server = servers.make_server(app)
    serving_task = await servers.serve(server, bound)
    base = f"http://127.0.0.1:{ports.port_of(bound)}"
    try:
        async with world.services(callbacks=callbacks, callback_base=base) as services:
            engine = Engine(store, Factory(activities, world.linked_services), services, store, TYPES)
            await engine.start()
            yield engine
            await engine.stop()
    finally:
        await servers.stop(server, serving_task)
        store.close()


async def finished(engine: Engine, run_id: str) -> tuple[PipelineRun, dict[str, ActivityRun]]:
    async with asyncio.timeout(60):
        run = await engine.finished(run_id)
    return run, {record.name: record for record in engine.store.activities(run_id)}


def web(name: str, properties: Mapping[str, Json], **more: Json) -> Json:
    return {"name": name, "type": "WebActivity", "typeProperties": properties, **more}


def after(*names: str) -> Json:
    return [{"activity": name, "dependencyConditions": ["Succeeded"]} for name in names]


def test_a_secret_travels_and_is_in_no_record(world: World, service: WebService, tmp_path: Path) -> None:
    """The key from the vault by a Web activity, in a header of the next one, as the exported pipelines do."""
    assert world.cloud is not None
    world.cloud.store.set("coingecko-api-key", SECRET, Attributes())
    get_key = web(
        "Get key",
        {
            "method": "GET",
            "url": "https://vault.vault.azure.net/secrets/coingecko-api-key?api-version=7.4",
            "authentication": {"type": "MSI", "resource": "https://vault.azure.net"},
        },
        policy={"secureOutput": True, "secureInput": False},
    )
    call = web(
        "Call",
        {
            "method": "GET",
            "url": f"{AZURE}/coins",
            "headers": {"x-cg-demo-api-key": "@activity('Get key').output.value"},
        },
        policy={"secureInput": True},
        dependsOn=after("Get key"),
    )
    store_it = web(
        "Store",
        {"method": "PUT", "url": f"{AZURE}/landing", "body": "@activity('Call').output.path"},
        dependsOn=after("Call"),
    )

    async def main() -> tuple[PipelineRun, dict[str, ActivityRun]]:
        async with engine_on(tmp_path, world, [get_key, call, store_it]) as engine:
            return await finished(engine, engine.create_run(FACTORY, "p", {}).run_id)

    run, records = asyncio.run(main())
    assert run.status is RunStatus.SUCCEEDED, run.message
    assert service.seen[0].headers["x-cg-demo-api-key"] == SECRET
    assert service.last.body == b"/coins"
    assert records["Call"].input == {"secureInput": "hidden"}
    assert records["Store"].input["url"] == f"{AZURE}/landing"
    shown = str([(record.input, record.output, record.error_message) for record in records.values()])
    assert "Bearer ey" not in shown
    assert SECRET not in str(records["Get key"])


def test_a_linked_service_s_secret_is_in_no_file(world: World, service: WebService, tmp_path: Path) -> None:
    assert world.cloud is not None
    world.cloud.store.set("function-key", SECRET, Attributes())
    secret = {
        "type": "AzureKeyVaultSecret",
        "store": {"referenceName": "vault", "type": "LinkedServiceReference"},
        "secretName": "function-key",
    }
    app = {"type": "AzureFunction", "typeProperties": {"functionAppUrl": AZURE, "functionKey": secret}}
    where = World(hosts=world.hosts, cloud=world.cloud, linked_services={"vault": VAULT, "app": app})
    activity = {
        "name": "Call",
        "type": "AzureFunctionActivity",
        "linkedServiceName": {"referenceName": "app", "type": "LinkedServiceReference"},
        "typeProperties": {"method": "GET", "functionName": "f"},
    }
    service.answer("/api/f", 500, f"you sent {SECRET}".encode())

    async def main() -> tuple[PipelineRun, dict[str, ActivityRun]]:
        async with engine_on(tmp_path, where, [activity]) as engine:
            return await finished(engine, engine.create_run(FACTORY, "p", {}).run_id)

    run, records = asyncio.run(main())
    assert run.status is RunStatus.FAILED
    assert service.last.headers["x-functions-key"] == SECRET
    assert "you sent ***" in records["Call"].error_message
    assert records["Call"].error_code == "3608"
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert SECRET.encode() not in kept


def test_a_web_hook_goes_on_after_a_restart(world: World, service: WebService, tmp_path: Path) -> None:
    hook = {
        "name": "Hook",
        "type": "WebHook",
        "typeProperties": {"method": "POST", "url": f"{AZURE}/begin", "body": {}},
    }
    then = web(
        "Then",
        {"method": "POST", "url": f"{AZURE}/then", "body": "@activity('Hook').output.answer"},
        dependsOn=after("Hook"),
    )

    async def first() -> tuple[str, str]:
        async with engine_on(tmp_path, world, [hook, then]) as engine:
            run_id = engine.create_run(FACTORY, "p", {}).run_id
            async with asyncio.timeout(30):
                while not service.seen:
                    await asyncio.sleep(0.01)
            return run_id, str(service.last.json["callBackUri"]).rpartition("/")[2]

    async def second(run_id: str, token: str) -> tuple[PipelineRun, dict[str, ActivityRun]]:
        async with engine_on(tmp_path, world, [hook, then]) as engine:
            url = f"{engine.services.callback_base}/callbacks/{token}"
            assert (await engine.services.http.post(url, json={"answer": "42"})).status_code == 200
            return await finished(engine, run_id)

    run, records = asyncio.run(second(*asyncio.run(first())))
    assert run.status is RunStatus.SUCCEEDED, run.message
    assert records["Hook"].output == {"answer": "42"}
    assert service.paths() == ["POST /begin", "POST /then"]
    assert service.last.body == b"42"


def test_a_databricks_run_goes_on_after_a_restart(tmp_path: Path) -> None:
    api = JobsApi(states=[RUNNING], output={"notebook_output": {"result": '{"rows": 3}'}})
    properties = {"domain": "https://adb-1.2.azuredatabricks.net", "accessToken": "dapi", "existingClusterId": "c"}
    notebook = {
        "name": "Load",
        "type": "DatabricksNotebook",
        "linkedServiceName": {"referenceName": "spark", "type": "LinkedServiceReference"},
        "typeProperties": {"notebookPath": "/Shared/load"},
    }
    with serving(api) as origin:
        linked = {"spark": {"type": "AzureDatabricks", "typeProperties": properties}}
        world = World(hosts={"*.azuredatabricks.net": origin}, linked_services=linked)

        async def first() -> str:
            async with engine_on(tmp_path, world, [notebook]) as engine:
                run_id = engine.create_run(FACTORY, "p", {}).run_id
                async with asyncio.timeout(30):
                    while "get" not in api.calls:
                        await asyncio.sleep(0.01)
                return run_id

        async def second(run_id: str) -> tuple[PipelineRun, dict[str, ActivityRun]]:
            api.states = [SUCCESS]
            async with engine_on(tmp_path, world, [notebook]) as engine:
                return await finished(engine, run_id)

        run, records = asyncio.run(second(asyncio.run(first())))
    assert run.status is RunStatus.SUCCEEDED, run.message
    assert records["Load"].output["runOutput"] == {"rows": 3}
    assert len(api.submitted) == 1
    assert api.cancelled == []


def test_a_cancelled_pipeline_cancels_its_databricks_run(tmp_path: Path) -> None:
    api = JobsApi(states=[RUNNING])
    properties = {"domain": "https://adb-1.2.azuredatabricks.net", "accessToken": "dapi", "existingClusterId": "c"}
    job = {
        "name": "Load",
        "type": "DatabricksSparkPython",
        "linkedServiceName": {"referenceName": "spark", "type": "LinkedServiceReference"},
        "typeProperties": {"pythonFile": "/Shared/load.py"},
    }
    with serving(api) as origin:
        linked = {"spark": {"type": "AzureDatabricks", "typeProperties": properties}}
        world = World(hosts={"*.azuredatabricks.net": origin}, linked_services=linked)

        async def main() -> PipelineRun:
            async with engine_on(tmp_path, world, [job]) as engine:
                run_id = engine.create_run(FACTORY, "p", {}).run_id
                async with asyncio.timeout(30):
                    while "get" not in api.calls:
                        await asyncio.sleep(0.01)
                engine.cancel(FACTORY, run_id)
                return (await finished(engine, run_id))[0]

        assert asyncio.run(main()).status is RunStatus.CANCELLED
    assert api.cancelled == [100]
