"""What the stack of docker-compose.yml has to do once it is up: `python -m tests.compose.check` beside that file.

Ends with 0 and a line of figures, or with the first thing that is not so.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from demo.airflow_api import AirflowApi
from demo.errors import DemoError

T = TypeVar("T")
MINUTES = 60.0
LIVE = Path("dags/live_edit.py")
LIVE_DAG = """
from airflow.sdk import DAG

with DAG("live_edit", schedule=None, description="{text}"):
    pass
"""
# In the middle of a run each of them is restarted, one after the other.
FIRST = ("scheduler", "triggerer", "api-server", "dag-processor")
SECOND = ("postgres", "azurite", "local-azure")


def compose(*arguments: str) -> str:
    """A command of docker compose; its output."""
    done = subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        sys.exit(f"docker compose {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def asked(question: Callable[[], T], *, seconds: float = 2 * MINUTES) -> T:
    """The answer, also while a service is being restarted."""
    until = time.monotonic() + seconds
    while True:
        try:
            return question()
        except (DemoError, OSError) as error:
            if time.monotonic() > until:
                sys.exit(f"no answer within {seconds:.0f} s: {error}")
            time.sleep(1)


def wait(condition: Callable[[], bool], what: str, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not asked(condition):
        if time.monotonic() > until:
            sys.exit(f"{what}: not within {seconds:.0f} s")
        time.sleep(1)


class Check:
    """The stack, through Airflow's REST API as a user sees it."""

    def __init__(self) -> None:
        host = compose("port", "api-server", "8080").strip()
        passwords = json.loads(compose("exec", "-T", "api-server", "cat", "/run/login/passwords.json"))
        self.password: str = passwords["admin"]
        self.api = AirflowApi(url=f"http://{host}", user="admin", password=self.password)
        self.figures: dict[str, Any] = {}
        # Volumes of an earlier check may still be there.
        self.stamp = f"{time.time():.0f}"

    def all(self) -> None:
        self.dags_are_there()
        self.run("crypto_market__adf", "through-data-factory", restart=FIRST)
        self.run("crypto_market", "through-airflow", restart=SECOND)
        self.edits_are_seen()
        self.no_secret_is_shown()

    def dags_are_there(self) -> None:
        names = ("crypto_market", "crypto_history", "crypto_maintenance")
        expected = {*names, *(f"{name}__adf" for name in names)}
        wait(lambda: self.api.dag_ids() >= expected, "the DAGs and their mirrors", seconds=2 * MINUTES)
        if errors := self.api.import_errors():
            sys.exit(f"import errors: {errors}")

    def run(self, dag_id: str, run_id: str, *, restart: tuple[str, ...]) -> None:
        """A run to success, with restarts in its middle."""
        started, what = time.monotonic(), f"{dag_id} {run_id}"
        run_id = f"{run_id}-{self.stamp}"
        asked(lambda: self.api.unpause(dag_id))
        self.api.trigger(dag_id, run_id=run_id, conf={}, logical_date=None)
        for service in restart:
            time.sleep(5)
            compose("restart", "--timeout", "5", service)
        wait(lambda: self.api.run(dag_id, run_id).is_final, what, seconds=8 * MINUTES)
        run = asked(lambda: self.api.run(dag_id, run_id))
        tasks = asked(lambda: self.api.tasks(dag_id, run_id))
        if run.state != "success":
            states = {task.label: task.state for task in tasks}
            sys.exit(f"{what}: {run.state}, {states}\n{compose('logs', '--tail', '60')}")
        self.figures[what] = round(time.monotonic() - started)

    def edits_are_seen(self) -> None:
        """A file that changes on the host is another DAG soon."""
        started = time.monotonic()
        LIVE.write_text(LIVE_DAG.format(text="first"))
        try:
            wait(lambda: "live_edit" in self.api.dag_ids(), "a new DAG file", seconds=MINUTES)
        finally:
            LIVE.unlink()
        self.figures["a new DAG file is seen"] = round(time.monotonic() - started)

    def no_secret_is_shown(self) -> None:
        secret = compose("exec", "-T", "scheduler", "sh", "-c", "cat /run/adf-export/jwt_secret").strip()
        database = compose("exec", "-T", "postgres", "cat", "/run/adf-export/password").strip()
        shown = compose("config") + compose("logs", "--no-color")
        for name, text in (
            ("password of admin", self.password),
            ("JWT secret", secret),
            ("database's password", database),
        ):
            if text in shown:
                sys.exit(f"the {name} is in the configuration or in a log")


def main() -> None:
    check = Check()
    check.all()
    print(json.dumps(check.figures))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
