"""docker-compose.yml for real: built, brought up, used, every service restarted in the middle of a run, taken down.

With an engine that answers, images are pulled as a user pulls them. Without one, `../shared/containers` starts one and
builds stand-ins for the public images. Where neither is, this is skipped.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CONTAINERS = PROJECT.parent / "shared" / "containers" / "compose-up.sh"
IMAGES = "postgres python azurite"
MINUTES = 60
PORTS = ("AIRFLOW_PORT", "BLOB_PORT", "COINGECKO_PORT", "IDENTITY_PORT", "KEY_VAULT_PORT", "DATABRICKS_PORT")

pytestmark = [pytest.mark.integration, pytest.mark.compose, pytest.mark.timeout(40 * MINUTES)]


def answers() -> bool:
    """Whether an engine with compose is there."""
    if shutil.which("docker") is None:
        return False
    questions = (["docker", "info"], ["docker", "compose", "version"])
    return all(subprocess.run(one, capture_output=True, timeout=60, check=False).returncode == 0 for one in questions)


def copied(folder: Path) -> Path:
    """The project as a clone has it: the check edits DAGs, and the containers see the edits."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60).stdout
    for name in files.splitlines():
        source, target = PROJECT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def free_ports() -> dict[str, str]:
    """Different ones, free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in (*PORTS, "DATA_FACTORY_PORT")]
    found = {name: str(one.getsockname()[1]) for name, one in zip((*PORTS, "DATA_FACTORY_PORT"), sockets, strict=True)}
    for one in sockets:
        one.close()
    return found


def test_the_stack_does_what_it_promises(tmp_path: Path) -> None:
    here = copied(tmp_path / "project")
    environment = (
        os.environ
        | free_ports()
        | {
            # Always the same: what a test that was killed has left is taken over, and taken down.
            "COMPOSE_PROJECT_NAME": "adf-export-test",
            # No run of the timetable beside those of the check.
            "CRYPTO_MARKET_SCHEDULE": "0 0 1 1 *",
            "PYTHONPATH": str(PROJECT),
        }
    )
    check = [sys.executable, "-m", "tests.compose.check"]
    if answers():
        command = ["sh", "-c", f"docker compose up --build --detach --wait --wait-timeout 600 && {' '.join(check)}"]
    elif CONTAINERS.is_file():
        cache = Path(os.environ.get("ADF_EXPORT_CACHE") or Path.home() / ".cache" / "adf-export")
        work = cache / "containers"
        # An engine that was killed has left it, and the next one would take another process for it.
        (work / "docker" / "pid").unlink(missing_ok=True)
        environment["WORK"] = str(work)
        command = ["bash", str(CONTAINERS), "-f", "docker-compose.yml", "-i", IMAGES, "--", *check]
    else:
        pytest.skip("no Docker engine answers, and there is no folder that could start one")
    try:
        done = subprocess.run(
            command, cwd=here, env=environment, capture_output=True, text=True, timeout=38 * MINUTES, check=False
        )
    finally:
        if answers():
            subprocess.run(
                ["docker", "compose", "down", "--volumes"], cwd=here, env=environment, timeout=300, check=False
            )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    print(done.stdout[-1500:])  # noqa: T201 - times and figures, shown with -s or on failure
