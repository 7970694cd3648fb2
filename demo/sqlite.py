"""How Airflow opens the demo's SQLite file: readers beside one writer, and patience for the writer's turn."""

import sqlite3
from typing import Any


class PatientConnection(sqlite3.Connection):
    """A connection that waits for its turn instead of failing with 'database is locked'."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # With a write-ahead log only a power cut can lose the last transactions, a killed process cannot.
        self.execute("PRAGMA journal_mode=WAL").close()
        self.execute("PRAGMA synchronous=NORMAL").close()


CONNECT_ARGS: dict[str, Any] = {"timeout": 60, "factory": PatientConnection}
