"""Kill -9 at every write of a run: the finished stays finished, the run goes on, no effect happens twice unasked."""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.database import Database
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.records import PipelineRun
from local_azure.data_factory.store import SqlStore
from local_azure.data_factory.virtual_time import VirtualTimeLoop, run_stepped
from tests.data_factory.harness import (
    FACTORY,
    KEY,
    KNOWN_TYPES,
    Pipelines,
    activity,
    engine_on,
    expression,
    pipeline,
    set_variable,
    stepped,
)

CALLED = {"referenceName": "child", "type": "PipelineReference"}
MAIN = pipeline(
    set_variable("Start", "text", "a"),
    activity("Effect", "Effect", ["Start"], policy={"retry": 1}),
    activity("Fragile", "Effect", ["Start"]),
    activity("Handle", "AppendVariable", ["Fragile:Completed"], variableName="list", value="handled"),
    activity("Read", "Read", ["Effect"]),
    activity(
        "Loop",
        "ForEach",
        ["Read"],
        items=expression("@createArray('x', 'y', 'z')"),
        isSequential=True,
        activities=[
            activity("Inner", "Effect", policy={"retry": 1}),
            activity("Note", "AppendVariable", ["Inner"], variableName="list", value="@item()"),
        ],
    ),
    activity(
        "Again",
        "Until",
        ["Loop"],
        expression=expression("@greater(length(variables('turns')), 1)"),
        activities=[activity("Turn", "AppendVariable", variableName="turns", value="@utcNow()")],
    ),
    activity(
        "Check",
        "IfCondition",
        ["Again"],
        expression=expression("@equals(variables('text'), 'a')"),
        ifTrueActivities=[set_variable("Yes", "text", "@concat('b', string(length(variables('list'))))")],
    ),
    activity("Call", "ExecutePipeline", ["Check"], pipeline=CALLED, waitOnCompletion=True),
    variables={"text": {"type": "String"}, "list": {"type": "Array"}, "turns": {"type": "Array"}},
)
DOCUMENTS = Pipelines(pipelines={"main": MAIN, "child": pipeline(activity("Deep", "Effect", policy={"retry": 1}))})


def types(effects: Path) -> dict[str, ActivityType]:
    """Effect may have had one when it was killed, Read never has."""

    async def act(context: ActivityContext) -> dict[str, Any]:
        with effects.open("a") as file:
            file.write(f"{context.activity_run_id} {context.retry} {context.name}\n")
        return {}

    def type_(name: str, after: AfterRestart) -> ActivityType:
        return ActivityType(name=name, run=act, properties=frozenset(), after_restart=after)

    return {
        **KNOWN_TYPES,
        "Effect": type_("Effect", AfterRestart.FAIL),
        "Read": type_("Read", AfterRestart.REPEAT),
    }


class Deadly(Database):
    """Kills its process at a statement: before it when `before`, else right after it."""

    left = 0
    before = True

    def _execute(self, *arguments: Any, **keywords: Any) -> Any:
        if Deadly.left == 1 and Deadly.before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = super()._execute(*arguments, **keywords)
        Deadly.left -= 1
        if Deadly.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def killed_at(folder: Path, write: int, before: bool) -> bool:
    """Runs the pipeline in a child process that dies at a write; False: it ended before."""
    child = os.fork()
    if child == 0:
        Deadly.left, Deadly.before = write, before

        async def life(loop: VirtualTimeLoop) -> None:
            store = SqlStore(folder / "runs.db", key=KEY)
            # The same connection from here on, but deadly.
            store._db.__class__ = Deadly
            engine = engine_on(store, DOCUMENTS, loop, types=types(folder / "effects"))
            await engine.start()
            await engine.finished(engine.create_run(FACTORY, "main", {}, run_id="the-run").run_id)
            os._exit(0)

        run_stepped(life)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def taken_up(folder: Path) -> PipelineRun | None:
    """Starts the service again and waits for the run, if it was created at all."""

    async def main(engine: Engine, store: SqlStore) -> PipelineRun | None:
        return await engine.finished("the-run") if store.run("the-run") else None

    found: PipelineRun | None = stepped(folder, DOCUMENTS, main, types=types(folder / "effects"))
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("before", [True, False], ids=["before the write", "after the write"])
def test_a_run_survives_a_kill_at_any_write(tmp_path: Path, before: bool) -> None:
    survived = 0
    for write in range(1, 2000, 2):
        folder = tmp_path / str(write)
        folder.mkdir()
        if not killed_at(folder, write, before):
            break
        run = taken_up(folder)
        if run is None:
            continue
        survived += 1
        check(run, folder)
    assert survived > 30


def check(run: PipelineRun, folder: Path) -> None:
    """The run ended as one that was never interrupted, and did everything once unless its policy allows twice."""
    store = SqlStore(folder / "runs.db", key=KEY)
    records = store.activities("the-run")
    store.close()
    lines = [line.split() for line in (folder / "effects").read_text().splitlines()]
    assert run.status == "Succeeded", run.message
    assert run.variables["text"] == "b4"
    assert sorted(run.variables["list"]) == ["handled", "x", "y", "z"]
    assert len(run.variables["turns"]) == 2
    attempts = Counter((identifier, number) for identifier, number, name in lines if name != "Read")
    assert set(attempts.values()) == {1}, "an attempt with an effect was made twice"
    assert sum(name == "Fragile" for _, _, name in lines) <= 1
    assert max(Counter(name for _, _, name in lines if name not in ("Read", "Inner")).values()) <= 2
    keys = Counter((record.key, record.attempt) for record in records)
    assert set(keys.values()) == {1}
    assert all(record.end is not None for record in records)
