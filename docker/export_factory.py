"""Keeps the local Data Factory at what the DAGs say: compiles them and loads the result, again after each change.

A DAG that cannot be exported is told in the log and left out; the pipelines of the others are loaded.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from azure.identity import ManagedIdentityCredential

PROJECT = Path(__file__).resolve().parents[1]
DAGS, PLUGINS = PROJECT / "dags", PROJECT / "plugins"
ENVIRONMENT = PROJECT / "environments" / "compose.toml"
FACTORY = Path("/var/lib/adf-export/factory")
# Touched when a load has succeeded: what the health check looks for.
LOADED = Path("/tmp/factory-loaded")
LOOK_SECONDS = 2.0


def main() -> None:
    seen: dict[Path, float] = {}
    while True:
        found = files()
        if found != seen:
            seen = found
            export()
        time.sleep(LOOK_SECONDS)


def files() -> dict[Path, float]:
    """What a compilation depends on, with the times of the last changes."""
    found = [*DAGS.rglob("*.py"), *PLUGINS.rglob("*.py"), ENVIRONMENT]
    return {file: file.stat().st_mtime for file in found if file.exists()}


def export() -> None:
    compiled = ["adf-export", "compile", str(DAGS), "--out", str(FACTORY), "--env", str(ENVIRONMENT)]
    if subprocess.run(compiled, check=False).returncode:
        say("not all DAGs were exported: see above")
    url = os.environ["AZURE_RESOURCE_MANAGER_URL"]
    token = ManagedIdentityCredential().get_token("https://management.azure.com/.default").token
    load = ["local-azure", "factory", "--url", url, "--token-env", "ARM_TOKEN", "load", str(FACTORY)]
    if subprocess.run(load, env=os.environ | {"ARM_TOKEN": token}, check=False).returncode:
        say("the factory was not loaded: see above")
    else:
        LOADED.touch()
        say("the factory is up to date")


def say(text: str) -> None:
    print(f"factory: {text}", file=sys.stderr, flush=True)  # noqa: T201 - the log of a container


if __name__ == "__main__":
    main()
