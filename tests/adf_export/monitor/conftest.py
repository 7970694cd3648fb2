"""What the tests of the monitor share: a real local Data Factory, as `local-azure up` starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_azure.endpoints import Endpoints
from local_azure.environment import client_environment, without_proxy
from local_azure.state import Secrets, State
from tests.data_factory.command_line import Factory
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.running import up
from tests.plugins.data_factory.orders import pipelines

MAIN = [sys.executable, "-c", "from adf_export.cli.app import main; main()", "monitor"]


@dataclass(frozen=True, kw_only=True)
class World:
    """A factory whose pipelines ask a web service."""

    service: WebService
    factory: Factory
    environment: dict[str, str]

    def run(self, pipeline: str, *parameters: str) -> str:
        """Runs a pipeline to its end; its id."""
        options = [part for one in parameters for part in ("-p", one)]
        run_id: str = self.factory("run", pipeline, "--wait", "--json", *options).document["run"]["runId"]
        return run_id

    def monitor(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        env = os.environ | self.environment | {"COLUMNS": "200", "NO_COLOR": "1"} | variables
        return subprocess.run([*MAIN, *arguments], env=env, capture_output=True, text=True, timeout=120, check=False)

    def token(self) -> str:
        """One of the identity service."""
        answer = httpx.get(
            self.environment["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": "https://management.azure.com"},
            headers={"X-IDENTITY-HEADER": self.environment["IDENTITY_HEADER"]},
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["access_token"])

    def document(self, *arguments: str) -> Any:
        return json.loads(self.monitor(*arguments, "--json").stdout)


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    service, folder = WebService(), tmp_path_factory.mktemp("monitor")
    with serving(service) as origin, up(folder / "state") as cloud:
        factory = Factory(state=cloud.state, name="local", folder=folder / "factory")
        for name, properties in (pipelines(origin) | _more(origin)).items():
            factory.write("pipeline", name, properties)
        assert factory.load().code == 0
        state = State(Path(cloud.state))
        variables = client_environment(state, Endpoints.read(state), Secrets.load(state)) | without_proxy({})
        yield World(service=service, factory=factory, environment=variables)


def _more(origin: str) -> dict[str, Any]:
    """Pipelines besides those of the orders."""
    web = {"method": "GET", "url": f"{origin}/secret"}
    read = {"name": "read", "type": "WebActivity", "policy": {"secureOutput": True}, "typeProperties": web}
    part = {"pipeline": {"referenceName": "orders__part", "type": "PipelineReference"}, "waitOnCompletion": False}
    wait = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 600}}
    return {
        "secretive": {"activities": [read]},
        "hasty": {"activities": [{"name": "start", "type": "ExecutePipeline", "typeProperties": part}]},
        "endless": {"activities": [wait]},
        "never": {"activities": [wait]},
        "loops": {"activities": [_three_rounds()], "variables": {"seen": {"type": "Array"}}},
    }


def _three_rounds() -> Any:
    """A loop that ends when it has been passed three times; the third time by the other branch."""
    append = {"name": "append", "type": "AppendVariable", "typeProperties": {"variableName": "seen", "value": "x"}}
    pause = {"name": "pause", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    third = {"value": "@equals(length(variables('seen')), 3)", "type": "Expression"}
    branch = {"expression": third, "ifFalseActivities": [pause]}
    after = [{"activity": "append", "dependencyConditions": ["Succeeded"]}]
    check = {"name": "check", "type": "IfCondition", "dependsOn": after, "typeProperties": branch}
    until = {"expression": third, "activities": [append, check], "timeout": "0.00:10:00"}
    return {"name": "until", "type": "Until", "typeProperties": until}


@pytest.fixture(autouse=True)
def _forget(world: World) -> None:
    world.service.answers.clear()
