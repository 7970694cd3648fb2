"""What a user without Java or with another Python is told: one line with the remedy, before anything is downloaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "tools" / "setup.py"
OTHER_PYTHON = "import runpy, sys; sys.version_info = (3, {}, 1); runpy.run_path(sys.argv[1], run_name='__main__')"


def refused(tmp_path: Path, *command: str, **environment: str) -> str:
    """What a set-up without anything on PATH says; it must have left its cache untouched."""
    cache = tmp_path / "cache"
    inherited = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    done = subprocess.run(
        [sys.executable, *command],
        env={**inherited, "PATH": str(tmp_path / "bin"), "ADF_EXPORT_CACHE": str(cache), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert not cache.exists()
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("setup: error: ")
    return done.stderr


def test_missing_java(tmp_path: Path) -> None:
    said = refused(tmp_path, str(SETUP))
    assert "Java is missing" in said
    assert "install OpenJDK 17 or 21" in said


def test_a_java_home_without_java(tmp_path: Path) -> None:
    said = refused(tmp_path, str(SETUP), JAVA_HOME=str(tmp_path))
    assert f"JAVA_HOME={tmp_path} has no bin/java" in said


def test_another_java(tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    assert "Java 11" in refused(tmp_path, str(SETUP))


@pytest.mark.parametrize("minor", [10, 14])
def test_another_python(minor: int, tmp_path: Path) -> None:
    said = refused(tmp_path, "-c", OTHER_PYTHON.format(minor), str(SETUP))
    assert f"Python 3.{minor}" in said
    assert "install Python 3.11, 3.12 or 3.13" in said
