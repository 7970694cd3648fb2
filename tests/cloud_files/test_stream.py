"""Which files a stream takes, when, and in which batches; how schemas evolve; what survives a crash."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from local_azure.cloud_files.errors import CloudFilesError, UnknownFieldsError
from local_azure.cloud_files.file_log import KEPT_LISTS, MERGE_AT, FileLog
from local_azure.cloud_files.folders import FileEntry, LocalFolder, local_path, open_folder
from local_azure.cloud_files.schema_store import SchemaStore
from local_azure.cloud_files.state import read_state
from local_azure.storage import BlobAccount, StorageMap
from tests.cloud_files.engine import JSON, Stream, columns


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    """A stream with an explicit schema over an empty folder."""
    (tmp_path / "src").mkdir()
    return Stream(tmp_path, dict(JSON), columns("n bigint"))


@pytest.fixture
def inferring(tmp_path: Path) -> Stream:
    """A stream that infers exact types and keeps its schema in the checkpoint's folder."""
    (tmp_path / "src").mkdir()
    location = {"cloudFiles.schemaLocation": str(tmp_path / "cp"), "cloudFiles.inferColumnTypes": "true"}
    return Stream(tmp_path, JSON | location)


def numbers(stream: Stream) -> list[int]:
    return sorted(row["n"] for row in stream.rows)


def test_2500_files_with_the_default_cap_are_three_batches(stream: Stream) -> None:
    for n in range(2500):
        stream.put(f"{n}.json", {"n": n})
    assert stream.run() == [1000, 1000, 500]
    assert numbers(stream) == list(range(2500))


def test_the_byte_cap_is_soft_and_the_lower_cap_wins(stream: Stream) -> None:
    for n in range(7):
        stream.put(f"{n}.json", f'{{"n": {n}}}')  # 8 bytes
    stream.options |= {"cloudFiles.maxBytesPerTrigger": "17b", "cloudFiles.maxFilesPerTrigger": "5"}
    assert stream.run() == [3, 3, 1]


def test_available_now_leaves_files_that_land_meanwhile_to_the_next_run(stream: Stream) -> None:
    stream.options |= {"cloudFiles.maxFilesPerTrigger": "1"}
    stream.put("1.json", {"n": 1})
    stream.put("2.json", {"n": 2})
    for at, _ in enumerate(stream.batches()):
        stream.put(f"late-{at}.json", {"n": 10 + at})
    assert numbers(stream) == [1, 2]
    assert stream.run() == [1, 1]
    assert numbers(stream) == [1, 2, 10, 11]


def test_a_continuous_stream_takes_files_as_they_come(stream: Stream) -> None:
    stream.put("1.json", {"n": 1})
    for at, _ in enumerate(stream.batches(now=False)):
        if at < 2:
            stream.put(f"late-{at}.json", {"n": 10 + at})
    assert numbers(stream) == [1, 10, 11]


def test_existing_files_are_left_out_at_the_first_start_only(stream: Stream) -> None:
    stream.options |= {"cloudFiles.includeExistingFiles": "false"}
    stream.put("1.json", {"n": 1})
    assert stream.run() == []
    stream.put("2.json", {"n": 2})
    stream.options |= {"cloudFiles.includeExistingFiles": "true"}
    assert stream.run() == [1]
    assert numbers(stream) == [2]


@pytest.mark.parametrize(("allow", "expected"), [("false", [1]), ("true", [1, 5])])
def test_an_overwritten_file_is_taken_again_only_if_allowed(stream: Stream, allow: str, expected: list[int]) -> None:
    stream.options |= {"cloudFiles.allowOverwrites": allow}
    path = stream.put("1.json", {"n": 1})
    stream.run()
    stream.put("1.json", {"n": 5})
    os.utime(path, (2e9, 2e9))
    stream.run()
    assert stream.run() == []
    assert numbers(stream) == expected


def test_a_file_that_is_gone_stops_the_stream_unless_it_may_be_missing(stream: Stream) -> None:
    stream.put("1.json", {"n": 1})
    stream.put("2.json", {"n": 2})
    batches = stream.batches()
    reader = stream.reader()
    reader.prepareForTriggerAvailableNow()
    stream.planned = reader.latestOffset({"list": 0}, reader.getDefaultReadLimit())
    reader.stop()
    (stream.home / "src" / "1.json").unlink()
    with pytest.raises(CloudFilesError, match=r"1\.json was listed and is gone"):
        next(batches)
    stream.options |= {"ignoreMissingFiles": "true"}
    assert stream.run() == [1]
    assert numbers(stream) == [2]


