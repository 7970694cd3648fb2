"""The Databricks activities of the local Data Factory against the real local Databricks, its token in a vault."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local_azure.data_factory.activities.databricks_notebook import DATABRICKS_NOTEBOOK
from local_azure.data_factory.activities.databricks_spark_python import DATABRICKS_SPARK_PYTHON
from local_azure.key_vault.store import Attributes
from tests.data_factory.world import World, document, run
from tests.databricks.harness import TOKEN, Client, until
from tests.fakes.activity_context import attempt
from tests.local_azure.cloud import Cloud, cloud_in

pytestmark = pytest.mark.integration
Json = Any


@pytest.fixture(scope="module")
def factory_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A vault of its own: what the notebooks of other tests find in theirs is counted."""
    with cloud_in(tmp_path_factory.mktemp("factory-vault")) as running:
        running.store.set("databricks-token", TOKEN, Attributes())
        yield running


@pytest.fixture
def world(client: Client, factory_vault: Cloud) -> World:
    token = {
        "type": "AzureKeyVaultSecret",
        "store": {"referenceName": "vault", "type": "LinkedServiceReference"},
        "secretName": "databricks-token",
    }
    properties = {"domain": "https://adb-1.7.azuredatabricks.net", "accessToken": token, "existingClusterId": "local"}
    return World(
        hosts={"*.azuredatabricks.net": client.url, "*.vault.azure.net": factory_vault.vault_url},
        linked_services={
            "spark": {"type": "AzureDatabricks", "typeProperties": properties},
            "vault": {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://v.vault.azure.net"}},
        },
        cloud=factory_vault,
    )


NOTEBOOK = """
import json
day = dbutils.widgets.get("day")
if day == "bad":
    raise ValueError("no such day: ☃")
dbutils.notebook.exit(json.dumps({"day": day, "rows": spark.range(int(dbutils.widgets.get("n"))).count()}))
"""


def test_a_notebook_runs_on_spark_and_gives_its_result_back(client: Client, world: World) -> None:
    path = client.write("adf", NOTEBOOK)
    properties = {"notebookPath": path, "baseParameters": {"day": "2026-01-31", "n": 3}}
    ran = run(DATABRICKS_NOTEBOOK, properties, world, linked_service="spark", activity_run_id="adf-notebook")
    assert ran.output["runOutput"] == {"day": "2026-01-31", "rows": 3}
    assert ran.output["runPageUrl"].startswith(client.url)
    # The same attempt after a kill that lost the checkpoint: the same run, not a second one.
    later = run(DATABRICKS_NOTEBOOK, properties, world, linked_service="spark", activity_run_id="adf-notebook")
    assert later.output["runPageUrl"] == ran.output["runPageUrl"]
    assert TOKEN in ran.made.masked


def test_the_error_of_a_notebook_is_the_error_of_the_activity(client: Client, world: World) -> None:
    path = client.write("adf", NOTEBOOK)
    properties = {"notebookPath": path, "baseParameters": {"day": "bad", "n": 1}}
    failed = run(DATABRICKS_NOTEBOOK, properties, world, linked_service="spark", activity_run_id="adf-bad")
    assert failed.failure[0] == "3204"
    assert "no such day: ☃" in failed.failure[1]
    missing = {"notebookPath": "/Shared/tests/nothing"}
    failed = run(DATABRICKS_NOTEBOOK, missing, world, linked_service="spark", activity_run_id="adf-missing")
    assert "/Shared/tests/nothing" in failed.failure[1]


def test_a_python_file_runs_with_its_parameters(client: Client, world: World) -> None:
    file = client.workspace / "job.py"
    file.write_text("import sys\nassert sys.argv[1:] == ['--day', '2026-01-31'], sys.argv\nprint('done')\n")
    properties = {"pythonFile": "/Shared/tests/job.py", "parameters": ["--day", "2026-01-31"]}
    ran = run(DATABRICKS_SPARK_PYTHON, properties, world, linked_service="spark", activity_run_id="adf-file")
    assert "runPageUrl" in ran.output
    wrong = properties | {"parameters": ["--day"]}
    failed = run(DATABRICKS_SPARK_PYTHON, wrong, world, linked_service="spark", activity_run_id="adf-file-bad")
    assert "AssertionError" in failed.failure[1]


def test_a_cancelled_activity_cancels_the_run(client: Client, world: World) -> None:
    path = client.write("adf_long", "print('begun', flush=True)\nimport time\ntime.sleep(600)")

    async def main() -> int:
        async with world.services() as services:
            activity = document(DATABRICKS_NOTEBOOK, {"notebookPath": path}, linked_service="spark")
            made = attempt(activity, services, resources=world.documents, activity_run_id="adf-cancel")
            work = asyncio.create_task(DATABRICKS_NOTEBOOK.run(replace(made.context)))
            async with asyncio.timeout(120):
                while made.checkpoint.get("run_id") is None:
                    await asyncio.sleep(0.01)
                run_id = int(made.checkpoint.get("run_id") or 0)
                await asyncio.to_thread(client.await_log, run_id, "begun")
                work.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await work
            return run_id

    run_id = asyncio.run(main())
    until(lambda: client.run(run_id)["state"].get("result_state") == "CANCELED", "the run to be cancelled")


def test_a_library_that_this_machine_lacks_is_told(client: Client, world: World) -> None:
    path = client.write("adf", NOTEBOOK)
    properties = {"notebookPath": path, "libraries": [{"jar": "dbfs:/x.jar"}]}
    failed = run(DATABRICKS_NOTEBOOK, properties, world, linked_service="spark", activity_run_id="adf-library")
    assert "libraries: only" in failed.failure[1]
