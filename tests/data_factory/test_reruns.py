"""Reruns, cancel, queueing: the run as a whole."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local_azure.data_factory.engine import Engine
from local_azure.data_factory.errors import ArmError
from local_azure.data_factory.injection import Injection, Injections
from local_azure.data_factory.records import PipelineRun
from local_azure.data_factory.store import SqlStore
from tests.data_factory.harness import (
    FACTORY,
    FAILED,
    OK,
    Pipelines,
    activity,
    expression,
    inject,
    pipeline,
    set_variable,
    stepped,
)

CHAIN = pipeline(
    set_variable("First", "v", "@concat(variables('v'), 'x')"),
    activity("Load", "Probe", ["First"]),
    activity("After", "Probe", ["Load"]),
    activity("Aside", "Probe"),
    activity("OnFailure", "Probe", ["Load:Failed"]),
    variables={"v": {"type": "String"}},
)


def twice(
    folder: Path, documents: Pipelines, first: Injections, second: Injections, **rerun: Any
) -> tuple[PipelineRun, PipelineRun, Mapping[str, str], set[str]]:
    """A run, its rerun, the rerun's statuses, and the keys that the rerun executed itself."""

    async def main(engine: Engine, store: SqlStore) -> Any:
        before = await engine.finished(engine.create_run(FACTORY, "main", {}, injections=first).run_id)
        await asyncio.sleep(3600)
        again = engine.create_run(
            FACTORY, "main", {}, injections=second, reference_run_id=before.run_id, is_recovery=True, **rerun
        )
        ended = await engine.finished(again.run_id)
        records = store.activities(again.run_id)
        latest = store.run(before.run_id)
        assert latest is not None
        statuses = {record.key: str(record.status) for record in records}
        return latest, ended, statuses, {record.key for record in records if record.start >= again.created}

    found: tuple[PipelineRun, PipelineRun, Mapping[str, str], set[str]] = stepped(folder, documents, main)
    return found


def test_rerun_from_failure_repeats_what_failed_and_what_depends_on_it(tmp_path: Path) -> None:
    documents = Pipelines(pipelines={"main": CHAIN})
    before, ended, statuses, executed = twice(
        tmp_path, documents, inject(Load=FAILED), inject(Load=OK), start_from_failure=True
    )
    assert (before.status, ended.status) == ("Failed", "Succeeded")
    assert statuses["OnFailure"] == "Skipped"
    assert executed == {"Load", "After", "OnFailure"}
    assert ended.variables["v"] == "x"


def test_the_newest_run_of_a_group_is_marked(tmp_path: Path) -> None:
    before, ended, _, _ = twice(tmp_path, Pipelines(pipelines={"main": CHAIN}), inject(Load=FAILED), inject())
    assert before.group_id == ended.group_id == before.run_id
    assert (before.is_latest, ended.is_latest) == (False, True)


def test_rerun_from_an_activity_repeats_it_and_what_depends_on_it(tmp_path: Path) -> None:
    documents = Pipelines(pipelines={"main": CHAIN})
    _, ended, _, executed = twice(tmp_path, documents, inject(), inject(), start_activity="load")
    assert ended.status == "Succeeded"
    assert executed == {"Load", "After", "OnFailure"}


def test_rerun_of_the_whole_repeats_all(tmp_path: Path) -> None:
    _, _, statuses, executed = twice(tmp_path, Pipelines(pipelines={"main": CHAIN}), inject(), inject())
    assert executed == set(statuses)


def test_a_repeated_loop_repeats_only_the_items_that_failed(tmp_path: Path) -> None:
    loop = activity("L", "ForEach", items=expression("@range(0, 3)"), activities=[activity("P", "Probe")])
    documents = Pipelines(pipelines={"main": pipeline(loop)})
    first = inject(**{"L[1]/P": FAILED})
    _, ended, statuses, executed = twice(tmp_path, documents, first, inject(), start_from_failure=True)
    assert ended.status == "Succeeded"
    assert executed == {"L", "L[1]/P"}
    assert set(statuses.values()) == {"Succeeded"}


def test_a_repeated_call_goes_on_inside_the_called_pipeline(tmp_path: Path) -> None:
    reference = {"referenceName": "child", "type": "PipelineReference"}
    caller = pipeline(activity("Call", "ExecutePipeline", pipeline=reference, waitOnCompletion=True))
    child = pipeline(activity("One", "Probe"), activity("Two", "Probe", ["One"]))
    documents = Pipelines(pipelines={"main": caller, "child": child})

    async def main(engine: Engine, store: SqlStore) -> Any:
        failing = inject(Two=FAILED)
        before = await engine.finished(engine.create_run(FACTORY, "main", {}, injections=failing).run_id)
        again = engine.create_run(
            FACTORY, "main", {}, reference_run_id=before.run_id, is_recovery=True, start_from_failure=True
        )
        ended = await engine.finished(again.run_id)
        called = store.activities(again.run_id)[-1].output["pipelineRunId"]
        return ended, {record.key: record.attempt for record in store.activities(called)}, store.run(called)

    ended, records, called = stepped(tmp_path, documents, main)
    assert ended.status == "Succeeded"
    assert set(records) == {"One", "Two"}
    assert called.reference_run_id is not None


