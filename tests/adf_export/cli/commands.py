"""Runs the real command in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DAGS = HERE / "dags"
ENVIRONMENT = HERE / "environment.toml"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class AdfExport:
    """The command, with a cache of its own."""

    cache: Path

    def __call__(self, *arguments: str | Path, cwd: Path = HERE, code: str = "") -> Ran:
        """Runs it; `code` is run by Python instead of the command itself."""
        start = ["-c", code] if code else ["-m", "adf_export"]
        environment = {**os.environ, "ADF_EXPORT_CACHE": str(self.cache), "PYTHONPATH": str(HERE.parents[2])}
        done = subprocess.run(
            [sys.executable, *start, *map(str, arguments)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
