"""Checks, before anything starts, that this machine has what the demo needs."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import IO

import requests

from demo.errors import DemoError
from demo.options import Options
from local_azure.blob import azurite
from local_azure.errors import LocalAzureError
from local_azure.spark_jars import delta_jars

JAVAS = (17, 21)
FREE_DISK_GB = 2.0
FREE_MEMORY_GB = 3.0
LIVE_PING = "https://api.coingecko.com/api/v3/ping"
MARKET_FILE = "market.json"


def check_machine(options: Options) -> None:
    """Java, Delta's jars, Azurite, disk, memory; and the network where the run needs it."""
    check_java()
    try:
        delta_jars()
        azurite.node()
        azurite.program()
    except LocalAzureError as error:
        raise DemoError(str(error)) from error
    check_disk(options.state)
    check_memory()
    if options.live:
        check_network()


def claim_state(options: Options) -> IO[str]:
    """Takes the state folder for this run: one demo at a time, and one market for ever."""
    try:
        options.state.mkdir(parents=True, exist_ok=True)
        lock = (options.state / "demo.lock").open("a")
    except OSError as error:
        raise DemoError(
            f"cannot write to {options.state} ({error.strerror}): choose another folder with --state"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DemoError(
            f"another demo runs in {options.state}: wait for its end, or give this one a folder with --state"
        ) from error
    check_market(options)
    return lock


def check_market(options: Options) -> None:
    """Refuses to mix two markets in one set of tables."""
    file = options.state / MARKET_FILE
    if not file.is_file():
        file.write_text(json.dumps({"market": options.market}) + "\n")
        return
    held = json.loads(file.read_text())["market"]
    if held != options.market:
        raise DemoError(
            f"{options.state} holds '{held}', this run would bring '{options.market}': one folder holds one market. "
            "Leave out --state, choose another folder, or delete that one"
        )


def check_java() -> None:
    remedy = "install OpenJDK 17 or 21 (Debian: 'apt-get install openjdk-17-jre-headless') or point JAVA_HOME at one"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        raise DemoError(f"Java is missing{f' (JAVA_HOME={home} has no bin/java)' if home else ''}: {remedy}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if not found:
        raise DemoError(f"'{java} -version' failed (exit {answer.returncode}): {remedy}")
    if int(found[1]) not in JAVAS:
        raise DemoError(f"Java {found[1]} ({java}) is not supported by Spark 4.2: {remedy}")


def check_disk(folder: Path) -> None:
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    free = shutil.disk_usage(existing).free / 1e9
    if free < FREE_DISK_GB:
        raise DemoError(f"{existing} has {free:.1f} GB free, {FREE_DISK_GB:.0f} GB are needed: free some space")


def check_memory() -> None:
    """Only where the kernel tells (Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return
    free = next((int(line.split()[1]) / 1e6 for line in lines if line.startswith("MemAvailable:")), FREE_MEMORY_GB)
    if free < FREE_MEMORY_GB:
        raise DemoError(f"{free:.1f} GB of memory are free, {FREE_MEMORY_GB:.0f} GB are needed: close some programs")


def check_network() -> None:
    try:
        answer = requests.get(LIVE_PING, timeout=10, headers={"User-Agent": "adf-export-demo"})
    except requests.RequestException as error:
        raise DemoError(
            "--live needs the real CoinGecko, and api.coingecko.com does not answer "
            f"({type(error).__name__}): check the network, or leave out --live for the simulated market"
        ) from error
    if answer.status_code not in (requests.codes.ok, requests.codes.too_many_requests):
        raise DemoError(
            f"--live needs the real CoinGecko, and api.coingecko.com answers HTTP {answer.status_code}: "
            "check a proxy in between, or leave out --live for the simulated market"
        )
