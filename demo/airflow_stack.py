"""Runs a whole Airflow on this machine: scheduler, API server, DAG processor and triggerer as our children."""

import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import requests

from demo.airflow_api import AirflowApi
from demo.airflow_settings import USER, AirflowPaths, read_password, write_settings
from demo.environment import child_environment
from demo.errors import DemoError
from demo.family import Family

PROJECT = Path(__file__).resolve().parents[1]
MIGRATE = "airflow-migrate"
# our name of the child: arguments of the `airflow` command
COMPONENTS = {
    "airflow-api-server": ("api-server",),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}
# these import the modules of our DAGs before they fork
WARM = ("airflow-scheduler", "airflow-triggerer")
HEALTH_KEYS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
START_SECONDS = 180.0
POLL_SECONDS = 0.1


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True, kw_only=True)
class AirflowStack:
    """One Airflow: `migrate` and `start` return at once, `wait_*` until it is so."""

    family: Family
    home: Path
    dags: Path = PROJECT / "dags"
    plugins: Path = PROJECT / "plugins"
    # added to the environment of every component: secrets backend, variables, certificates
    env: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 4
    port: int = field(default_factory=free_port)

    @property
    def paths(self) -> AirflowPaths:
        return AirflowPaths(home=self.home.resolve(), dags=self.dags.resolve(), plugins=self.plugins.resolve())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def user(self) -> str:
        return USER

    @property
    def password_file(self) -> Path:
        return self.paths.passwords

    def log(self, component: str) -> Path:
        return self.paths.logs / f"{component}.log"

    def migrate(self) -> None:
        """Writes the configuration and, unless the database has this version's tables, starts to make them."""
        self.paths.logs.mkdir(parents=True, exist_ok=True)
        write_settings(self.paths, port=self.port, parallelism=self.parallelism)
        read_password(self.paths)
        if not self.migrated():
            self._start(MIGRATE, ("db", "migrate"))

    def migrated(self) -> bool:
        """True if a migration by the installed Airflow ended well."""
        stamp = self.paths.home / "migrated"
        return self.paths.database.is_file() and stamp.is_file() and stamp.read_text() == airflow_version()

    def wait_migrated(self) -> None:
        if MIGRATE not in self.family.children:
            return
        self._poll(lambda: self.family.code(MIGRATE) is not None, "'airflow db migrate'")
        if code := self.family.code(MIGRATE):
            raise DemoError(self._failure(MIGRATE, f"'airflow db migrate' failed (exit {code})"))
        with closing(sqlite3.connect(self.paths.database)) as database:
            database.execute("PRAGMA journal_mode=WAL")
        (self.paths.home / "migrated").write_text(airflow_version())

    def start(self) -> None:
        """Starts the four components."""
        self.wait_migrated()
        for name, arguments in COMPONENTS.items():
            self._start(name, arguments)

    def wait_healthy(self, *, seconds: float = START_SECONDS) -> AirflowApi:
        """Returns a client once all components report themselves healthy since this start."""
        since = time.time()
        self._poll(lambda: self._healthy(since), "Airflow", seconds=seconds)
        return AirflowApi(url=self.url, user=USER, password=read_password(self.paths))

    def restart(self, component: str) -> None:
        """Ends one component without a warning, and starts it again."""
        self.family.stop(component, grace=0)
        self._start(component, COMPONENTS[component])

    def check_alive(self) -> None:
        """Raises when a component has ended by itself."""
        for name in COMPONENTS:
            if name in self.family.children and (code := self.family.code(name)) is not None:
                raise DemoError(self._failure(name, f"{name} ended by itself (exit {code})"))

    def stop(self, *, grace: float = 5.0) -> None:
        """Ends all components and the tasks that they run."""
        self.family.stop(MIGRATE, *COMPONENTS, grace=grace)

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        module = "demo.warm_airflow" if name in WARM else "airflow"
        self.family.start(
            name,
            [sys.executable, "-m", module, *arguments],
            env=self.environment(),
            cwd=PROJECT,
            log=self.log(name),
        )

    def environment(self) -> dict[str, str]:
        """Of every component: ours without the user's own Airflow settings and without the CoinGecko key."""
        return {
            **child_environment(),
            "AIRFLOW_HOME": str(self.paths.home),
            "AIRFLOW_CONFIG": str(self.paths.config),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            **self.env,
        }

    def _healthy(self, since: float) -> bool:
        self.check_alive()
        try:
            answer = requests.get(f"{self.url}/api/v2/monitor/health", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            return False
        if answer.status_code != requests.codes.ok:
            return False
        health = answer.json()
        if not self._serves_tasks():
            return False
        return all((health.get(key) or {}).get("status") == "healthy" for key in HEALTH_KEYS) and all(
            is_newer(heartbeat, since) for key in HEALTH_KEYS[1:] for heartbeat in [latest_heartbeat(health, key)]
        )

    def _serves_tasks(self) -> bool:
        """Asks the API that tasks talk to: its first answer takes seconds, which no task should spend."""
        try:
            return requests.get(f"{self.url}/execution/health", timeout=60).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def _poll(self, condition: Callable[[], bool], what: str, *, seconds: float = START_SECONDS) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise DemoError(f"{what} was not ready after {seconds:.0f} s: see the logs in {self.paths.logs}")
            time.sleep(POLL_SECONDS)

    def _failure(self, name: str, summary: str) -> str:
        child = self.family.children[name]
        return f"{summary}; the end of {child.log}:\n{child.last_lines()}"


def airflow_version() -> str:
    return version("apache-airflow-core")


def latest_heartbeat(health: Mapping[str, Mapping[str, str | None]], component: str) -> str | None:
    return health[component].get(f"latest_{component}_heartbeat")


def is_newer(moment: str | None, since: float) -> bool:
    """True if the heartbeat is of this start: the database still tells those of the last one."""
    return moment is not None and datetime.fromisoformat(moment).timestamp() >= since
