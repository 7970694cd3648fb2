"""What is known of a run: frozen records, each change a new one, all kept in SQLite."""

import json
import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ACTIVE = ("PENDING", "RUNNING", "TERMINATING", "BLOCKED", "WAITING_FOR_RETRY", "QUEUED")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a run stands, in the words of the Jobs API."""

    life_cycle: str
    # None: still active.
    result: str | None = None
    message: str = ""
    # termination_details.code and .type of the newer `status`.
    code: str = ""
    kind: str = ""

    @property
    def active(self) -> bool:
        """Whether it may still change."""
        return self.life_cycle in ACTIVE


PENDING = State(life_cycle="PENDING", message="Waiting for the Spark driver")
BLOCKED = State(life_cycle="BLOCKED", message="Waiting for upstream tasks")
RUNNING = State(life_cycle="RUNNING", message="In run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A run, or one attempt at one of its tasks."""

    run_id: int
    job_id: int
    # The run of which this is a task's attempt; None: a run itself.
    parent_id: int | None
    # A run's name, or a task's key.
    name: str
    state: State
    # Milliseconds since 1970.
    start_time: int
    end_time: int = 0
    # When its process began; 0: not yet.
    execution_start: int = 0
    attempt_number: int = 0
    # The submitted body of a run, or the task's part of it.
    document: dict[str, Any]
    # dbutils.notebook.exit; None: there was none.
    result: str | None = None
    truncated: bool = False
    error: str | None = None
    error_trace: str | None = None


class RunStore:
    """All records, in memory for reading and in SQLite for the next start."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS record (run_id INTEGER PRIMARY KEY, document TEXT NOT NULL)")
        self._database.execute("CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, run_id INTEGER NOT NULL)")
        self._records: dict[int, Record] = {}
        self._children: dict[int, list[int]] = {}
        for _, text in self._database.execute("SELECT run_id, document FROM record ORDER BY run_id"):
            self._remember(_from_json(json.loads(text)))
        # Ids go on from the last one; a new store starts at random: an id kept elsewhere must not meet another run.
        self._next = max(self._records, default=secrets.randbelow(9 * 10**14) + 10**14) + 1

    def new_id(self) -> int:
        """An id that no record has."""
        self._next += 1
        return self._next - 1

    def save(self, record: Record) -> Record:
        """Keep a record, new or changed."""
        text = json.dumps(asdict(record))
        self._database.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (record.run_id, text))
        self._remember(record)
        return record

    def change(self, run_id: int, **changes: Any) -> Record:
        """Replace fields of a record."""
        return self.save(replace(self._records[run_id], **changes))

    def get(self, run_id: int) -> Record | None:
        """One record; None when there is none."""
        return self._records.get(run_id)

    def attempts(self, run_id: int) -> list[Record]:
        """The attempts of a run, oldest first."""
        return [self._records[child] for child in self._children.get(run_id, ())]

    def runs(self) -> list[Record]:
        """All runs, newest first."""
        return [record for record in reversed(self._records.values()) if record.parent_id is None]

    def run_of_token(self, token: str) -> int | None:
        """The run that was submitted with an idempotency token; None when there is none."""
        row = self._database.execute("SELECT run_id FROM token WHERE token = ?", (token,)).fetchone()
        return None if row is None else int(row[0])

    def save_token(self, token: str, run_id: int) -> None:
        """Remember which run a token made."""
        self._database.execute("INSERT INTO token VALUES (?, ?)", (token, run_id))

    def end_active(self, state: State, now: int) -> None:
        """Give every run that was active when the service ended its last state."""
        for record in [record for record in self._records.values() if record.state.active]:
            self.change(record.run_id, state=state, end_time=now, error=state.message)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _remember(self, record: Record) -> None:
        if record.run_id not in self._records and record.parent_id is not None:
            self._children.setdefault(record.parent_id, []).append(record.run_id)
        self._records[record.run_id] = record


def _from_json(document: dict[str, Any]) -> Record:
    return Record(**(document | {"state": State(**document["state"])}))
