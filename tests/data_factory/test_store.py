"""The store, on SQLite and on PostgreSQL."""

import dataclasses
import datetime
import math
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from cryptography.fernet import Fernet

from local_azure.data_factory.queries import Filter, Operator, Order, RunQuery
from local_azure.data_factory.records import ActivityRun, ActivityStatus, InvokedBy, PipelineRun, RunStatus
from local_azure.data_factory.store import SqlStore, StoreError
from local_azure.errors import LocalAzureError

KEY = Fernet.generate_key()
FACTORY = "sub/group/factory"
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
FOREVER = (NOON - datetime.timedelta(days=9999), NOON + datetime.timedelta(days=9999))

Open = Callable[[], SqlStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data_factory' / 'factory.sqlite'}"
    database: str = request.getfixturevalue("postgres_database")
    return database


@pytest.fixture
def open_store(url: str) -> Iterator[Open]:
    """Opens the store, again and again if need be."""
    opened: list[SqlStore] = []

    def open_it() -> SqlStore:
        opened.append(SqlStore(url, key=KEY))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> SqlStore:
    return open_store()


def a_run(run_id: str = "r1", **changes: Any) -> PipelineRun:
    run = PipelineRun(
        run_id=run_id,
        group_id=run_id,
        factory=FACTORY,
        pipeline="Load",
        parameters={"n": 1, "text": "a\x00b \ud800 ü", "list": [1.5, None, True]},
        definition={"activities": [{"name": "A", "type": "Wait"}]},
        global_parameters={"env": "dev"},
        invoked_by=InvokedBy(name="Manual", id="m1", kind="Manual"),
        status=RunStatus.QUEUED,
        created=NOON,
        last_updated=NOON,
    )
    return dataclasses.replace(run, **changes)


def an_activity(activity_run_id: str = "a1", **changes: Any) -> ActivityRun:
    run = ActivityRun(
        activity_run_id=activity_run_id,
        run_id="r1",
        key="Loop[3]/Copy",
        attempt=1,
        name="Copy",
        type="Copy",
        status=ActivityStatus.IN_PROGRESS,
        start=NOON,
        input={"source": "x\x00"},
        user_properties={"owner": "Zoë"},
        iteration="3",
    )
    return dataclasses.replace(run, **changes)


def ids(runs: Any) -> list[str]:
    return [run.run_id for run in runs]


# -- runs ----------------------------------------------------------------------------------------------------------


def test_a_run_comes_back_as_it_was_saved(store: SqlStore, open_store: Open) -> None:
    run = a_run(
        start=NOON + MINUTE,
        end=NOON + 2 * MINUTE + datetime.timedelta(microseconds=1),
        status=RunStatus.FAILED,
        message="went wrong",
        variables={"v": ["x"]},
        return_value={"k": {"deep": 1}},
        is_latest=False,
        reference_run_id="r0",
        start_activity="A",
        start_from_failure=True,
        annotations=("tag",),
        run_dimensions={"d": "1"},
        invoked_by=InvokedBy(
            name="Call", id="x", kind="PipelineActivity", pipeline_name="Parent", pipeline_run_id="p1"
        ),
    )
    store.save_run(run)
    assert store.run("r1") == run
    assert open_store().run("r1") == run
    assert store.run("none") is None


def test_not_a_number_and_infinity_survive(store: SqlStore) -> None:
    store.save_run(a_run(variables={"nan": math.nan, "inf": -math.inf}))
    found = store.run("r1")
    assert found is not None
    assert math.isnan(found.variables["nan"])
    assert found.variables["inf"] == -math.inf


def test_saving_again_replaces_and_keeps_the_order(store: SqlStore) -> None:
    for name in ("r1", "r2", "r3"):
        store.save_run(a_run(name, group_id="g"))
    store.save_run(a_run("r1", group_id="g", status=RunStatus.IN_PROGRESS, start=NOON))
    assert ids(store.runs_of_group(FACTORY, "g")) == ["r1", "r2", "r3"]
    assert ids(store.runs_of_group("other", "g")) == []
    store.save_run(a_run("r2", group_id="g", status=RunStatus.CANCELLED))
    assert ids(store.unfinished_runs()) == ["r1", "r3"]


def test_runs_of_one_pipeline_share_its_definition(store: SqlStore, open_store: Open, url: str) -> None:
    for index in range(20):
        store.save_run(a_run(f"r{index}", definition={"activities": []}))
    store.save_run(a_run("other", definition={"activities": [1]}))
    again = open_store()
    assert [again.run("r7").definition, again.run("other").definition] == [{"activities": []}, {"activities": [1]}]  # type: ignore[union-attr]
    assert rows_of(url, "SELECT count(*) FROM definitions") == [(2,)]


def test_activities_keep_the_order_of_their_first_save(store: SqlStore) -> None:
    first = [an_activity(f"a{index}", key=f"k{index}") for index in range(3)]
    store.save_activities(first)
    done = dataclasses.replace(
        first[0],
        status=ActivityStatus.FAILED,
        end=NOON + MINUTE,
        output={"rows": 3},
        hidden_output=store.seal("secret"),
        error_code="2108",
        error_message="no\x00t there",
        failure_type="UserError",
        linked_service="ls",
    )
    store.save_activities([done])
    store.save_activities([])
    assert list(store.activities("r1")) == [done, *first[1:]]
    assert list(store.activities("none")) == []
    assert store.unseal(store.activities("r1")[0].hidden_output or "") == "secret"


def test_memory(store: SqlStore) -> None:
    store.remember("r1", "Loop\x00", [1, 2])
    store.remember("r1", "If", True)
    store.remember("r1", "Loop\x00", None)
    store.remember("r2", "If", False)
    assert store.memory("r1") == {"Loop\x00": None, "If": True}
    assert store.memory("none") == {}


# -- transactions --------------------------------------------------------------------------------------------------


def test_a_transaction_is_all_or_nothing(store: SqlStore, open_store: Open) -> None:

    def fail_late() -> None:
        with store.transaction():
            store.save_run(a_run())
            with store.transaction():
                store.save_activities([an_activity()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    assert store.run("r1") is None
    assert list(store.activities("r1")) == []
    # The definition went with it, and comes again.
    store.save_run(a_run())
    assert open_store().run("r1") == a_run()


def test_a_failed_inner_transaction_that_is_caught_leaves_the_outer_one(store: SqlStore) -> None:
    with store.transaction():
        store.save_run(a_run())
        with pytest.raises(ZeroDivisionError), store.transaction():
            raise ZeroDivisionError
    assert store.run("r1") == a_run()


def test_nothing_is_durable_before_the_transaction_ends(store: SqlStore, open_store: Open) -> None:
    other = open_store()
    with store.transaction():
        store.save_run(a_run())
        assert other.run("r1") is None
    assert other.run("r1") == a_run()


# -- secrets -------------------------------------------------------------------------------------------------------

SECRET = "swordfish-4711"


def test_values_of_a_run_with_a_secure_string_are_encrypted(store: SqlStore, open_store: Open, url: str) -> None:
    run = a_run(
        definition={"parameters": {"p": {"type": "SecureString", "defaultValue": SECRET}}},
        parameters={"p": SECRET},
        variables={"v": SECRET},
        return_value={"r": SECRET},
    )
    store.save_run(run)
    store.put_resource(FACTORY, "linkedservices", "ls", {"password": {"type": "SecureString", "value": SECRET}})
    assert open_store().run("r1") == run
    found = store.resource(FACTORY, "linkedservices", "ls")
    assert found is not None
    assert found.document["password"]["value"] == SECRET
    for table in ("pipeline_runs", "definitions", "resources"):
        assert SECRET not in str(rows_of(url, f"SELECT * FROM {table}"))


def test_another_key_opens_nothing(store: SqlStore, url: str) -> None:
    other = SqlStore(url, key=Fernet.generate_key())
    with pytest.raises(LocalAzureError, match="another key"):
        other.unseal(store.seal("x"))
    other.close()


# -- resources -----------------------------------------------------------------------------------------------------


def test_resources_are_found_whatever_their_case(store: SqlStore) -> None:
    first = store.put_resource(FACTORY, "pipelines", "MyPipe", {"properties": {"a": 1}})
    second = store.put_resource(FACTORY, "pipelines", "mypipe", {"properties": {"a": 2}})
    assert (second.name, second.document, second.created) == ("MyPipe", {"properties": {"a": 2}}, first.created)
    assert second.etag != first.etag
    assert second.changed >= first.changed
    assert store.resource(FACTORY, "pipelines", "MYPIPE") == second
    assert store.resource(FACTORY, "datasets", "MyPipe") is None
    assert store.resource("sub/group/other", "pipelines", "MyPipe") is None
    assert store.delete_resource(FACTORY, "pipelines", "MYpipe")
    assert not store.delete_resource(FACTORY, "pipelines", "MYpipe")


def test_resources_are_listed_page_by_page(store: SqlStore) -> None:
    for name in ("b", "A", "c", "_x", "Ä"):
        store.put_resource(FACTORY, "pipelines", name, {})
    store.put_resource(FACTORY, "datasets", "d", {})
    listed = [found.name for found in store.resources(FACTORY, "pipelines")]
    assert listed == ["_x", "A", "b", "c", "Ä"]
    assert [found.name for found in store.resources(FACTORY, "pipelines", after="A", limit=2)] == ["b", "c"]


def test_factories_are_listed_by_group_and_subscription(store: SqlStore) -> None:
    for key in ("s1/g1/f1", "s1/g1/f2", "s1/g10/f3", "s1/g2/f4", "s10/g1/f5"):
        store.put_resource(key, "factories", key.rpartition("/")[2], {})
    assert [found.name for found in store.factories("s1/")] == ["f1", "f2", "f3", "f4"]
    assert [found.name for found in store.factories("s1/g1/")] == ["f1", "f2"]
    assert [found.name for found in store.factories("s1/", after="s1/g1/f1", limit=2)] == ["f2", "f3"]


def test_a_deleted_factory_takes_everything_along(store: SqlStore) -> None:
    store.put_resource(FACTORY, "factories", "factory", {})
    store.put_resource(FACTORY, "pipelines", "p", {})
    store.save_run(a_run())
    store.save_run(a_run("kept", factory="sub/group/other"))
    store.save_activities([an_activity(), an_activity("kept", run_id="kept")])
    store.remember("r1", "k", 1)
    assert store.delete_factory(FACTORY)
    assert not store.delete_factory(FACTORY)
    assert store.resource(FACTORY, "pipelines", "p") is None
    assert ids(store.unfinished_runs()) == ["kept"]
    assert (list(store.activities("r1")), store.memory("r1")) == ([], {})
    assert len(store.activities("kept")) == 1


# -- queries -------------------------------------------------------------------------------------------------------


def some_runs(store: SqlStore) -> None:
    for index in range(10):
        store.save_run(
            a_run(
                f"r{index}",
                pipeline="Load" if index % 2 else "Clean",
                status=RunStatus.SUCCEEDED if index < 6 else RunStatus.QUEUED,
                start=NOON + index * MINUTE if index < 6 else None,
                last_updated=NOON + index * MINUTE,
                is_latest=index != 3,
            )
        )


QUERIES: list[tuple[dict[str, Any], str]] = [
    ({}, "0123456789"),
    ({"after": NOON + 2 * MINUTE, "before": NOON + 4 * MINUTE}, "234"),
    ({"filters": [Filter(column="pipeline", operator=Operator.EQUALS, values=["load"])]}, "13579"),
    ({"filters": [Filter(column="pipeline", operator=Operator.NOT_EQUALS, values=["load"])]}, "02468"),
    ({"filters": [Filter(column="status", operator=Operator.IN, values=["Queued", "Failed"])]}, "6789"),
    ({"filters": [Filter(column="status", operator=Operator.NOT_IN, values=["Queued", "Failed"])]}, "012345"),
    ({"filters": [Filter(column="latest", operator=Operator.EQUALS, values=[0])]}, "3"),
    (
        {
            "filters": [
                Filter(column="status", operator=Operator.EQUALS, values=["Queued"]),
                Filter(column="pipeline", operator=Operator.EQUALS, values=["load"]),
            ]
        },
        "79",
    ),
    ({"orders": [Order(column="updated", descending=True)]}, "9876543210"),
    ({"orders": [Order(column="start", descending=True)]}, "6789543210"),
    ({"orders": [Order(column="pipeline"), Order(column="updated", descending=True)]}, "8642097531"),
]


@pytest.mark.parametrize(("asked", "expected"), QUERIES)
@pytest.mark.parametrize("limit", [100, 3, 1])
def test_runs_are_filtered_ordered_and_paged(store: SqlStore, asked: dict[str, Any], expected: str, limit: int) -> None:
    some_runs(store)
    window = {"after": FOREVER[0], "before": FOREVER[1]}
    found, last = "", ()
    for _ in range(20):
        page = store.query_runs(FACTORY, RunQuery(**(window | asked), limit=limit, last=last))
        assert len(page.rows) <= limit
        found += "".join(run.run_id[1:] for run in page.rows)
        last = tuple(page.next)
        if not last:
            break
    assert found == expected
    assert store.query_runs("sub/group/other", RunQuery(**(window | asked), limit=limit)).rows == []


def test_activities_are_filtered_by_name_and_status(store: SqlStore) -> None:
    store.save_activities(
        [
            an_activity("a1", name="Copy", status=ActivityStatus.SKIPPED, end=NOON),
            an_activity("a2", name="Copy", end=NOON + 5 * MINUTE),
            an_activity("a3", name="Wait", start=NOON + MINUTE),
            an_activity("b1", run_id="r2"),
        ]
    )

    def asked(**changes: Any) -> list[str]:
        query = RunQuery(**({"after": NOON, "before": NOON + 9 * MINUTE, "limit": 10} | changes))
        return [run.activity_run_id for run in store.query_activities("r1", query).rows]

    assert asked() == ["a1", "a2", "a3"]
    assert asked(after=NOON + MINUTE) == ["a2", "a3"]
    assert asked(filters=[Filter(column="name", operator=Operator.EQUALS, values=["Wait"])]) == ["a3"]
    assert asked(filters=[Filter(column="status", operator=Operator.NOT_EQUALS, values=["Skipped"])]) == ["a2", "a3"]
    assert asked(orders=[Order(column="end", descending=True)]) == ["a3", "a2", "a1"]


# -- the database --------------------------------------------------------------------------------------------------


def rows_of(url: str, sql: str) -> list[tuple[Any, ...]]:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        result = connection.exec_driver_sql(sql)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def test_a_store_of_another_version_is_refused(store: SqlStore, url: str) -> None:
    store.close()
    rows_of(url, "UPDATE schema_version SET version = 77")
    with pytest.raises(StoreError, match=r"version 77.*version 1"):
        SqlStore(url, key=KEY)


@pytest.mark.parametrize(
    ("url_", "said"),
    [
        ("mysql://h/db", "not in 'mysql'"),
        ("sqlite://", "needs a file"),
        ("no url", "cannot be read"),
        ("sqlite:////proc/none/x.sqlite", "cannot make /proc/none/x.sqlite"),
        ("postgresql://u:hush@127.0.0.1:1/db", r"u:\*\*\*@127.0.0.1:1/db cannot be opened"),
    ],
)
def test_what_cannot_be_opened_says_why_without_the_password(url_: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        SqlStore(url_, key=KEY)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    file.write_text("this is not a database, whatever its name says " * 50)
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be opened: file is not a database"):
        SqlStore(file, key=KEY)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "x.sqlite", key=KEY)
    store.save_run(a_run())
    assert {file.name: oct(file.stat().st_mode)[-3:] for file in tmp_path.iterdir()} == {
        "x.sqlite": "600",
        "x.sqlite-wal": "600",
        "x.sqlite-shm": "600",
    }
    store.close()


def test_a_full_disk_is_an_error_and_the_store_goes_on(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "x.sqlite", key=KEY)
    store.save_run(a_run())
    store._db._connection.exec_driver_sql("PRAGMA max_page_count = 40")
    with pytest.raises(StoreError, match="full"):
        store.remember("r1", "big", "x" * 1_000_000)
    store.remember("r1", "small", 1)
    assert store.memory("r1") == {"small": 1}
    store.close()


def test_the_connection_comes_back_after_the_server_dropped_it(postgres_database: str) -> None:
    store = SqlStore(postgres_database, key=KEY)
    store.save_run(a_run())
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    drop = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    rows_of(postgres_database, drop)
    assert store.run("r1") == a_run()
    rows_of(postgres_database, drop)
    store.save_run(a_run("r2"))
    assert store.run("r2") == a_run("r2")
    store.claim()

    def fail_inside() -> None:
        with store.transaction():
            rows_of(postgres_database, drop)
            store.save_run(a_run("r3"))

    with pytest.raises(StoreError, match="cannot be read or written"):
        fail_inside()
    assert store.run("r3") is None
    store.save_run(a_run("r3"))
    with pytest.raises(StoreError, match="in use by another"):
        (other := SqlStore(postgres_database, key=KEY)).claim()
    other.close()
    store.close()


def test_one_process_runs_what_is_in_a_store(open_store: Open) -> None:
    first, second = open_store(), open_store()
    first.claim()
    with pytest.raises(StoreError, match="in use by another local-azure"):
        second.claim()
    first.close()
    second.claim()


def _write_until_killed(url: str, told: Any) -> None:
    store, index = SqlStore(url, key=KEY), 0
    while True:
        with store.transaction():
            store.save_activities([an_activity(f"a{index}")])
            store.remember("r1", str(index), index)
        index += 1
        told.send(index)


def test_kill_9_loses_nothing_that_was_saved(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_write_until_killed, args=(url, theirs))
    process.start()
    told = 0
    while told < 50:
        assert ours.poll(60)
        told = ours.recv()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)
    theirs.close()
    try:
        while ours.poll(0):
            told = ours.recv()
    except EOFError:
        pass
    store = SqlStore(url, key=KEY)
    activities, memory = store.activities("r1"), store.memory("r1")
    store.close()
    # What was told is there; at most one transaction more, and none by half.
    assert len(activities) in (told, told + 1)
    assert [run.activity_run_id for run in activities] == [f"a{index}" for index in range(len(activities))]
    assert memory == {str(index): index for index in range(len(activities))}


def test_sqlite_is_in_write_ahead_mode(tmp_path: Path) -> None:
    SqlStore(tmp_path / "x.sqlite", key=KEY).close()
    with sqlite3.connect(tmp_path / "x.sqlite") as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()
