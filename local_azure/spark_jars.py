"""Finds the Delta Lake jars that `make setup` placed in the project's cache, and sets up a Spark that uses them."""

import os
from pathlib import Path
from typing import Any

from local_azure.errors import LocalAzureError

DELTA_VERSION = "4.4.0"
DELTA_JARS = (
    f"delta-spark_4.2_2.13-{DELTA_VERSION}.jar",
    f"delta-storage-{DELTA_VERSION}.jar",
    f"delta-kernel-api-{DELTA_VERSION}.jar",
    f"delta-kernel-defaults-{DELTA_VERSION}.jar",
    f"delta-kernel-unitycatalog-{DELTA_VERSION}.jar",
)

# How long a Python worker may take to say hello; Spark's 15 s are too short for a machine that does other things too.
PYTHON_WORKERS = {"spark.python.authenticate.socketTimeout": "120s"}
# For a process that lives for seconds: code that is compiled well comes too late.
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


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


def plain_spark(home: Path, *, memory: str, java_options: str = "") -> dict[str, Any]:
    """Settings of a Spark with Delta Lake alone, for data that fits a laptop: it keeps what it writes below `home`."""
    return {
        "spark.jars": ",".join(map(str, delta_jars())),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(home / "warehouse"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={home} {java_options}".rstrip(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **PYTHON_WORKERS,
    }