def test_new_columns_stop_the_stream_once_and_come_last(inferring: Stream) -> None:
    inferring.put("1.json", {"n": 1, "o": {"x": 1}})
    inferring.run()
    inferring.options |= {"cloudFiles.maxFilesPerTrigger": "3"}
    inferring.put("2.json", {"n": 2, "b": 0.5, "o": {"x": 2, "a": "t"}})
    inferring.put("3.json", {"n": 3, "a": [1], "b": 2, "l": [{"p": 1}]})
    inferring.put("4.json", {"n": 4})
    with pytest.raises(UnknownFieldsError) as error:
        inferring.run()
    text = str(error.value)
    assert text.startswith(
        "[UNKNOWN_FIELD_EXCEPTION.NEW_FIELDS_IN_RECORD_WITH_FILE_PATH] Encountered unknown fields during parsing: "
    )
    assert "which can be fixed by an automatic retry: true\nUnknown fields inside file path: file:/" in text
    assert inferring.run() == [3]
    assert inferring.describe().visible == ("n", "o", "a", "b", "l", "_rescued_data")
    shown = [{name: row.get(name) for name in ("n", "o", "a", "b", "l")} for row in inferring.rows]
    assert sorted(shown, key=lambda row: row["n"]) == [
        {"n": 1, "o": {"x": 1}, "a": None, "b": None, "l": None},
        {"n": 2, "o": {"x": 2, "a": "t"}, "a": None, "b": 0.5, "l": None},
        {"n": 3, "o": None, "a": [1], "b": 2.0, "l": [{"p": 1}]},
        {"n": 4, "o": None, "a": None, "b": None, "l": None},
    ]
    assert all(row["_rescued_data"] is None for row in inferring.rows)
    versions = sorted(p.name for p in (inferring.home / "cp" / "_schemas").iterdir() if p.name.isdigit())
    assert versions == ["0", "1"]


def test_a_hint_decides_the_type_of_a_column_that_comes_later(inferring: Stream) -> None:
    inferring.options |= {"cloudFiles.schemaHints": "later decimal(9,2)"}
    inferring.put("1.json", {"n": 1})
    inferring.run()
    inferring.put("2.json", {"n": 2, "later": 1.25})
    inferring.run()
    assert str(inferring.rows[-1]["later"]) == "1.25"


def test_what_cannot_become_a_column_does_not_stop_the_stream_for_ever(inferring: Stream) -> None:
    """A member of an object in a column that was first seen as text has no place to go."""
    inferring.put("1.json", {"n": 1, "o": "text"})
    inferring.run()
    inferring.put("2.json", {"n": 2, "o": {"x": 1.50}})
    assert inferring.run() == [1]
    assert inferring.rows[-1]["o"] == '{"x":1.5}'


def test_a_stored_schema_is_readable_and_versioned(inferring: Stream) -> None:
    inferring.put("day=2021-05-01/1.json", {"n": 1})
    inferring.run()
    version, document = (inferring.home / "cp" / "_schemas" / "0").read_text().split("\n")
    assert version == "v1"
    stored = json.loads(document)
    assert [field["name"] for field in json.loads(stored["dataSchemaJson"])["fields"]] == ["n"]
    assert [field["name"] for field in json.loads(stored["partitionSchemaJson"])["fields"]] == ["day"]


def test_a_schema_location_serves_one_stream(tmp_path: Path) -> None:
    store = SchemaStore(tmp_path / "schema")
    first, second = tmp_path / "one", tmp_path / "two"
    store.claim("one", first)
    store.claim("one", first)
    with pytest.raises(CloudFilesError, match="belongs to the stream with checkpoint"):
        store.claim("two", second)
    store.release("one", first)
    store.claim("two", second)


def test_a_location_whose_stream_never_started_is_free_once_its_process_has_ended(tmp_path: Path) -> None:
    store = SchemaStore(tmp_path / "schema")
    store.claim("one", tmp_path / "one")
    owner = tmp_path / "schema" / "_schemas" / ".owner"
    owner.write_text(owner.read_text().replace(f'"process": {os.getpid()}', '"process": 999999999'))
    store.claim("two", tmp_path / "two")


def test_a_list_that_no_offset_names_yet_is_offered_again(stream: Stream) -> None:
    """The driver died between the list of files and Spark's offset log."""
    stream.put("1.json", {"n": 1})
    reader = stream.reader()
    reader.prepareForTriggerAvailableNow()
    assert reader.latestOffset({"list": 0}, reader.getDefaultReadLimit()) == {"list": 1}
    reader.stop()
    stream.put("2.json", {"n": 2})
    assert stream.run() == [1, 1]
    assert numbers(stream) == [1, 2]


def test_a_batch_that_is_repeated_holds_the_same_files(stream: Stream) -> None:
    """The driver died between Spark's offset log and its commit log."""
    stream.put("1.json", {"n": 1})
    assert [row["n"] for row in next(stream.batches())] == [1]
    assert stream.planned == {"list": 1}
    stream.put("0.json", {"n": 0})
    assert stream.run() == [1, 1]
    assert [row["n"] for row in stream.rows] == [1, 0]


def test_a_checkpoint_without_its_lists_says_so(stream: Stream) -> None:
    stream.put("1.json", {"n": 1})
    stream.planned = {"list": 4}
    with pytest.raises(CloudFilesError, match="the checkpoint is incomplete"):
        stream.run()


