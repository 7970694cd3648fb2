"""Times an empty notebook through the local Jobs API, warm, against a cold start of Spark in the same run."""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests
import uvicorn

from local_azure.databricks.service import create_app
from local_azure.databricks.settings import DatabricksSettings
from local_azure.spark_jars import delta_jars
from local_azure.storage import StorageMap

TOKEN = "dapi-benchmark"
COLD = """
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[2]")
    .config("spark.jars", {jars!r}).config("spark.ui.enabled", "false")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog").getOrCreate())
spark.sql("SELECT 1")
"""


class Server(uvicorn.Server):
    """A server in a thread, where signals cannot be caught."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A local Databricks with one empty notebook; its address."""
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "empty.py").write_text("# Databricks notebook source\npass\n")
    settings = DatabricksSettings(
        root=folder / "databricks",
        warehouse=folder / "warehouse",
        metastore=folder / "metastore",
        token=TOKEN,
        workspace={"/Shared": workspace},
        storage=StorageMap(accounts=()),
    )
    with socket.create_server(("127.0.0.1", 0)) as bound:
        config = uvicorn.Config(create_app(settings), log_level="warning", lifespan="on")
        server = Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def wait_until_warm(url: str) -> float:
    """Seconds until the driver is ready and has done its own warm-up."""
    begun = time.monotonic()
    while True:
        with contextlib.suppress(requests.ConnectionError):
            health = requests.get(f"{url}/health", timeout=10).json()
            if health["warm"]:
                return time.monotonic() - begun
            if health["status"] == "failed":
                raise SystemExit(health["message"])
        time.sleep(0.1)


def empty_run(session: requests.Session, url: str) -> float:
    """Seconds from submit to the answer that says the run has ended."""
    begun = time.monotonic()
    body = {"notebook_task": {"notebook_path": "/Shared/empty"}}
    submitted = session.post(f"{url}/api/2.2/jobs/runs/submit", json=body, timeout=30).json()
    while True:
        run = session.get(f"{url}/api/2.2/jobs/runs/get", params=submitted, timeout=30).json()
        if "result_state" in run["state"]:
            assert run["state"]["result_state"] == "SUCCESS", run
            return time.monotonic() - begun
        time.sleep(0.01)


def cold_start(folder: Path) -> float:
    """Seconds for a Python process that starts its own Spark and does nothing, as spark-submit would."""
    begun = time.monotonic()
    code = COLD.format(jars=",".join(map(str, delta_jars())))
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env=environment, capture_output=True)
    return time.monotonic() - begun


def main() -> None:
    """Print both figures and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between runs, as between a DAG's tasks")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="empty-notebook-") as name:
        folder = Path(name)
        with served(folder) as url, requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            started = wait_until_warm(url)
            times = []
            for _ in range(arguments.runs):
                times.append(empty_run(session, url))
                time.sleep(arguments.pause)
            in_a_row = [empty_run(session, url) for _ in range(arguments.runs)]
        cold = cold_start(folder)
    warm = statistics.median(times)
    sys.stdout.write(
        f"driver up and warmed up    {started:8.2f} s\n"
        f"empty notebook, warm       {warm:8.3f} s  (median of {len(times)}; {min(times):.3f} to {max(times):.3f})\n"
        f"the same without a pause   {statistics.median(in_a_row):8.3f} s\n"
        f"cold start of Spark        {cold:8.2f} s\n"
        f"cold / warm                {cold / warm:8.1f} x\n"
    )


if __name__ == "__main__":
    main()
