"""Finds the Delta Lake jars that `make setup` placed in the project's cache."""

import os
from pathlib import Path

from local_azure.errors import LocalAzureError

DELTA_VERSION = "4.4.0"
DELTA_JARS = (
    f"delta-spark_4.2_2.13-{DELTA_VERSION}.jar",
    f"delta-storage-{DELTA_VERSION}.jar",
    f"delta-kernel-api-{DELTA_VERSION}.jar",
    f"delta-kernel-defaults-{DELTA_VERSION}.jar",
    f"delta-kernel-unitycatalog-{DELTA_VERSION}.jar",
)


def cache_folder() -> Path:
    """The project's cache outside every checkout: `ADF_EXPORT_CACHE`, else `~/.cache/adf-export`."""
    return Path(os.environ.get("ADF_EXPORT_CACHE") or Path.home() / ".cache" / "adf-export")


def delta_jars() -> tuple[Path, ...]:
    """The jars that a Spark session needs for Delta Lake, in class path order."""
    folder = cache_folder() / f"delta-{DELTA_VERSION}"
    jars = tuple(folder / name for name in DELTA_JARS)
    missing = [jar.name for jar in jars if not jar.is_file()]
    if missing:
        raise LocalAzureError(f"{folder} lacks {', '.join(missing)}: run 'make setup', which downloads and checks them")
    return jars
