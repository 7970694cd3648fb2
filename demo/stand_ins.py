"""Runs `local-azure up` as the demo's child, and steers it: clock, source of answers, landed files, notebook runs."""

import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import requests
from azure.storage.blob import BlobProperties, ContainerClient

from demo.airflow_stack import free_port
from demo.environment import child_environment
from demo.errors import DemoError
from demo.family import Family
from demo.options import PROJECT, Options
from demo.plan import Source
from demo.recorded_market import KEY_VARIABLE, TOKEN_VARIABLE
from local_azure.endpoints import Endpoints
from local_azure.environment import LANDING, client_environment, without_proxy
from local_azure.errors import LocalAzureError
from local_azure.state import Secrets, State

NAME = "local-azure"
RECORDED = "recorded-market"
CONNECTION = "airflow-connections-coingecko-default"
VAULT_RESOURCE = "https://vault.azure.net"
NOTEBOOKS = {"/Shared/adf-export": PROJECT / "spark", "/Shared/demo": PROJECT / "demo" / "notebooks"}
START_SECONDS = 240.0
NOTEBOOK_SECONDS = 300.0
POLL_SECONDS = 0.1
TIMEOUT = 30.0
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class StandIns:
    """The local Azure and the local CoinGecko of one demo."""

    family: Family
    options: Options
    notebooks: Mapping[str, Path] = field(default_factory=lambda: NOTEBOOKS)
    _session: requests.Session = field(default_factory=requests.Session)
    _recorded_port: int = 0
    _recorded_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _source: Source = Source.MAIN
    # the connection to the main market, kept while the recorded one is in its place
    _main_connection: str = field(default="", repr=False)

    @property
    def state(self) -> State:
        return State(self.options.azure)

    @property
    def endpoints(self) -> Endpoints:
        return asked(lambda: Endpoints.read(self.state))

    @property
    def secrets(self) -> Secrets:
        return asked(lambda: Secrets.load(self.state))

    def start(self) -> None:
        """Starts the stand-ins, and the recorded market beside them; returns at once."""
        chosen = self.options
        program = str(Path(sys.executable).with_name("local-azure"))
        command = [program, "up", "--state", str(chosen.azure), "--ports", "free", "--json"]
        command += ["--seed", str(chosen.seed)]
        command += [part for prefix, folder in self.notebooks.items() for part in ("--workspace", f"{prefix}={folder}")]
        command += ["--faults", chosen.faults] if chosen.faults else []
        command += ["--live"] if chosen.live else []
        logs = chosen.state / "logs"
        for log in (logs / f"{NAME}.json", logs / f"{NAME}.log"):
            log.unlink(missing_ok=True)
        self.family.start(
            NAME,
            command,
            env=child_environment(coingecko_key=True),
            cwd=PROJECT,
            log=logs / f"{NAME}.json",
            errors=logs / f"{NAME}.log",
        )
        if chosen.replay is not None:
            self._start_recorded(chosen.replay, logs / f"{RECORDED}.log")

    def _start_recorded(self, folder: Path, log: Path) -> None:
        self._recorded_port = free_port()
        keys = {KEY_VARIABLE: self._recorded_key, TOKEN_VARIABLE: self._recorded_key}
        self.family.start(
            RECORDED,
            [sys.executable, "-m", "demo.recorded_market", str(self._recorded_port), str(folder)],
            env={**child_environment(), **keys},
            cwd=PROJECT,
            log=log,
        )

    def wait_ready(self) -> None:
        """Until every service serves; a start that failed is told in its own words."""
        ready = self.options.state / "logs" / f"{NAME}.json"
        until = time.monotonic() + START_SECONDS
        while not (ready.is_file() and ready.read_text().rstrip().endswith("}")):
            self.check_alive()
            if time.monotonic() > until:
                raise DemoError(f"the stand-ins were not ready after {START_SECONDS:.0f} s: see {self.state.logs}")
            time.sleep(POLL_SECONDS)
        while self._recorded_port and not self._recorded_answers():
            self.check_alive()
            if time.monotonic() > until:
                raise DemoError(f"the recorded market was not ready after {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def check_alive(self) -> None:
        """Raises when a stand-in has ended by itself, with its last lines."""
        for name in (NAME, RECORDED):
            child = self.family.children.get(name)
            if child and (code := self.family.code(name)) is not None:
                raise DemoError(f"{name} ended by itself (exit {code}):\n{child.last_lines()}")

    def environment(self) -> dict[str, str]:
        """What Airflow's processes need to reach the stand-ins."""
        clients = client_environment(self.state, self.endpoints, self.secrets)
        return {**clients, **without_proxy(child_environment())}

    def recorded_at(self) -> datetime | None:
        """The moment of the recording, None when the demo has none."""
        if not self._recorded_port:
            return None
        return datetime.fromisoformat(self._steer("GET", self._recorded_root, self._recorded_key)["now"]).astimezone(
            UTC
        )

    def set_clock(self, moment: datetime | None) -> None:
        """Sets the simulated market to a past moment, None: to the present."""
        root = self.endpoints.coingecko.removesuffix("/api/v3")
        token = self.secrets.admin_token
        if moment is None:
            self._steer("DELETE", root, token)
        else:
            self._steer("PUT", root, token, json={"now": moment.isoformat()})

    def use(self, source: Source) -> None:
        """Points Airflow's connection at the recorded market, or back."""
        if source is self._source:
            return
        if source is Source.RECORDED:
            self._main_connection = self._vault("GET")
            extra = {"plan": "demo", "rate_limit_per_minute": 600, "history_days": 0}
            connection = {
                "conn_type": "coingecko",
                "host": f"{self._recorded_root}/api/v3",
                "password": self._recorded_key,
                "extra": extra,
            }
            self._vault("PUT", value=json.dumps(connection))
        else:
            self._vault("PUT", value=self._main_connection)
        self._source = source

    def landed_files(self) -> list[BlobProperties]:
        """All landed answers with their metadata; reports of failed runs lie beside them, below `_failures/`."""
        endpoints = self.endpoints
        with ContainerClient(
            account_url=endpoints.blob, container_name=LANDING, credential=self.secrets.azurite_key
        ) as landing:
            return [*landing.list_blobs(name_starts_with="coingecko/", include=["metadata"])]

    def run_notebook(self, path: str, parameters: Mapping[str, str]) -> Any:
        """Runs a notebook through the local Jobs API and returns the JSON that it exits with."""
        task = {
            "task_key": "demo",
            "existing_cluster_id": self.environment()["AIRFLOW_VAR_CRYPTO_CLUSTER_ID"],
            "notebook_task": {"notebook_path": path, "base_parameters": dict(parameters)},
        }
        run_id = self._jobs("POST", "runs/submit", json={"run_name": f"demo {path}", "tasks": [task]})["run_id"]
        until = time.monotonic() + NOTEBOOK_SECONDS
        while True:
            run = self._jobs("GET", "runs/get", params={"run_id": run_id})
            if run["state"]["life_cycle_state"] in {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}:
                break
            if time.monotonic() > until:
                raise DemoError(f"notebook {path} did not end within {NOTEBOOK_SECONDS:.0f} s: {run['run_page_url']}")
            time.sleep(POLL_SECONDS)
        output = self._jobs("GET", "runs/get-output", params={"run_id": run["tasks"][0]["run_id"]})
        if run["state"].get("result_state") != "SUCCESS":
            reason = output.get("error") or run["state"].get("state_message")
            raise DemoError(f"notebook {path} failed: {reason}")
        return json.loads(output["notebook_output"]["result"])

    @property
    def _recorded_root(self) -> str:
        return f"http://127.0.0.1:{self._recorded_port}"

    def _recorded_answers(self) -> bool:
        try:
            self._steer("GET", self._recorded_root, self._recorded_key)
        except requests.ConnectionError:
            return False
        return True

    def _steer(self, method: str, root: str, token: str, **request: Any) -> Any:
        answer = self._session.request(
            method, f"{root}/_admin/clock", headers={"X-Admin-Token": token}, timeout=TIMEOUT, **request
        )
        return read(answer, "the local CoinGecko")

    def _vault(self, method: str, **body: str) -> str:
        endpoints = self.endpoints
        token = self._session.get(
            endpoints.identity,
            params={"resource": VAULT_RESOURCE, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": self.secrets.identity_header},
            timeout=TIMEOUT,
        )
        bearer = read(token, "the local identity")["access_token"]
        answer = self._session.request(
            method,
            f"{endpoints.key_vault}/secrets/{CONNECTION}",
            params={"api-version": "7.4"},
            headers={"Authorization": f"Bearer {bearer}"},
            verify=endpoints.ca_bundle,
            timeout=TIMEOUT,
            json=body or None,
        )
        return str(read(answer, "the local Key Vault")["value"])

    def _jobs(self, method: str, call: str, **request: Any) -> Any:
        answer = self._session.request(
            method,
            f"{self.endpoints.databricks}/api/2.2/jobs/{call}",
            headers={"Authorization": f"Bearer {self.secrets.databricks_token}"},
            timeout=TIMEOUT,
            **request,
        )
        return read(answer, "the local Databricks")


def read(answer: requests.Response, who: str) -> Any:
    if answer.ok:
        return answer.json()
    raise DemoError(
        f"{who} refused {answer.request.method} {answer.url}: HTTP {answer.status_code} {answer.text[:300]}"
    )


def asked(question: Callable[[], T]) -> T:
    """A stand-in's own error as the demo's."""
    try:
        return question()
    except LocalAzureError as error:
        raise DemoError(str(error)) from error
