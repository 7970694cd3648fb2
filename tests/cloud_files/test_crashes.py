"""kill -9 of the whole driver at the points where a stream could lose or repeat data, then a restart."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from local_azure.cloud_files import install
from tests.cloud_files.crash_driver import stream

pytestmark = pytest.mark.integration

FILES = 6  # three batches
HELD = 3  # the first file of the second batch
START_SECONDS = 150.0


@dataclass
class Crash:
    """The folders of one stream."""

    home: Path

    @property
    def source(self) -> Path:
        return self.home / "src"

    @property
    def checkpoint(self) -> Path:
        return self.home / "cp"

    @property
    def table(self) -> Path:
        return self.home / "table"

    def put(self) -> None:
        self.source.mkdir(parents=True)
        for n in range(1, FILES + 1):
            self.write(n)

    def write(self, n: int) -> None:
        path = self.source / f"{n}.json"
        path.write_text("\n".join(json.dumps({"n": n * 10 + i, "payload": f"row {i}"}) for i in range(3)))
        os.utime(path, (1_600_000_000 + n, 1_600_000_000 + n))

    def hold(self) -> None:
        """Make a file of the second batch one that is never read to its end, so that the batch stays open."""
        path = self.source / f"{HELD}.json"
        path.unlink()
        os.mkfifo(path)
        os.utime(path, (1_600_000_000 + HELD, 1_600_000_000 + HELD))

    def release(self) -> None:
        (self.source / f"{HELD}.json").unlink()
        self.write(HELD)

    def planned(self, batch: int) -> bool:
        return (self.checkpoint / "offsets" / str(batch)).exists()

    def in_delta(self, version: int) -> bool:
        return (self.table / "_delta_log" / f"{version:020d}.json").exists()

    def committed(self, batch: int) -> bool:
        return (self.checkpoint / "commits" / str(batch)).exists()

    def content(self, spark: SparkSession) -> str:
        rows = spark.read.format("delta").load(str(self.table)).orderBy("n").collect()
        return hashlib.sha256(json.dumps([list(row) for row in rows]).encode()).hexdigest()


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content hash of a run that nobody kills."""
    install(spark)
    crash = Crash(tmp_path_factory.mktemp("undisturbed"))
    crash.put()
    stream(spark, str(crash.source), str(crash.checkpoint), str(crash.table))
    assert spark.read.format("delta").load(str(crash.table)).count() == FILES * 3
    return crash.content(spark)


def run_and_kill(crash: Crash, reached: Callable[[], bool]) -> None:
    """Start a driver, kill it and its JVM as soon as a point is reached, and wait for what they started to end."""
    arguments = {
        "home": str(crash.home),
        "source": str(crash.source),
        "checkpoint": str(crash.checkpoint),
        "table": str(crash.table),
    }
    with (crash.home / "driver.log").open("w") as log:
        driver = subprocess.Popen(
            [sys.executable, "-m", "tests.cloud_files.crash_driver", json.dumps(arguments)],
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
        family: list[psutil.Process] = []
        try:
            deadline = time.monotonic() + START_SECONDS
            while not reached():
                assert driver.poll() is None, (crash.home / "driver.log").read_text()[-3000:]
                assert time.monotonic() < deadline, "the driver did not get that far"
                time.sleep(0.0005)
        finally:
            os.killpg(driver.pid, signal.SIGSTOP)
            family = psutil.Process(driver.pid).children(recursive=True)
            os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
    # Spark's worker daemon has a group of its own and ends when its pipe closes, a worker that waits for a file not.
    _, alive = psutil.wait_procs(family, timeout=2)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)


@pytest.fixture
def crash(tmp_path: Path) -> Crash:
    crash = Crash(tmp_path)
    crash.put()
    return crash


def test_killed_after_the_offset_log_then_after_the_delta_commit(
    crash: Crash, spark: SparkSession, undisturbed: str
) -> None:
    crash.hold()
    run_and_kill(crash, lambda: crash.planned(1))
    assert crash.committed(0)
    assert not crash.in_delta(1)
    crash.release()
    run_and_kill(crash, lambda: crash.in_delta(2))
    assert crash.committed(1)
    assert not crash.committed(2)
    install(spark)
    stream(spark, str(crash.source), str(crash.checkpoint), str(crash.table))
    assert crash.committed(2)
    assert crash.content(spark) == undisturbed