def test_the_log_refuses_a_second_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_azure.cloud_files.file_log.LOCK_SECONDS", 0.2)
    folder = tmp_path / "cp" / "sources" / "0" / "cloudFiles"
    first, second = FileLog(folder), FileLog(folder)
    first.open()
    with pytest.raises(CloudFilesError, match=f"{tmp_path / 'cp'} is in use by another running query"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_old_lists_are_merged_and_nothing_is_forgotten(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "cp" / "sources" / "0" / "cloudFiles")
    log.open()
    log.append([])
    total = MERGE_AT + KEPT_LISTS + 5
    for n in range(1, total):
        log.append([FileEntry(f"{n}.json", 1, n)])
        log.merge_old(n)
    log.close()
    assert len(list(log.folder.glob("0*"))) < MERGE_AT
    assert [file.key for file in log.between(total - KEPT_LISTS, total - 1)]
    again = FileLog(log.folder)
    again.open()
    assert again.last == total - 1
    assert again.seen == {f"{n}.json": n for n in range(1, total)}
    again.close()


def test_state_names_files_batches_and_commits(stream: Stream) -> None:
    stream.put("1.json", {"n": 1})
    stream.run()
    checkpoint = stream.home / "cp"
    (checkpoint / "offsets").mkdir()
    (checkpoint / "offsets" / "0").write_text('v1\n{}\n{"list": 1}')
    (row,) = read_state(checkpoint)
    assert (row[0], row[1], row[4], row[5], row[6]) == ("1.json", 8, None, "0", 0)
    (checkpoint / "commits").mkdir()
    (checkpoint / "commits" / "0").write_text("v1\n{}")
    (row,) = read_state(checkpoint)
    assert row[4] is not None
    with pytest.raises(CloudFilesError, match="is not the checkpoint of a stream"):
        list(read_state(stream.home / "src"))


ACCOUNTS = StorageMap((BlobAccount("lake", "http://127.0.0.1:10000/lake", "a2V5"),))
PLACES: list[tuple[str, Any]] = [
    ("/data/landing", LocalFolder("/data/landing")),
    ("file:/data/landing", LocalFolder("/data/landing")),
    ("file:///data/lan%20ding/", LocalFolder("/data/lan ding")),
    ("/data/*/x", LocalFolder("/data", ("*", "x"))),
    ("/", LocalFolder("/")),
    ("abfss://landing@lake.dfs.core.windows.net/a/b*", "landing a b*"),
    ("wasbs://landing@lake.blob.core.windows.net/", "landing  "),
    ("https://lake.blob.core.windows.net/landing/a%20b", "landing a b "),
    ("http://127.0.0.1:10000/lake/landing/a", "landing a "),
    ("abfss://landing@other.dfs.core.windows.net/a", "account 'other' is not one of this machine's accounts"),
    ("abfss://lake.dfs.core.windows.net/a", "expected abfss://<container>@<account>"),
    ("abfss://landing@lake.example.org/a", "is not <account>.blob.core.windows.net"),
    ("dbfs:/mnt/x", "dbfs: paths are not read here"),
    ("s3://bucket/x", "s3: paths are not read here"),
    ("file:relative", "needs an absolute path"),
]


@pytest.mark.parametrize(("url", "expected"), PLACES, ids=lambda value: str(value)[:50])
def test_paths_name_folders_or_containers(url: str, expected: Any) -> None:
    if isinstance(expected, LocalFolder):
        assert open_folder(url, ACCOUNTS) == expected
        return
    try:
        folder: Any = open_folder(url, ACCOUNTS)
        shown = f"{folder.container} {folder.root} {'/'.join(folder.patterns)}"
    except Exception as error:
        shown = str(error)
    assert shown == expected or expected in shown


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CloudFilesError, match=r"\[PATH_NOT_FOUND\] Path does not exist: file:/nowhere"):
        Stream(tmp_path, dict(JSON), columns("n bigint"), source="/nowhere").run()


def test_checkpoints_are_local() -> None:
    assert local_path("file:///a/b", "checkpointLocation") == Path("/a/b")
    with pytest.raises(CloudFilesError, match="checkpointLocation 'abfss://x@y/z' must be a local folder"):
        local_path("abfss://x@y/z", "checkpointLocation")


def test_a_source_that_holds_its_own_checkpoint_does_not_read_it(tmp_path: Path) -> None:
    stream = Stream(tmp_path, JSON | {"cloudFiles.schemaLocation": str(tmp_path / "cp")}, source=str(tmp_path))
    stream.put("1.json", {"n": "1"})
    stream.options |= {"pathGlobFilter": "[0-9]*"}
    assert stream.run() == [1]
    assert stream.run() == []


def test_keys_are_kept_out_of_representations_and_files_of_others(tmp_path: Path) -> None:
    account = ACCOUNTS.accounts[0]
    assert "a2V5" not in repr(account)
    assert "AccountKey=a2V5;" in account.connection_string
    path = tmp_path / "storage.json"
    ACCOUNTS.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert StorageMap.load(path) == ACCOUNTS