@pytest.mark.parametrize(
    ("rerun", "message"),
    [
        ({"reference_run_id": "gone"}, "there is no pipeline run 'gone' to refer to"),
        ({"start_activity": "Load"}, "referencePipelineRunId names another"),
        ({"is_recovery": True}, "isRecovery needs referencePipelineRunId"),
    ],
)
def test_a_rerun_of_nothing_is_refused(tmp_path: Path, rerun: dict[str, Any], message: str) -> None:
    async def main(engine: Engine, store: SqlStore) -> None:
        with pytest.raises(ArmError, match=message):
            engine.create_run(FACTORY, "main", {}, **rerun)

    stepped(tmp_path, Pipelines(pipelines={"main": CHAIN}), main)


def test_a_rerun_from_an_unknown_activity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArmError, match="no activity 'Lod' to start from"):
        twice(tmp_path, Pipelines(pipelines={"main": CHAIN}), inject(), inject(), start_activity="Lod")


async def soon() -> None:
    """Lets everything that can start now start."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_cancel_ends_what_runs_and_nothing_else(tmp_path: Path) -> None:
    definition = pipeline(activity("A"), activity("B", after=["A"], waitTimeInSeconds=600), activity("C", after=["B"]))

    async def main(engine: Engine, store: SqlStore) -> Any:
        run = engine.create_run(FACTORY, "main", {})
        await asyncio.sleep(5)
        engine.cancel(FACTORY, run.run_id)
        ended = await engine.finished(run.run_id)
        with pytest.raises(ArmError, match="it is Cancelled") as refused:
            engine.cancel(FACTORY, run.run_id)
        assert refused.value.code == "PipelineRunNotRunning"
        return ended, {record.key: str(record.status) for record in store.activities(run.run_id)}

    ended, statuses = stepped(tmp_path, Pipelines(pipelines={"main": definition}), main)
    assert ended.status == "Cancelled"
    assert statuses == {"A": "Succeeded", "B": "Cancelled"}


@pytest.mark.parametrize(("recursive", "status"), [(True, "Cancelled"), (False, "Succeeded")])
def test_cancel_reaches_called_pipelines_where_it_is_told_to(tmp_path: Path, recursive: bool, status: str) -> None:
    reference = {"referenceName": "child", "type": "PipelineReference"}
    caller = pipeline(activity("Call", "ExecutePipeline", pipeline=reference, waitOnCompletion=True))
    child = pipeline(activity("W", waitTimeInSeconds=600))

    async def main(engine: Engine, store: SqlStore) -> Any:
        run = engine.create_run(FACTORY, "main", {})
        await soon()
        engine.cancel(FACTORY, run.run_id, recursive=recursive)
        ended = await engine.finished(run.run_id)
        (called,) = list(store.unfinished_runs()) or [None]
        if called is not None:
            called = await engine.finished(called.run_id)
            return ended.status, called.status
        return ended.status, "Cancelled"

    assert stepped(tmp_path, Pipelines(pipelines={"main": caller, "child": child}), main) == ("Cancelled", status)


def test_runs_wait_for_their_turn(tmp_path: Path) -> None:
    documents = Pipelines(pipelines={"main": pipeline(activity("W", waitTimeInSeconds=60), concurrency=2)})

    async def main(engine: Engine, store: SqlStore) -> Any:
        runs = [engine.create_run(FACTORY, "main", {}) for _ in range(5)]
        await soon()
        statuses = [str(found.status) for run in runs if (found := store.run(run.run_id))]
        engine.cancel(FACTORY, runs[-1].run_id)
        ended = [await engine.finished(run.run_id) for run in runs]
        return statuses, [str(run.status) for run in ended], asyncio.get_running_loop().time()

    statuses, ended, seconds = stepped(tmp_path, documents, main)
    assert statuses == ["InProgress", "InProgress", "Queued", "Queued", "Queued"]
    assert ended == ["Succeeded"] * 4 + ["Cancelled"]
    assert seconds == 120


def test_the_queue_has_an_end(tmp_path: Path) -> None:
    documents = Pipelines(pipelines={"main": pipeline(activity("W", waitTimeInSeconds=60), concurrency=1)})

    async def main(engine: Engine, store: SqlStore) -> None:
        for _ in range(101):
            engine.create_run(FACTORY, "main", {})
        with pytest.raises(ArmError, match="100 runs of pipeline 'main' wait already"):
            engine.create_run(FACTORY, "main", {})

    stepped(tmp_path, documents, main)


def test_a_fault_of_ours_ends_the_run_and_not_the_service(tmp_path: Path) -> None:
    documents = Pipelines(pipelines={"main": pipeline(activity("P", "Probe")), "fine": pipeline(activity("W"))})

    class Broken(Injection):
        def result(self) -> dict[str, Any]:
            raise ZeroDivisionError("a bug")

    async def main(engine: Engine, store: SqlStore) -> Any:
        bad = engine.create_run(FACTORY, "main", {}, injections=inject(P=Broken()))
        good = engine.create_run(FACTORY, "fine", {})
        return await engine.finished(bad.run_id), await engine.finished(good.run_id)

    bad, good = stepped(tmp_path, documents, main)
    assert (bad.status, good.status) == ("Failed", "Succeeded")
    assert "a fault of the local Data Factory, not of the pipeline" in bad.message
