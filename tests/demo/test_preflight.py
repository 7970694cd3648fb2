"""What is missing is told in one line before anything starts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo import preflight
from demo.errors import DemoError
from demo.options import Options, check_faults, make_options


def options(state: Path, seed: int | None = None, faults: str = "") -> Options:
    return make_options(
        coins="bitcoin",
        date_from=None,
        date_to=None,
        snapshots=6,
        seed=seed,
        faults=faults,
        live=False,
        keep_up=False,
        state=state,
        replay=None,
        now=datetime(2026, 3, 10, tzinfo=UTC),
    )


def test_a_folder_holds_one_demo_at_a_time(tmp_path: Path) -> None:
    with preflight.claim_state(options(tmp_path)), pytest.raises(DemoError, match="another demo runs in"):
        preflight.claim_state(options(tmp_path))
    preflight.claim_state(options(tmp_path)).close()


def test_a_folder_holds_one_market(tmp_path: Path) -> None:
    preflight.claim_state(options(tmp_path)).close()
    with pytest.raises(DemoError, match=r"holds 'simulated market, seed 42', this run would bring .* seed 7"):
        preflight.check_market(options(tmp_path, seed=7))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="choose another folder with --state"):
        preflight.claim_state(options(tmp_path / "file" / "state"))


def test_missing_java_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(DemoError, match=r"Java is missing .*has no bin/java.*: install OpenJDK 17 or 21"):
        preflight.check_java()


@pytest.mark.parametrize(("answer", "told"), [("echo 'openjdk version \"11.0.2\"'", "Java 11"), ("exit 3", "exit 3")])
def test_another_java_is_told(answer: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\n{answer}\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(DemoError, match=told):
        preflight.check_java()


def test_faults_are_checked_before_anything_starts() -> None:
    with pytest.raises(DemoError, match="--faults: "):
        check_faults("no-such-fault:3")
    check_faults("")
    check_faults("429:3,new-column")
