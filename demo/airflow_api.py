"""Talks to Airflow's REST API v2 as a user does: a JWT for the password, then JSON."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from demo.errors import DemoError

PAGE = 100
# Airflow answers slowly while Spark has the processors.
TIMEOUT = 120.0
# SQLite refuses a write at once, whatever its patience, when another one was committed since the writer read: Airflow
# answers 500 then, and the same call succeeds a moment later.
TRIES = 5
PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """One task instance as the demo shows it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    try_number: int
    started: datetime | None
    ended: datetime | None

    @property
    def label(self) -> str:
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """One DAG run as the demo shows it."""

    dag_id: str
    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None

    @property
    def is_final(self) -> bool:
        return self.state in {"success", "failed"}


@dataclass(slots=True, kw_only=True)
class AirflowApi:
    """A logged-in client; a token that expired is renewed once."""

    url: str
    user: str
    password: str = field(repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def login(self) -> None:
        """Gets a token for the password."""
        answer = self._session.post(
            f"{self.url}/auth/token", json={"username": self.user, "password": self.password}, timeout=TIMEOUT
        )
        if answer.status_code != requests.codes.created:
            raise DemoError(f"Airflow at {self.url} refused the demo's password (HTTP {answer.status_code})")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self._pages("/dags", "dags", {"exclude_stale": True})}

    def import_errors(self) -> dict[str, str]:
        """File name: stack trace, for DAG files that Airflow could not import."""
        return {error["filename"]: error["stack_trace"] for error in self._pages("/importErrors", "import_errors", {})}

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, *, run_id: str, conf: Mapping[str, Any], logical_date: datetime | None) -> RunState:
        """Creates a run; a refusal (a parameter that the DAG's schema rejects) is told in Airflow's words.

        A call that is repeated after a 500 makes no second run.
        """
        body = {
            "dag_run_id": run_id,
            "conf": dict(conf),
            "logical_date": logical_date.isoformat() if logical_date else None,
        }
        path = f"/dags/{dag_id}/dagRuns"
        answer, tries = self._tried("POST", path, json=body)
        if tries > 1 and answer.status_code == requests.codes.conflict:
            return self.run(dag_id, run_id)
        return run_state(self._json(answer))

    def run(self, dag_id: str, run_id: str) -> RunState:
        return run_state(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str, *, states: tuple[str, ...] = ()) -> list[RunState]:
        return [run_state(run) for run in self._pages(f"/dags/{dag_id}/dagRuns", "dag_runs", {"state": list(states)})]

    def fail(self, dag_id: str, run_id: str) -> None:
        """Marks a run as failed, which also ends its tasks."""
        self._call("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})

    def clear(self, dag_id: str, run_id: str, task_ids: list[str]) -> None:
        """Clears tasks and what is behind them, so that they run again."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": task_ids, "only_failed": False}
        body |= {"include_downstream": True, "reset_dag_runs": True}
        self._call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        return [
            task_state(task)
            for task in self._pages(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances", {})
        ]

    def links(self, task: TaskState) -> dict[str, str | None]:
        """The buttons of a task: name and address."""
        path = f"/dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/links"
        links: dict[str, str | None] = self._call("GET", path)["extra_links"]
        return links

    def xcom(self, task: TaskState, key: str = "return_value") -> Any:
        """What a task returned, or said under another key; None if nothing."""
        path = f"/dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/xcomEntries/{key}"
        answer = self._send("GET", path, params={"map_index": task.map_index, "deserialize": True})
        if answer.status_code == requests.codes.not_found:
            return None
        return self._json(answer)["value"]

    def log(self, task: TaskState) -> list[dict[str, Any]]:
        """The structured log of a task's last try."""
        path = f"/dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        answer = self._call("GET", path, params={"map_index": task.map_index, "full_content": True})
        content = answer.get("content", [])
        return [line for line in content if isinstance(line, dict)]

    def _pages(self, path: str, key: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._call("GET", path, params={**query, "limit": PAGE, "offset": offset})
            yield from page[key]
            offset += PAGE
            if offset >= page.get("total_entries", 0):
                return

    def _call(self, method: str, path: str, **request: Any) -> Any:
        return self._json(self._send(method, path, **request))

    def _send(self, method: str, path: str, **request: Any) -> requests.Response:
        return self._tried(method, path, **request)[0]

    def _tried(self, method: str, path: str, **request: Any) -> tuple[requests.Response, int]:
        """The answer, and how often it was asked for. Every call of this client may be repeated."""
        for tries in range(1, TRIES + 1):
            answer = self._once(method, path, **request)
            if answer.status_code < requests.codes.internal_server_error or tries == TRIES:
                break
            time.sleep(PAUSE)
        return answer, tries

    def _once(self, method: str, path: str, **request: Any) -> requests.Response:
        url = f"{self.url}/api/v2{path}"
        if "Authorization" not in self._session.headers:
            self.login()
        answer = self._session.request(method, url, timeout=TIMEOUT, **request)
        if answer.status_code == requests.codes.unauthorized:
            self.login()
            answer = self._session.request(method, url, timeout=TIMEOUT, **request)
        return answer

    def _json(self, answer: requests.Response) -> Any:
        if answer.ok:
            return answer.json()
        raise DemoError(f"Airflow refused {answer.request.method} {answer.request.path_url}: {reason(answer)}")


def reason(answer: requests.Response) -> str:
    """Airflow's own words for a refusal."""
    try:
        detail = answer.json().get("detail", answer.text)
    except ValueError:
        detail = answer.text
    return f"HTTP {answer.status_code}: {str(detail)[:600]}"


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def run_state(run: Mapping[str, Any]) -> RunState:
    return RunState(
        dag_id=run["dag_id"],
        run_id=run["dag_run_id"],
        state=run["state"],
        started=moment(run["start_date"]),
        ended=moment(run["end_date"]),
    )


def task_state(task: Mapping[str, Any]) -> TaskState:
    return TaskState(
        dag_id=task["dag_id"],
        run_id=task["dag_run_id"],
        task_id=task["task_id"],
        map_index=task["map_index"],
        state=task["state"] or "none",
        try_number=task["try_number"],
        started=moment(task["start_date"]),
        ended=moment(task["end_date"]),
    )
