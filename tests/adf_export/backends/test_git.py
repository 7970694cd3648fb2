"""The Git folder: what is written, left alone and removed."""

import json
from pathlib import Path

import pytest

from adf_export.backends.git import MANIFEST, OutputError, write, write_files
from tests.adf_export.backends.samples import activity, everything, factory


def test_writes_then_leaves_alone_then_removes(tmp_path: Path) -> None:
    first = write(everything(), tmp_path)
    assert len(first.written) == 7
    assert (tmp_path / "linkedService" / "store.json").is_file()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    again = write(everything(), tmp_path)
    assert (again.written, again.removed, len(again.unchanged)) == ((), (), 7)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == times
    less = write(factory(activity("Wait")), tmp_path)
    assert less.written == ("factory/adf-test.json", "pipeline/daily.json", "source_map.json")
    assert "dataset/landing.json" in less.removed
    assert not (tmp_path / "dataset").exists()


def test_never_removes_what_it_did_not_write(tmp_path: Path) -> None:
    (tmp_path / "trigger").mkdir()
    for name in ("trigger/nightly.json", "README.md"):
        (tmp_path / name).write_text("mine")
    write(everything(), tmp_path)
    write_files({}, tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        MANIFEST,
        "README.md",
        "nightly.json",
    ]


@pytest.mark.parametrize("file", ["../secret.json", "pipeline/../../x.json", "notes.txt", "a/b.json", 3])
def test_a_list_of_files_that_is_none_of_ours_is_refused(tmp_path: Path, file: object) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"version": 1, "files": [file]}))
    with pytest.raises(OutputError, match="which no export writes"):
        write(everything(), tmp_path)


def test_a_list_of_another_version_is_refused_with_both_numbers(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"version": 9, "files": []}))
    with pytest.raises(OutputError, match="version 9, this is 1"):
        write(everything(), tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "pipeline").write_text("a file")
    with pytest.raises(OutputError, match="cannot write the output"):
        write(everything(), tmp_path)
