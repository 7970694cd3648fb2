"""What the code of one run can reach: its session, its parameters, the workspace, the driver host."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from local_azure.databricks.settings import DatabricksSettings
from local_azure.databricks.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
# Tells Spark's Python workers apart by the files that they may have imported.
SOURCES_VARIABLE = "LOCAL_AZURE_SOURCES"


class Link(Protocol):
    """How a run asks the driver host."""

    def ask(self, message: dict[str, Any]) -> Any:
        """Send, and wait for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One run, seen from inside its process."""

    spark: "SparkSession"
    settings: DatabricksSettings
    job: dict[str, Any]
    link: Link

    @property
    def workspace(self) -> Workspace:
        """The mounted folders."""
        return Workspace(self.settings.workspace)

    @property
    def parameters(self) -> dict[str, str]:
        """The notebook's parameters, which preset its widgets."""
        return dict(self.job.get("parameters") or {})


def source_state(folders: Iterable[Path]) -> str:
    """A digest that changes when a Python file below one of the folders does."""
    digest = hashlib.sha256()
    for folder in folders:
        for place, folders_below, files in os.walk(folder):
            folders_below[:] = sorted(name for name in folders_below if not name.startswith((".", "__pycache__")))
            for name in sorted(files):
                if name.endswith(".py"):
                    path = os.path.join(place, name)
                    seen = os.stat(path)
                    digest.update(f"{path}\0{seen.st_mtime_ns}\0{seen.st_size}\n".encode())
    return digest.hexdigest()[:16]
