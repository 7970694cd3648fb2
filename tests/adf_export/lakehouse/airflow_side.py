"""Runs our DAGs in Airflow, `airflow dags test` as a user would."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.environment import child_environment
from demo.options import PROJECT
from demo.stand_ins import StandIns

_SECONDS = 300


def prepare(home: Path) -> None:
    """Makes Airflow's database; it needs no cloud."""
    _airflow(_own(home), "db", "migrate")


def run_dags(stand_ins: StandIns, home: Path, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """DAG -> its conf; one after the other."""
    for dag_id, conf in runs.items():
        _airflow(stand_ins.environment() | _own(home), "dags", "test", dag_id, "--conf", json.dumps(conf))


def _own(home: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
    }


def _airflow(environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *words],
        env=child_environment() | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
