"""A web service for pipelines, a local Data Factory as `local-azure up` starts it, and a whole Airflow beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from demo.airflow_api import AirflowApi, RunState, TaskState
from demo.airflow_stack import AirflowStack
from demo.family import Family
from local_azure.endpoints import Endpoints
from local_azure.environment import client_environment, without_proxy
from local_azure.state import Secrets, State
from tests.data_factory.command_line import Factory
from tests.data_factory.world import serving
from tests.fakes.web_service import WebService
from tests.local_azure.running import Running, up, wait_until
from tests.plugins.data_factory.orders import pipelines

MIRROR = "orders__adf"
PROJECT = Path(__file__).parents[3]
DAG_IDS = {MIRROR, "deferred", "waiting", "sensing"}
DAG_FILE = """
from adf_export_airflow.data_factory.mirror import mirror_dags

globals().update(mirror_dags({folder!r}))
"""
# A run of the mirror takes seconds; on a busy machine Airflow's scheduler takes its time.
RUN_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All of it."""

    service: WebService
    cloud: Running
    factory: Factory
    airflow: AirflowStack
    api: AirflowApi

    def start(self, run_id: str, dag_id: str = MIRROR, **conf: object) -> None:
        self.api.trigger(dag_id, run_id=run_id, conf=conf, logical_date=None)

    def end(self, run_id: str, dag_id: str = MIRROR) -> RunState:
        wait_until(lambda: self.api.run(dag_id, run_id).is_final, seconds=RUN_SECONDS)
        return self.api.run(dag_id, run_id)

    def run(self, run_id: str, dag_id: str = MIRROR, **conf: object) -> RunState:
        """A DAG run, to its end."""
        self.start(run_id, dag_id, **conf)
        return self.end(run_id, dag_id)

    def tasks(self, run_id: str, dag_id: str = MIRROR) -> dict[str, TaskState]:
        return {task.task_id: task for task in self.api.tasks(dag_id, run_id)}

    def states(self, run_id: str) -> dict[str, str]:
        return {name: task.state for name, task in self.tasks(run_id).items()}

    def log(self, run_id: str, task_id: str, dag_id: str = MIRROR) -> str:
        return json.dumps(self.api.log(self.tasks(run_id, dag_id)[task_id]))

    def pipeline_runs(self) -> list[dict[str, Any]]:
        """All runs of the factory that no other run started, the newest first."""
        found: list[dict[str, Any]] = self.factory("runs", "--json").document
        return [run for run in found if run["pipelineName"] == "orders"]


@pytest.fixture(scope="package")
def web_service() -> Iterator[tuple[WebService, str]]:
    service = WebService()
    with serving(service) as origin:
        yield service, origin


@pytest.fixture(scope="package")
def stack(web_service: tuple[WebService, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Airflow whose one DAG mirrors `orders`, and the factory that runs it."""
    service, origin = web_service
    folder = tmp_path_factory.mktemp("stack")
    with up(folder / "state") as cloud, Family() as family:
        factory = Factory(state=cloud.state, name="local", folder=folder / "factory")
        for name, properties in pipelines(origin).items():
            factory.write("pipeline", name, properties)
        loaded = factory.load()
        assert loaded.code == 0, loaded.out
        airflow = AirflowStack(
            family=family,
            home=folder / "airflow",
            dags=_dags(folder),
            plugins=PROJECT / "plugins",
            env=_environment(cloud.state),
            parallelism=2,
        )
        airflow.migrate()
        airflow.start()
        api = airflow.wait_healthy()
        wait_until(lambda: api.dag_ids() >= DAG_IDS, seconds=RUN_SECONDS)
        for dag_id in DAG_IDS:
            api.unpause(dag_id)
        yield Stack(service=service, cloud=cloud, factory=factory, airflow=airflow, api=api)


def _dags(folder: Path) -> Path:
    dags = folder / "dags"
    copytree(Path(__file__).parent / "dags", dags)
    (dags / "data_factory.py").write_text(DAG_FILE.format(folder=str(folder / "factory")))
    return dags


def _environment(root: Path) -> dict[str, str]:
    state = State(root)
    return client_environment(state, Endpoints.read(state), Secrets.load(state)) | without_proxy({})
