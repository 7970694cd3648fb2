"""A local Databricks behind a real HTTP server, and a client that speaks to it."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import uvicorn

from local_azure.databricks.service import Jobs, create_app
from local_azure.databricks.settings import DatabricksSettings
from local_azure.storage import StorageMap

TOKEN = "dapi-test"
SECRET = "CG-v3ry s3cret/käy"


class Server(uvicorn.Server):
    """A server in a thread, where signals cannot be caught."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Client:
    """Speaks to a local Databricks as a script with `requests` would."""

    url: str
    jobs: Jobs
    workspace: Path
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {TOKEN}"})

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(f"{self.url}/api/2.2/{path}", json=body, headers=self.headers, timeout=30)

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(f"{self.url}/api/2.2/{path}", params=query, headers=self.headers, timeout=30)

    def submit(self, body: dict[str, Any]) -> int:
        answer = self.post("jobs/runs/submit", body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["run_id"])

    def run(self, run_id: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.get("jobs/runs/get", run_id=run_id).json()
        return answer

    def wait(self, run_id: int) -> dict[str, Any]:
        """The run at its end."""
        until(lambda: "result_state" in self.run(run_id)["state"], f"run {run_id} to end")
        return self.run(run_id)

    def output(self, run: dict[str, Any]) -> dict[str, Any]:
        """What the last attempt of a run gave."""
        answer: dict[str, Any] = self.get("jobs/runs/get-output", run_id=run["tasks"][-1]["run_id"]).json()
        return answer

    def write(self, name: str, source: str) -> str:
        """Add a notebook; its workspace path."""
        file = self.workspace / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Databricks notebook source\n{source}")
        return f"/Shared/tests/{name}"

    def notebook(self, source: str, /, name: str = "cell", **parameters: str) -> "Done":
        """Run a notebook of this text to its end."""
        path = self.write(name, source)
        task = {"notebook_path": path, "base_parameters": parameters}
        run = self.wait(self.submit({"run_name": name, "notebook_task": task}))
        return Done(run, self.output(run))

    def start(self, source: str, name: str = "cell", **settings: Any) -> int:
        """Submit a notebook of this text."""
        path = self.write(name, source)
        return self.submit({"run_name": name, "notebook_task": {"notebook_path": path}, **settings})

    def await_log(self, run_id: int, text: str) -> None:
        """Wait until a run has printed something."""
        attempt = self.run(run_id)["tasks"][-1]["run_id"]
        log = self.jobs.engine.log_path(attempt)
        until(lambda: log.exists() and text in log.read_text(), f"{text!r} in {log}")


@dataclass
class Done:
    """A finished run."""

    run: dict[str, Any]
    output: dict[str, Any]

    @property
    def state(self) -> tuple[str, str]:
        state = self.run["state"]
        return state["life_cycle_state"], state["result_state"]

    @property
    def result(self) -> Any:
        """The JSON that the notebook ended with."""
        assert self.state == ("TERMINATED", "SUCCESS"), self.output
        return json.loads(self.output["notebook_output"]["result"])


def until(condition: Callable[[], object], what: str, seconds: float = 240) -> None:
    """Poll a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


@contextmanager
def served(settings: DatabricksSettings, workspace: Path) -> Iterator[Client]:
    """A local Databricks on a free port."""
    app = create_app(settings)
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "the server")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Client(url=f"http://127.0.0.1:{port}", jobs=app.state.jobs, workspace=workspace)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def settings_in(folder: Path) -> DatabricksSettings:
    """Settings for a fresh state folder with an empty workspace."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    return DatabricksSettings(
        root=folder / "databricks",
        warehouse=folder / "warehouse",
        metastore=folder / "metastore",
        token=TOKEN,
        workspace={"/Shared/tests": workspace},
        storage=StorageMap(accounts=()),
        warm_up=False,
        cloud_files=False,
    )
