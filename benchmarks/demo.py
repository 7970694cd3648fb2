"""Measures `make demo`'s work: cold (fresh state) and warm (the same state again), seconds and peak memory.

`python benchmarks/demo.py [STATE]`: without STATE in a temporary folder. Memory is PSS where the kernel tells it, so
that pages which forked processes share count once; it is sampled twice a second over the whole process tree.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.5
AIMS = {"cold": 300.0, "warm": 120.0}
AIM_GB = 6.0


def tree_memory(root: psutil.Process) -> float:
    """GB of a process and all below it."""
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", 0) or memory.rss
    return total / 1e9


def run_once(state: Path) -> tuple[float, float, dict[str, object]]:
    """Seconds, peak GB, and the demo's report."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo", "--json", "--state", str(state)], cwd=PROJECT, stdout=output
        )
        peak = 0.0
        while process.poll() is None:
            try:
                peak = max(peak, tree_memory(psutil.Process(process.pid)))
            except psutil.NoSuchProcess:
                break
            time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - started
        if process.wait():
            raise SystemExit(f"the demo failed with exit code {process.returncode}")
        output.seek(0)
        return seconds, peak, json.load(output)


def main() -> None:
    """Cold, then warm, each against its aim."""
    with tempfile.TemporaryDirectory() as scratch:
        state = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "state"
        for name, aim in AIMS.items():
            seconds, peak, report = run_once(state)
            files = sum(run["new_files"] for run in report["runs"])  # type: ignore[attr-defined]
            print(  # noqa: T201 - a script's result
                f"{name}: {seconds:.1f} s = {seconds / aim:.2f} of the aim ({aim:.0f} s), "
                f"peak {peak:.2f} GB = {peak / AIM_GB:.2f} of the aim ({AIM_GB:.0f} GB), {files} new files"
            )


if __name__ == "__main__":
    main()
